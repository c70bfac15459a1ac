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
  /// Why a line could not be added; empty: all of them were. It keeps no run from going on.
  const std::string& lost() const { return lost_; }

 private:
  effects::Effects effects_;
  std::string path_, command_, lost_;
};

/// How much an event is worth somebody's attention.
Level level_of(const journal::Payload& what);

}  // namespace rollout::cli
