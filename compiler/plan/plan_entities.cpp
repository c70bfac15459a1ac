// Services and targets enter the plan when they are first used.
#include "compiler/plan/build.h"

namespace rollout::plan {

using eval::Value;

uint32_t Planner::service_index(const Value& entity) {
  for (uint32_t i = 0; i < declared_services_.size(); ++i)
    if (declared_services_[i] == uint32_t(entity.number)) return i;
  const ir::Service& declared = program_.services[size_t(entity.number)];
  uint32_t index = uint32_t(plan_.services.size());
  settled_.push_back(Settled::No);
  ailing_.push_back(false);
  for (size_t i = 0; i < plan_.services.size(); ++i)
    if (plan_.services[i].name == entity.text)
      diagnostics_.report(declared.decl->name.span, diag::ServiceTwice, entity.text)
          .at(program_.services[declared_services_[i]].decl->name.span, "the other one")
          .advise("rename one of them: runs, locks and history know a service by its name");
  declared_services_.push_back(uint32_t(entity.number));
  Service service;
  service.name = entity.text;
  if (declared.traffic) service.traffic_uhz = eval_->eval(declared.module, declared.traffic, {}).number;
  if (const ast::Expr* replicas = eval::replicas_of(declared))
    service.replicas = eval_->eval(declared.module, replicas, {}).number;
  plan_.services.push_back(std::move(service));
  add_bindings(index, declared);
  observe(index);
  return index;
}

void Planner::add_bindings(uint32_t index, const ir::Service& declared) {
  for (const ir::Binding& binding : declared.bindings) {
    const ir::Backend& backend = program_.backends[program_.targets[binding.target].backend];
    uint32_t target = target_index(binding.target);
    plan_.services[index].bindings.push_back(
        {std::string(program_.capabilities[binding.capability].decl->name.text), target,
         settings(backend.bindings, backend.module, binding.config)});
  }
}

uint32_t Planner::target_index(uint32_t declared) {
  for (uint32_t i = 0; i < declared_targets_.size(); ++i)
    if (declared_targets_[i] == declared) return i;
  const ir::Target& target = program_.targets[declared];
  const ir::Backend& backend = program_.backends[target.backend];
  declared_targets_.push_back(declared);
  plan_.targets.push_back({std::string(target.decl->name.text), std::string(backend.decl->name.text),
                           settings(backend.config, backend.module, target.config)});
  return uint32_t(plan_.targets.size() - 1);
}

std::vector<std::pair<std::string, Value>> Planner::settings(const std::vector<ir::Parameter>& declared,
                                                             ir::ModuleId declared_in,
                                                             const std::vector<ir::Given>& given) {
  std::vector<std::pair<std::string, Value>> values;
  for (const ir::Parameter& parameter : declared) {
    const ast::Expr* expr = nullptr;
    ir::ModuleId module = declared_in;
    for (const ir::Given& one : given)
      if (one.parameter == &parameter) {
        expr = one.value;
        module = one.module;
      }
    values.emplace_back(std::string(parameter.name.text), eval_->bind(parameter, declared_in, module, expr, {}));
  }
  return values;
}

/// What the snapshot says of the service; offline it runs some stable version with all its instances.
void Planner::observe(uint32_t index) {
  const Service& service = plan_.services[index];
  std::string text = service_text(service);
  Value stable = Value::of(Value::Kind::Image, "(the earlier version)");
  if (!request_.snapshot.offline) stable = {};
  for (const ObservedService& observed : request_.snapshot.services) {
    if (observed.service != text) continue;
    stable = observed.stable;
    plan_.observed.push_back({fmt::format("version({}, stable)", text), stable, observed.source, Recheck::Exact});
    plan_.observed.push_back({fmt::format("generation({})", text),
                              Value::of(Value::Kind::Int, observed.generation), "state", Recheck::Exact});
    if (observed.trouble.empty()) continue;
    ailing_[index] = true;
    plan_.observed.push_back({fmt::format("trouble({})", text), Value::of(Value::Kind::String, observed.trouble),
                              observed.source, Recheck::Recorded});
  }
  bool runs = !stable.is(Value::Kind::None);
  model_.start_with({index, Variable::Version, Role::Stable}, stable);
  model_.start_with({index, Variable::Instances, Role::Stable},
                    Value::of(Value::Kind::Int, runs ? service.replicas : 0));
}

}  // namespace rollout::plan
