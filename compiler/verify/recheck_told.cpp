#include "compiler/verify/recheck_told.h"

#include <optional>
#include <string_view>

#include <fmt/format.h>
#include <llvm/ADT/STLExtras.h>

#include "compiler/base/json.h"
#include "compiler/plan/declared.h"

namespace rollout::verify {

using eval::Value;
using plan::Action;
using plan::Plan;
using plan::Reversibility;
using plan::Role;
using plan::Setting;
using plan::Step;
using plan::StepKind;
using plan::Variable;

namespace {

/// What an action of the library makes of one of its arguments.
struct Row {
  std::string_view capability, action, argument;
  Variable sets;
  Role role;
  int64_t usual = -1;  ///< which may be left out of the text; -1: none
};
constexpr Row rows[] = {
    {"TrafficRouter", "shift", "share", Variable::Share, Role::Canary},
    {"TrafficRouter", "mirror", "share", Variable::Mirrored, Role::Canary},
    {"TrafficRouter", "route", "cohorts", Variable::Cohorts, Role::Canary},
    {"TrafficRouter", "route", "at_most", Variable::Routed, Role::Canary, eval::percent_all},
    {"Workload", "scale", "instances", Variable::Instances, Role::Stable},
    {"Workload", "scale_canary", "instances", Variable::Instances, Role::Canary},
    {"Workload", "deploy", "image", Variable::Version, Role::Canary},
    {"Workload", "deploy", "control", Variable::Instances, Role::Control, 0},
    {"Workload", "install", "image", Variable::Version, Role::Stable},
    {"HostFleet", "replace", "image", Variable::Version, Role::Stable},
    {"FlagStore", "ramp", "share", Variable::Flag, Role::All},
    {"Entrance", "admit", "share", Variable::Flag, Role::All},
    {"Chaos", "kill_instances", "count", Variable::Killed, Role::Canary},
    {"SlowNetwork", "delay", "latency", Variable::Delay, Role::Canary},
    {"Migrator", "expand", "migration", Variable::Schema, Role::All},
    {"Migrator", "backfill", "migration", Variable::Schema, Role::All},
    {"Migrator", "contract", "migration", Variable::Schema, Role::All},
};

const Row* row_of(const Action& action, std::string_view argument) {
  const Row* row = llvm::find_if(rows, [&](const Row& one) {
    return one.action == action.name && one.argument == argument && one.capability == action.capability;
  });
  return row == std::end(rows) ? nullptr : row;
}

Reversibility reversibility_of(const Action& action) {
  if (action.capability != "Migrator") return Reversibility::Reversible;
  return action.name == "contract" ? Reversibility::Irreversible : Reversibility::Compensable;
}

class Told {
 public:
  Told(const Plan& plan, std::vector<std::string>& broken) : plan_(plan), broken_(broken) {}

  /// Says what is wrong with the first action that is told something else.
  void go() {
    for (const Step& step : plan_.steps) {
      if (step.kind != StepKind::Act && !plan_.sources.empty() && !reads(step))
        return wrong("the step `{}` does something else", step.text);
      if (step.kind == StepKind::Approval && !asks(step)) return;
      if (step.kind != StepKind::Act) continue;
      if (!is_one(step.action)) return;
      if (step.text != step.action.text)
        return wrong("the step `{}` is the action `{}`", step.text, step.action.text);
    }
    for (const Action& undo : plan_.undo)
      if (!is_one(undo)) return;
    for (const plan::OrderRule& rule : plan_.order_rules)
      if (!is_of_two(rule)) return;
  }

 private:
  template <typename... Parts>
  void wrong(fmt::format_string<const Parts&...> what, const Parts&... parts) {
    broken_.push_back(fmt::format(what, parts...));
  }

  bool is_one(const Action& action) {
    bool known = false;
    for (const auto& [name, value] : action.args) {
      const Row* row = row_of(action, name);
      known |= row != nullptr;
      // What is taken back is named, and what was there before it is set.
      if (!row || action.takes_back || sets(action, *row, value)) continue;
      wrong("`{}` is given {} {}, and sets something else", action.text, name, eval::to_text(value));
      return false;
    }
    if (known && !action.takes_back && action.reversibility != reversibility_of(action)) {
      wrong("`{}` cannot be taken back as the plan says", action.text);
      return false;
    }
    if (plan_.services[action.service].bindings.empty() || reads(action)) return true;
    wrong("`{}` reads otherwise than what it is given", action.text);
    return false;
  }

  /// People are shown the text of the step, and the run counts by the approval.
  bool asks(const Step& step) {
    const plan::Approval& approval = plan_.approvals[step.approval];
    std::string asked = plan::approval_text(approval);
    if (step.text != fmt::format("{} {}", approval.confirms.empty() ? "approve by" : "confirm", asked)) {
      wrong("the step `{}` asks for {}", step.text, asked);
      return false;
    }
    return true;
  }

