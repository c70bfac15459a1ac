// Gates with their arguments bound, and their conditions in the one form that the engine evaluates.
#include <cmath>

#include <fmt/format.h>
#include <llvm/ADT/ScopeExit.h>

#include "compiler/eval/blame.h"
#include "compiler/plan/build.h"

namespace rollout::plan {

using eval::Value;

uint32_t Planner::gate_index(const Value& value, Span used_at) {
  const ir::Gate& declared = program_.gates[size_t(value.number)];
  Scope scope{declared.module, eval::Frame(std::max<size_t>(declared.slots, declared.parameters.size())),
              uint32_t(declared.parameters.size())};
  std::string text;
  for (size_t i = 0; i < declared.parameters.size(); ++i) {
    scope.frame[i] = value.items[i];
    if (value.items[i].is(Value::Kind::None))
      scope.frame[i] = eval_->bind(declared.parameters[i], declared.module, declared.module, nullptr, {});
    text += (i ? ", " : "") + eval::to_text(scope.frame[i]);
  }
  Gate gate;
  gate.text = fmt::format("{}({})", value.text, text);
  // Two files may each have a gate, or a service, of this name.
  std::string key = fmt::format("{} {}", value.number, gate.text);
  for (const Value& argument : value.items) key += fmt::format(" {}", argument.number);
  auto known = gates_.find(key);
  if (known != gates_.end()) return known->second;
  auto told = llvm::make_scope_exit([&, reported = diagnostics_.size()] {
    eval::blame_caller(program_, reported, used_at, diagnostics_);
  });
  const ast::GateDecl* decl = declared.decl;
  read_limits(gate, decl, scope);
  for (const ast::ConditionClause& clause : decl->conditions) {
    std::optional<Condition> condition = make_condition(clause.condition, scope, used_at);
    if (!condition) return none;
    condition->kind = clause.kind == ast::ClauseKind::Reject ? ConditionKind::Reject : ConditionKind::Require;
    if (!set_proof(*condition, clause.condition, clause.proven, clause.samples, scope)) return none;
    condition->text = condition_text(*condition);
    uint32_t index = condition_index(std::move(*condition));
    auto first = std::find(gate.conditions.begin(), gate.conditions.end(), index);
    if (first != gate.conditions.end())
      report_twice(clause.condition->span, decl->conditions[size_t(first - gate.conditions.begin())].condition->span);
    gate.conditions.push_back(index);
  }
  for (const ast::ResponseClause& clause : decl->responses) {
    std::optional<Response> response = make_response(clause, scope);
    if (!response) return none;
    (clause.event.text == "fail"        ? gate.fail
     : clause.event.text == "no_data"   ? gate.no_data
     : clause.event.text == "undecided" ? gate.undecided
                                        : gate.error) = *response;
  }
  if (decl->harm) {
    std::optional<Linear> of = linear(decl->harm_of, scope, used_at);
    if (of && of->terms.size() == 1 && of->terms[0].baseline == none) gate.harm_of = of->terms[0].term;
  }
  uint32_t index = uint32_t(plan_.gates.size());
  gates_[key] = index;
  plan_.gates.push_back(std::move(gate));
  return index;
}

static_assert(eval::sample_range.least == least_sample_ns);

void Planner::read_limits(Gate& gate, const ast::GateDecl* decl, Scope& scope) {
  gate.sample_ns = within(eval::sample_range, decl->sample, scope).number;
  if (decl->minimum) gate.minimum_requests = within(eval::minimum_range, decl->minimum, scope).number;
  if (decl->harm) gate.harm_ppb = within(eval::harm_range, decl->harm, scope).number;
}

/// How sure: `proven 99%` needs counts and a comparison in the direction that can be proven.
bool Planner::set_proof(Condition& condition, const ast::Expr* written, const ast::Expr* proven,
                        const ast::Expr* samples_given, Scope& scope) {
  constexpr int64_t usual_samples = 3;
  size_t errors = diagnostics_.errors();
  int64_t samples = samples_given ? within(eval::over_range, samples_given, scope).number : usual_samples;
  if (proven) condition.proven_ppb = within(eval::proven_range, proven, scope).number;
  if (diagnostics_.errors() != errors) return false;
  condition.samples = int(samples);
  if (!proven) return true;
  if (condition.deviations != 0) {
    diagnostics_.report(written->span, diag::NotProvable)
        .advise("a deviation is compared, not proven: leave out `proven`, write `over 5 samples`");
    return false;
  }
  bool counts = plan_.signals[condition.left.signal].evidence == Evidence::Counts &&
                (!condition.right || plan_.signals[condition.right->signal].evidence == Evidence::Counts);
  bool upward = condition.comparison == Comparison::Greater || condition.comparison == Comparison::GreaterEqual;
  bool downward = condition.comparison == Comparison::Less || condition.comparison == Comparison::LessEqual;
  bool provable = condition.kind == ConditionKind::Require ? downward : upward;
  if (!counts) {
    diagnostics_.report(written->span, diag::ProvenNeedsCounts, plan_.signals[condition.left.signal].name)
        .advise("only ratios of counts are evidence; compare without `proven`, `over 5 samples`");
    return false;
  }
  if (provable && condition.offset >= 0 && condition.factor >= 0) return true;
  diagnostics_.report(written->span, diag::NotProvable)
      .advise(
          "prove a regression with `reject when new > old + tolerance`, its absence with `require new <= old + "
          "tolerance`");
  return false;
}

uint32_t Planner::condition_index(Condition condition) {
  std::string key = fmt::format("{} {} {} {}", int(condition.kind), condition.text, condition.proven_ppb,
                                condition.samples);
  key += fmt::format(" {} {} {} {}", condition.left.signal, condition.right ? condition.right->signal : none,
                     condition.offset, condition.baseline);
  auto [known, fresh] = conditions_.try_emplace(key, uint32_t(plan_.conditions.size()));
  if (fresh) plan_.conditions.push_back(std::move(condition));
  return known->second;
}

/// `a - b > c` and its like, brought to `left comparison factor * right + offset` with one term on each side.
std::optional<Condition> Planner::make_condition(const ast::Expr* expr, Scope& scope, Span used_at) {
  if (const ir::Func* func = live_func(expr, scope)) {
    std::optional<Scope> inner = enter_func(static_cast<const ast::CallExpr*>(expr), *func, scope);
    return inner ? make_condition(func->decl->body, *inner, used_at) : std::nullopt;
  }
  if (expr->kind != ast::ExprKind::Binary) {
    diagnostics_.report(expr->span, confirmation(expr, scope) ? diag::ConfirmHere : diag::TooManyTerms);
    return std::nullopt;
  }
  auto* binary = static_cast<const ast::BinaryExpr*>(expr);
  size_t errors = diagnostics_.errors();
  std::optional<Linear> left = linear(binary->left, scope, used_at), right = linear(binary->right, scope, used_at);
  if (!left || !right) {
    // A condition never disappears in silence.
    if (diagnostics_.errors() == errors) diagnostics_.report(expr->span, diag::TooManyTerms);
    return std::nullopt;
  }
  if (diagnostics_.errors() != errors) return std::nullopt;
  for (const LinearTerm& one : right->terms) {
    left->terms.push_back(one);
    left->terms.back().factor = -one.factor;
  }
  Condition condition;
  condition.planned_blocks = 0;
  if (!bound_by(condition, *left, expr->span)) return std::nullopt;
  // With a past in it the live value of now stands alone.
  auto now = llvm::find_if(left->terms, [](const LinearTerm& one) { return one.baseline == none; });
  bool too_many = condition.baseline == none && left->terms.size() > 2;
  if (now == left->terms.end() || too_many || now->factor == 0) {
    diagnostics_.report(expr->span, diag::TooManyTerms);
    return std::nullopt;
  }
  double scale = now->factor;
  condition.left = now->term;
  condition.offset = (right->offset - left->offset) / scale;
  if (condition.baseline == none && left->terms.size() == 2) {
    condition.right = left->terms[1].term;
    condition.factor = -left->terms[1].factor / scale;
  }
  constexpr double largest = 9e18;  // of what fits 64 bits
  if (!std::isfinite(condition.factor) || !(std::fabs(condition.offset) < largest)) {
    diagnostics_.report(expr->span, diag::CannotCompute, "the result is too large");
    return std::nullopt;
  }
  switch (binary->op) {
    case ast::Operator::Less: condition.comparison = scale > 0 ? Comparison::Less : Comparison::Greater; break;
    case ast::Operator::LessEqual:
      condition.comparison = scale > 0 ? Comparison::LessEqual : Comparison::GreaterEqual;
      break;
    case ast::Operator::Greater: condition.comparison = scale > 0 ? Comparison::Greater : Comparison::Less; break;
    case ast::Operator::GreaterEqual:
      condition.comparison = scale > 0 ? Comparison::GreaterEqual : Comparison::LessEqual;
      break;
    case ast::Operator::Equal: condition.comparison = Comparison::Equal; break;
    default: condition.comparison = Comparison::NotEqual; break;
  }
  return condition;
}

std::optional<Linear> Planner::linear(const ast::Expr* expr, Scope& scope, Span used_at) {
  const ir::ExprInfo& info = program_.info(scope.module, expr);
  // The library may read what no service of the program has: the checker leaves that to whoever gives it a service.
  if (info.type->is(ir::TypeKind::Error)) {
    if (expr->kind == ast::ExprKind::Binary) {
      linear(static_cast<const ast::BinaryExpr*>(expr)->left, scope, used_at);
      linear(static_cast<const ast::BinaryExpr*>(expr)->right, scope, used_at);
    }
    if (expr->kind == ast::ExprKind::Call) expr = static_cast<const ast::CallExpr*>(expr)->callee;
    if (expr->kind == ast::ExprKind::Member) term_of(static_cast<const ast::MemberExpr*>(expr), scope, used_at);
    return std::nullopt;
  }
  if (!info.type->is(ir::TypeKind::Live)) return Linear{{}, eval::Evaluator::number_of(eval(expr, scope))};
  if (expr->kind == ast::ExprKind::Binary)
    return linear_binary(static_cast<const ast::BinaryExpr*>(expr), scope, used_at);
  if (const ir::Func* func = live_func(expr, scope)) {
    std::optional<Scope> inner = enter_func(static_cast<const ast::CallExpr*>(expr), *func, scope);
    return inner ? linear(func->decl->body, *inner, used_at) : std::nullopt;
  }
  if (reads_past(expr, scope)) return past_of(expr, scope, used_at);
  int64_t quantile = 0;
  if (expr->kind == ast::ExprKind::Call) {
    auto* call = static_cast<const ast::CallExpr*>(expr);
    std::optional<int64_t> wanted = quantile_of(call, scope);
    if (!wanted) return std::nullopt;
    quantile = *wanted;
    expr = call->callee;
  }
  if (expr->kind != ast::ExprKind::Member) return std::nullopt;
  std::optional<Term> term = term_of(static_cast<const ast::MemberExpr*>(expr), scope, used_at);
  if (!term) return std::nullopt;
  term->quantile_ppb = quantile;
  return Linear{{{*term}}, 0};
}

/// What the product of two quantities is too large by, in the units in which Values are kept.
double Planner::product_scale(const ast::BinaryExpr* product, const ast::Expr* by, const Scope& scope) const {
  const ast::Expr* live = by == product->left ? product->right : product->left;
  const ir::Type* live_type = program_.info(scope.module, live).type;
  ir::TypeKind a = live_type->is(ir::TypeKind::Live) ? live_type->arguments[0]->kind : live_type->kind;
  ir::TypeKind b = program_.info(scope.module, by).type->kind;
  auto plain = [](ir::TypeKind kind) { return kind == ir::TypeKind::Int || kind == ir::TypeKind::Float; };
  if (plain(a) || plain(b)) return b == ir::TypeKind::Percent ? double(eval::percent_all) : 1;
  if (a == ir::TypeKind::Percent || b == ir::TypeKind::Percent) return double(eval::percent_all);
  return double(eval::rate_one) * double(eval::ns_per_s);
}

std::optional<Linear> Planner::linear_binary(const ast::BinaryExpr* binary, Scope& scope, Span used_at) {
  std::optional<Linear> left = linear(binary->left, scope, used_at), right = linear(binary->right, scope, used_at);
  if (!left || !right) return std::nullopt;
  if (binary->op == ast::Operator::Add || binary->op == ast::Operator::Subtract) {
    double sign = binary->op == ast::Operator::Add ? 1 : -1;
    for (LinearTerm one : right->terms) {
      one.factor *= sign;
      left->terms.push_back(one);
    }
    left->offset += sign * right->offset;
    return left;
  }
  bool divides = binary->op == ast::Operator::Divide;
  if (!right->terms.empty() && (divides || !left->terms.empty())) {
    diagnostics_.report(binary->span, diag::TooManyTerms);
    return std::nullopt;
  }
  Linear& scaled = left->terms.empty() ? *right : *left;
  const ast::Expr* by_expr = left->terms.empty() ? binary->left : binary->right;
  double by = left->terms.empty() ? left->offset : right->offset;
  // A share of a quantity, and a rate times a duration; a quantity over one of its own kind is a plain number.
  if (!divides) by /= product_scale(binary, by_expr, scope);
  if (divides && by == 0) {
    diagnostics_.report(binary->span, diag::CannotCompute, "division by zero");
    return std::nullopt;
  }
  double scale = divides ? 1 / by : by;
  for (LinearTerm& one : scaled.terms) one.factor *= scale;
  scaled.offset *= scale;
  return scaled;
}

std::optional<Term> Planner::term_of(const ast::MemberExpr* member, Scope& scope, Span used_at) {
  const ast::Expr* object = member->object;
  Role role = Role::All;
  const ir::ExprInfo& info = program_.info(scope.module, object);
  if (info.ref == ir::Ref::Role) {
    role = Role(info.index);
    object = static_cast<const ast::MemberExpr*>(object)->object;
  }
  if (program_.info(scope.module, member).ref == ir::Ref::Rehearsed) {
    Value service = eval(static_cast<const ast::MemberExpr*>(object)->object, scope);
    uint32_t signal = service.is(Value::Kind::Entity) ? rehearsed_index(service_index(service), used_at) : none;
    return signal == none ? std::nullopt : std::optional(Term{signal, role, 0});
  }
  if (info.ref == ir::Ref::Past)
    object = static_cast<const ast::MemberExpr*>(static_cast<const ast::CallExpr*>(object)->callee)->object;
  Value entity = eval(object, scope);
  if (!entity.is(Value::Kind::Entity)) return std::nullopt;
  uint32_t signal = signal_index(service_index(entity), member->member.text, member->member.span, used_at);
  if (signal == none || !signal_fits(member, scope, plan_.signals[signal], used_at)) return std::nullopt;
  return Term{signal, role, 0};
}

/// A gate is checked against the signals that it found; another service may measure the same name in another unit.
bool Planner::signal_fits(const ast::MemberExpr* member, const Scope& scope, const Signal& signal, Span used_at) {
  const ir::Type* type = program_.info(scope.module, member).type;
  if (type->is(ir::TypeKind::Error)) return true;
  bool buckets = signal.evidence == Evidence::Buckets;
  bool quantiled = type->is(ir::TypeKind::Quantiled);
  if (buckets == quantiled && (quantiled || eval::value_kind(type->arguments[0]) == signal.unit)) return true;
  diagnostics_
      .report(called_at_.valid() ? called_at_ : used_at, diag::SignalDiffers,
              service_text(plan_.services[signal.service]), signal.name)
      .at(member->member.span, "read here in another unit");
  return false;
}

uint32_t Planner::signal_index(uint32_t service, std::string_view name, Span span, Span used_at) {
  for (uint32_t i = 0; i < plan_.signals.size(); ++i)
    if (plan_.signals[i].service == service && plan_.signals[i].name == name) return i;
  const ir::Service& declared = program_.services[size_t(entities_[service].number)];
  for (const ir::ServiceSignal& signal : declared.signals) {
    if (signal.name.text != name) continue;
    const ir::Method& method = program_.capabilities[signal.capability].signals[signal.method];
    Signal entry{service,
                 std::string(name),
                 none,
                 std::string(method.name.text),
                 {},
                 Evidence::Value,
                 eval::value_kind(signal.type)};
    entry.evidence = method.evidence == "counts"    ? Evidence::Counts
                     : method.evidence == "buckets" ? Evidence::Buckets
                                                    : Evidence::Value;
    const eval::Frame frame = eval::place_frame(entities_[service]);
    if (signal.source) {
      auto* call = static_cast<const ast::CallExpr*>(signal.source);
      auto* callee = static_cast<const ast::MemberExpr*>(call->callee);
      entry.target = target_index(eval_->eval(declared.module, callee->object, frame));
      ir::Match match = ir::match_arguments(method.parameters, call->arguments);
      for (size_t i = 0; i < method.parameters.size(); ++i)
        entry.args.emplace_back(std::string(method.parameters[i].name.text),
                                eval_->bind(method.parameters[i], 0, declared.module, match.value(i), frame));
    } else {
      for (const ir::Binding& binding : declared.bindings)
        if (binding.capability == signal.capability)
          entry.target = target_index(eval_->eval(declared.module, binding.named, frame));
    }
    plan_.signals.push_back(std::move(entry));
    return uint32_t(plan_.signals.size() - 1);
  }
  diagnostics_
      .report(called_at_.valid() ? called_at_ : used_at, diag::SignalMissing, service_text(plan_.services[service]),
              std::string(name))
      .at(span, "read here");
  return none;
}

/// A gate that reads a version which has no traffic at this point could never decide.
void Planner::check_roles(const Gate& gate, Span span) {
  for (uint32_t index : gate.conditions) {
    const Condition& condition = plan_.conditions[index];
    for (const Term* term : {&condition.left, condition.right ? &*condition.right : nullptr}) {
      if (!term || term->role == Role::All) continue;
      uint32_t service = plan_.signals[term->signal].service;
      if (settled_[service] != Settled::No) continue;
      if (term->role == Role::Control && !control_there(condition, gate.text, span)) return;
      int64_t share = model_.now({service, Variable::Share, Role::Canary}).number;
      bool canary = term->role == Role::Canary || (term->role == Role::Control && share == 0);
      int64_t load = term->role == Role::Canary ? load_of(service) : share;
      if (!routed(service) || (canary ? load > 0 : share < eval::percent_all)) continue;
      bool before = gate.text == "preflight";
      diagnostics_
          .report(span, diag::RoleWithoutTraffic, gate.text, std::string(role_text(term->role)),
                  std::string(canary ? "0%" : "100%"))
          .advise(canary && !before ? "shift traffic to it first"
                                    : fmt::format("judge the whole service here: `s.error_rate` instead of "
                                                  "`s.{}.error_rate`", role_word(term->role)));
      return;
    }
  }
}

/// A condition that is decided by samples in a row needs that many of them in the time that its gate has.
void Planner::check_samples(const Value& value, const Gate& gate, int64_t time_ns, Span span) {
  if (gate.sample_ns < least_sample_ns || time_ns < gate.sample_ns) return;  // was said
  const ast::GateDecl* decl = program_.gates[size_t(value.number)].decl;
  int64_t possible = time_ns / gate.sample_ns;
  for (size_t i = 0; i < gate.conditions.size(); ++i) {
    const Condition& condition = plan_.conditions[gate.conditions[i]];
    if (condition.proven_ppb != 0 || condition.samples <= possible) continue;
    const ast::Expr* written = decl->conditions[i].samples;
    Diagnostic& diagnostic = diagnostics_.report(span, diag::TooFewSamples, eval::duration_text(time_ns),
                                                 eval::duration_text(gate.sample_ns), condition.samples,
                                                 condition.text);
    if (written) diagnostic.at(written->span, "so many are asked for here");
    else diagnostic.note("without `over`, a condition is decided by 3 samples in a row");
    diagnostic.advise(fmt::format("write `over {} samples`, or give it {} times {}", possible, condition.samples,
                                  eval::duration_text(gate.sample_ns)));
    return;
  }
}

/// After a rollback there is no canary: a gate that reads it could never say that all is well again.
void Planner::check_verify(const Gate& gate, Span span) {
  for (uint32_t index : gate.conditions) {
    const Condition& condition = plan_.conditions[index];
    auto gone = [](const Term& term) { return term.role == Role::Canary || term.role == Role::Control; };
    bool right = condition.right && gone(*condition.right);
    if (!gone(condition.left) && !right) continue;
    Role role = right ? condition.right->role : condition.left.role;
    diagnostics_.report(span, diag::RoleWithoutTraffic, gate.text, std::string(role_text(role)), "0%")
        .note(fmt::format("a rollback is verified when the {} is gone", role_text(role)))
        .advise(fmt::format("judge the whole service here: `s.error_rate` instead of `s.{}.error_rate`",
                            role_word(role)));
    return;
  }
}

std::string Planner::term_text(const Term& term) const {
  std::string role = term.role == Role::All ? "" : std::string(role_word(term.role)) + " ";
  std::string quantile = term.quantile_ppb ? fmt::format("({})", eval::percent_text(term.quantile_ppb)) : "";
  return role + plan_.signals[term.signal].name + quantile;
}

std::string Planner::condition_text(const Condition& condition) const {
  constexpr std::string_view symbols[] = {"<", "<=", ">", ">=", "==", "!="};
  auto unit_text = [&](double number) {
    Value::Kind unit = plan_.signals[condition.left.signal].unit;
    if (unit == Value::Kind::Float) return fmt::format("{}", number);
    return eval::to_text(Value::of(unit, int64_t(number)));
  };
  std::string text = fmt::format("{} {} ", term_text(condition.left), symbols[size_t(condition.comparison)]);
  bool past = condition.baseline != none;
  if (!condition.right && !past) return text + unit_text(condition.offset);
  if (condition.factor != 1 && condition.factor != 0) text += fmt::format("{} * ", condition.factor);
  if (condition.factor != 0) text += past ? plan_.baselines[condition.baseline].text : term_text(*condition.right);
  if (condition.deviations != 0) {
    std::string_view sign = condition.deviations < 0 ? " - " : condition.factor != 0 ? " + " : "";
    double count = condition.factor != 0 ? std::fabs(condition.deviations) : condition.deviations;
    text += fmt::format("{}{} * its deviation", sign, count);
  }
  if (condition.offset > 0) text += " + " + unit_text(condition.offset);
  if (condition.offset < 0) text += " - " + unit_text(-condition.offset);
  return text;
}

}  // namespace rollout::plan
