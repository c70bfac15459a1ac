#include "runtime/exec/samples.h"

#include <algorithm>

#include "compiler/judge/past.h"

namespace rollout::exec {

namespace {

constexpr double ppb = 1e9;
// A `proven` condition over values has no counts to prove it with; this many samples in a row stand in for proof.
constexpr int value_proof_samples = 5;

using journal::ReadingStatus;
using journal::TermReading;

bool same_term(const plan::Term& a, const plan::Term& b) {
  return a.signal == b.signal && a.role == b.role && a.quantile_ppb == b.quantile_ppb;
}

const TermReading* find(const journal::Sampled& sampled, const plan::Term& term) {
  for (const TermReading& reading : sampled.readings)
    if (same_term(reading.term, term)) return &reading;
  return nullptr;
}

bool is_counts(const plan::Plan& plan, const plan::Term& term) {
  return plan.signals[term.signal].evidence == plan::Evidence::Counts;
}

bool is_value(const plan::Plan& plan, const plan::Term& term) {
  return plan.signals[term.signal].evidence == plan::Evidence::Value;
}

bool compare(plan::Comparison comparison, double left, double right) {
  switch (comparison) {
    case plan::Comparison::Less: return left < right;
    case plan::Comparison::LessEqual: return left <= right;
    case plan::Comparison::Greater: return left > right;
    case plan::Comparison::GreaterEqual: return left >= right;
    case plan::Comparison::Equal: return left == right;
    case plan::Comparison::NotEqual: return left != right;
  }
  return false;
}

void break_block(ConditionState& state, ReadingStatus status, const std::string& detail) {
  state.block_broken = true;
  state.last_status = std::max(status, ReadingStatus::NoData);
  state.last_detail = detail;
}

struct Arm {
  int64_t& total;
  int64_t& bad;
  double& value;
  bool& seen;
};

void gather_arm(ConditionState& state, const TermReading* reading, bool is_value, Arm arm) {
  if (reading == nullptr)
    return break_block(state, ReadingStatus::Error, "the signal was not read");
  if (reading->status != ReadingStatus::Ok)
    return break_block(state, reading->status, reading->detail);
  // Another sampler may have read the same term a moment ago: then nothing is new, and what was gathered stands.
  if (!is_value && reading->total == 0) {
    state.quiet_detail = reading->detail;
    return;
  }
  arm.total += reading->total;
  arm.bad += reading->bad;
  arm.value = reading->value;
  arm.seen = true;
}

void gather(const plan::Plan& plan, const plan::Condition& condition, ConditionState& state,
            const journal::Sampled& sampled) {
  judge::Block& block = state.block;
  gather_arm(state, find(sampled, condition.left), is_value(plan, condition.left),
             {block.canary_total, block.canary_bad, state.left_value, state.left_seen});
  const TermReading* left = find(sampled, condition.left);
  if (left != nullptr && left->status == ReadingStatus::Ok && is_value(plan, condition.left))
    state.left_said = left->detail;
  if (condition.right)
    gather_arm(state, find(sampled, *condition.right), is_value(plan, *condition.right),
               {block.baseline_total, block.baseline_bad, state.right_value, state.right_seen});
}

void begin_block(ConditionState& state) {
  state.block = {};
  state.block_broken = state.left_seen = state.right_seen = false;
  state.quiet_detail.clear();
}

double rate_of(int64_t bad, int64_t total) {
  return total == 0 ? 0 : double(bad) / double(total) * ppb;
}

void add_to(judge::Block& sum, const judge::Block& block) {
  sum.canary_total += block.canary_total;
  sum.canary_bad += block.canary_bad;
  sum.baseline_total += block.baseline_total;
  sum.baseline_bad += block.baseline_bad;
}

// The interval of the owning gate or watch is over: its block counts, or is left out.
void close_block(const plan::Plan& plan, const plan::Condition& condition, ConditionState& state,
                 int64_t run_ns) {
  bool left_counts = is_counts(plan, condition.left);
  bool right_counts = condition.right && is_counts(plan, *condition.right);
  if (!state.block_broken && (!state.left_seen || (condition.right && !state.right_seen)))
    break_block(state, ReadingStatus::NoData,
                state.quiet_detail.empty() ? "no requests were seen" : state.quiet_detail);
  ++state.closed;
  if (!state.block_broken) {
    if (left_counts) state.left_value = rate_of(state.block.canary_bad, state.block.canary_total);
    if (right_counts)
      state.right_value = rate_of(state.block.baseline_bad, state.block.baseline_total);
    if (state.evidence) {
      state.evidence->add(state.block);
      add_to(state.seen, state.block);
    }
    state.last_true = compare(condition.comparison, state.left_value, bound_of(condition, state));
    state.in_a_row_true = state.last_true ? state.in_a_row_true + 1 : 0;
    state.in_a_row_false = state.last_true ? 0 : state.in_a_row_false + 1;
    ++state.valid;
    state.last_valid_ns = run_ns;
    state.last_status = ReadingStatus::Ok;
  }
  begin_block(state);
}

template <typename Each>
void each_condition(const plan::Plan& plan, const std::vector<uint32_t>& gates,
                    const std::vector<uint32_t>& watches, Each each) {
  std::vector<uint32_t> seen;
  auto once = [&](uint32_t condition) {
    if (std::find(seen.begin(), seen.end(), condition) != seen.end()) return;
    seen.push_back(condition);
    each(condition);
  };
  for (uint32_t gate : gates)
    for (uint32_t condition : plan.gates[gate].conditions) once(condition);
  for (uint32_t watch : watches) once(plan.watches[watch].condition);
}

// Counted once for each role: the signal that saw most of its requests stands for the role's traffic.
void count_requests(SamplerState& sampler, const plan::Plan& plan, uint32_t gate,
                    const journal::Sampled& sampled) {
  std::map<plan::Role, int64_t> most;
  auto take = [&](const plan::Term& term) {
    const TermReading* reading = find(sampled, term);
    if (reading == nullptr || reading->status != ReadingStatus::Ok) return;
    if (is_counts(plan, term) || reading->total > 0)
      most[term.role] = std::max(most[term.role], reading->total);
  };
  for (uint32_t condition : plan.gates[gate].conditions) {
    take(plan.conditions[condition].left);
    if (plan.conditions[condition].right) take(*plan.conditions[condition].right);
  }
  for (const auto& [role, total] : most) sampler.requests[role] += total;
}

// Intervals end on a grid from the first look on, so that a late wake-up does not shift all later ones.
void end_interval(SamplerState& sampler, int64_t sample_ns, int64_t run_ns) {
  int64_t passed = sample_ns > 0 ? (run_ns - sampler.last_ns) / sample_ns : 0;
  sampler.last_ns = passed > 0 ? sampler.last_ns + passed * sample_ns : run_ns;
  ++sampler.samples;
}

void fold_watch(State& state, const plan::Plan& plan, uint32_t index, int64_t run_ns) {
  WatchState& watch = state.watches[index];
  const ConditionState& condition = state.conditions[plan.watches[index].condition];
  end_interval(watch.sampler, plan.watches[index].sample_ns, run_ns);
  if (condition.last_status != ReadingStatus::Ok || condition.last_valid_ns != run_ns) return;
  if (!holds(plan.conditions[plan.watches[index].condition], condition))
    watch.held_since_ns.reset();
  else if (!watch.held_since_ns) watch.held_since_ns = run_ns;
}

}  // namespace

bool by_proof(const plan::Plan& plan, const plan::Condition& condition) {
  return condition.proven_ppb > 0 && is_counts(plan, condition.left) &&
         (!condition.right || is_counts(plan, *condition.right));
}

int samples_needed(const plan::Plan& plan, const plan::Condition& condition) {
  bool stands_in = condition.proven_ppb > 0 && !by_proof(plan, condition);
  return stands_in ? std::max(condition.samples, value_proof_samples)
                   : std::max(condition.samples, 1);
}

double bound_of(const plan::Condition& condition, const ConditionState& state) {
  double bound = condition.offset;
  if (condition.right) bound += condition.factor * state.right_value;
  if (state.past) bound += condition.factor * state.past->mean + condition.deviations * state.past->deviation;
  return bound;
}

double confidence_of(const plan::Condition& condition) {
  double confidence = double(condition.proven_ppb) / ppb;
  return condition.baseline == plan::none ? confidence : judge::half_confidence(confidence);
}

ConditionState fresh_condition(const plan::Plan& plan, const plan::Condition& condition,
                               const std::optional<journal::Captured>& captured) {
  ConditionState state;
  bool past = condition.baseline != plan::none;
  if (past && captured && condition.baseline < captured->baselines.size())
    state.past = captured->baselines[condition.baseline];
  // Nothing is sampled before it is captured.
  if (!by_proof(plan, condition) || (past && !state.past)) return state;
  judge::Hypothesis claim;
  claim.ratio = condition.right || past ? condition.factor : 0;
  claim.margin = condition.offset / ppb;
  claim.exceeds = condition.comparison == plan::Comparison::Greater ||
                  condition.comparison == plan::Comparison::GreaterEqual;
  if (past)
    claim = judge::against_past(claim, {state.past->total, state.past->bad}, double(condition.proven_ppb) / ppb);
  judge::EvidenceOptions options;
  options.planned_blocks = std::max<int64_t>(condition.planned_blocks, 1);
  state.evidence.emplace(claim, options);
  return state;
}

bool holds(const plan::Condition& condition, const ConditionState& state) {
  if (state.evidence) return state.evidence->proven(confidence_of(condition));
  int needed = condition.proven_ppb > 0 ? std::max(condition.samples, value_proof_samples)
                                        : std::max(condition.samples, 1);
  return state.in_a_row_true >= needed;
}

const plan::Rollback& rollback_of(const plan::Plan& plan, uint32_t scope) {
  return scope == plan::none ? plan.rollback : plan.scopes.at(scope).rollback;
}

std::vector<uint32_t> gates_of(const plan::Plan& plan, StepRef hold) {
  if (journal::is_check(hold)) return {rollback_of(plan, hold.scope).verify_gate};
  return plan.steps[hold.step].gates;
}

std::vector<uint32_t> watches_of(const plan::Plan& plan, StepRef hold) {
  std::vector<uint32_t> out;
  if (hold.undo) return out;
  for (uint32_t i = 0; i < plan.watches.size(); ++i)
    if (plan.watches[i].first_step <= hold.step && hold.step <= plan.watches[i].last_step)
      out.push_back(i);
  return out;
}

void begin_hold(State& state, const plan::Plan& plan, StepRef hold, int64_t run_ns) {
  HoldState begun{hold, run_ns, run_ns, {}};
  for (uint32_t gate : gates_of(plan, hold)) begun.gates[gate].sampler.last_ns = run_ns;
  // Beside other holds it takes its watches over with its first look.
  if (state.holds.empty())
    for (uint32_t watch : watches_of(plan, hold)) state.watches[watch].sampler = {run_ns, 0, {}};
  each_condition(plan, gates_of(plan, hold), {}, [&](uint32_t index) {
    ConditionState fresh;
    fresh.evidence = std::move(state.conditions[index].evidence);
    fresh.past = state.conditions[index].past;
    state.conditions[index] = std::move(fresh);
  });
  state.holds[hold] = std::move(begun);
}

void fold_sample(State& state, const plan::Plan& plan, const journal::Sampled& sampled,
                 int64_t run_ns) {
  auto found = state.holds.find(sampled.hold);
  if (found == state.holds.end()) return;
  HoldState& hold = found->second;
  hold.last_sample_ns = run_ns;
  std::vector<uint32_t> gates = gates_of(plan, sampled.hold);
  if (sampled.prime) {
    each_condition(plan, gates, sampled.watches, [&](uint32_t index) {
      begin_block(state.conditions[index]);
    });
    for (uint32_t gate : gates) hold.gates[gate].sampler.last_ns = run_ns;
    for (uint32_t watch : sampled.watches) state.watches[watch].sampler.last_ns = run_ns;
    return;
  }
  std::vector<uint32_t> watches = watches_of(plan, sampled.hold);
  std::erase_if(watches, [&](uint32_t watch) {  // looked after by another hold
    return find(sampled, plan.conditions[plan.watches[watch].condition].left) == nullptr;
  });
  each_condition(plan, gates, watches, [&](uint32_t index) {
    gather(plan, plan.conditions[index], state.conditions[index], sampled);
  });
  for (uint32_t gate : gates) count_requests(hold.gates[gate].sampler, plan, gate, sampled);
  each_condition(plan, sampled.gates, sampled.watches, [&](uint32_t index) {
    close_block(plan, plan.conditions[index], state.conditions[index], run_ns);
  });
  for (uint32_t gate : sampled.gates) {
    GateState& of = hold.gates[gate];
    end_interval(of.sampler, plan.gates[gate].sample_ns, run_ns);
    of.sampled_ns = of.sampler.last_ns;
  }
  for (uint32_t watch : sampled.watches) fold_watch(state, plan, watch, run_ns);
}

}  // namespace rollout::exec
