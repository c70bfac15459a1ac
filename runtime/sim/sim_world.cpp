#include "runtime/sim/sim_world.h"

#include <algorithm>

#include <fmt/format.h>

namespace rollout::sim {

namespace {

using eval::Value;
using exec::Seen;
using plan::Role;
using plan::Variable;

// No instances, no share: written as nothing or as a zero.
bool is_zero(const Value& value) {
  bool number = value.is(Value::Kind::Int) || value.is(Value::Kind::Percent);
  bool no = value.is(Value::Kind::Bool) && value.number == 0;
  bool nobody = value.is(Value::Kind::List) && value.items.empty();
  return value.is(Value::Kind::None) || no || nobody || (number && value.number == 0);
}

bool same(const Value& a, const Value& b) {
  if (is_zero(a) && is_zero(b)) return true;
  return a.kind == b.kind && a.number == b.number && a.text == b.text && a.items == b.items;
}

bool same_sets(const plan::Action& a, const plan::Action& b) {
  if (a.service != b.service || a.sets.size() != b.sets.size()) return false;
  for (size_t i = 0; i < a.sets.size(); ++i) {
    if (a.sets[i].variable != b.sets[i].variable || a.sets[i].role != b.sets[i].role) return false;
    if (!same(a.sets[i].value, b.sets[i].value)) return false;
  }
  return true;
}

bool overlap(const plan::Action& a, const plan::Action& b) {
  if (a.service != b.service) return false;
  for (const plan::Setting& x : a.sets)
    for (const plan::Setting& y : b.sets)
      if (x.variable == y.variable && x.role == y.role) return true;
  return false;
}

std::string name_of(const std::tuple<uint32_t, Variable, Role>& key, const plan::Plan& plan) {
  auto [service, variable, role] = key;
  return plan::variable_text(plan.services[service], variable, role);
}

std::string text_of(const Value& value) {
  if (value.is(Value::Kind::None)) return "none";
  return value.text.empty() ? fmt::format("{}", value.number) : value.text;
}

// Rounded up; at least one for any share.
int64_t instances_for(int64_t share_ppb, int64_t replicas) {
  int64_t enough =
      int64_t((__int128(share_ppb) * replicas + eval::percent_all - 1) / eval::percent_all);
  return share_ppb > 0 ? std::max<int64_t>(1, enough) : 0;
}

}  // namespace

SimWorld::SimWorld(const plan::Plan& plan, const Scenario& scenario, VirtualClock& clock,
                   CrashSwitch& crash)
    : plan_(plan),
      scenario_(scenario),
      clock_(clock),
      crash_(crash),
      traffic_(plan, scenario),
      canary_faults_(plan),
      faults_(scenario.faults),
      faults_seen_(scenario.faults.size()),
      exposure_ns_(plan.services.size()),
      last_change_ns_(plan.services.size()) {
  start_values();
  start_ = cells_;
}

// Before the run there is no canary and no control; the stable version is what the plan saw when it was made.
void SimWorld::start_values() {
  for (uint32_t i = 0; i < plan_.services.size(); ++i) {
    const plan::Service& service = plan_.services[i];
    if (service.subject != plan::Subject::Service) {
      start_state(i);
      continue;
    }
    cells_[{i, Variable::Version, Role::Canary}] = {};
    cells_[{i, Variable::Instances, Role::Canary}] = {Value::of(Value::Kind::Int, int64_t{0}),
                                                      false};
    cells_[{i, Variable::Instances, Role::Control}] = {Value::of(Value::Kind::Int, int64_t{0}), false};
    for (Role role : {Role::Canary, Role::Control})
      cells_[{i, Variable::Share, role}] = {Value::of(Value::Kind::Percent, int64_t{0}), false};
    for (Variable none : {Variable::Killed, Variable::Delay, Variable::Mirrored, Variable::Cohorts, Variable::Routed})
      cells_[{i, none, Role::Canary}] = {};
    cells_[{i, Variable::Restarted, Role::Stable}] = {};
    cells_[{i, Variable::Drained, Role::All}] = {Value::boolean(false), false};
    if (service.replicas > 0)
      cells_[{i, Variable::Instances, Role::Stable}] = {
          Value::of(Value::Kind::Int, service.replicas), false};
    std::string name = plan::service_text(service);
    for (const plan::Observed& observed : plan_.observed)
      if (observed.what == fmt::format("version({}, stable)", name))
        cells_[{i, Variable::Version, Role::Stable}] = {observed.value, false};
      else if (observed.what == plan::variable_text(service, Variable::Drained, Role::All))
        cells_[{i, Variable::Drained, Role::All}] = {observed.value, false};
      else if (observed.what == plan::variable_text(service, Variable::Instances, Role::Stable))
        cells_[{i, Variable::Instances, Role::Stable}] = {observed.value, false};
  }
}

// Of a flag its share, of a database its schema: what the plan saw, else nothing.
void SimWorld::start_state(uint32_t index) {
  Variable variable = *plan::state_variable(plan_.services[index].subject);
  std::string name = plan::variable_text(plan_.services[index], variable, Role::All);
  Value value = variable == Variable::Flag ? Value::of(Value::Kind::Percent, int64_t{0}) : Value{};
  for (const plan::Observed& observed : plan_.observed)
    if (observed.what == name) value = observed.value;
  cells_[{index, variable, Role::All}] = {std::move(value), false};
}

Value SimWorld::state_of(uint32_t index) const {
  std::optional<Variable> variable = plan::state_variable(plan_.services[index].subject);
  const Value* now = variable ? get(index, *variable, Role::All) : nullptr;
  return now == nullptr ? Value{} : *now;
}

const Value* SimWorld::get(uint32_t service, Variable variable, Role role) const {
  auto found = cells_.find({service, variable, role});
  return found == cells_.end() ? nullptr : &found->second.value;
}

// What nobody knows of before the run counts as what it is restored to: an undo finds it in place.
bool SimWorld::shows(const plan::Action& action) const {
  return std::all_of(
      action.sets.begin(), action.sets.end(),
      [&](const plan::Setting& setting) { return shows(action.service, setting); });
}

bool SimWorld::shows(uint32_t service, const plan::Setting& setting) const {
  const Value* now = get(service, setting.variable, setting.role);
  return now != nullptr && same(*now, setting.value);
}

int64_t SimWorld::share_ppb(uint32_t service) const {
  bool flag = plan_.services[service].subject == plan::Subject::Flag;
  const Value* share = flag ? get(service, Variable::Flag, Role::All) : get(service, Variable::Share, Role::Canary);
  const Value* routed = get(service, Variable::Routed, Role::Canary);
  bool comes = routed != nullptr && !scenario_.empty_cohorts;
  int64_t all = (share == nullptr ? 0 : share->number) + (comes ? routed->number : 0);
  return std::min(all, eval::percent_all);
}

Split SimWorld::split(uint32_t service) const {
  const Value* control = get(service, Variable::Share, Role::Control);
  const Value* mirrored = get(service, Variable::Mirrored, Role::Canary);
  int64_t canary = share_ppb(service), left = eval::percent_all - canary;
  return {canary, control == nullptr ? 0 : std::min(control->number, left), mirrored == nullptr ? 0 : mirrored->number};
}

void SimWorld::set(uint32_t service, const plan::Setting& setting, bool undo) {
  cells_[{service, setting.variable, setting.role}] = {setting.value, undo};
  canary_faults_.set(service, setting, now_ns_);
}

void SimWorld::violate(Rule rule, std::string text) {
  violations_.push_back(
      {rule, fmt::format("at {} ms: {}: {}", clock_.monotonic_ns() / 1'000'000, name_of(rule), text)});
}

// I1 and I2: whoever gets traffic has the instances for it, in proportion where the number of replicas is known;
// nobody shrinks what still has traffic.
void SimWorld::check_capacity(uint32_t service, const std::string& text) {
  if (plan_.services[service].subject != plan::Subject::Service) return;
  auto [share, control_share, mirrored] = split(service);
  const Value* control = get(service, Variable::Instances, Role::Control);
  const Value* canary = get(service, Variable::Instances, Role::Canary);
  const Value* version = get(service, Variable::Version, Role::Canary);
  const Value* stable = get(service, Variable::Instances, Role::Stable);
  const Value* serves = get(service, Variable::Version, Role::Stable);
  bool removed = stable != nullptr && stable->number == 0 && serves != nullptr && serves->is(Value::Kind::None);
  auto modelled = [&](Variable variable, Role role) {
    for (const plan::Step& step : plan_.steps)
      for (const plan::Setting& setting : step.action.sets)
        if (step.action.service == service && setting.variable == variable && setting.role == role)
          return true;
    return false;
  };
  int64_t replicas = plan_.services[service].replicas;
  int64_t canary_needs = instances_for(share + mirrored, replicas);
  int64_t stable_needs = instances_for(eval::percent_all - share - control_share, replicas);
  int64_t control_needs = instances_for(control_share, replicas);
  if (control->number < control_needs)
    violate(Rule::I1, fmt::format("`{}` leaves the control's traffic with {} of {} instances", text, control->number,
                        control_needs));
  if (modelled(Variable::Instances, Role::Canary) && canary->number < canary_needs)
    violate(Rule::I1, fmt::format("`{}` leaves the canary's traffic with {} of {} instances", text,
                        canary->number, canary_needs));
  if (share > 0 && modelled(Variable::Version, Role::Canary) && version->is(Value::Kind::None))
    violate(Rule::I2, fmt::format("`{}` takes the canary away while it has traffic", text));
  if (stable != nullptr && !removed && stable->number < stable_needs)
    violate(Rule::I1, fmt::format("`{}` leaves the stable version's traffic with {} of {} instances", text,
                        stable->number, stable_needs));
}

void SimWorld::complete(const Underway& underway) {
  const plan::Action& action = underway.action;
  for (const plan::Setting& setting : action.sets) {
    set(action.service, setting, underway.undo);
    if (underway.half) break;
  }
  if (action.service < last_change_ns_.size()) last_change_ns_[action.service] = now_ns_;
  if (!underway.half) check_capacity(action.service, action.text);
}

void SimWorld::reset_routers() {
  for (uint32_t i = 0; i < plan_.services.size(); ++i) {
    if (plan_.services[i].subject != plan::Subject::Service || share_ppb(i) == 0) continue;
    for (Role role : {Role::Canary, Role::Control}) cells_[{i, Variable::Share, role}].value.number = 0;
    for (Variable routes : {Variable::Cohorts, Variable::Routed})
      cells_[{i, routes, Role::Canary}].value = {};
    last_change_ns_[i] = now_ns_;
  }
}

void SimWorld::pass_to(int64_t now_ns) {
  std::vector<Split> splits;
  for (uint32_t i = 0; i < plan_.services.size(); ++i) {
    splits.push_back(split(i));
    exposure_ns_[i] += int64_t(__int128(splits.back().canary_ppb) * (now_ns - now_ns_) / eval::percent_all);
  }
  traffic_.pass(now_ns_, now_ns, splits);
  now_ns_ = now_ns;
}

void SimWorld::catch_up() {
  while (true) {
    int64_t next = clock_.monotonic_ns();
    for (const Underway& underway : underway_)
      if (!underway.dies) next = std::min(next, std::max(now_ns_, underway.ready_ns));
    for (const Fault& fault : faults_)
      if (fault.kind == FaultKind::RouterReset && fault.times != 0)
        next = std::min(next, std::max(now_ns_, fault.from_ns));
    pass_to(next);
    bool changed = false;
    for (size_t i = 0; i < underway_.size(); ++i) {
      if (underway_[i].dies || underway_[i].ready_ns > now_ns_) continue;
      Underway ready = underway_[i];
      underway_.erase(underway_.begin() + long(i));
      complete(ready);
      changed = true;
      break;
    }
    for (Fault& fault : faults_) {
      if (fault.kind != FaultKind::RouterReset || fault.times == 0 || fault.from_ns > now_ns_)
        continue;
      fault.times = 0;
      ++faults_seen_[size_t(&fault - faults_.data())];
      reset_routers();
      changed = true;
    }
    if (!changed && now_ns_ == clock_.monotonic_ns()) return;
  }
}

bool SimWorld::matches(const Fault& fault, const plan::Action& action,
                       const exec::EffectKey& key) const {
  if (!fault.capability.empty() && fault.capability != action.capability) return false;
  if (!fault.action.empty() && fault.action != action.name) return false;
  if (fault.service != plan::none && fault.service != action.service) return false;
  if (fault.undo && *fault.undo != key.undo) return false;
  if (fault.step != plan::none && fault.step != key.step) return false;
  return fault.phase == plan::none || (!key.undo && plan_.steps[key.step].phase == fault.phase);
}

Fault* SimWorld::fault_of(FaultKind kind, const plan::Action* action, const exec::EffectKey* key) {
  for (Fault& fault : faults_) {
    if (fault.kind != kind || fault.times == 0 || now_ns_ < fault.from_ns ||
        now_ns_ >= fault.until_ns)
      continue;
    if (action != nullptr ? !matches(fault, *action, *key) : fault.service != plan::none) continue;
    if (fault.skip > 0) {
      --fault.skip;
      continue;
    }
    if (fault.times > 0) --fault.times;
    ++faults_seen_[size_t(&fault - faults_.data())];
    return &fault;
  }
  return nullptr;
}

/// The source of this service's signals answers with errors.
bool SimWorld::is_unread(uint32_t service) {
  bool unread = false;
  for (size_t i = 0; i < faults_.size(); ++i) {
    bool fails = faults_[i].kind == FaultKind::MetricsError && faults_[i].service == service &&
                 now_ns_ >= faults_[i].from_ns && now_ns_ < faults_[i].until_ns;
    if (fails) ++faults_seen_[i], unread = true;
  }
  return unread;
}

const SimWorld::Underway* SimWorld::underway_like(const plan::Action& action) const {
  for (const Underway& underway : underway_)
    if (same_sets(underway.action, action)) return &underway;
  return nullptr;
}

bool SimWorld::disturbed(const plan::Action& action) const {
  return std::any_of(underway_.begin(), underway_.end(),
                     [&](const Underway& u) { return overlap(u.action, action); });
}

void SimWorld::drop_overlapping(const plan::Action& action) {
  std::erase_if(underway_,
                [&](const Underway& underway) { return overlap(underway.action, action); });
}

Result<exec::Observation> SimWorld::observe(const plan::Action& action,
                                            const exec::EffectKey& key) {
  if (crash_.point()) return OpError{"the process is dead"};
  catch_up();
  if (Fault* fault = fault_of(FaultKind::ObserveError, &action, &key))
    return OpError{"the simulated system does not answer", !fault->settled, false, fault->settled};
  exec::Observation seen;
  const Underway* going = underway_like(action);
  if (going != nullptr && going->dies) seen = {Seen::Failed, "the instance died at once"};
  else if (going != nullptr) seen = {Seen::Underway, "underway"};
  else if (disturbed(action)) seen = {Seen::Absent, "something else is underway"};
  else if (shows(action)) seen = {Seen::Present, "as it should be"};
  else seen = {Seen::Absent, "not there"};
  if (seen.seen == Seen::Present && fault_of(FaultKind::Unsettled, &action, &key) != nullptr)
    seen = {Seen::Underway, "underway again"};
  if (crash_.point()) return OpError{"the process is dead"};
  return seen;
}

Status SimWorld::act(const plan::Action& action, const exec::EffectKey& key) {
  if (crash_.point()) return OpError{"the process is dead"};
  catch_up();
  if (recorded_ && !recorded_(key.text()))
    violate(Rule::Intent, fmt::format("`{}` ({}) was done without an intent in the journal", action.text,
                        key.text()));
  if (Fault* fault = fault_of(FaultKind::FailAction, &action, &key)) {
    crash_.point();
    return OpError{"the simulated system refused", false, false, fault->settled};
  }
  if (fault_of(FaultKind::Busy, &action, &key) != nullptr) {
    crash_.point();
    return OpError{"the simulated system answers 503", true};
  }
  const Underway* going = underway_like(action);
  if (fault_of(FaultKind::LoseEffect, &action, &key) != nullptr) {
    if (crash_.point()) return OpError{"the process is dead"};
    return Done{};
  }
  bool there = going != nullptr ? !going->dies : !disturbed(action) && shows(action);
  if (there)
    violate(Rule::Twice, fmt::format("`{}` ({}) was done again although it was there", action.text, key.text()));
  drop_overlapping(action);
  ledger_.push_back({key.text(), action.text, now_ns_, key.step, key.undo});
  int64_t takes = scenario_.settle_ns;
  if (const Fault* slow = fault_of(FaultKind::SlowAction, &action, &key)) takes += slow->delay_ns;
  bool dies = fault_of(FaultKind::DieAtOnce, &action, &key) != nullptr;
  bool half = fault_of(FaultKind::HalfEffect, &action, &key) != nullptr;
  underway_.push_back({action, key.undo, now_ns_ + takes, dies, half});
  catch_up();
  bool lost = fault_of(FaultKind::LoseReply, &action, &key) != nullptr;
  if (crash_.point() || lost) return OpError{"no answer came back", true};
  return Done{};
}

std::vector<exec::Reading> SimWorld::sample(const plan::Plan&,
                                            const std::vector<plan::Term>& terms) {
  std::vector<exec::Reading> out;
  bool dead = crash_.point();
  catch_up();
  bool error = fault_of(FaultKind::MetricsError, nullptr, nullptr) != nullptr;
  bool empty = fault_of(FaultKind::MetricsEmpty, nullptr, nullptr) != nullptr;
  for (const plan::Term& term : terms) {
    Split shares = split(plan_.signals[term.signal].service);
    exec::Reading reading = traffic_.read(term, shares, now_ns_);
    canary_faults_.show(term, traffic_, shares, now_ns_, reading);
    if (empty) reading = {exec::Reading::Status::NoData, "the simulated source has no data"};
    if (error || dead || is_unread(plan_.signals[term.signal].service))
      reading = {exec::Reading::Status::Error, "the simulated source does not answer"};
    out.push_back(std::move(reading));
  }
  crash_.point();
  return out;
}

Result<journal::Captured> SimWorld::capture(const plan::Plan&) {
  bool dead = crash_.point();
  catch_up();
  bool error = fault_of(FaultKind::MetricsError, nullptr, nullptr) != nullptr;
  for (const plan::Baseline& baseline : plan_.baselines) error |= is_unread(plan_.signals[baseline.signal].service);
  if (dead || error)
    return OpError{"the simulated source does not answer"};
  journal::Captured captured;
  for (const plan::Baseline& baseline : plan_.baselines) {
    std::optional<journal::PastReading> past = traffic_.past(baseline);
    if (!past) return OpError{fmt::format("the simulated source has nothing of the {}", baseline.text)};
    captured.baselines.push_back(*past);
  }
  for (const plan::Observed& observed : plan_.observed)
    if (observed.recheck == plan::Recheck::AtRunStart)
      captured.observed.push_back({observed.what, eval::to_text(observed.value), observed.value.number});
  crash_.point();
  return captured;
}

void SimWorld::restart() {
  catch_up();
  traffic_.forget_readings();
}

void SimWorld::pass_commit() {
  catch_up();
  start_ = cells_;
}

void SimWorld::pass_checkpoint() {
  catch_up();
  checkpoint_ = cells_;
}

std::string SimWorld::difference_from(const std::map<CellKey, Cell>& start) const {
  for (const auto& [key, cell] : cells_) {
    if (left_.count(std::get<0>(key)) > 0) continue;
    auto before = start.find(key);
    bool restored = before == start.end() ? cell.by_undo : same(before->second.value, cell.value);
    if (!restored) return fmt::format("{} is {}", name_of(key, plan_), text_of(cell.value));
  }
  for (const Underway& underway : underway_)
    if (!underway.dies && left_.count(underway.action.service) == 0)
      return fmt::format("`{}` is still underway", underway.action.text);
  return "";
}

std::string SimWorld::control_left() const {
  for (const auto& [key, cell] : cells_)
    if (std::get<2>(key) == Role::Control && !is_zero(cell.value)) return name_of(key, plan_);
  return {};
}

std::string SimWorld::fault_left() const {
  for (const auto& [key, cell] : cells_) {
    bool fault = std::get<1>(key) == Variable::Killed || std::get<1>(key) == Variable::Delay;
    if (fault && !is_zero(cell.value)) return name_of(key, plan_);
  }
  return {};
}

std::string SimWorld::difference_from_goal(const std::vector<bool>& left_out) const {
  std::map<CellKey, Value> goal;
  for (size_t i = 0; i < plan_.steps.size(); ++i)
    for (const plan::Setting& setting : plan_.steps[i].action.sets) {
      CellKey key{plan_.steps[i].action.service, setting.variable, setting.role};
      auto start = start_.find(key);
      // What was left out leaves the cell as it was; nobody knows of some what that is.
      if (left_out.empty() || !left_out[i]) goal[key] = setting.value;
      else if (start != start_.end()) goal.try_emplace(key, start->second.value);
    }
  for (const auto& [key, value] : goal) {
    const Value* now = get(std::get<0>(key), std::get<1>(key), std::get<2>(key));
    if (now == nullptr || !same(*now, value))
      return fmt::format("{} is not {}", name_of(key, plan_), text_of(value));
  }
  return "";
}

}  // namespace rollout::sim
