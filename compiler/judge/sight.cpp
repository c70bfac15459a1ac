#include "compiler/judge/sight.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "compiler/judge/projection.h"

namespace rollout::judge {

namespace {

constexpr double widest = 6;        // standard deviations: what lies outside is less than 1e-8
constexpr int rise_halvings = 16;   // of a range of nine decades
constexpr double least_rise = 1e-9;

double logit(double rate) { return std::log(rate / (1 - rate)); }

// The counts of a binomial that matter, and the probability of each.
struct Counts {
  double first = 0;
  std::vector<double> probability;
};

// Empty: too many. The largest is set to 1 and its neighbours follow by their ratios, which never leave the range of a
// double; what they sum to is divided out.
Counts counts_of(double requests, double rate) {
  requests = std::floor(requests);
  double mean = requests * rate, spread = widest * std::sqrt(mean * (1 - rate)) + widest;
  double first = std::max(0.0, std::floor(mean - spread)), last = std::min(requests, std::ceil(mean + spread));
  if (!(last - first < max_exact_terms)) return {};
  Counts out{first, std::vector<double>(size_t(last - first) + 1)};
  size_t mode = size_t(std::clamp(std::floor((requests + 1) * rate), first, last) - first);
  double odds = rate / (1 - rate), sum = 1;
  out.probability[mode] = 1;
  for (size_t i = mode + 1; i < out.probability.size(); ++i) {
    double count = first + double(i);
    sum += out.probability[i] = out.probability[i - 1] * odds * (requests - count + 1) / count;
  }
  for (size_t i = mode; i-- > 0;) {
    double count = first + double(i);
    sum += out.probability[i] = out.probability[i + 1] * (count + 1) / (odds * (requests - count));
  }
  for (double& one : out.probability) one /= sum;
  return out;
}

double normal_tail(double z) { return std::erfc(z / std::sqrt(2.0)) / 2; }

}  // namespace

FixedSample unlucky_sample(double requests, double rate, double probability) {
  FixedSample sample{int64_t(requests), 0};
  Counts counts = counts_of(requests, rate);
  if (counts.probability.empty()) {
    double spread = normal_quantile(probability) * std::sqrt(requests * rate * (1 - rate));
    sample.bad = int64_t(std::ceil(requests * rate + spread));
    return sample;
  }
  double sum = 0;
  size_t at = 0;
  while (at + 1 < counts.probability.size() && (sum += counts.probability[at]) < probability) ++at;
  sample.bad = int64_t(counts.first) + int64_t(at);
  return sample;
}

double power_of(const Hypothesis& hypothesis, const Traffic& traffic, Rates truth, double blocks, double needed) {
  Growth growth = growth_per_block(hypothesis, traffic, truth);
  if (growth.mean <= 0 || blocks <= 0) return 0;
  double canary = std::floor(traffic.canary_per_block * blocks);
  double baseline = hypothesis.ratio == 0 ? 0 : std::floor(traffic.baseline_per_block * blocks);
  Counts bad = counts_of(canary, truth.canary), other = counts_of(baseline, truth.baseline);
  double spread = std::sqrt(growth.variance * blocks);
  if (bad.probability.empty() || other.probability.empty())
    return normal_tail((needed - growth.mean * blocks) / std::max(spread, least_rate));
  Rates denied = closest_denied(traffic.canary_per_block, traffic.baseline_per_block, truth, hypothesis);
  // Log-evidence is a line over both counts: it rises with bad requests of the one arm and falls with the other's.
  double rises = logit(truth.canary) - logit(denied.canary);
  double falls = baseline > 0 ? logit(denied.baseline) - logit(truth.baseline) : 0;
  double without = canary * std::log((1 - truth.canary) / (1 - denied.canary));
  if (baseline > 0) without += baseline * std::log((1 - truth.baseline) / (1 - denied.baseline));
  double power = 0, below = 0;
  size_t next = 0;  // the other arm's counts before it are few enough
  for (size_t i = 0; i < bad.probability.size(); ++i) {
    double spare = without + rises * (bad.first + double(i)) - needed;
    while (next < other.probability.size() && falls * (other.first + double(next)) <= spare)
      below += other.probability[next++];
    power += bad.probability[i] * below;
  }
  return power;
}

bool sees(const Sight& sight, double rise) {
  double base = inner_rate(sight.traffic.baseline_rate);
  Rates truth{inner_rate(base + sight.dilution * rise), base};
  return power_of(sight.hypothesis, sight.traffic, truth, sight.blocks, sight.needed) >= sight.power;
}

std::optional<double> smallest_rise(const Sight& sight) {
  double most = 1 - inner_rate(sight.traffic.baseline_rate);
  if (!sees(sight, most)) return std::nullopt;
  double low = std::log(least_rise), high = std::log(most);
  for (int i = 0; i < rise_halvings; ++i) {
    double middle = (low + high) / 2;
    (sees(sight, std::exp(middle)) ? high : low) = middle;
  }
  return std::exp(high);
}

}  // namespace rollout::judge
