// Services and targets enter the plan when they are first used.
#include "compiler/ir/variables.h"
#include "compiler/plan/build.h"

namespace rollout::plan {

using eval::Value;

namespace {

/// How a setting writes the name of the place: `r`, or `r.name`.
std::string place_variable(const ir::Places& places) {
  std::string variable(places.decl->variable.text);
  return places.type->is(ir::TypeKind::Record) ? variable + ".name" : variable;
}

/// What tells entities apart: the declaration and the place.
std::string identity(const Value& entity) { return fmt::format("{} {}", entity.number, entity.text); }

}  // namespace

/// Two places that give a router the same configuration would take each other's traffic.
void Planner::check_route(uint32_t index, const Binding& binding, const ir::Service& declared) {
  if (!binding.divides()) return;
  std::string route = fmt::format("{} {}", entities_[index].number, binding.target);
  for (const auto& [name, value] : binding.config) route += fmt::format(" {}={}", name, eval::to_text(value));
  auto [other, fresh] = routes_.try_emplace(route, index);
  if (fresh || other->second == index) return;
  const Service& service = plan_.services[index];
  diagnostics_
      .report(declared.decl->name.span, diag::PlacesShareRoute, service_text(plan_.services[other->second]),
              service_text(service), plan_.targets[binding.target].name)
      .note("each place would take back the traffic that the other one shifts")
      .advise(fmt::format("let the router's settings name the place: `\"{}-${{{}}}\"`", service.name,
                          place_variable(declared.places)));
}

uint32_t Planner::service_index(const Value& entity) {
  auto [known, fresh] = services_.try_emplace(identity(entity), uint32_t(plan_.services.size()));
  if (!fresh) return known->second;
  const ir::Service& declared = program_.services[size_t(entity.number)];
  const eval::Frame& frame = eval::place_frame(entity);
  uint32_t index = uint32_t(plan_.services.size());
  settled_.push_back(Settled::No);
  ailing_.push_back(false);
  Service service;
  service.name = declared.decl->name.text;
  service.subject = Subject(declared.decl->subject);
  beside_services_ |= service.subject != Subject::Service;
  if (!frame.empty()) service.place = eval::place_name(declared.places, frame[0]);
  int64_t other = service_names_.try_emplace(service.name, entity.number).first->second;
  if (other != entity.number)
    diagnostics_.report(declared.decl->name.span, diag::ServiceTwice, service.name)
        .at(program_.services[size_t(other)].decl->name.span, "the other one")
        .advise("rename one of them: runs, locks and history know a service by its name");
  entities_.push_back(entity);
  if (declared.traffic) service.traffic_uhz = eval_->eval(declared.module, declared.traffic, frame).number;
  if (const ast::Expr* replicas = eval::replicas_of(declared))
    service.replicas = eval_->eval(declared.module, replicas, frame).number;
  for (const ir::Renamed& renamed : program_.renamed)
    if (renamed.service == uint32_t(entity.number)) service.was = renamed.decl->was.text;
  plan_.services.push_back(std::move(service));
  add_bindings(index, declared);
  observe(index);
  return index;
}

void Planner::add_bindings(uint32_t index, const ir::Service& declared) {
  const eval::Frame frame = eval::place_frame(entities_[index]);
  for (const ir::Binding& binding : declared.bindings) {
    const ir::Backend& backend = program_.backends[program_.targets[binding.target].backend];
    uint32_t target = target_index(eval_->eval(declared.module, binding.named, frame));
    const ir::Capability& capability = program_.capabilities[binding.capability];
    bool own = !program_.modules[capability.module]->library;
    plan_.services[index].bindings.push_back({std::string(capability.decl->name.text), target,
                                              settings(backend.bindings, backend.module, binding.config, frame),
                                              own && ir::sets(*capability.decl, "share"),
                                              own && ir::sets(*capability.decl, "instances")});
    check_route(index, plan_.services[index].bindings.back(), declared);
  }
}

uint32_t Planner::target_index(const Value& entity) {
  auto [known, fresh] = targets_.try_emplace(identity(entity), uint32_t(plan_.targets.size()));
  if (!fresh) return known->second;
  const ir::Target& target = program_.targets[size_t(entity.number)];
  const ir::Backend& backend = program_.backends[target.backend];
  declared_targets_.push_back(uint32_t(entity.number));
  plan_.targets.push_back({entity.text, std::string(backend.decl->name.text),
                           settings(backend.config, backend.module, target.config, eval::place_frame(entity))});
  return uint32_t(plan_.targets.size() - 1);
}

NamedValues Planner::settings(const std::vector<ir::Parameter>& declared, ir::ModuleId declared_in,
                              const std::vector<ir::Given>& given, const eval::Frame& frame) {
  std::vector<std::pair<std::string, Value>> values;
  for (const ir::Parameter& parameter : declared) {
    const ast::Expr* expr = nullptr;
    ir::ModuleId module = declared_in;
    for (const ir::Given& one : given)
      if (one.parameter == &parameter) {
        expr = one.value;
        module = one.module;
      }
    values.emplace_back(std::string(parameter.name.text), eval_->bind(parameter, declared_in, module, expr, frame));
  }
  return values;
}

/// What the snapshot says of the service; offline it runs some stable version with all its instances.
void Planner::observe(uint32_t index) {
  if (plan_.services[index].subject != Subject::Service) return observe_state(index);
  const Service& service = plan_.services[index];
  std::string text = service_text(service);
  Value stable = Value::of(Value::Kind::Image, std::string(earlier_version));
  if (!request_.snapshot.offline) stable = {};
  int64_t instances = service.replicas;
  for (const ObservedService& observed : request_.snapshot.services) {
    if (observed.service != text) continue;
    if (!observed.unreached.empty()) {
      plan_.services[index].unreached = observed.unreached;
      stable = Value::of(Value::Kind::Image, "(not reached)");
      continue;
    }
    stable = observed.stable;
    plan_.observed.push_back({fmt::format("version({}, stable)", text), stable, observed.source, Recheck::Exact});
    plan_.observed.push_back({fmt::format("generation({})", text),
                              Value::of(Value::Kind::Int, observed.generation), "state", Recheck::Exact});
    if (observed.state.is(Value::Kind::Bool)) {
      model_.start_with({index, Variable::Drained, Role::All}, observed.state);
      plan_.observed.push_back(
          {variable_text(service, Variable::Drained, Role::All), observed.state, observed.source, Recheck::Exact});
    }
    if (observed.instances && *observed.instances != service.replicas && observes(index, Variable::Instances)) {
      instances = *observed.instances;
      plan_.observed.push_back({variable_text(service, Variable::Instances, Role::Stable),
                                Value::of(Value::Kind::Int, instances), observed.source, Recheck::Exact});
    }
    if (observed.share_ppb && observes(index, Variable::Share))
      plan_.observed.push_back({variable_text(service, Variable::Share, Role::Canary),
                                Value::of(Value::Kind::Percent, *observed.share_ppb), observed.router, Recheck::Exact});
    if (observed.trouble.empty()) continue;
    ailing_[index] = true;
    plan_.observed.push_back({fmt::format("trouble({})", text), Value::of(Value::Kind::String, observed.trouble),
                              observed.source, Recheck::Recorded});
  }
  bool runs = !stable.is(Value::Kind::None);
  model_.start_with({index, Variable::Version, Role::Stable}, stable);
  model_.start_with({index, Variable::Instances, Role::Stable},
                    Value::of(Value::Kind::Int, runs ? instances : 0));
}

}  // namespace rollout::plan
