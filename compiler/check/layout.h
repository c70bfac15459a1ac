// Layout: the project around the files, as far as imports see it: its packages, what they export, and how a path is
// looked up. Made by the command line from rollout.toml; a default Layout is a project without packages.
#pragma once

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "compiler/base/diagnostics.h"
#include "compiler/base/result.h"

namespace rollout::check {

/// Gives the text of a file by its path relative to the project root; the error says why not.
using Loader = std::function<Result<std::string>(const std::string& path)>;

/// What to do about a file that is not the locked one.
inline constexpr const char* lock_advice =
    "look at what changed (git diff); when it is meant, `rollout lock` writes rollout.lock anew";

/// `about` and a reason; what stands behind its `; ` becomes a note.
inline Diagnostic& report_reason(Diagnostics& diagnostics, Span span,
                                 const DiagnosticKind<std::string, std::string>& kind, const std::string& about,
                                 const std::string& reason) {
  size_t end = reason.find("; ");
  Diagnostic& diagnostic = diagnostics.report(span, kind, about, reason.substr(0, end));
  if (end != std::string::npos) diagnostic.note(reason.substr(end + 2));
  return diagnostic;
}

/// A folder that others import from by name, and only what it exports.
struct Package {
  std::string name;                  ///< its own, for messages; empty: the project has not given itself one
  std::string folder;                ///< relative to the project root, without symbolic links; empty: the root
  std::vector<std::string> exports;  ///< as imports name them: `gates`, `strategy.canary`
  std::vector<std::pair<std::string, size_t>> dependencies;  ///< the name that imports use, the place in `packages`
};

struct Layout {
  std::string root;  ///< absolute, for messages; may be empty
  std::vector<Package> packages = {Package{}};  ///< the first is the project itself
  /// The one path of a file that several paths lead to. Empty: every path is that of another file.
  Loader real_path;
  /// Compares the text of a package's file with what was locked; the error says how they differ. Empty: no lock.
  std::function<Status(const std::string& path, const std::string& text)> verify;

  /// The package that a file belongs to: of those around it, the innermost.
  size_t package_of(std::string_view path) const {
    size_t found = 0;
    for (size_t i = 1; i < packages.size(); ++i) {
      const std::string& folder = packages[i].folder;
      bool inside = path.starts_with(folder) && path.substr(folder.size()).starts_with('/');
      if (inside && folder.size() > packages[found].folder.size()) found = i;
    }
    return found;
  }
};

}  // namespace rollout::check
