#include <fmt/format.h>

#include "runtime/cli/packages.h"
#include "runtime/cli/report.h"

namespace rollout::cli {

int cmd_lock(const Context& context) {
  std::string typed = context.args.positional.empty() ? "." : context.args.positional[0];
  Project project = project_of(context.env.directory, typed);
  if (!has_manifest(project))
    return context.fail(Usage, fmt::format("there is no {} in {} or above it: a lock belongs to a project; make an "
                                           "empty one at its root",
                                           manifest_name, project.root));
  Compilation files;
  files.sources.show_names_as(typed_paths(project, context.env.directory));
  // What is locked already says nothing about what is to be locked now.
  Packages packages = read_packages(project, files.sources, files.diagnostics, Lock::Ignored);
  Report report(context);
  report.add(files);
  report.finish();
  if (report.errors() > 0) return FileErrors;
  Result<std::string> text = lock_text(project, packages);
  if (!text) return context.fail(text.error());
  const std::string path = fmt::format("{}/{}", project.root, lock_name);
  Result<std::optional<std::string>> before = context.env.effects().files.read(path, max_lock_bytes);
  bool same = before && *before == *text;
  if (!same)
    if (Status written = context.env.effects().files.write(path, *text); !written) return context.fail(written.error());
  if (!context.quiet)
    context.out(fmt::format("{} {}, {}: {}\n", context.style.good("ok:"), lock_name,
                            count_of(packages.layout.packages.size() - 1, "package"),
                            same ? "nothing has changed" : "written"));
  return Ok;
}

}  // namespace rollout::cli
