// Mend: the edits that diagnostics suggest, made in the files. For `check --fix`.
// Always true: nothing is written when two edits conflict, and each file is written whole or not at all.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "compiler/base/fixes.h"
#include "runtime/cli/command.h"
#include "runtime/cli/project.h"
#include "runtime/cli/report.h"

namespace rollout::cli {

class Mend {
 public:
  explicit Mend(const Context& context) : context_(context) {}

  /// Takes the edits in files of the project, once each; the library inside of `rollout` is nobody's to change.
  void add(const Place& place, const Compilation& compilation);
  /// Writes the files and says what changed, on standard error. Otherwise the exit code.
  int finish();
  bool changed() const { return changed_; }

 private:
  struct Change {
    std::string path;   ///< absolute
    std::string shown;
    std::string text;   ///< as it was read
    std::vector<Fix> fixes;
  };
  std::string said(const Change& change, const Fix& fix) const;

  const Context& context_;
  std::map<std::string, Change> changes_;  ///< by path
  bool changed_ = false;
};

}  // namespace rollout::cli
