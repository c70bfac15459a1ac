// Actions: a call of a capability's verb, what it sets, and whether it makes sense at this point.

#include <fmt/format.h>
#include <llvm/ADT/STLExtras.h>

#include "compiler/base/check.h"
#include "compiler/ir/variables.h"
#include "compiler/plan/build.h"
#include "compiler/plan/effect_words.h"

namespace rollout::plan {

using eval::Value;

namespace {

Reversibility reversibility_of(ast::ReversibilityWord word) {
  switch (word) {
    case ast::ReversibilityWord::Reversible: return Reversibility::Reversible;
    case ast::ReversibilityWord::Compensable: return Reversibility::Compensable;
    case ast::ReversibilityWord::Irreversible: return Reversibility::Irreversible;
  }
  return Reversibility::Irreversible;
}

/// It leaves it to others which version is stable, and whether there is a canary.
bool keeps_versions(const Action& action) {
  return llvm::all_of(action.sets, [](const Setting& setting) {
    return setting.role == Role::Stable &&
           (setting.variable == Variable::Instances || setting.variable == Variable::Restarted);
  });
}

/// A share, or how many instances there are: `shift checkout to 10%`, `scale checkout to 8`.
bool sets_number(const Action& action, const Value& argument) {
  auto sets = [&](const Setting& one) { return one.variable == Variable::Instances && one.value == argument; };
  return argument.is(Value::Kind::Percent) || (argument.is(Value::Kind::Int) && llvm::any_of(action.sets, sets));
}

/// Nobody gets less than nothing or more than everything, whatever a capability lets people write.
const Setting* beyond_whole(const Action& action) {
  auto beyond = llvm::find_if(action.sets, [](const Setting& setting) {
    int64_t part = setting.value.is(Value::Kind::Percent) ? setting.value.number : 0;
    return part < 0 || part > eval::percent_all;
  });
  return beyond == action.sets.end() ? nullptr : &*beyond;
}

}  // namespace

/// The action that the call means now; nothing after a report.
std::optional<Action> Planner::called_action(const ast::CallExpr* call, Scope& scope) {
  auto* member = static_cast<const ast::MemberExpr*>(call->callee);
  const ir::ExprInfo& callee = program_.info(scope.module, member);
  const ir::Capability& capability = program_.capabilities[callee.index];
  const ir::Action& declared = capability.actions[callee.index2];
  Value entity = eval(member->object, scope);
  if (!entity.is(Value::Kind::Entity)) return std::nullopt;
  uint32_t service = service_index(entity);
  ir::Match match = ir::match_arguments(declared.parameters, call->arguments, 1);
  std::vector<Value> arguments = {entity};
  size_t errors = diagnostics_.errors();
  for (size_t i = 1; i < declared.parameters.size(); ++i)
    arguments.push_back(
        pinned(eval_->bind(declared.parameters[i], capability.module, scope.module, match.value(i), scope.frame)));
  // What was reported of a value leaves the service in a state that nobody meant: nothing is said of what follows.
  bool known = diagnostics_.errors() == errors;
  for (size_t i = 1; known && i < arguments.size(); ++i)
    known = !arguments[i].is(Value::Kind::None) || declared.parameters[i].type->is(ir::TypeKind::Optional);
  if (!known && diagnostics_.has_errors()) settled_[service] = Settled::Wrong;
  if (!known || !can(callee.index, declared, service, call->span)) return std::nullopt;
  std::optional<Action> action = make_action(callee.index, callee.index2, service, std::move(arguments));
  ROLLOUT_CHECK(action, "the checker lets only services with a capability call its actions");
  return action;
}

void Planner::plan_action(const ast::CallExpr* call, Scope& scope) {
  std::optional<Action> action = called_action(call, scope);
  if (!action) return;
  uint32_t service = action->service;
  if (settled_[service] == Settled::Wrong) return;
  if (brings_change(*action)) settled_[service] = Settled::No;
  // How many instances the stable version has, and whether they are fresh, is no matter of the version.
  bool always = settled_[service] == Settled::Runs && keeps_versions(*action);
  bool wanted = settled_[service] == Settled::No || always;
  if (wanted && !allowed(*action, call->span)) settled_[service] = Settled::Wrong, wanted = false;
  if (!wanted || (settled_[service] != Settled::No && !always) || changes_nothing(*action)) return;
  if (!may_change(*action, call->span)) return;
  if (!observe_migrations(*action, call->span)) return;
  enter_scopes(service);
  model_.next_step(service);
  Action undo = undo_of(*action);
  for (const Setting& setting : action->sets) {
    model_.set({service, setting.variable, setting.role}, setting.value);
    observe_image(service, setting.value);
  }
  uint32_t own_undo = none;
  if (action->reversibility == Reversibility::Compensable) {
    // Never shared with an earlier call that reads the same: each call has had its effect, and each is taken back.
    own_undo = uint32_t(plan_.undo.size());
    plan_.undo.push_back(std::move(undo));
    model_.compensate(service, own_undo);
  }
  Step step;
  step.text = action->text;
  step.reason = "written in the rollout";
  step.action = std::move(*action);
  // Of a service that was changed for good, nothing that came before is taken back either.
  if (step.action.reversibility == Reversibility::Irreversible) {
    forget_way_back(service);
  } else if (plan_.services[service].unreached.empty()) {
    if (derived_.size() <= service) derived_.resize(service + 1);
    step.rollback = derive_rollback(model_, derived_[service], service, call->span);
    derive_scope_rollbacks(step, own_undo, call->span);
    if (!way_back_divides(step, call->span)) settled_[service] = Settled::Wrong;
  }
  add_step(std::move(step), call->span);
}

void Planner::forget_way_back(uint32_t service) {
  model_.commit(service);
  if (service < derived_.size()) derived_[service] = {};
}

std::optional<Action> Planner::make_action(uint32_t capability_index, uint32_t action_index, uint32_t service,
                                           std::vector<Value> arguments) {
  const ir::Capability& capability = program_.capabilities[capability_index];
  const ir::Action& declared = capability.actions[action_index];
  const ir::Service& owner = program_.services[size_t(entities_[service].number)];
  Action action;
  action.once = true;
  for (const ir::Binding& binding : owner.bindings) {
    if (binding.capability != capability_index) continue;
    action.target = target_index(eval_->eval(owner.module, binding.named, eval::place_frame(entities_[service])));
    const ir::Backend& backend = program_.backends[program_.targets[binding.target].backend];
    for (const ast::ActionLimits& limits : backend.decl->actions) {
      if (limits.name.text != declared.name.text) continue;
      if (limits.within) action.within_ns = eval_->eval(backend.module, limits.within, {}).number;
      if (!limits.attempts.text.empty()) llvm::StringRef(limits.attempts.text).getAsInteger(10, action.attempts);
      action.once = !limits.idempotent;
    }
  }
  if (action.target == none) return std::nullopt;
  action.capability = std::string(capability.decl->name.text);
  action.name = std::string(declared.name.text);
  action.service = service;
  action.sets = effects(capability, declared, service, arguments);
  action.reversibility = reversibility_of(declared.reversibility);
  action.text = fmt::format("{} {}", action.name, service_text(plan_.services[service]));
  for (size_t i = 1; i < arguments.size(); ++i) {
    const ir::Parameter& parameter = declared.parameters[i];
    std::string name(parameter.name.text);
    std::string value = eval::to_text(arguments[i]);
    // What may be left out is left out where it says nothing, and named where it says something.
    if (!parameter.default_value) action.text += (sets_number(action, arguments[i]) ? " to " : " ") + value;
    else if (arguments[i] == eval_->bind(parameter, capability.module, capability.module, nullptr, {})) continue;
    else action.text += fmt::format(", {}: {}", name, value);
    action.args.emplace_back(std::move(name), std::move(arguments[i]));
  }
  return action;
}

/// `version(s, canary)` on the right of `sets` is the model's value before the action.
std::vector<Setting> Planner::effects(const ir::Capability& capability, const ir::Action& declared,
                                      uint32_t service, const std::vector<Value>& arguments) {
  std::vector<Setting> settings;
  for (const ast::Effect& effect : declared.item->effects) {
    Value value;
    if (effect.value->kind == ast::ExprKind::Call) {
      auto* call = static_cast<const ast::CallExpr*>(effect.value);
      auto name_of = [](const ast::Expr* expr) {
        return expr->kind == ast::ExprKind::Name ? static_cast<const ast::NameExpr*>(expr)->name
                                                 : std::string_view();
      };
      if (call->arguments.size() == 2)
        value = model_.now({service, variable_of(effect), role_of(name_of(call->arguments[1].value))});
      // A promotion says so only where the canary was given another number of instances.
      Place place{service, variable_of(effect), role_of(effect.role.text)};
      if (place.variable == Variable::Instances && value == model_.now(place)) continue;
    } else {
      value = eval_->eval(capability.module, effect.value, arguments);
    }
    settings.push_back({variable_of(effect), role_of(effect.role.text), std::move(value)});
  }
  settle_control(service, settings);
  settle_routes(settings);
  return settings;
}

/// What the model forbids: a canary of nothing, traffic for a version that does not run, a share that no weights make.
bool Planner::allowed(const Action& action, Span span) {
  uint32_t service = action.service;
  std::string name = service_text(plan_.services[service]);
  if (const Setting* beyond = beyond_whole(action)) {
    diagnostics_
        .report(span, diag::RefinementBroken,
                variable_text(plan_.services[service], beyond->variable, beyond->role),
                eval::percent_text(beyond->value.number))
        .advise("write 0% to 100%");
    return false;
  }
  if (action.reversibility == Reversibility::Irreversible && !committed_) {
    diagnostics_.report(span, diag::Irreversible, action.text)
        .advise("write `commit \"why\"` above it, behind a gate or an approval");
    return false;
  }
  if (plan_.services[service].subject != Subject::Service) return restorable(action, span);
  if (!scalable(action, span) || !routable(action, span) || !unrouted(action, span)) return false;
  Value stable = model_.now({service, Variable::Version, Role::Stable});
  Value canary = model_.now({service, Variable::Version, Role::Canary});
  for (const Setting& setting : action.sets) {
    if (!version_there(action, setting, span) || !fault_possible(action, setting, span)) return false;
    bool is_version = setting.variable == Variable::Version && !setting.value.is(Value::Kind::None);
    bool same = is_version && setting.value == stable;
    bool mends = same && setting.role == Role::Stable && ailing_[service];
    if (same && !mends && (setting.role == Role::Canary || canary.is(Value::Kind::None))) {
      settled_[service] = Settled::Runs;
      return true;
    }
    if (!drained(action, setting, span)) return false;
    // A host of a fleet is drained while its one version is exchanged.
    if (is_version && !mends && setting.role == Role::Stable && !stable.is(Value::Kind::None) &&
        counts_instances(service, action.capability) && !replaceable(service, setting.value == canary, span))
      return false;
    if (is_version && setting.role == Role::Canary && stable.is(Value::Kind::None)) {
      diagnostics_.report(span, diag::NothingToReplace, name)
          .advise(fmt::format("install a first version: a rollout with `{}.install(image)`",
                              written_text(plan_.services[service])));
      return false;
    }
    bool replaced = !(stable == model_.at_origin({service, Variable::Version, Role::Stable}));
    if (is_version && setting.role == Role::Canary && replaced) {
      diagnostics_.report(span, diag::SecondVersion, name).advise("bring the next version in a rollout of its own");
      return false;
    }
    bool gives_traffic = setting.variable == Variable::Share && setting.role == Role::Canary &&
                         setting.value.number > 0;
    if (gives_traffic && canary.is(Value::Kind::None)) {
      diagnostics_.report(span, diag::ShareWithoutVersion, name)
          .advise(fmt::format("deploy it first: `{}.deploy(image)`", written_text(plan_.services[service])));
      return false;
    }
  }
  return share_possible(action, span);
}

/// A version other than the stable one: what was left out until now is planned again.
bool Planner::brings_change(const Action& action) const {
  Value stable = model_.now({action.service, Variable::Version, Role::Stable});
  return llvm::any_of(action.sets, [&](const Setting& setting) {
    return setting.variable == Variable::Version && !setting.value.is(Value::Kind::None) && !(setting.value == stable);
  });
}

/// A version that has traffic is neither stopped nor exchanged.
bool Planner::drained(const Action& action, const Setting& setting, Span span) {
  uint32_t service = action.service;
  if (setting.variable != Variable::Version || !routed(service)) return true;
  bool canary = setting.role == Role::Canary;
  if (setting.value == model_.now({service, Variable::Version, setting.role})) return true;
  if (!canary && !setting.value.is(Value::Kind::None)) return true;
  auto is_share = [](const Setting& other) { return other.variable == Variable::Share; };
  bool moves_traffic = llvm::any_of(action.sets, is_share);
  int64_t share = model_.now({service, Variable::Share, Role::Canary}).number;
  int64_t traffic = canary ? share : eval::percent_all - share;
  if (moves_traffic || traffic == 0) return true;
  diagnostics_.report(span, diag::StillHasTraffic, service_text(plan_.services[service]),
                      std::string(canary ? "canary" : "stable version"), eval::percent_text(traffic))
      .advise(canary ? "take its traffic first: `shift(0%)`" : "give its traffic to a canary first: `shift(100%)`");
  return false;
}

/// There is no version to promote, to retire or to remove.
bool Planner::version_there(const Action& action, const Setting& setting, Span span) {
  bool ends = setting.variable == Variable::Version && setting.value.is(Value::Kind::None) && action.args.empty();
  if (!ends || !model_.now({action.service, Variable::Version, setting.role}).is(Value::Kind::None)) return true;
  std::string name = service_text(plan_.services[action.service]);
  std::string written = written_text(plan_.services[action.service]);
  bool canary = setting.role == Role::Canary;
  diagnostics_
      .report(span, diag::NoVersion, name, std::string(canary ? "canary" : "stable version"), action.name)
      .advise(canary ? fmt::format("deploy one first: `{}.deploy(image)`", written)
                     : fmt::format("install one first: `{}.install(image)`", written));
  return false;
}

/// A stable version gives way only to the canary, and only when that has all of the traffic.
bool Planner::replaceable(uint32_t service, bool by_canary, Span span) {
  std::string name = service_text(plan_.services[service]);
  if (!by_canary) {
    if (plan_.offline) return true;
    diagnostics_
        .report(span, diag::AlreadyRuns, name,
                eval::to_text(model_.now({service, Variable::Version, Role::Stable})))
        .advise(fmt::format("bring the new version with `{}.deploy(image)` or a strategy",
                            written_text(plan_.services[service])));
    return false;
  }
  int64_t share = model_.now({service, Variable::Share, Role::Canary}).number;
  if (share == eval::percent_all || !routed(service)) return true;
  diagnostics_.report(span, diag::PromoteTooEarly, name, eval::percent_text(eval::percent_all - share))
      .advise(fmt::format("give the canary all of it first: `{}.shift(100%)`", written_text(plan_.services[service])));
  return false;
}

/// Whether the capability, one that the service has, starts and stops instances beside those that run.
bool Planner::counts_instances(uint32_t service, std::string_view capability) const {
  const std::vector<ir::Binding>& bindings = program_.services[size_t(entities_[service].number)].bindings;
  return llvm::any_of(bindings, [&](const ir::Binding& binding) {
    const ast::CapabilityDecl& decl = *program_.capabilities[binding.capability].decl;
    return decl.name.text == capability && ir::sets(decl, "instances");
  });
}

bool Planner::routed(uint32_t service) const {
  const std::vector<Binding>& bindings = plan_.services[service].bindings;
  return std::any_of(bindings.begin(), bindings.end(),
                     [](const Binding& binding) { return binding.divides(); });
}

}  // namespace rollout::plan
