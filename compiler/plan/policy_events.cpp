// `approval(by: not r.author) before promote on every path`: which steps are meant, and whether it is so.
#include <algorithm>
#include <iterator>

#include <fmt/format.h>

#include "compiler/plan/policy_every.h"

namespace rollout::plan {

namespace {

/// Text in one line.
std::string flat(std::string_view written) {
  std::string out;
  for (char c : written) {
    bool space = c == ' ' || c == '\n' || c == '\t' || c == '\r';
    if (!space) out += c;
    else if (!out.empty() && out.back() != ' ') out += ' ';
  }
  return out;
}

bool judges(const Plan& plan, const Step& step, bool surely) {
  if (step.kind != StepKind::Hold) return false;
  return std::any_of(step.gates.begin(), step.gates.end(),
                     [&](uint32_t gate) { return !surely || !may_pass_unproven(plan.gates[gate]); });
}

}  // namespace

Quantified::Event Quantified::approvals(const ast::CallExpr* call) {
  Event event{"", {}, true};
  std::string team;
  if (call && !call->arguments.empty()) {
    const ast::Expr* who = call->arguments[0].value;
    event.two_people = who->kind == ast::ExprKind::Unary;
    if (!event.two_people) team = evaluator_.eval(rule_->module, who, frame_).text;
  }
  for (uint32_t i = 0; i < plan_.steps.size(); ++i) {
    const Step& step = plan_.steps[i];
    // That something is so is no yes to this plan.
    if (step.kind != StepKind::Approval || in_preflight(plan_, step)) continue;
    if (team.empty() || plan_.approvals[step.approval].team == team) event.steps.push_back(i);
  }
  event.text = team.empty() ? "nobody approves" : fmt::format("nobody of {} approves", team);
  return event;
}

/// `passes`: it stands in front of `before`. A gate that may pass without a verdict has not passed then.
Quantified::Event Quantified::mark(std::string_view word, bool passes) const {
  Event event;
  event.text = word == "gate" ? "no gate that needs a verdict has decided" : fmt::format("there is no {}", word);
  for (uint32_t i = 0; i < plan_.steps.size(); ++i) {
    const Step& step = plan_.steps[i];
    bool meant = word == "gate"     ? judges(plan_, step, passes)
                 : word == "commit" ? step.kind == StepKind::Commit
                                    : step.kind == (word == "preflight" ? StepKind::Preflight : StepKind::Checkpoint);
    if (meant) event.steps.push_back(i);
  }
  return event;
}

/// The step behind which all of them have passed; none where they end side by side.
std::vector<uint32_t> Quantified::ends_of(const Element& element) const {
  if (element.steps.size() <= 1) return element.steps;
  uint32_t last = element.steps.back();
  std::vector<bool> waits(plan_.steps.size());
  waits[last] = true;
  for (uint32_t i = last + 1; i-- > element.steps.front();)
    for (uint32_t before : plan_.steps[i].after) waits[before] = waits[before] || waits[i];
  bool all = std::all_of(element.steps.begin(), element.steps.end(), [&](uint32_t step) { return waits[step]; });
  return all ? std::vector<uint32_t>{last} : std::vector<uint32_t>{};
}

Quantified::Event Quantified::event(std::string_view name, bool passes) {
  if (const Element* element = bound_to(name)) {
    Event event{fmt::format("{} may come later", element->text), passes ? ends_of(*element) : element->steps};
    event.element = element;
    bool gate = element->text.starts_with("gate ");
    if (gate && passes && !judges(plan_, plan_.steps[element->step], true)) event.steps.clear();
    return event;
  }
  if (name == "approval") return approvals(nullptr);
  if (name == "gate" || name == "commit" || name == "checkpoint" || name == "preflight") return mark(name, passes);
  Event event{fmt::format("no {} is done", name), {}};
  for (uint32_t i = 0; i < plan_.steps.size(); ++i)
    if (plan_.steps[i].kind == StepKind::Act && plan_.steps[i].action.name == name) event.steps.push_back(i);
  return event;
}

Quantified::Event Quantified::first_of(const ast::PolicyItem& item) {
  if (!item.mark.text.empty()) return mark(item.mark.text, true);
  if (item.subject->kind == ast::ExprKind::Call) return approvals(static_cast<const ast::CallExpr*>(item.subject));
  return event(static_cast<const ast::NameExpr*>(item.subject)->name, true);
}

/// Each of `then` waits for one of `first`; where one does not, the breach says why.
bool Quantified::is_sure(const ast::PolicyItem& item, const Event& first, const Event& then, Breach& breach) {
  auto passed = passed_.end();
  if (first.element) passed_.erase(&item);
  passed = passed_.try_emplace(&item, plan_, first.steps, first.two_people).first;
  for (uint32_t step : then.steps) {
    if (passed->second.surely(step)) continue;
    std::string_view where = item.words[0].text;
    bool one = first.two_people && passed->second.any(step);
    std::string before = then.element ? then.element->text : std::string(where);
    breach.why = one ? fmt::format("one alone approves before {}, perhaps the author", before)
                     : fmt::format("{} before {}", first.text, before);
    breach.step = step, breach.missing = first.steps, breach.fails = passed->second.fails_for(step);
    breach.alone = one;
    breach.from = step_text(plan_.steps[step]);
    if (breach.fails != none)
      breach.from += fmt::format("; {} may have failed and gone back by then", step_text(plan_.steps[breach.fails]));
    else if (one) breach.from += "; ask somebody else as well";
    return false;
  }
  return true;
}

bool Quantified::check_order(const ast::PolicyItem& item, Answers* into) {
  Event first = first_of(item), then = event(item.words[0].text, false);
  Breach breach = breach_at(item);
  bool some = item.words[1].text == "some";
  bool holds = some ? may_come_before(plan_, first.steps, then.steps) : is_sure(item, first, then, breach);
  if (!into) return holds;
  if (holds) {
    keep(item, first, then, *into);
    return true;
  }
  if (some) breach.why = fmt::format("{} before {} on any path", first.text, item.words[0].text);
  into->breaches.push_back(std::move(breach));
  return false;
}

/// With what other elements ask for of the same steps, where what comes first is the same for all.
void Quantified::keep(const ast::PolicyItem& item, const Event& first, const Event& then, Answers& into) {
  if (then.steps.empty()) return;
  bool some = item.words[1].text == "some";
  auto kept = first.element || some ? kept_.end() : kept_.find(&item);
  if (kept != kept_.end()) {
    std::vector<uint32_t>& steps = into.orders[kept->second].then;
    std::vector<uint32_t> both;
    std::set_union(steps.begin(), steps.end(), then.steps.begin(), then.steps.end(), std::back_inserter(both));
    steps = std::move(both);
    return;
  }
  constexpr std::string_view require = "require ";
  std::string text = flat(sources_.text(item.span));
  if (text.starts_with(require)) text.erase(0, require.size());
  if (!first.element && !some) kept_[&item] = into.orders.size();
  into.orders.push_back({std::string(rule_->policy->decl->name.text), std::move(text), some, first.two_people,
                         first.steps, then.steps});
}

}  // namespace rollout::plan
