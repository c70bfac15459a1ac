#include "runtime/cli/outline.h"

#include <algorithm>
#include <set>

#include <fmt/format.h>
#include <llvm/ADT/StringMap.h>

#include "compiler/plan/way_back.h"
#include "runtime/exec/executor.h"
#include "runtime/exec/fold.h"

namespace rollout::cli {

namespace {

using plan::Plan;
using plan::Role;
using plan::Variable;

/// The scope that begins behind a checkpoint; none: nothing stands behind it.
uint32_t checkpoint_scope(const Plan& plan, uint32_t checkpoint) {
  for (uint32_t i = 0; i < plan.scopes.size(); ++i)
    if (plan::is_behind_checkpoint(plan, i) && plan.scopes[i].first_step == checkpoint + 1) return i;
  return plan::none;
}

/// The scope behind a checkpoint in which the step lies, or which begins behind it.
uint32_t behind_checkpoint(const Plan& plan, uint32_t step) {
  if (plan.steps[step].kind == plan::StepKind::Checkpoint) return checkpoint_scope(plan, step);
  for (uint32_t i = 0; i < plan.scopes.size(); ++i)
    if (plan::is_behind_checkpoint(plan, i) && plan.scopes[i].first_step <= step && step <= plan.scopes[i].last_step)
      return i;
  return plan::none;
}

/// The way back changes only with an action whose list is not the one that its service had.
void mark_same_ways(const Plan& plan, std::vector<Row>& rows) {
  static const std::vector<uint32_t> nothing;
  std::vector<const std::vector<uint32_t>*> lists(plan.services.size(), &nothing);
  uint32_t next = 0, behind = plan::none;
  for (Row& row : rows) {
    row.same_way = true;
    for (; next <= row.back_from; ++next) {
      const plan::Step& step = plan.steps[next];
      if (step.kind == plan::StepKind::Checkpoint) behind = checkpoint_scope(plan, next);
      if (step.kind == plan::StepKind::Commit) behind = plan::none;
      if (step.kind == plan::StepKind::Commit || step.kind == plan::StepKind::Checkpoint) {
        row.same_way = false;
        lists.assign(lists.size(), &nothing);
      }
      if (step.kind != plan::StepKind::Act) continue;
      const std::vector<uint32_t>*& list = lists[step.action.service];
      const std::vector<uint32_t>& own = plan::undo_to(step, behind);
      row.same_way &= *list == own;
      list = &own;
    }
  }
  if (!rows.empty()) rows.front().same_way = false;
}

/// When each step begins if actions take no time: the longest chain of holds before it.
std::vector<int64_t> starts_of(const Plan& plan) {
  std::vector<int64_t> starts(plan.steps.size());
  for (uint32_t i = 0; i < plan.steps.size(); ++i)
    for (uint32_t before : plan.steps[i].after)
      starts[i] = std::max(starts[i], starts[before] + plan.steps[before].hold_ns);
  return starts;
}

/// The share that the action gives to the control; nothing: it says nothing of one.
std::optional<int64_t> control_set_by(const plan::Action& action) {
  for (const plan::Setting& set : action.sets)
    if (set.variable == plan::Variable::Share && set.role == plan::Role::Control) return set.value.number;
  return std::nullopt;
}

/// Steps that follow one another, as people see them: a phase up to a hold behind which something changes, a hold
/// outside of phases, or what stands between two of these.
class Rows {
 public:
  explicit Rows(const Plan& plan)
      : plan_(plan), starts_(starts_of(plan)), shares_(plan.services.size()), controls_(plan.services.size()),
        own_(plan.services.size()), beside_(plan.services.size()) {}

  std::vector<Row> take() {
    for (uint32_t i = 0; i < plan_.steps.size(); ++i) add(i);
    mark_same_ways(plan_, rows_);
    return std::move(rows_);
  }

