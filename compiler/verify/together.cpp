#include "compiler/verify/together.h"

#include <algorithm>
#include <limits>

#include <fmt/format.h>
#include <llvm/ADT/STLExtras.h>

namespace rollout::verify {

using plan::Condition;
using plan::Plan;
using plan::Step;
using plan::Term;
using plan::none;

namespace {

constexpr size_t max_watching = 32;  // around one hold

/// `a, b and c`, each between `mark` and `mark`.
std::string list_text(const std::vector<std::string>& texts, std::string_view mark) {
  std::string out;
  for (const std::string& text : texts) {
    out += &text == &texts.front() ? "" : &text == &texts.back() ? " and " : ", ";
    out.append(mark).append(text).append(mark);
  }
  return out;
}

}  // namespace

Ends ends_of(const Plan& plan, uint32_t index) {
  constexpr double endless = std::numeric_limits<double>::infinity();
  const plan::Signal& signal = plan.signals[index];
  double low = signal.unit == eval::Value::Kind::Float ? -endless : 0;
  if (signal.unit != eval::Value::Kind::Percent) return {low, endless};
  bool own = llvm::any_of(plan.services[signal.service].bindings, [&](const plan::Binding& binding) {
    return binding.runs() && binding.target == signal.target;
  });
  return {low, own || signal.evidence == plan::Evidence::Counts ? double(eval::percent_all) : endless};
}

std::string asked_text(const Condition& condition) {
  return (condition.kind == plan::ConditionKind::Reject ? "reject when " : "require ") + condition.text;
}

void Together::look(const Step& step, std::span<const plan::Watch* const> watching,
                    const std::vector<Portions>& portions, std::vector<Finding>& findings) {
  if (watching.size() > max_watching) watching = {};
  if (!is_new(step, watching, portions)) return;
  std::vector<Asks> all = asked_at(step, watching);
  std::vector<Mixed> mixed = mixed_at(all, portions);
  for (uint32_t i = uint32_t(ends_.size()); i < plan_.signals.size(); ++i) ends_.push_back(ends_of(plan_, i));
  for (std::vector<Asks> found; !(found = exclusive(plan_, all, ends_, mixed)).empty();) {
    std::optional<Finding> finding = finding_of(found, step);
    if (finding && told_.insert(found).second) findings.push_back(std::move(*finding));
    // Of what is left something else may be wrong.
    Asks first = found.front();
    llvm::erase_if(all, [&](const Asks& asks) { return asks.gate == first.gate && asks.watch == first.watch; });
  }
}

/// Most holds ask what one before them has asked, of versions that have traffic as they had it there.
bool Together::is_new(const Step& step, std::span<const plan::Watch* const> watching,
                      const std::vector<Portions>& portions) {
  key_.assign(step.gates.begin(), step.gates.end());
  for (uint32_t gate : step.gates)
    for (uint32_t condition : plan_.gates[gate].conditions) {
      uint32_t service = plan_.signals[plan_.conditions[condition].left.signal].service;
      const Portions& has = portions[service];
      key_.push_back(2 * service + (has.canary_ppb < eval::percent_all));
      key_.push_back(2 * uint32_t(has.all_is_one()) + (has.control_ppb > 0));
    }
  for (const plan::Watch* watch : watching)
    if (fires_in(step, *watch)) key_.push_back(uint32_t(watch - plan_.watches.data()));
  if (seen_.contains(key_)) return false;
  seen_.insert(key_);
  return true;
}

/// Whether it does what stays as it is.
bool Together::fires_in(const Step& step, const plan::Watch& watch) const {
  int samples = plan_.conditions[watch.condition].samples;
  bool soon = watch.held_ns == 0 && samples <= 1;
  return step.kind == plan::StepKind::Hold &&
         (soon || step.hold_ns >= watch.held_ns + (samples + 1) * watch.sample_ns);
}

std::vector<Asks> Together::asked_at(const Step& step, std::span<const plan::Watch* const> watching) const {
  std::vector<Asks> all;
  for (uint32_t gate : step.gates)
    for (uint32_t condition : plan_.gates[gate].conditions) all.push_back({condition, gate});
  for (const plan::Watch* watch : watching)
    if (fires_in(step, *watch)) all.push_back({watch->condition, none, uint32_t(watch - plan_.watches.data())});
  return all;
}

/// Of the services of which something is asked of all of the traffic, who has it.
std::vector<Mixed> Together::mixed_at(const std::vector<Asks>& all, const std::vector<Portions>& portions) const {
  std::vector<Mixed> mixed;
  auto add = [&](const Term& term) {
    uint32_t service = plan_.signals[term.signal].service;
    bool known = llvm::any_of(mixed, [&](const Mixed& one) { return one.service == service; });
    if (term.role != plan::Role::All || known) return;
    const Portions& has = portions[service];
    Mixed& one = mixed.emplace_back(Mixed{service, {}});
    if (has.canary_ppb < eval::percent_all) one.roles.push_back(plan::Role::Stable);
    if (!has.all_is_one()) one.roles.push_back(plan::Role::Canary);
    if (has.control_ppb > 0) one.roles.push_back(plan::Role::Control);
  };
  for (const Asks& asks : all) {
    const Condition& condition = plan_.conditions[asks.condition];
    add(condition.left);
    if (condition.right) add(*condition.right);
  }
  return mixed;
}

/// Nothing: watches alone leave no value, which is no matter of a gate.
std::optional<Finding> Together::finding_of(const std::vector<Asks>& found, const Step& step) const {
  std::vector<uint32_t> gates;
  Site site;
  site.step = uint32_t(&step - plan_.steps.data());
  for (const Asks& asks : found) {
    if (asks.gate != none && !llvm::is_contained(gates, asks.gate)) gates.push_back(asks.gate);
    if (asks.watch != none) site.watch = asks.watch;
  }
  if (gates.empty()) return std::nullopt;
  site.gate = gates.back();
  std::vector<std::string> whose, which;
  for (uint32_t gate : gates) whose.push_back(plan_.gates[gate].text);
  bool alone = gates.size() == 1 && site.watch == none;
  for (const Asks& asks : found) {
    std::string text = asks.watch != none ? fmt::format("rollback when {}", plan_.watches[asks.watch].text)
                                          : asked_text(plan_.conditions[asks.condition]);
    if (!alone && asks.gate != none) text += fmt::format("` of `{}", plan_.gates[asks.gate].text);
    which.push_back(std::move(text));
  }
  bool several = gates.size() > 1;
  std::string why = several ? "they exclude each other" : "its conditions exclude each other";
  if (site.watch != none) why = fmt::format("what passes {} and stays so makes a watch fire", several ? "them" : "it");
  Finding finding{Claim::Contradiction, step.place, std::move(why), 0, 0, {}, {}};
  std::string marked = list_text(whose, "`");  // the message puts its own marks around it
  finding.parts = {marked.substr(1, marked.size() - 2), list_text(which, "`")};
  if (several) finding.parts.push_back(list_text(whose, ""));
  finding.site = std::move(site);
  return finding;
}

}  // namespace rollout::verify
