// Report: the diagnostics of one command, over all the files it looked at. A mistake in a file that several
// others import is shown once.
#pragma once

#include <memory>
#include <set>
#include <string>

#include "compiler/base/render.h"
#include "compiler/compile.h"
#include "runtime/cli/command.h"

namespace rollout::cli {

class Report {
 public:
  explicit Report(const Context& context, size_t limit = max_shown) : context_(context), limit_(limit) {}

  /// Text is printed at once to standard error, the first `limit` of it; JSON and SARIF are kept for `finish`.
  void add(const Compilation& compilation);
  size_t errors() const { return errors_; }
  size_t warnings() const { return warnings_; }
  /// In JSON: the one object of docs/schemas/diagnostics.json. In text: how many there are, and who explains them.
  void finish();

 private:
  void keep(const std::string& object) { kept_ += (kept_.empty() ? "" : ",") + object; }

  const Context& context_;
  size_t limit_;
  std::set<std::string, std::less<>> seen_;
  std::set<std::string_view> names_;  ///< of the diagnostics so far
  std::string kept_;  ///< the objects of a format that is one object, with commas between them
  std::string_view first_;  ///< name of the first diagnostic
  size_t errors_ = 0, warnings_ = 0;
};

}  // namespace rollout::cli
