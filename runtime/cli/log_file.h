// LogFile: what a command that drives runs does, as one JSON object a line (docs/schemas/log.json). For machines that
// gather logs: every line stands for itself, and is added to the file in one piece, so several processes may share it.
#pragma once

#include <string>
#include <string_view>

#include "runtime/effects/effects.h"
#include "runtime/journal/event.h"

namespace rollout::cli {

enum class Level { Debug, Info, Warn, Error };

class LogFile {
 public:
  LogFile(effects::Effects effects, std::string path, std::string_view command)
      : effects_(effects), path_(std::move(path)), command_(command) {}

  /// `kind`: an event of the journal, or `began`, `ended`, `failed`, `trouble`, `waits`, `tended`,
  /// `worker`. `run` may be empty.
  void write(Level level, std::string_view kind, std::string_view run, std::string_view text);
  const std::string& path() const { return path_; }
  /// How many lines could not be added, and why not the first of them; empty: all of them were. It keeps no run from
  /// going on: a line is waited for no longer than Files::append does.
  std::string lost() const;

 private:
  effects::Effects effects_;
  std::string path_, command_;
  std::string why_lost_;
  size_t lines_lost_ = 0;
};

/// How much an event is worth somebody's attention.
Level level_of(const journal::Payload& what);

}  // namespace rollout::cli
