// Report: the diagnostics of one command, over all the files it looked at. A mistake in a file that several
// others import is shown once.
#pragma once

#include <memory>
#include <set>
#include <string>

#include "compiler/compile.h"
#include "runtime/cli/command.h"
#include "runtime/cli/project.h"
#include "runtime/cli/timings.h"

namespace rollout::cli {

/// Reads and checks one file; paths in its diagnostics are as the user would type them. Marks `read`, `parse`, `check`.
std::unique_ptr<Compilation> compile_file(const Place& place, const std::string& directory, Timings& timings);

class Report {
 public:
  explicit Report(const Context& context) : context_(context) {}

  /// Text is printed at once to standard error; JSON is kept for `finish`.
  void add(const Compilation& compilation);
  size_t errors() const { return errors_; }
  size_t warnings() const { return warnings_; }
  /// In JSON: the one object of docs/schemas/diagnostics.json. In text: how many more there are.
  void finish();

 private:
  const Context& context_;
  std::set<std::string, std::less<>> seen_;
  std::string json_;  ///< the objects so far, with commas between them
  size_t errors_ = 0, warnings_ = 0;
};

}  // namespace rollout::cli
