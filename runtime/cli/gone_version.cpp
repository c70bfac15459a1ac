#include "runtime/cli/gone_version.h"

#include <filesystem>

#include <fmt/format.h>

#include "runtime/backend/live_world.h"
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

/// Of its program; empty: nothing speaks against it, or it has none on this machine.
std::string missing_program(const plan::Plan& plan, uint32_t service, const std::string& root,
                            const std::string& image) {
  for (const plan::Binding& binding : plan.services[service].bindings) {
    if (plan.targets.at(binding.target).backend != "local") continue;
    Result<backend::LocalSpec> spec = backend::local_spec(plan, service, binding.target, root);
    std::string program = spec ? backend::program_of(*spec, root, image) : "";
    std::string problem = program.empty() ? "" : problem_of(program);
    if (!problem.empty()) return fmt::format("{} {}", program, problem);
  }
  return {};
}

}  // namespace

std::vector<std::string> gone_versions(const plan::Plan& plan, const std::string& root,
                                       const effects::Effects& effects) {
  using backend::LiveWorld;
  std::vector<LiveWorld::Version> versions;
  for (const Change& change : outline_of(plan).changes) {
    bool goes_back = change.touched && change.known && !change.from.empty();
    if (change.subject != plan::Subject::Service || !goes_back || change.from == change.to) continue;
    versions.push_back({change.index, change.from});
  }
  if (versions.empty()) return {};
  Result<std::unique_ptr<LiveWorld>> world = LiveWorld::open(plan, root, effects);
  std::vector<std::string> said = world ? (*world)->cannot_start(versions) : std::vector<std::string>(versions.size());
  std::vector<std::string> gone;
  for (size_t i = 0; i < versions.size(); ++i) {
    auto& [service, image] = versions[i];
    std::string problem = missing_program(plan, service, root, image);
    if (problem.empty()) problem = said[i];
    if (!problem.empty())
      gone.push_back(fmt::format("{} {}, which runs now, could not be started again: {}; put it back first, since a "
                                 "rollback that has to start it would not come to its end",
                                 plan::service_text(plan.services[service]), image, problem));
  }
  return gone;
}

}  // namespace rollout::cli
