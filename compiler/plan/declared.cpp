#include "compiler/plan/declared.h"

#include <algorithm>
#include <cmath>

#include <fmt/compile.h>
#include <fmt/format.h>

#include "compiler/plan/json_parts.h"

namespace rollout::plan {

namespace {

using fmt::literals::operator""_cf;
using eval::Value;

/// It can be put into words whatever it holds, in a plan of which nobody knows who wrote it, and all of it stands
/// there.
bool has_words(const Value& value) {
  bool days = value.is(Value::Kind::Weekday) || value.is(Value::Kind::Calendar);
  return !days && !value.is(Value::Kind::Map) && std::all_of(value.items.begin(), value.items.end(), has_words);
}
std::string text_of(const Value& value) {
  if (has_words(value)) return eval::to_text(value);
  json::Writer json;
  write_value(json, value);
  return json.take();
}
std::string texts_of(const NamedValues& values) {
  std::string text;
  for (const auto& [name, value] : values)
    text += fmt::format("{}{}: {}"_cf, text.empty() ? "" : ", ", name, text_of(value));
  return "{" + text + "}";
}

std::string index_text(uint32_t index) { return index == none ? "none" : std::to_string(index); }
template <typename T>
std::string list_text(const std::vector<T>& list) {
  return fmt::format("{}", fmt::join(list, ", "));
}
std::string number_text(double number) {
  bool is_whole = std::abs(number) < 1e15 && number == std::floor(number);
  return is_whole ? fmt::format("{}"_cf, int64_t(number)) : fmt::format("{}"_cf, number);
}
bool is_usual(const Response& response) {
  return response.then == Fallback::Fail && response.hold_ns == 0 && response.approval == none;
}

class Declared {
 public:
  Declared(const Plan& plan, llvm::function_ref<bool(std::string_view)> take) : plan_(plan), take_(take) {}

  void tell() {
    line("{}{}"_cf, rollout_text(plan_), plan_.offline ? ", for review" : "");
    for (const Source& one : plan_.sources) line("file {} {}"_cf, one.path, one.sha256);
    if (!plan_.inputs.empty()) line("inputs {}"_cf, texts_of(plan_.inputs));
    for (const Observed& one : plan_.observed) observed(one);
    world();
    evidence();
    people();
    around();
    held();
    steps();
  }

 private:
  template <typename Format, typename... Parts>
  void line(const Format& what, const Parts&... parts) {
    if (ended_) return;
    line_.clear();
    fmt::format_to(std::back_inserter(line_), what, parts...);
    ended_ = !take_({line_.data(), line_.size()});
  }
  static std::string time(int64_t ns) { return eval::duration_text(ns); }

  void observed(const Observed& one) {
    constexpr std::string_view words[] = {"the same", "recorded", "read again at the start", "about the same"};
    line("{} is {} by {}, then {}{}"_cf, one.what, text_of(one.value), one.source, words[size_t(one.recheck)],
         one.within_ppb == 0 ? "" : " within " + eval::percent_text(one.within_ppb));
  }

  void world() {
    for (const Target& one : plan_.targets)
      line("target {}: {} {}, quota {}, others {}"_cf, one.name, one.backend, texts_of(one.config), one.quota,
           one.others);
    constexpr std::string_view subjects[] = {"service", "flag", "database"};
    for (const Service& one : plan_.services) {
      line("{} {}[{}]: {} replicas, {} a second, was `{}`, {}"_cf, subjects[size_t(one.subject)], one.name, one.place,
           one.replicas, eval::to_text(Value::of(Value::Kind::Rate, one.traffic_uhz)), one.was,
           one.unreached.empty() ? "reached" : one.unreached);
      for (const Binding& use : one.bindings)
        line("{} by target {} {}{}{}"_cf, use.capability, index_text(use.target), texts_of(use.config),
             use.shares ? ", divides" : "", use.holds ? ", runs" : "");
    }
    for (const Beside& one : plan_.beside)
      line("{} of {} beside {}: {}"_cf, one.image, one.service, one.with,
           one.range ? fmt::format("`{}` to `{}` by {}"_cf, one.range->least, one.range->most, one.source) : "unknown");
  }

