// Shares that a router with weights can make with as many instances as each version has then: on the way forward, and
// between the actions of every way back.
#include <fmt/format.h>
#include <llvm/ADT/STLExtras.h>
#include <llvm/ADT/StringRef.h>

#include "compiler/ir/variables.h"
#include "compiler/plan/build.h"
#include "compiler/plan/share_weights.h"

namespace rollout::plan {

/// What is so before the action at hand.
Divided Planner::divided(uint32_t service) const {
  const Service& of = plan_.services[service];
  bool counted = llvm::any_of(of.bindings, [](const Binding& binding) { return binding.runs(); });
  Divided now;
  for (Role role : {Role::Stable, Role::Canary, Role::Control}) {
    now.share_ppb[size_t(role)] = model_.now({service, Variable::Share, role}).number;
    bool known = counted || role == Role::Control;
    now.instances[size_t(role)] = known ? model_.now({service, Variable::Instances, role}).number : of.replicas;
  }
  return now;
}

bool Planner::share_possible(const Action& action, Span span) {
  Divided before = divided(action.service), after = before;
  after.follow(action.sets);
  return after == before || divides(action.service, after, "", span);
}

bool Planner::way_back_divides(const Step& step, Span span) {
  auto divides_on = [&](const std::vector<uint32_t>& list) {
    Divided now = divided(step.action.service);
    return llvm::all_of(list, [&](uint32_t undo) {
      Divided before = now;
      now.follow(plan_.undo[undo].sets);
      return now == before || divides(step.action.service, now, plan_.undo[undo].text, span);
    });
  };
  return divides_on(step.rollback) &&
         llvm::all_of(step.scope_rollback, [&](const ScopeUndo& own) { return divides_on(own.undo); });
}

/// A backend with weights can make a share only as exactly as its weights allow: to 0.1% here. `back_by`: the action of
/// a way back that would need it.
bool Planner::divides(uint32_t service, const Divided& now, std::string_view back_by, Span span) {
  auto share_of_role = [&](Role role) { return RoleShare{now.share_ppb[size_t(role)], now.instances[size_t(role)]}; };
  int64_t stable = now.instances[size_t(Role::Stable)];
  WantedShares wanted{share_of_role(Role::Canary), share_of_role(Role::Control), stable, 0};
  if (wanted.control.share_ppb <= 0) wanted.control = {};
  int64_t share = wanted.canary.share_ppb;
  bool both = wanted.canary.servers > 0 && stable > 0 && 0 < share && share < eval::percent_all;
  const std::vector<Binding>& bindings = plan_.services[service].bindings;
  auto router = llvm::find_if(bindings, [](const Binding& binding) { return binding.divides(); });
  if (!both || router == bindings.end()) return true;
  const ir::Backend& backend = program_.backends[program_.targets[declared_targets_[router->target]].backend];
  llvm::StringRef(backend.decl->weights_to.text).getAsInteger(10, wanted.most);
  if (wanted.most == 0) return true;
  WeightSums nearest = nearest_sums(wanted, share_tolerance_ppb);
  if (nearest.error_ppb <= share_tolerance_ppb) return true;
  int64_t all = nearest.canary + nearest.control + nearest.stable;
  auto percent = [&](int64_t part) { return double(share_of(part, all)) / double(eval::percent_one); };
  bool controlled = wanted.control.servers > 0;
  std::string with = controlled ? fmt::format(", with {:.3g}% for the control", percent(nearest.control)) : "";
  Diagnostic& said = diagnostics_.report(span, diag::ShareImpossible, eval::percent_text(share),
                                         std::string(backend.decl->name.text), wanted.most);
  std::string then = back_by.empty() ? "" : fmt::format(" after `{}` on the way back", back_by);
  said.note(fmt::format("there are {} instances of the canary and {} of the stable version{}", wanted.canary.servers,
                        stable, then));
  said.advise(fmt::format("the nearest share is {:.3g}%{}", percent(nearest.canary), with));
  return false;
}

}  // namespace rollout::plan
