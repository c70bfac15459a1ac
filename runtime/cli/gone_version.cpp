#include "runtime/cli/gone_version.h"

#include <filesystem>

#include <fmt/format.h>

#include "runtime/backend/local_spec.h"
#include "runtime/cli/outline.h"

namespace rollout::cli {

namespace {

namespace fs = std::filesystem;

/// Why it could not be started; empty: nothing speaks against it.
std::string problem_of(const std::string& program) {
  std::error_code failed;
  fs::file_status there = fs::status(program, failed);
  if (there.type() == fs::file_type::not_found) return "is not there";
  if (failed) return "cannot be read: " + failed.message();
  if (there.type() != fs::file_type::regular) return "is no file";
  constexpr fs::perms any = fs::perms::owner_exec | fs::perms::group_exec | fs::perms::others_exec;
  return (there.permissions() & any) == fs::perms::none ? "may not be executed" : "";
}

}  // namespace

std::vector<std::string> gone_versions(const plan::Plan& plan, const std::string& root) {
  std::vector<std::string> gone;
  std::vector<Change> changes = outline_of(plan).changes;
  for (uint32_t i = 0; i < plan.services.size() && i < changes.size(); ++i) {
    const Change& change = changes[i];
    bool goes_back = change.touched && change.known && !change.from.empty();
    if (plan.services[i].subject != plan::Subject::Service || !goes_back || change.from == change.to) continue;
    for (const plan::Binding& binding : plan.services[i].bindings) {
      if (plan.targets.at(binding.target).backend != "local") continue;
      Result<backend::LocalSpec> spec = backend::local_spec(plan, i, binding.target, root);
      std::string program = spec ? backend::program_of(*spec, root, change.from) : "";
      std::string problem = program.empty() ? "" : problem_of(program);
      if (problem.empty()) continue;
      gone.push_back(fmt::format("{} {}, which runs now, could not be started again: {} {}; put it back first, since a "
                                 "rollback that has to start it would not come to its end",
                                 change.service, change.from, program, problem));
    }
  }
  return gone;
}

}  // namespace rollout::cli
