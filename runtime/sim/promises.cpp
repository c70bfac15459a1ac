#include "runtime/sim/promises.h"

#include <algorithm>

#include <fmt/format.h>

#include "compiler/eval/image.h"
#include "compiler/eval/version.h"
#include "runtime/sim/sim_world.h"

namespace rollout::sim {

using plan::Role;
using plan::Variable;

Promises::Promises(const plan::Plan& plan) : plan_(plan) {
  if (!plan.facts) return;
  meets_.resize(plan.beside.size());
  for (const plan::BesideFacts& one : plan.facts->beside) meets_[one.beside] = {one.meets.begin(), one.meets.end()};
  for (const plan::PeakFacts& one : plan.facts->peaks) {
    std::vector<uint32_t>& there = services_.emplace_back();
    for (uint32_t i = 0; i < plan.services.size(); ++i)
      if (std::any_of(plan.services[i].bindings.begin(), plan.services[i].bindings.end(), [&](const auto& binding) {
            return binding.target == one.target && binding.runs();
          }))
        there.push_back(i);
  }
}

std::string Promises::broken(const SimWorld& world) const {
  if (!plan_.facts) return {};
  std::string beside = broken_beside(world);
  return beside.empty() ? broken_peak(world) : beside;
}

/// Of a database its schema, which has no role.
std::string Promises::version_of(const SimWorld& world, uint32_t subject, Role role) const {
  bool database = plan_.services[subject].subject == plan::Subject::Database;
  if (database && role != Role::Stable) return {};
  const eval::Value* now = database ? world.get(subject, Variable::Schema, Role::All)
                                    : world.get(subject, Variable::Version, role);
  return now == nullptr || now->is(eval::Value::Kind::None) ? "" : now->text;
}

std::string Promises::broken_beside(const SimWorld& world) const {
  for (uint32_t i = 0; i < plan_.beside.size(); ++i) {
    const plan::Beside& one = plan_.beside[i];
    if (!one.range && eval::image_problem(one.image)) continue;  // which version it is nobody has looked at
    bool there = version_of(world, one.service, Role::Stable) == one.image ||
                 version_of(world, one.service, Role::Canary) == one.image;
    if (!there) continue;
    bool database = plan_.services[one.with].subject == plan::Subject::Database;
    for (Role role : {Role::Stable, Role::Canary}) {
      std::string other = version_of(world, one.with, role), version = plan::version_beside(database, other);
      std::string mine = plan::version_beside(false, one.image);
      bool self = one.service == one.with;
      if (version.empty() || (self && (mine.empty() || eval::compare_versions(mine, version) <= 0))) continue;
      if (meets_[i].contains(other)) continue;
      return fmt::format("{} of {} is beside {} of {}, and no state was to have that", one.image,
                         plan::service_text(plan_.services[one.service]), other,
                         plan::service_text(plan_.services[one.with]));
    }
  }
  return {};
}

std::string Promises::broken_peak(const SimWorld& world) const {
  for (size_t i = 0; i < services_.size(); ++i) {
    const plan::PeakFacts& says = plan_.facts->peaks[i];
    int64_t now = plan_.targets[says.target].others;
    for (uint32_t service : services_[i])
      for (Role role : {Role::Stable, Role::Canary, Role::Control}) {
        const eval::Value* count = world.get(service, Variable::Instances, role);
        const eval::Value* version = world.get(service, Variable::Version, Role::Stable);
        bool nothing = role == Role::Stable && version != nullptr && version->is(eval::Value::Kind::None);
        if (count != nullptr && !count->is(eval::Value::Kind::None) && !nothing) now += count->number;
      }
    if (now > says.instances)
      return fmt::format("{} holds {} instances, and was to hold {} at most", plan_.targets[says.target].name, now,
                         says.instances);
  }
  return {};
}

}  // namespace rollout::sim
