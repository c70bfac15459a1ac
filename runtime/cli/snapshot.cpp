#include "runtime/cli/snapshot.h"

#include <algorithm>
#include <filesystem>

#include <fmt/format.h>

#include "runtime/cli/line_diff.h"
#include "runtime/cli/view_plan.h"

namespace fs = std::filesystem;

namespace rollout::cli {

namespace {

constexpr int snapshot_columns = 100;
constexpr std::string_view source_ending = ".rollout", snapshot_ending = ".snapshot";

/// The plan of one rollout in one environment, and where it is recorded.
struct Recorded {
  std::string name;   ///< `release in production`
  std::string path;   ///< of the snapshot
  std::string typed;  ///< as a person would type it
  plan::Request request;
};

std::string beside(std::string_view file, std::string_view names) {
  if (file.ends_with(source_ending)) file.remove_suffix(source_ending.size());
  return fmt::format("{}.{}{}", file, names, snapshot_ending);
}

std::vector<Recorded> recorded_of(const Compilation& compilation, const Place& place) {
  const ir::Program& program = *compilation.program;
  std::vector<std::pair<std::string_view, uint32_t>> environments = program.visible_environments();
  if (environments.empty()) environments.emplace_back("", 0);
  std::vector<Recorded> all;
  for (const ir::Rollout& rollout : program.rollouts) {
    if (rollout.module + 1 != program.modules.size()) continue;
    for (auto [environment, index] : environments) {
      Recorded one;
      one.request.rollout = rollout.decl->name.text;
      one.request.environment = environment;
      std::string names = one.request.rollout + (environment.empty() ? "" : fmt::format(".{}", environment));
      one.name = one.request.rollout + (environment.empty() ? "" : fmt::format(" in {}", environment));
      one.path = beside(fmt::format("{}/{}", place.project.root, place.path), names);
      one.typed = beside(place.typed, names);
      all.push_back(std::move(one));
    }
  }
  return all;
}

/// As the preview shows it, without the line that names its hash: that changes with every comment.
std::string picture_of(const plan::Plan& plan) {
  std::string text = plan_text(plan, "", Style{false, true, snapshot_columns}, true);
  size_t start = text.starts_with('\n') ? 1 : 0;
  return text.substr(std::min(text.size(), text.find('\n', start) + 1));
}

Tested compare(const Compilation& compilation, const Place& place, const Recorded& recorded) {
  Tested tested{place.typed, fmt::format("the plan of {} is as recorded", recorded.name), recorded.typed};
  Diagnostics diagnostics;
  std::optional<plan::Plan> plan =
      plan::make_plan(*compilation.program, recorded.request, compilation.sources, diagnostics);
  Result<std::string> before = read_file(recorded.path, max_snapshot_bytes);
  if (!plan) tested.problems = plan_problems(diagnostics, compilation.sources);
  else if (!before) tested.problems.push_back(before.error().message);
  if (!tested.problems.empty()) return tested;
  std::string now = picture_of(*plan);
  if (now == *before) return tested;
  tested.problems.push_back(fmt::format(
      "it is not as {} says; where the new one is right: rollout test --update {}", recorded.typed, place.typed));
  tested.difference = line_diff(recorded.typed, *before, now, Style{false, true, snapshot_columns});
  return tested;
}

bool is_there(const std::string& path) {
  std::error_code failed;
  return fs::exists(fs::symlink_status(path, failed));
}

}  // namespace

std::vector<Tested> compare_snapshots(const Compilation& compilation, const Place& place) {
  std::vector<Tested> all;
  for (const Recorded& recorded : recorded_of(compilation, place))
    if (is_there(recorded.path)) all.push_back(compare(compilation, place, recorded));
  return all;
}

Result<std::vector<std::string>> write_snapshots(const Context& context, const Compilation& compilation,
                                                 const Place& place) {
  std::vector<std::string> changed;
  for (const Recorded& recorded : recorded_of(compilation, place)) {
    Diagnostics diagnostics;
    std::optional<plan::Plan> plan =
        plan::make_plan(*compilation.program, recorded.request, compilation.sources, diagnostics);
    if (!plan)
      return settled_error(fmt::format("{} was not written: {}", recorded.typed,
                                       plan_problems(diagnostics, compilation.sources).front()));
    std::string now = picture_of(*plan);
    Result<std::string> before = is_there(recorded.path) ? read_file(recorded.path, max_snapshot_bytes)
                                                          : Result<std::string>(std::string());
    if (before && *before == now) continue;
    if (Status written = context.env.effects().files.write(recorded.path, now); !written) return written.error();
    changed.push_back(recorded.typed);
  }
  return changed;
}

}  // namespace rollout::cli