  void evidence() {
    constexpr std::string_view kinds[] = {"counts", "buckets", "value"};
    for (const Signal& one : plan_.signals)
      line("signal {} of {}: {} {} of target {}, {} in unit {}"_cf, one.name, index_text(one.service), one.method,
           texts_of(one.args), index_text(one.target), kinds[size_t(one.evidence)], int(one.unit));
    for (const Baseline& one : plan_.baselines)
      line("past {}: signal {} at {}, {} by {}"_cf, one.text, one.signal, eval::percent_text(one.quantile_ppb),
           time(one.window_ns), time(one.part_ns));
    for (const Condition& one : plan_.conditions) condition(one);
    for (const Gate& one : plan_.gates) gate(one);
    for (const Watch& one : plan_.watches)
      line("watch {}: condition {} held {}, every {}, steps {} to {}"_cf, one.text, one.condition, time(one.held_ns),
           time(one.sample_ns), one.first_step, one.last_step);
  }
  static std::string term_text(const Term& term) {
    std::string at = term.quantile_ppb == 0 ? "" : " at " + eval::percent_text(term.quantile_ppb);
    return fmt::format("signal {}{} of {}"_cf, index_text(term.signal), at, role_word(term.role));
  }
  void condition(const Condition& one) {
    constexpr std::string_view kinds[] = {"reject", "require", "watch"};
    constexpr std::string_view signs[] = {"<", "<=", ">", ">=", "==", "!="};
    std::string right = one.right ? term_text(*one.right) : one.baseline == none ? "none" : "";
    if (one.baseline != none)
      right = fmt::format("past {} + {} deviations"_cf, one.baseline, number_text(one.deviations));
    line("{} {}: {} {} {} * {} + {}; proven {}, {} samples, {} looks"_cf, kinds[size_t(one.kind)], one.text,
         term_text(one.left), signs[size_t(one.comparison)], number_text(one.factor), right, number_text(one.offset),
         eval::percent_text(one.proven_ppb), one.samples, one.planned_blocks);
  }
  void gate(const Gate& one) {
    std::string harm = one.harm_ppb == 0 ? "none" : eval::percent_text(one.harm_ppb);
    if (one.harm_of) harm += " of " + term_text(*one.harm_of);
    line("gate {}: every {}, {} requests, conditions {}, harm {}"_cf, one.text, time(one.sample_ns),
         one.minimum_requests, list_text(one.conditions), harm);
    answered("fail", one.fail);
    answered("no_data", one.no_data);
    answered("undecided", one.undecided);
    answered("error", one.error);
  }
  /// Most fail at once.
  void answered(std::string_view on, const Response& then) {
    constexpr std::string_view words[] = {"fail", "pass unproven", "ask approval "};
    if (is_usual(then)) return;
    std::string asks = then.approval == none ? "" : std::to_string(then.approval);
    line("on {} hold {}, then {}{}"_cf, on, time(then.hold_ns), words[size_t(then.then)], asks);
  }

  void people() {
    for (const Approval& one : plan_.approvals) {
      std::string more;
      if (one.escalation)
        more = fmt::format("; then {}, told by {}"_cf, list_text(one.escalation->members),
                           index_text(one.escalation->channel));
      line("approval by {}: {}, told by {}{}"_cf, approval_text(one), list_text(one.members),
           index_text(one.channel), more);
    }
    for (const Channel& one : plan_.channels) line("team {} by target {}"_cf, one.team, one.target);
    if (!plan_.told.empty()) line("told: {}"_cf, list_text(plan_.told));
  }

  std::string back_text(const Rollback& one) const {
    return fmt::format("within {}, gate {} within {}, told: {}, kept {}"_cf, time(one.within_ns),
                       index_text(one.verify_gate), time(one.verify_within_ns), list_text(one.told), time(one.kept_ns));
  }
  void around() {
    line("rollback {}"_cf, back_text(plan_.rollback));
    if (plan_.retry.times > 0)
      line("retry {} every {} from {}"_cf, plan_.retry.times, time(plan_.retry.every_ns), plan_.retry.from_step);
    for (const Hook& one : plan_.hooks) {
      line("on {}: actions {}"_cf, one.on_abort ? "abort" : "rollback", list_text(one.actions));
      for (const Note& note : one.notes) line("tell {}: {}"_cf, note.channel, note.text);
    }
    constexpr std::string_view newer[] = {"reject", "queue", "replace"};
    if (plan_.newer.then != OnNewer::Reject)
      line("on newer {} within {}"_cf, newer[size_t(plan_.newer.then)], time(plan_.newer.within_ns));
    if (plan_.budget_exposure_ns) line("budget {}"_cf, time(*plan_.budget_exposure_ns));
    for (const Lock& one : plan_.locks)
      line("lock {} within {}, steps {} to {}"_cf, one.name, time(one.within_ns), one.first_step, one.last_step);
    constexpr std::string_view failure[] = {"rollback", "stop", "continue", "checkpoint"};
    for (const UndoScope& one : plan_.scopes)
      line("on failure {} at most {}, in {}, group {}, steps {} to {}: {}"_cf, failure[size_t(one.on_failure)],
           one.at_most, index_text(one.parent), index_text(one.group), one.first_step, one.last_step,
           back_text(one.rollback));
  }

