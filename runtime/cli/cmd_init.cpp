// `init`: a project to begin with. All of its files are written, or none.
#include <filesystem>

#include <fmt/format.h>

#include "runtime/cli/command.h"
#include "runtime/cli/first_project.h"
#include "runtime/cli/project.h"

namespace fs = std::filesystem;

namespace rollout::cli {

namespace {

/// The paths of the project's files that are taken already, as a person would type them; by a dangling link, too.
std::string taken_in(const fs::path& root, const fs::path& typed) {
  std::string taken;
  for (const ProjectFile* file = first_project; file->path; ++file) {
    std::error_code failed;
    if (fs::symlink_status(root / file->path, failed).type() == fs::file_type::not_found) continue;
    taken += fmt::format("{}`{}`", taken.empty() ? "" : ", ", (typed / file->path).lexically_normal().string());
  }
  return taken;
}

/// What was made is removed again where the rest cannot be made.
Status write_all(effects::Files& files, const fs::path& root) {
  Status written = Done{};
  const ProjectFile* file = first_project;
  for (; file->path && written; ++file) {
    const fs::path path = root / file->path;
    written = files.make_directory(path.parent_path().string());
    if (written) written = files.write(path.string(), file->text);
  }
  if (written) return written;
  for (--file; file != first_project; --file)
    if (Status removed = files.remove((root / file[-1].path).string()); !removed) return removed;
  return written;
}

}  // namespace

int cmd_init(const Context& context) {
  const fs::path typed = context.args.positional.empty() ? "." : context.args.positional[0];
  if (typed.empty()) return context.fail(Usage, "the folder of a project needs a name");
  const fs::path root = absolute_path(context.env.directory, typed.string());
  std::error_code failed;
  if (fs::exists(root, failed) && !fs::is_directory(root, failed))
    return context.fail(Usage, fmt::format("`{}` is no folder; name another", typed.string()));
  if (std::string taken = taken_in(root, typed); !taken.empty())
    return context.fail(Usage, fmt::format("there already: {}; nothing was written, name another folder", taken));
  if (Status written = write_all(context.env.effects().files, root); !written) return context.fail(written.error());
  if (context.quiet) return Ok;
  for (const ProjectFile* file = first_project; file->path; ++file)
    context.out(fmt::format("{}\n", (typed / file->path).lexically_normal().string()));
  context.out(fmt::format("{} a project to begin with; next:\n", context.style.good("ok:")));
  if (!fs::equivalent(root, context.env.directory, failed)) context.out(fmt::format("  cd {}\n", typed.string()));
  context.out("  rollout test .\n"
              "  rollout apply shop.rollout install --set image=shop:1.0\n"
              "  rollout apply shop.rollout release --set image=shop:1.1\n");
  return Ok;
}

}  // namespace rollout::cli
