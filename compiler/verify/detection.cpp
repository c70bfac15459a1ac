#include "compiler/verify/detection.h"

#include <algorithm>
#include <cmath>

#include "compiler/judge/power.h"

namespace rollout::verify {

Detection::Detection(std::vector<Judged> holds, double needed, double power)
    : holds_(std::move(holds)), needed_(needed), spread_(judge::normal_quantile(power)) {
  double mean = 0, variance = 0;
  for (const Judged& hold : holds_) {
    mean_.push_back(mean), variance_.push_back(variance);
    mean += hold.blocks * hold.mean, variance += hold.blocks * hold.variance;
  }
  mean_.push_back(mean), variance_.push_back(variance);
}

std::optional<Proven> Detection::proven(size_t hold, int64_t from_ns) {
  if (hold >= holds_.size()) return std::nullopt;
  // A sample that the regression shares with what was before it counts for nothing.
  double missed = std::min(holds_[hold].blocks, std::ceil(double(from_ns) / double(holds_[hold].sample_ns)));
  double mean = mean_[hold] + missed * holds_[hold].mean;
  double variance = variance_[hold] + missed * holds_[hold].variance;
  auto seen = [&](double sum, double spread) {
    return sum - mean - spread_ * std::sqrt(std::max(0.0, spread - variance)) >= needed_;
  };
  at_ = std::max(at_, hold);
  while (at_ < holds_.size() && !seen(mean_[at_ + 1], variance_[at_ + 1])) ++at_;
  if (at_ == holds_.size()) return std::nullopt;
  const Judged& last = holds_[at_];
  double low = at_ == hold ? missed : 0, high = last.blocks;
  while (high - low > 1) {
    double middle = std::floor((low + high) / 2);
    bool enough = seen(mean_[at_] + middle * last.mean, variance_[at_] + middle * last.variance);
    (enough ? high : low) = middle;
  }
  return Proven{at_, int64_t(high) * last.sample_ns};
}

}  // namespace rollout::verify