  std::string during_text(const During& one) const {
    std::string open = fmt::format("{}, at close {}, zone {} {} {}:"_cf, one.text, one.waits ? "wait" : "park",
                                   one.calendar.zone.name, one.zones_version, one.calendar.zone.text);
    for (const calendar::Window& window : one.calendar.open) open += fmt::format(" {}..{}"_cf, window.from, window.to);
    for (const calendar::Closure& closed : one.calendar.closed)
      open += fmt::format(" not {} {}..{} {}"_cf, closed.first, closed.from, closed.last, closed.to);
    return open;
  }
  void held() {
    if (plan_.during) line("during {}"_cf, during_text(*plan_.during));
    if (!plan_.policies.empty()) line("policies {}"_cf, list_text(plan_.policies));
    for (const Forbidden& one : plan_.forbidden)
      line("{} {}: {}"_cf, one.policy, one.unless_open ? "needs" : "forbids", during_text(one.during));
    for (const OrderRule& one : plan_.order_rules)
      line("policy {}: {}: {}{} before {}{}"_cf, one.policy, one.text, list_text(one.first),
           one.two_people ? " of two people" : "", list_text(one.then), one.some ? " on some path" : "");
    for (const PolicyException& one : plan_.exceptions)
      line("without policy {} until {} ({}): {}; asked by {}, approved by {} of {}"_cf, one.policy, one.until,
           one.until_wall_ns, one.reason, one.asked, one.approved, one.team);
  }

  /// What each does, in order. The step that it comes after is told where it is not the one before it, and its way back
  /// where that is not the one of the step of its service before it.
  void steps() {
    std::vector<const std::vector<uint32_t>*> back(plan_.services.size());
    for (uint32_t i = 0; i < plan_.steps.size() && !ended_; ++i) {
      const Step& step = plan_.steps[i];
      bool usual = i == 0 ? step.after.empty() : step.after.size() == 1 && step.after[0] + 1 == i;
      if (usual) line("{} {}"_cf, i, step.text);
      else line("{} after {}: {}"_cf, i, list_text(step.after), step.text);
      if (step.kind == StepKind::Preflight)
        line("reads for {}, gates {}"_cf, time(step.hold_ns), list_text(step.gates));
      if (step.kind != StepKind::Act) continue;
      action(step.action);
      const std::vector<uint32_t>*& before = back[step.action.service];
      if (before == nullptr || *before != step.rollback) line("back by {}"_cf, list_text(step.rollback));
      before = &step.rollback;
      for (const ScopeUndo& own : step.scope_rollback) line("to scope {} by {}"_cf, own.scope, list_text(own.undo));
    }
    line("{} undo actions"_cf, plan_.undo.size());
    for (const Action& one : plan_.undo) action(one);
  }
  /// Most calls of an action are like the one before.
  void action(const Action& one) {
    std::vector<const Action*>& calls = called_[one.service];
    auto like = std::find_if(calls.begin(), calls.end(), [&](const Action* call) {
      return call->name == one.name && call->takes_back == one.takes_back && call->capability == one.capability;
    });
    if (like == calls.end()) like = calls.insert(like, nullptr);
    const Action*& last = *like;
    bool told = last != nullptr && is_alike(*last, one);
    last = &one;
    if (told) return;
    constexpr std::string_view words[] = {"reversible", "compensable", "irreversible"};
    std::string sets;
    for (const Setting& set : one.sets)
      sets += fmt::format(", {} = {}"_cf, variable_text(plan_.services[one.service], set.variable, set.role),
                          text_of(set.value));
    line("{}: {}.{} by target {}{} within {}, {} attempts{}, {}{}"_cf, one.text, one.capability, one.name,
         index_text(one.target), one.takes_back ? " takes back" : "", time(one.within_ns), one.attempts,
         one.once ? ", once" : "", words[size_t(one.reversibility)], sets);
  }
  /// But for what it is given, which its text says, and for what it sets to that.
  static bool is_alike(const Action& last, const Action& one) {
    auto is_given = [&](const Value& value) {
      return std::any_of(one.args.begin(), one.args.end(), [&](const auto& arg) { return arg.second == value; });
    };
    bool alike = last.target == one.target && last.within_ns == one.within_ns && last.attempts == one.attempts &&
                 last.once == one.once && last.reversibility == one.reversibility &&
                 last.sets.size() == one.sets.size();
    for (size_t i = 0; alike && i < one.sets.size(); ++i)
      alike = last.sets[i].variable == one.sets[i].variable && last.sets[i].role == one.sets[i].role &&
              (last.sets[i].value == one.sets[i].value || is_given(one.sets[i].value));
    return alike;
  }

  const Plan& plan_;
  llvm::function_ref<bool(std::string_view)> take_;
  std::vector<std::vector<const Action*>> called_{plan_.services.size()};  ///< of each service: the last of each kind
  fmt::memory_buffer line_;
  bool ended_ = false;  ///< no more lines are wanted
};

}  // namespace

void tell_declared(const Plan& plan, llvm::function_ref<bool(std::string_view)> take) { Declared(plan, take).tell(); }

std::string declared_text(const Plan& plan) {
  std::string text;
  tell_declared(plan, [&](std::string_view line) {
    text.append(line) += '\n';
    return true;
  });
  return text;
}

}  // namespace rollout::plan
