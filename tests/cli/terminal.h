// Terminal: a project in a folder of its own and a person who types commands there. Files, locks and the journal
// are real; time is the test's: each sleep passes at once, after `while_asleep`, where other processes do their part.
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/cli/cli.h"
#include "runtime/effects/service_lock.h"
#include "runtime/journal/sqlite_store.h"

namespace rollout::cli_test {

class Terminal {
 public:
  /// `text` becomes release.rollout.
  explicit Terminal(const std::string& text);
  ~Terminal();

  /// The exit code; what was said is in `said`.
  int type(const std::vector<std::string>& words);

  /// A run of that rollout that somebody began and left.
  std::string begin(const std::string& rollout, const std::string& environment = {});
  journal::Store& store() { return *store_; }
  effects::ServiceLock lock(const std::string& service);

  std::string said;
  std::function<void()> while_asleep = [] {};
  std::function<std::string()> asked;  ///< the answer of the person who sits there; empty: nobody does
  int sleeps = 0;
  int64_t slept_ns = 0;
  int64_t clock_ns = 1'000'000'000;  ///< what both clocks show when the next command begins
  int interrupts = 0;
  bool on_screen = false;  ///< what is said goes to a terminal: of this kind, and as large as this
  std::string term = "xterm";
  effects::ScreenSize screen{100, 50};
  std::string output_error;
  const std::filesystem::path& directory() const { return directory_; }

 private:
  std::filesystem::path directory_;
  std::string text_;
  std::unique_ptr<journal::SqliteStore> store_;
};

/// A check that `text` is part of what was said.
bool says(const Terminal& terminal, std::string_view text);

}  // namespace rollout::cli_test