 private:
  bool goes_on(uint32_t index) const {
    const plan::Step& step = plan_.steps[index];
    if (rows_.empty() || rows_.back().phase != step.phase) return false;
    const Row& row = rows_.back();
    if (std::count(step.after.begin(), step.after.end(), row.steps.back()) == 0) return false;
    // What was held or asked at one share is not to look as if it had been so at the next.
    bool waited = row.hold_ns > 0 || (!row.approvals.empty() && has_acted(row));
    if (waited && step.kind == plan::StepKind::Act) return false;
    // Outside of phases a hold is a row of its own.
    return step.phase != plan::none || step.kind == plan_.steps[row.steps.back()].kind;
  }

  bool has_acted(const Row& row) const {
    return std::any_of(row.steps.begin(), row.steps.end(),
                       [&](uint32_t step) { return plan_.steps[step].kind == plan::StepKind::Act; });
  }

  void begin_row(uint32_t index) {
    const plan::Step& step = plan_.steps[index];
    Row row;
    row.phase = step.phase;
    row.start_ns = starts_[index];
    bool inside = step.phase != plan::none && !rows_.empty() && rows_.back().phase == step.phase;
    if (inside) row.into_ns = row.start_ns - rows_.back().start_ns + rows_.back().into_ns;
    else service_ = service_from(index);
    rows_.push_back(std::move(row));
  }

  /// A phase that begins with a hold is about what it changes next.
  uint32_t service_from(uint32_t index) const {
    if (plan_.steps[index].phase == plan::none) return service_;
    for (uint32_t i = index; i < plan_.steps.size() && plan_.steps[i].phase == plan_.steps[index].phase; ++i)
      if (plan_.steps[i].kind == plan::StepKind::Act) return plan_.steps[i].action.service;
    return judged_here();
  }

  bool has_canary(uint32_t service) const { return own_[service] + beside_[service] > 0; }

  /// Of a phase that only holds: the one that changed last, unless all have its version already and one canary is left.
  uint32_t judged_here() const {
    if (service_ == plan::none || !follows_ || has_canary(service_)) return service_;
    uint32_t only = plan::none;
    for (uint32_t i = 0; i < shares_.size(); ++i) {
      if (!has_canary(i)) continue;
      if (only != plan::none) return service_;
      only = i;
    }
    return only == plan::none ? service_ : only;
  }

  void add(uint32_t index) {
    const plan::Step& step = plan_.steps[index];
    if (!goes_on(index)) begin_row(index);
    Row& row = rows_.back();
    row.steps.push_back(index);
    row.back_from = index;
    if (step.kind == plan::StepKind::Approval && step.phase != plan::none) row.approvals.push_back(step.approval);
    if (step.kind == plan::StepKind::Hold || step.kind == plan::StepKind::Preflight) {
      row.hold_ns += step.hold_ns;
      row.gates.insert(row.gates.end(), step.gates.begin(), step.gates.end());
    } else if (step.kind == plan::StepKind::Act) follow(step.action);
    follows_ &= index == 0 ? step.after.empty() : step.after.size() == 1 && step.after[0] + 1 == index;
    if (service_ == plan::none) return;
    row.share_ppb = shares_[service_];
    if (step.kind == plan::StepKind::Hold && follows_) row.beside = beside();
    row.control_ppb = controls_[service_].value_or(0) > 0 ? controls_[service_] : std::nullopt;
  }

  std::vector<std::pair<uint32_t, int64_t>> beside() const {
    std::vector<std::pair<uint32_t, int64_t>> others;
    for (uint32_t i = 0; i < shares_.size(); ++i)
      if (has_canary(i) && shares_[i] != shares_[service_]) others.emplace_back(i, *shares_[i]);
    return others;
  }

  /// The canary is gone, because all have its version now.
  static bool brings_for_good(const plan::Action& action) {
    return std::any_of(action.sets.begin(), action.sets.end(), [](const plan::Setting& set) {
      return set.variable == plan::Variable::Version && set.role == plan::Role::Stable &&
             !set.value.is(eval::Value::Kind::None);
    });
  }