  /// `approval(by: not r.author)` is of two people, however it is spaced; no other approval is written with a `not`.
  bool is_of_two(const plan::OrderRule& rule) {
    std::string text = rule.text;
    std::erase(text, ' ');
    if (rule.two_people || !text.starts_with("approval(by:not") || rule.text.find("not ") == std::string::npos)
      return true;
    wrong("the order `{}` of policy {} is kept by anybody", rule.text, rule.policy);
    return false;
  }

  static bool sets(const Action& action, const Row& row, const Value& value) {
    bool nobody = false;
    const Value* set = nullptr;
    for (const Setting& one : action.sets) {
      if (one.variable == row.sets && one.role == row.role) set = &one.value;
      nobody |= one.variable == Variable::Cohorts && one.value.items.empty();
    }
    if (set == nullptr) return row.role == Role::Control && value.number == 0;
    return *set == value || (row.sets == Variable::Routed && nobody && set->number == 0);
  }

  /// `hold 5m judged by healthy(checkout)`: what people read of a step that is no action.
  bool reads(const Step& step) {
    switch (step.kind) {
      case StepKind::Act:
      case StepKind::Approval: return true;
      case StepKind::Hold: return waits(step);
      case StepKind::Notify:
        return step.text == fmt::format("notify {} {}", plan_.channels[step.channel].team, json::quote(step.message));
      case StepKind::Preflight: return step.text.starts_with("preflight: ");
      case StepKind::Commit: return step.text.starts_with("commit ");
      case StepKind::Checkpoint: return step.text.starts_with("checkpoint");
      case StepKind::Lock: return names(step, "lock ");
      case StepKind::Unlock: return names(step, "unlock ");
    }
    return false;
  }
  bool waits(const Step& step) {
    std::string_view rest = step.text;
    if (!take(rest, "hold ") && !(step.gates.empty() && take(rest, "soak "))) return false;
    bool reads = take(rest, eval::duration_text(step.hold_ns));
    for (size_t i = 0; i < step.gates.size() && reads; ++i)
      reads = take(rest, i == 0 ? " judged by " : ", ") && take(rest, plan_.gates[step.gates[i]].text);
    return reads && rest.empty();
  }
  static bool take(std::string_view& rest, std::string_view what) {
    if (!rest.starts_with(what)) return false;
    rest.remove_prefix(what.size());
    return true;
  }
  bool names(const Step& step, std::string_view word) const {
    std::string_view lock = plan_.locks[step.lock].name;
    return step.text.starts_with(word) && lock.ends_with(std::string_view(step.text).substr(word.size()));
  }

  /// `shift checkout to 5%`: the name, whom, and each argument but one that is as usual.
  bool reads(const Action& action) const {
    std::string_view rest = action.text;
    auto take = [&](std::string_view what) { return Told::take(rest, what); };
    const plan::Service& service = plan_.services[action.service];
    if ((action.takes_back && !take("undo ")) || !take(action.name) || !take(" ") || !take(service.name)) return false;
    if (!service.place.empty() && !(take("[") && take(service.place) && take("]"))) return false;
    for (const auto& [name, value] : action.args) {
      std::string text = eval::to_text(value);
      std::string_view before = rest;
      bool named = take(", ") && take(name) && take(": ") && take(text);
      if (named) continue;
      rest = before;
      if (!rest.empty() && take(" ") && (take("to "), take(text))) continue;
      rest = before;
      const Row* row = row_of(action, name);
      if (row && (row->usual < 0 || row->usual != value.number)) return false;
    }
    return rest.empty();
  }

  const Plan& plan_;
  std::vector<std::string>& broken_;
};

}  // namespace

void recheck_told(const Plan& plan, std::vector<std::string>& broken) { Told(plan, broken).go(); }

void recheck_declared(const Plan& plan, std::vector<std::string>& broken) {
  if (plan.declared.empty()) {
    if (!plan.sources.empty())
      broken.push_back("it does not say what was declared, as if an earlier rollout had made it");
    return;
  }
  std::string_view rest = plan.declared;
  std::optional<std::string> other;  // the first line that is not what was declared
  plan::tell_declared(plan, [&](std::string_view line) {
    bool is_same = rest.size() > line.size() && rest.starts_with(line) && rest[line.size()] == '\n';
    if (is_same) rest.remove_prefix(line.size() + 1);
    else other = line;
    return is_same;
  });
  if (!other && rest.empty()) return;
  broken.push_back(fmt::format("the plan holds `{}`, and what was declared is `{}`", other.value_or("nothing more"),
                               rest.empty() ? "nothing more" : rest.substr(0, rest.find('\n'))));
}

}  // namespace rollout::verify
