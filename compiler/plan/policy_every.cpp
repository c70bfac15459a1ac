// `for every phase p where … { … }`, `for some gate g of p { … }`
#include "compiler/plan/policy_every.h"

#include <algorithm>

#include <fmt/format.h>

namespace rollout::plan {

using ast::PolicyItemKind;

namespace {

constexpr double steps_a_case = 64;  ///< of a pass over the plan, which takes as long as one condition

ir::Owner owner_of(const ast::PolicyEvery& every) {
  return ir::owner_named(every.element.text).value_or(ir::Owner::Rollout);
}

bool is_order(const ast::PolicyItem& item) {
  return item.kind == PolicyItemKind::Require && !item.words[0].text.empty();
}

}  // namespace

double Quantified::cases(const ast::PolicyItem& item) {
  // What comes first may be another step each time, and then the plan is walked through for each.
  if (is_order(item)) return 1 + double(plan_.steps.size()) / steps_a_case;
  if (item.kind != PolicyItemKind::Every) return 1;
  double inner = 1, size = size_of(item.every);
  around_.push_back(&item);
  for (const ast::PolicyItem& one : item.items) inner += cases(one);
  around_.pop_back();
  return size * inner;
}

/// Of what stands in a phase, on average: all phases together have no more than there is.
double Quantified::size_of(const ast::PolicyEvery& every) {
  auto all = double(elements_.all(owner_of(every)).size());
  // Only a phase has parts; the rollout has all of them.
  bool part = false;
  for (const ast::PolicyItem* around : around_)
    part |= around->every.variable.text == every.of.text && around->every.element.text == "phase";
  return part ? all / std::max<double>(1, double(elements_.all(ir::Owner::Phase).size())) : all;
}

void Quantified::ask(const PolicyRule& rule, Answers& answers) {
  rule_ = &rule;
  frame_ = rule.frame;
  bound_.clear(), passed_.clear(), kept_.clear();
  check(*rule.item, &answers);
}

bool Quantified::check(const ast::PolicyItem& item, Answers* into) {
  if (item.kind == PolicyItemKind::Every) return check_every(item, into);
  return is_order(item) ? check_order(item, into) : check_condition(item, into);
}

const Element* Quantified::bound_to(std::string_view name) const {
  for (const Bound& bound : bound_)
    if (bound.every->variable.text == name) return bound.element;
  return nullptr;
}

std::vector<const Element*> Quantified::domain(const ast::PolicyEvery& every) {
  ir::Owner owner = owner_of(every);
  const std::vector<Element>& all = elements_.all(owner);
  std::vector<const Element*> in;
  if (const Element* phase = bound_to(every.of.text)) {
    for (uint32_t i : elements_.in_phase(owner, phase->phase)) in.push_back(&all[i]);
    return in;
  }
  for (const Element& element : all) in.push_back(&element);
  return in;
}

/// Whether the quantifier means it.
bool Quantified::bind(const ast::PolicyEvery& every, const Element& element) {
  frame_[rule_->locals + bound_.size()] = element.value;
  bound_.push_back({&every, &element});
  if (!every.where) return true;
  eval::Value meant = evaluator_.eval(rule_->module, every.where, frame_);
  return meant.is(eval::Value::Kind::Bool) && meant.number != 0;
}

bool Quantified::check_all(const ast::PolicyItem& item, Answers* into) {
  bool holds = true;
  for (const ast::PolicyItem& one : item.items) {
    holds &= check(one, into);
    if (!holds && !into) return false;
  }
  return holds;
}

bool Quantified::check_every(const ast::PolicyItem& item, Answers* into) {
  const ast::PolicyEvery& every = item.every;
  bool some = every.word.text == "some", holds = !some;
  size_t meant = 0;
  for (const Element* element : domain(every)) {
    if (bind(every, *element)) {
      ++meant;
      bool good = check_all(item, some ? nullptr : into);
      if (some && good && into) check_all(item, into);
      holds = some ? good : holds && good;
    }
    unbind();
    if (some && holds) return true;
    if (!some && !holds && !into) return false;
  }
  if (holds || !some || !into) return holds;
  Breach breach = breach_at(item);
  std::string in = bound_.empty() ? "" : bound_.back().element->text + ": ";
  std::string_view word = every.element.text;
  breach.why = meant == 0   ? fmt::format("{}there is no such {}", in, word)
               : meant == 1 ? fmt::format("{}the only {} is not as it is asked for", in, word)
                            : fmt::format("{}none of {} {}s is as it is asked for", in, meant, word);
  breach.nowhere = breach.step == none;
  into->breaches.push_back(std::move(breach));
  return false;
}

bool Quantified::check_condition(const ast::PolicyItem& item, Answers* into) {
  eval::Value value = evaluator_.eval(rule_->module, item.subject, frame_);
  if (!value.is(eval::Value::Kind::Bool) || value.number != 0) return true;
  if (!into) return false;
  const Element* element = bound_.empty() ? nullptr : bound_.back().element;
  Breach breach = breach_at(item);
  std::string why = broken_text(program_, evaluator_, sources_, rule_->module, item.subject, frame_);
  breach.why = element ? fmt::format("{}: {}", element->text, why) : why;
  into->breaches.push_back(std::move(breach));
  return false;
}

/// In the step in which the innermost element shows.
Breach Quantified::breach_at(const ast::PolicyItem& item) const {
  Breach breach;
  breach.policy = std::string(rule_->policy->decl->name.text);
  // What stands in the library is shown where it was asked for.
  bool own = rule_->at.source == rule_->item->span.source && rule_->at.begin == rule_->item->span.begin;
  breach.asked = own ? item.span : rule_->at;
  const Element* element = bound_.empty() ? nullptr : bound_.back().element;
  if (!element || element->step == none) return breach;
  breach.step = element->step;
  breach.from = step_text(plan_.steps[element->step]);
  return breach;
}

}  // namespace rollout::plan
