#include "runtime/sim/traffic.h"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <optional>
#include <utility>

namespace rollout::sim {

namespace {

constexpr double ppb = 1e9;
constexpr double carry = 1e-6;  // sums of doubles miss whole numbers by less than this
constexpr double value_noise = 0.02;

/// The moment on the load's own clock.
int64_t moment_in(const Load& load, int64_t now_ns) {
  return load.period_ns > 0 ? (now_ns + load.offset_ns) % load.period_ns : now_ns;
}

// What wanders is an autoregressive process of the first order: after a minute a third of a deviation is left (0.92 to
// the twelfth). Canary and stable share most of it, because they share what they depend on.
constexpr int64_t wander_step_ns = 5'000'000'000;
constexpr double kept = 0.92, fresh = 0.3919;  // fresh² = 1 - kept²
constexpr double shared_drift = 0.2, own_drift = 0.1;  // deviations, of the true value

constexpr plan::Role parts[] = {plan::Role::Stable, plan::Role::Canary, plan::Role::Control};

/// Of the requests that users make; copies are nobody's.
double share_of(plan::Role role, Split split) {
  switch (role) {
    case plan::Role::Canary: return double(split.canary_ppb) / ppb;
    case plan::Role::Control: return double(split.control_ppb) / ppb;
    case plan::Role::Stable: return 1 - double(split.canary_ppb + split.control_ppb) / ppb;
    case plan::Role::All: break;
  }
  return 1;
}

double copies_of(plan::Role role, Split split) {
  return role == plan::Role::Canary ? double(split.mirrored_ppb) / ppb : 0;
}

/// Whether the condition wants what stands on its left to be high; nothing where it says neither.
std::optional<bool> wants_high(const plan::Condition& condition) {
  bool good = condition.kind == plan::ConditionKind::Require;
  switch (condition.comparison) {
    case plan::Comparison::Less:
    case plan::Comparison::LessEqual: return !good;
    case plan::Comparison::Greater:
    case plan::Comparison::GreaterEqual: return good;
    case plan::Comparison::Equal:
    case plan::Comparison::NotEqual: break;
  }
  return std::nullopt;
}

// A signal on both sides compares itself with itself: the left one says which way is good.
bool high_is_healthy(const plan::Plan& plan, uint32_t signal) {
  bool high = false;
  for (const plan::Condition& condition : plan.conditions) {
    bool left = condition.left.signal == signal;
    bool right = condition.right && condition.right->signal == signal;
    if (!left && !right) continue;
    std::optional<bool> wants = wants_high(condition);
    if (!left || !wants || !*wants) return false;
    high = true;
  }
  return high;
}

// Of a number of things that is to be high: as many as the plan asks for.
double enough(const plan::Plan& plan, uint32_t signal) {
  double most = 0;
  for (const plan::Condition& condition : plan.conditions)
    if (condition.left.signal == signal && !condition.right) most = std::max(most, condition.offset);
  return most;
}

double healthy_value(const plan::Plan& plan, uint32_t index) {
  const plan::Signal& signal = plan.signals[index];
  bool counts = signal.evidence == plan::Evidence::Counts;
  if (signal.unit == eval::Value::Kind::Int && high_is_healthy(plan, index)) return enough(plan, index);
  if (signal.unit == eval::Value::Kind::Percent && high_is_healthy(plan, index))
    return counts ? default_good_counts_ppb : default_good_percent_ppb;
  if (counts) return default_error_ppb;
  if (signal.method == "capacity") return default_capacity;
  if (signal.method == "rehearsed") return 0;
  return signal.unit == eval::Value::Kind::Duration ? default_duration_ns : default_percent_ppb;
}

/// A number of things is what it is, and so is how long ago something was.
bool scatters(const plan::Signal& signal) {
  return signal.unit != eval::Value::Kind::Int && signal.method != "rehearsed";
}

}  // namespace

Traffic::Traffic(const plan::Plan& plan, const Scenario& scenario)
    : plan_(plan),
      scenario_(scenario),
      random_(scenario.seed * 2 + 1),
      wind_(scenario.seed * 2),
      wandered_(plan.signals.size()),
      counters_(plan.signals.size()) {
  for (uint32_t i = 0; i < plan.signals.size(); ++i) healthy_.push_back(healthy_value(plan, i));
}

const Truth* Traffic::script(uint32_t signal, plan::Role role) const {
  for (const Truth& truth : scenario_.truths)
    if (truth.signal == signal && truth.role == role) return &truth;
  // Of a control nothing is said: it is the stable version.
  return role == plan::Role::Control ? script(signal, plan::Role::Stable) : nullptr;
}

double Traffic::value_at(const Truth* truth, uint32_t signal, int64_t now_ns) const {
  double value = healthy_[signal];
  if (truth == nullptr) return value;
  for (const Change& change : truth->changes)
    if (change.at_ns <= now_ns && !change.lost) value = change.value;
  return value;
}

bool Traffic::is_lost(uint32_t signal, plan::Role role, int64_t now_ns) const {
  const Truth* truth = script(signal, role);
  if (truth == nullptr) truth = script(signal, plan::Role::All);
  bool lost = false;
  for (const Change& change : truth == nullptr ? std::vector<Change>() : truth->changes)
    if (change.at_ns <= now_ns) lost = change.lost;
  return lost;
}

/// Of all requests where each part's take one value: the least value that so many of them do not exceed.
double Traffic::quantile(uint32_t signal, Split split, int64_t now_ns, int64_t quantile_ppb) const {
  std::array<std::pair<double, double>, std::size(parts)> values;  // with the share that takes it
  for (size_t i = 0; i < values.size(); ++i)
    values[i] = {truth(signal, parts[i], split, now_ns), share_of(parts[i], split)};
  std::sort(values.begin(), values.end());
  double reached = 0, value = 0;
  for (auto [own, share] : values) {
    if (share <= 0) continue;
    value = own;
    reached += share;
    if (reached + carry >= double(quantile_ppb) / ppb) break;
  }
  return value;
}

double Traffic::truth(uint32_t signal, plan::Role role, Split split, int64_t now_ns, int64_t quantile_ppb) const {
  const Truth* own = script(signal, role);
  if (own != nullptr) return value_at(own, signal, now_ns);
  const Truth* all = script(signal, plan::Role::All);
  if (role != plan::Role::All || all != nullptr) return value_at(all, signal, now_ns);
  if (quantile_ppb > 0) return quantile(signal, split, now_ns, quantile_ppb);
  double sum = 0;
  for (plan::Role part : parts) sum += share_of(part, split) * truth(signal, part, split, now_ns);
  return sum;
}

int64_t Traffic::next_change(int64_t after_ns) const {
  int64_t next = INT64_MAX;
  for (const Truth& truth : scenario_.truths)
    for (const Change& change : truth.changes)
      if (change.at_ns > after_ns) next = std::min(next, change.at_ns);
  for (const Load& load : scenario_.loads) {
    int64_t at_ns = moment_in(load, after_ns);
    if (load.period_ns > 0) next = std::min(next, after_ns + load.period_ns - at_ns);
    for (const Change& change : load.changes)
      if (change.at_ns > at_ns) next = std::min(next, after_ns + change.at_ns - at_ns);
  }
  if (scenario_.drifts) next = std::min(next, (after_ns / wander_step_ns + 1) * wander_step_ns);
  return next;
}

double Traffic::requests_in(uint32_t service, int64_t from_ns, int64_t ns) const {
  int64_t declared = plan_.services[service].traffic_uhz;
  double rate_uhz = double(declared > 0 ? declared : default_traffic_uhz);
  for (const Load& load : scenario_.loads)
    for (const Change& change : load.changes)
      if (load.service == service && change.at_ns <= moment_in(load, from_ns)) rate_uhz = change.value;
  return rate_uhz / 1e6 * double(ns) / 1e9;
}

void Traffic::wander(int64_t to_ns) {
  for (; scenario_.drifts && wandered_ns_ + wander_step_ns <= to_ns; wandered_ns_ += wander_step_ns)
    for (auto& roles : wandered_)
      for (double& one : roles) one = kept * one + fresh * wind_.normal();
}

/// As it is measured: the truth, and how far it has wandered.
double Traffic::shown(uint32_t signal, plan::Role role, Split split, int64_t now_ns, int64_t quantile_ppb) const {
  double value = truth(signal, role, split, now_ns, quantile_ppb);
  if (!scenario_.drifts || !scatters(plan_.signals[signal])) return value;
  double all = wandered_[signal][size_t(plan::Role::All)], own = wandered_[signal][size_t(role)];
  if (role == plan::Role::All) own = 0;
  double factor = std::max(0.0, 1 + shared_drift * all + own_drift * own);
  // Of a share of nearly all what is missing wanders: a factor of the whole would make an outage of it.
  bool missing = plan_.signals[signal].evidence == plan::Evidence::Counts && value > ppb / 2;
  return missing ? std::max(0.0, ppb - (ppb - value) * factor) : value * factor;
}

void Traffic::pass(int64_t from_ns, int64_t to_ns, const std::vector<Split>& splits) {
  while (from_ns < to_ns) {
    int64_t until = std::min(to_ns, next_change(from_ns));
    wander(from_ns);
    for (uint32_t i = 0; i < plan_.signals.size(); ++i) {
      const plan::Signal& signal = plan_.signals[i];
      if (signal.evidence == plan::Evidence::Value) continue;
      double requests = requests_in(signal.service, from_ns, until - from_ns);
      Counter& all = counters_[i][size_t(plan::Role::All)];
      for (plan::Role role : parts) {
        double total = requests * share_of(role, splits[signal.service]);
        double copies = requests * copies_of(role, splits[signal.service]);
        bool ratio = signal.evidence == plan::Evidence::Counts;
        double rate = ratio ? std::min(ppb, shown(i, role, splits[signal.service], from_ns)) : 0;
        double bad = total * rate / ppb;
        counters_[i][size_t(role)].total += total + copies;
        counters_[i][size_t(role)].bad += bad + copies * rate / ppb;
        all.total += total;
        all.bad += bad;
      }
    }
    from_ns = until;
  }
}

exec::Reading Traffic::read_counts(const plan::Term& term) {
  const Counter& now = counters_[term.signal][size_t(term.role)];
  auto [found, first] = read_.try_emplace({term.signal, term.role, term.quantile_ppb},
                                          Counter{std::floor(now.total), std::floor(now.bad)});
  Counter& given = found->second;
  exec::Reading reading{exec::Reading::Status::Ok, "", 0, 0, 0};
  reading.total = int64_t(std::floor(now.total - given.total + carry));
  reading.bad = std::min(reading.total, int64_t(std::floor(now.bad - given.bad + carry)));
  given.total += double(reading.total);
  given.bad += double(reading.bad);
  if (first && reading.total == 0) return {exec::Reading::Status::NoData, "first reading"};
  if (reading.total == 0) return {exec::Reading::Status::Ok, "no requests were seen"};
  if (scenario_.noisy)
    reading.bad = random_.binomial(reading.total, double(reading.bad) / double(reading.total));
  reading.value = double(reading.bad) / double(reading.total) * ppb;
  return reading;
}

exec::Reading Traffic::read(const plan::Term& term, Split split, int64_t now_ns) {
  const plan::Signal& signal = plan_.signals[term.signal];
  exec::Reading reading{exec::Reading::Status::Ok, "", 0, 0, 0};
  if (signal.evidence != plan::Evidence::Value) reading = read_counts(term);
  if (is_lost(term.signal, term.role, now_ns)) return {exec::Reading::Status::NoData, "the signal is lost"};
  if (signal.evidence == plan::Evidence::Counts || reading.status != exec::Reading::Status::Ok)
    return reading;
  double traffic = share_of(term.role, split) + copies_of(term.role, split);
  if (traffic <= 0) return {exec::Reading::Status::NoData, "no traffic"};
  wander(now_ns);
  reading.value = shown(term.signal, term.role, split, now_ns, term.quantile_ppb);
  if (scenario_.noisy && scatters(signal))
    reading.value = std::max(0.0, reading.value * (1 + value_noise * random_.normal()));
  return reading;
}

std::optional<journal::PastReading> Traffic::past(const plan::Baseline& baseline) {
  const plan::Signal& signal = plan_.signals[baseline.signal];
  auto said = std::find_if(scenario_.past.begin(), scenario_.past.end(),
                           [&](const PastTruth& truth) { return truth.signal == baseline.signal; });
  bool scripted = said != scenario_.past.end();
  if (scripted && said->lost) return std::nullopt;
  journal::PastReading past;
  past.parts = baseline.window_ns / baseline.part_ns;
  past.mean = scripted && said->mean ? *said->mean : truth(baseline.signal, plan::Role::Stable, {}, 0);
  past.deviation = past.mean * default_deviation;
  if (signal.evidence == plan::Evidence::Counts) {
    double part = requests_in(signal.service, 0, baseline.part_ns), rate = past.mean / ppb;
    past.total = int64_t(requests_in(signal.service, 0, baseline.window_ns) + carry);
    past.bad = std::min(past.total, int64_t(double(past.total) * rate + carry));
    if (scenario_.noisy) past.bad = random_.binomial(past.total, rate);
    past.deviation = part > 0 ? std::sqrt(rate * (1 - rate) / part) * ppb : 0;
  }
  if (scripted && said->deviation) past.deviation = *said->deviation;
  return past;
}

void Traffic::forget_readings() { read_.clear(); }

}  // namespace rollout::sim