  void follow(const plan::Action& action) {
    service_ = action.service;
    // Who is routed beside the share meets it as well.
    std::optional<int64_t> share = exec::share_set_by(action), routed = exec::routed_by(action);
    if (share) own_[service_] = *share;
    if (routed) beside_[service_] = *routed;
    if (share || routed) shares_[service_] = std::min(own_[service_] + beside_[service_], eval::percent_all);
    if (share && brings_for_good(action)) shares_[service_] = eval::percent_all;
    if (std::optional<int64_t> set = control_set_by(action)) controls_[service_] = set;
  }

  const Plan& plan_;
  const std::vector<int64_t> starts_;
  std::vector<Row> rows_;
  std::vector<std::optional<int64_t>> shares_, controls_;  ///< by service
  std::vector<int64_t> own_, beside_;                      ///< by service: its share, and who is routed to it
  uint32_t service_ = plan::none;                          ///< the one that the row is about
  bool follows_ = true;                                    ///< each step so far the one before it
};

/// What was observed, by what it is said of: `version(checkout, stable)`, `trouble(checkout)`.
using Observations = llvm::StringMap<const plan::Observed*>;

/// What a plan sets for one service, flag or database, over all its steps.
struct Goal {
  std::string version;                ///< of a flag its share, of a database its schema
  bool gone = false;                  ///< the stable version is removed
  int64_t instances = 0;              ///< of the stable version, where they are set by themselves; 0: they are not
  bool restarts = false;
  std::vector<std::string> hosts, routers;
};

void add_once(std::vector<std::string>& names, const std::string& name) {
  if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
}

/// A share, or the name of a migration.
std::string state_text(const eval::Value& value) {
  bool text = value.is(eval::Value::Kind::None) || value.is(eval::Value::Kind::String);
  return text ? value.text : eval::to_text(value);
}

bool is_of_router(Variable variable) {
  return variable == Variable::Share || variable == Variable::Mirrored || variable == Variable::Cohorts ||
         variable == Variable::Routed;
}

/// By service.
std::vector<Goal> goals_of(const Plan& plan) {
  std::vector<Goal> goals(plan.services.size());
  for (const plan::Step& step : plan.steps) {
    if (step.kind != plan::StepKind::Act) continue;
    Goal& goal = goals[step.action.service];
    const std::string& target = plan.targets[step.action.target].name;
    bool routes = std::all_of(step.action.sets.begin(), step.action.sets.end(),
                              [](const plan::Setting& setting) { return is_of_router(setting.variable); });
    add_once(routes ? goal.routers : goal.hosts, target);
    for (const plan::Setting& setting : step.action.sets) {
      bool scales = step.action.sets.size() == 1 && setting.variable == Variable::Instances;
      if (scales && setting.role == Role::Stable) goal.instances = setting.value.number;
      goal.restarts |= setting.variable == Variable::Restarted && !setting.value.is(eval::Value::Kind::None);
      bool state = setting.variable == Variable::Flag || setting.variable == Variable::Schema;
      if (state) goal.version = state_text(setting.value);
      if (setting.variable != Variable::Version) continue;
      bool none = setting.value.is(eval::Value::Kind::None);
      if (!none) goal.version = setting.value.text;
      if (setting.role == Role::Stable) goal.gone = none;
    }
  }
  return goals;
}

/// Of a flag or a database.
void set_state(Change& change, const plan::Service& subject, const Goal& goal, const Observations& observed) {
  plan::Variable variable = *plan::state_variable(subject.subject);
  const plan::Observed* now = observed.lookup(plan::variable_text(subject, variable, Role::All));
  if (now && change.known) change.from = state_text(now->value);
  change.to = goal.version.empty() ? change.from : goal.version;
  std::string_view what = variable == Variable::Flag ? "flag" : "schema";
  change.where = fmt::format("{} in {}", what, join(goal.hosts, ", "));
}

bool only_in_hooks(const Plan& plan, uint32_t service) {
  auto acts = [&](uint32_t action) { return plan.undo[action].service == service; };
  return std::any_of(plan.hooks.begin(), plan.hooks.end(), [&](const plan::Hook& hook) {
    return std::any_of(hook.actions.begin(), hook.actions.end(), acts);
  });
}

Change change_of(const Plan& plan, const plan::Service& service, const Goal& goal, const Observations& observed) {
  Change change;
  change.service = plan::service_text(service);
  if (!service.was.empty()) change.was = plan::known_text(service);
  change.subject = service.subject;
  change.known = !plan.offline && service.unreached.empty();
  change.unreached = service.unreached;
  change.touched = !goal.hosts.empty() || !goal.routers.empty();
  if (service.bindings.empty()) {  // nobody could change it, or say what runs
    change.known = false;
    change.where = "only judged";
    return change;
  }
  if (service.subject != plan::Subject::Service) {
    set_state(change, service, goal, observed);
    return change;
  }
  const plan::Observed* now = observed.lookup(fmt::format("version({}, stable)", change.service));
  if (now && !plan.offline) change.from = now->value.is(eval::Value::Kind::None) ? "" : now->value.text;
  if (const plan::Observed* trouble = observed.lookup(fmt::format("trouble({})", change.service)))
    change.trouble = trouble->value.text;
  change.to = goal.gone ? "" : goal.version.empty() ? change.from : goal.version;
  change.scaled = goal.instances > 0 || goal.restarts;
  if (goal.version.empty() && !goal.gone && goal.routers.empty() && !change.scaled) change.touched = false;
  const plan::Observed* scaled = observed.lookup(plan::variable_text(service, Variable::Instances, Role::Stable));
  int64_t instances = scaled ? scaled->value.number : service.replicas;
  if (instances > 0) change.where = fmt::format("{} instance{}", instances, instances == 1 ? "" : "s");
  if (goal.instances > 0) change.where = fmt::format("{} → {} instances", instances, goal.instances);
  std::string_view gap = change.where.empty() ? "" : " ";
  if (!goal.hosts.empty()) change.where += fmt::format("{}on {}", gap, join(goal.hosts, ", "));
  if (!goal.routers.empty()) change.where += fmt::format(", traffic by {}", join(goal.routers, ", "));
  if (goal.restarts) change.where += ", restarted";
  return change;
}

}  // namespace

const Change* Outline::change_of(uint32_t service) const {
  auto found = std::find_if(changes.begin(), changes.end(), [&](const Change& one) { return one.index == service; });
  return found == changes.end() ? nullptr : &*found;
}

Outline outline_of(const Plan& plan) {
  Outline outline;
  outline.rows = Rows(plan).take();
  Observations observed;
  for (const plan::Observed& one : plan.observed) observed.try_emplace(one.what, &one);
  std::vector<Goal> goals = goals_of(plan);
  for (size_t i = 0; i < plan.services.size(); ++i) {
    Change change = change_of(plan, plan.services[i], goals[i], observed);
    change.index = uint32_t(i);
    // What only a hook changes is shown with the hook.
    if (change.touched || !only_in_hooks(plan, uint32_t(i))) outline.changes.push_back(std::move(change));
  }
  for (const Row& row : outline.rows) outline.hold_ns = std::max(outline.hold_ns, row.start_ns + row.hold_ns);
  bool acts = false, waits = false;
  for (const plan::Step& step : plan.steps) {
    acts |= step.kind == plan::StepKind::Act;
    waits |= step.kind == plan::StepKind::Hold || step.kind == plan::StepKind::Approval;
  }
  bool differs = std::any_of(outline.changes.begin(), outline.changes.end(),
                             [](const Change& c) { return c.from != c.to || !c.trouble.empty() || c.scaled; });
  // Whether a host is drained is no version.
  for (const plan::Step& step : plan.steps)
    for (const plan::Setting& setting : step.action.sets) {
      if (setting.variable != Variable::Drained) continue;
      const plan::Observed* now = observed.lookup(
          plan::variable_text(plan.services[step.action.service], Variable::Drained, Role::All));
      differs |= now == nullptr || !(now->value == setting.value);
    }
  outline.has_changes = acts ? plan.offline || differs : waits;
  return outline;
}

std::string from_text(const Change& change) {
  if (!change.known) return "(not looked at)";
  return change.from.empty() ? "(nothing)" : change.from;
}

std::string to_text(const Change& change) {
  bool keeps = !change.touched || (change.scaled && change.to.empty());
  if (keeps && !change.known) return from_text(change);
  return change.to.empty() ? "(nothing)" : change.to;
}

std::string step_name(const plan::Step& step) {
  switch (step.kind) {
    case plan::StepKind::Act: return step.action.name;
    case plan::StepKind::Hold: return "hold";
    case plan::StepKind::Approval: return "approval";
    case plan::StepKind::Commit: return "commit";
    case plan::StepKind::Notify: return "notify";
    case plan::StepKind::Preflight: return "preflight";
    case plan::StepKind::Checkpoint: return "checkpoint";
    case plan::StepKind::Lock: return "lock";
    case plan::StepKind::Unlock: return "unlock";
  }
  return "";
}

std::string row_name(const Plan& plan, const Row& row) {
  if (row.phase != plan::none) {
    const std::string& name = plan.phases.at(row.phase).name;
    return row.into_ns > 0 ? fmt::format("{} +{}", name, eval::duration_text(row.into_ns)) : name;
  }
  if (plan.steps[row.steps.front()].kind == plan::StepKind::Preflight) return "preflight";
  return row.hold_ns > 0 ? "(hold)" : "";
}

std::string beside_text(const Plan& plan, const Row& row) {
  constexpr size_t most = 3;
  std::string text;
  for (size_t i = 0; i < std::min(row.beside.size(), most); ++i)
    text += fmt::format("{}{} {}", i > 0 ? ", " : "", plan::service_text(plan.services[row.beside[i].first]),
                        eval::percent_text(row.beside[i].second));
  return row.beside.size() > most ? text + fmt::format(" and {} more", row.beside.size() - most) : text;
}

std::vector<std::string> action_texts(const Plan& plan, const Row& row) {
  std::vector<std::string> texts;
  for (uint32_t step : row.steps)
    if (plan.steps[step].hold_ns == 0) texts.push_back(plan.steps[step].text);
  return texts;
}

std::vector<std::string> gate_texts(const Plan& plan, const Row& row) {
  std::vector<std::string> texts;
  for (uint32_t gate : row.gates) texts.push_back(plan.gates.at(gate).text);
  for (uint32_t approval : row.approvals)
    texts.push_back("approval by " + plan::approval_text(plan.approvals.at(approval)));
  return texts;
}

namespace {

int64_t worst_act_ns(const plan::Action& action) {
  int64_t total = 0, pause = exec::first_pause_ns;
  for (int attempt = 1; attempt <= action.attempts; ++attempt) {
    total += action.within_ns;
    if (attempt == action.attempts) break;
    total += pause;
    pause = std::min(2 * pause, exec::max_pause_ns);
  }
  return total;
}

/// By entry of the way: how many others it waits for, one after the other.
std::vector<size_t> levels_of(const plan::WayBack& way) {
  std::vector<size_t> levels(way.size());
  for (size_t i = 0; i < way.size(); ++i)
    for (uint32_t before : way[i].after) levels[i] = std::max(levels[i], levels[before] + 1);
  return levels;
}

}  // namespace

BackText back_text(const Plan& plan, const Row& row) {
  uint32_t behind = behind_checkpoint(plan, row.back_from);
  plan::WayBack way = behind == plan::none
                          ? plan::way_back_from(plan, row.back_from)
                          : plan::way_back_of(plan, plan::begun_up_to(plan, row.back_from), behind);
  std::vector<size_t> levels = levels_of(way);
  std::vector<int64_t> ends(way.size());
  BackText back;
  for (size_t i = 0; i < way.size(); ++i) {
    for (uint32_t before : way[i].after) ends[i] = std::max(ends[i], ends[before]);
    std::vector<std::string> acts;
    for (uint32_t index : plan::undo_of(plan, way[i])) {
      acts.push_back(plan.undo.at(index).text);
      ends[i] += worst_act_ns(plan.undo.at(index));
    }
    back.worst_ns = std::max(back.worst_ns, ends[i]);
    if (!acts.empty()) back.parts.push_back({levels[i] + 1, join(acts, ", then ")});
  }
  std::stable_sort(back.parts.begin(), back.parts.end(),
                   [](const BackPart& a, const BackPart& b) { return a.turn < b.turn; });
  int64_t bound = plan.rollback.within_ns > 0 ? plan.rollback.within_ns : exec::default_rollback_ns;
  back.worst_ns = std::min(back.worst_ns, bound);
  if (behind != plan::none) back.to = plan.steps[plan.scopes[behind].first_step - 1].text;
  back.past_commit = plan::commit_passed(plan, plan::begun_up_to(plan, row.back_from)) != plan::none;
  return back;
}

std::vector<std::string> scope_texts(const Plan& plan) {
  std::vector<std::string> texts, seen;
  for (uint32_t i = 0; i < plan.scopes.size(); ++i) {
    const plan::UndoScope& scope = plan.scopes[i];
    if (plan::is_behind_checkpoint(plan, i)) continue;
    // Rounds inside of rounds say the same again.
    if (std::find(seen.begin(), seen.end(), scope.place) != seen.end()) continue;
    seen.push_back(scope.place);
    size_t parts = size_t(std::count_if(plan.scopes.begin(), plan.scopes.end(), [&](const plan::UndoScope& other) {
      return other.place == scope.place;
    }));
    std::string what = parts == 1 ? plan::scope_text(plan, i) : fmt::format("{} parts", parts);
    std::string text = fmt::format("{} ({}): {}", what, scope.place, plan::on_failure_text(scope));
    bool needed = std::any_of(plan.scopes.begin(), plan.scopes.end(), [&](const plan::UndoScope& other) {
      return other.place == scope.place && !other.needs.empty();
    });
    if (needed) text += "; what depends on it does not begin";
    if (scope.rollback.within_ns > 0) text += fmt::format("; within {}", eval::duration_text(scope.rollback.within_ns));
    if (scope.rollback.verify_gate != plan::none) {
      const std::string& gate = plan.gates.at(scope.rollback.verify_gate).text;
      text += fmt::format("; then verify {} within {}", parts == 1 ? gate : gate.substr(0, gate.find('(')),
                          eval::duration_text(scope.rollback.verify_within_ns));
    }
    texts.push_back(std::move(text));
  }
  bool parts = std::any_of(plan.steps.begin(), plan.steps.end(),
                           [](const plan::Step& step) { return step.kind == plan::StepKind::Checkpoint; });
  if (parts)
    texts.push_back(
        "behind a checkpoint: what fails goes back to it only, and the run is parked; resumed, it tries that part "
        "again, aborted, it takes back everything");
  if (plan.retry.times > 0)
    texts.push_back(fmt::format("behind {}: an action that fails is tried again {} times, every {}; then the run parks",
                                plan.steps.at(plan.retry.from_step).text, plan.retry.times,
                                eval::duration_text(plan.retry.every_ns)));
  return texts;
}

std::vector<std::string> watch_texts(const Plan& plan) {
  struct Watched {
    std::string text, bare;
    std::vector<uint32_t> services = {};
    bool at_places = true;
  };
  std::vector<Watched> all;
  for (const plan::Watch& watch : plan.watches) {
    uint32_t index = plan.signals.at(plan.conditions.at(watch.condition).left.signal).service;
    const plan::Service& service = plan.services.at(index);
    std::string at = service.place.empty() ? "" : plan::service_text(service) + " ";
    std::string bare = watch.text.starts_with(at) ? watch.text.substr(at.size()) : watch.text;
    auto same = std::find_if(all.begin(), all.end(), [&](const Watched& other) { return other.bare == bare; });
    if (same == all.end()) same = all.insert(all.end(), {watch.text, std::move(bare)});
    same->services.push_back(index);
    same->at_places &= !at.empty();
  }
  std::vector<std::string> texts;
  for (const Watched& one : all) {
    std::set<uint32_t> services(one.services.begin(), one.services.end());
    if (services.size() > 1)
      texts.push_back(fmt::format("{}, in each of {} {}", one.bare, services.size(),
                                  one.at_places ? "places" : "services"));
    else if (one.at_places || plan.services.size() == 1) texts.push_back(one.text);
    else texts.push_back(fmt::format("{}, of {}", one.text, plan::service_text(plan.services[one.services[0]])));
  }
  return texts;
}

std::vector<std::string> hook_texts(const plan::Plan& plan) {
  std::vector<std::string> texts;
  for (const plan::Hook& hook : plan.hooks) {
    std::vector<std::string> what;
    for (const plan::Note& note : hook.notes)
      what.push_back(fmt::format("tell {} \"{}\"", plan.channels.at(note.channel).team, note.text));
    for (uint32_t action : hook.actions) what.push_back(plan.undo.at(action).text);
    texts.push_back(fmt::format("{}: {}", hook.on_abort ? "on abort" : "on rollback", join(what, ", ")));
  }
  return texts;
}

std::vector<std::string> told_texts(const plan::Plan& plan) {
  std::vector<std::string> texts;
  for (uint32_t i = 0; i < plan.channels.size(); ++i) {
    auto holds = [&](const std::vector<uint32_t>& told) { return std::count(told.begin(), told.end(), i) > 0; };
    bool asked = std::any_of(plan.approvals.begin(), plan.approvals.end(), [&](const plan::Approval& approval) {
      return approval.channel == i || (approval.escalation && approval.escalation->channel == i);
    });
    int64_t notes = std::count_if(plan.steps.begin(), plan.steps.end(),
                                  [&](const plan::Step& step) { return step.channel == i; });
    std::vector<std::string> what;
    bool of_scope = std::any_of(plan.scopes.begin(), plan.scopes.end(),
                                [&](const plan::UndoScope& scope) { return holds(scope.rollback.told); });
    if (holds(plan.told)) what.push_back("start, waits, parks, rollback, end");
    else if (holds(plan.rollback.told)) what.push_back("rollback");
    else if (of_scope) what.push_back("rollback of a scope");
    if (asked && !holds(plan.told)) what.push_back("what it is asked");
    for (const plan::Hook& hook : plan.hooks)
      notes += std::count_if(hook.notes.begin(), hook.notes.end(), [&](const plan::Note& n) { return n.channel == i; });
    if (notes > 0) what.push_back(fmt::format("{} message{} of the file", notes, notes == 1 ? "" : "s"));
    const plan::Channel& channel = plan.channels[i];
    texts.push_back(fmt::format("{} by {}: {}", channel.team, plan.targets.at(channel.target).name, join(what, ", ")));
  }
  return texts;
}

std::string condition_text(const plan::Condition& condition) {
  std::string proven =
      condition.proven_ppb > 0 ? fmt::format(" proven {}", eval::percent_text(condition.proven_ppb)) : "";
  switch (condition.kind) {
    case plan::ConditionKind::Reject: return fmt::format("reject when {}{}", condition.text, proven);
    case plan::ConditionKind::Require: return fmt::format("require {}{}", condition.text, proven);
    case plan::ConditionKind::Watch: return condition.text + proven;
  }
  return condition.text;
}

std::string join(const std::vector<std::string>& parts, std::string_view between) {
  std::string out;
  for (const std::string& part : parts) out += (out.empty() ? "" : std::string(between)) + part;
  return out;
}

std::string short_hash(std::string_view hash) { return std::string(hash.substr(0, 12)); }

}  // namespace rollout::cli
