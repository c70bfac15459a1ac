#include "compiler/verify/timeline.h"

#include <algorithm>
#include <iterator>

#include <fmt/format.h>

#include "compiler/plan/planner.h"

namespace rollout::verify {

using plan::Action;
using plan::Plan;
using plan::Role;
using plan::Step;
using plan::StepKind;
using plan::Variable;
using plan::none;

namespace {

struct Cells {
  std::string stable, canary;  ///< empty: there is none. Of a database `stable` is its schema
};

void apply(const Action& action, bool offline, Cells& cells) {
  for (const plan::Setting& set : action.sets) {
    bool schema = set.variable == Variable::Schema;
    if (!schema && set.variable != Variable::Version) continue;
    std::string text = set.value.is(eval::Value::Kind::None) ? "" : set.value.text;
    // Where nobody has looked, what was there at first is not known.
    if (schema && text.empty() && !offline) text = no_schema;
    (set.role == Role::Canary ? cells.canary : cells.stable) = std::move(text);
  }
}

void add(Running& running, const std::string& version) {
  if (!version.empty() && std::find(running.begin(), running.end(), version) == running.end())
    running.push_back(version);
}

Running running_in(const Cells& cells) {
  Running running;
  add(running, cells.stable), add(running, cells.canary);
  std::sort(running.begin(), running.end());
  return running;
}

Running both(Running a, const Running& b) {
  for (const std::string& one : b) add(a, one);
  std::sort(a.begin(), a.end());
  return a;
}

Cells first_cells(const Plan& plan, uint32_t subject, const std::map<std::string_view, const eval::Value*>& observed) {
  const plan::Service& service = plan.services[subject];
  bool database = service.subject == plan::Subject::Database;
  std::string name = plan::variable_text(service, database ? Variable::Schema : Variable::Version,
                                         database ? Role::All : Role::Stable);
  auto seen = observed.find(name);
  if (seen == observed.end()) return {database || !plan.offline ? "" : std::string(plan::earlier_version), {}};
  if (!seen->second->is(eval::Value::Kind::None)) return {seen->second->text, {}};
  return {database && !plan.offline ? std::string(no_schema) : "", {}};
}

class Builder {
 public:
  Builder(const Plan& plan, uint32_t subject, const std::vector<uint32_t>& scope_of)
      : plan_(plan), subject_(subject), scope_of_(scope_of) {}

  /// `steps`: those of the subject, and the commits, in order.
  Timeline go(Cells cells, const std::vector<uint32_t>& steps) {
    line_.positions.push_back({none, running_in(cells), {{none, none, {running_in(cells)}}}});
    mix(line_.positions[0].now, none, {});
    for (uint32_t i : steps) {
      const Step& step = plan_.steps[i];
      bool commit = step.kind == StepKind::Commit;
      Cells before = cells;
      if (commit) first_ = none;
      else apply(step.action, plan_.offline, cells), exchange(before, cells, i, {});
      if (!commit && first_ == none) first_ = i;
      Position position{i, running_in(cells), {}};
      mix(position.now, i, {});
      position.back.push_back(commit ? BackWay{none, none, {position.now}}
                                     : way(i, none, first_, step.rollback, before, cells));
      for (uint32_t scope = commit ? none : scope_of_[i]; scope != none; scope = plan_.scopes[scope].parent) {
        uint32_t first = first_in_.try_emplace(scope, i).first->second;
        position.back.push_back(way(i, scope, first, plan::undo_to(step, scope), before, cells));
      }
      keep(std::move(position));
    }
    return std::move(line_);
  }

 private:
  /// The step may have taken effect or not; its list is gone from both.
  BackWay way(uint32_t step, uint32_t scope, uint32_t first, const std::vector<uint32_t>& undo, Cells before,
              Cells after) {
    BackWay way{scope, first, {running_in(after)}};
    for (uint32_t index : undo) {
      const Action& action = plan_.undo[index];
      for (Cells* cells : {&before, &after}) {
        Cells old = *cells;
        apply(action, plan_.offline, *cells);
        exchange(old, *cells, step, action.text);
        mix(running_in(*cells), step, action.text);
      }
      Running now = both(running_in(before), running_in(after));
      if (now != way.states.back()) way.states.push_back(std::move(now));
    }
    return way;
  }
  /// While one stable version takes the place of another one, instances of both are there.
  void exchange(const Cells& before, const Cells& after, uint32_t step, std::string_view undo) {
    if (before.stable == after.stable || before.stable.empty() || after.stable.empty()) return;
    mix(both(running_in(before), running_in(after)), step, undo);
  }
  void mix(const Running& versions, uint32_t step, std::string_view undo) {
    if (versions.size() < 2 || plan_.services[subject_].subject != plan::Subject::Service) return;
    for (const Mix& known : line_.mixes)
      if (known.versions == versions) return;
    std::string when = undo.empty() ? "" : fmt::format("on the way back, with `{}`", undo);
    line_.mixes.push_back({versions, step, std::move(when)});
  }
  void keep(Position position) {
    const Position& last = line_.positions.back();
    bool same = last.step != none && last.now == position.now && last.back == position.back &&
                scope_of_[last.step] == scope_of_[position.step];
    uint32_t step = position.step;
    if (!same) line_.positions.push_back(std::move(position));
    line_.at.emplace_back(step, uint32_t(line_.positions.size() - 1));
  }

  const Plan& plan_;
  uint32_t subject_;
  const std::vector<uint32_t>& scope_of_;
  Timeline line_;
  uint32_t first_ = none;           ///< of the subject's steps since the last commit
  std::map<uint32_t, uint32_t> first_in_;  ///< by scope
};

}  // namespace

Timelines::Timelines(const Plan& plan)
    : plan_(plan), scope_of_(plan::scopes_of_steps(plan)), steps_(plan.services.size()) {
  for (uint32_t i = 0; i < plan.steps.size(); ++i) {
    if (plan.steps[i].kind == StepKind::Commit) commits_.push_back(i);
    else if (plan.steps[i].kind == StepKind::Act) steps_[plan.steps[i].action.service].push_back(i);
  }
  for (const plan::Observed& one : plan.observed) observed_[one.what] = &one.value;
}

const Timeline& Timelines::of(uint32_t subject) {
  auto [known, fresh] = lines_.try_emplace(subject);
  if (!fresh) return known->second;
  std::vector<uint32_t> steps;
  std::merge(steps_[subject].begin(), steps_[subject].end(), commits_.begin(), commits_.end(),
             std::back_inserter(steps));
  Cells cells = first_cells(plan_, subject, observed_);
  known->second = Builder(plan_, subject, scope_of_).go(cells, steps);
  Running first = running_in(cells);
  for (const plan::Hook& hook : plan_.hooks)
    for (uint32_t index : hook.actions)
      if (plan_.undo[index].service == subject) apply(plan_.undo[index], plan_.offline, cells);
  if (Running now = running_in(cells); now != first) known->second.after_hooks = std::move(now);
  return known->second;
}

}  // namespace rollout::verify
