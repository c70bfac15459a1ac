// Random: a small generator with the same numbers everywhere (SplitMix64). For simulation only.
#pragma once

#include <cmath>
#include <cstdint>

namespace rollout::sim {

class Random {
 public:
  explicit Random(uint64_t seed) : state_(seed) {}
  uint64_t next() {
    state_ += 0x9e3779b97f4a7c15ull;
    uint64_t z = state_;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ull;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebull;
    return z ^ (z >> 31);
  }
  /// In [0, bound).
  int64_t below(int64_t bound) { return bound <= 0 ? 0 : int64_t(next() % uint64_t(bound)); }
  /// In [0, 1).
  double unit() { return double(next() >> 11) * 0x1.0p-53; }
  bool chance(double p) { return unit() < p; }
  /// Standard normal; Irwin-Hall of twelve, which needs no library function that differs between machines.
  double normal() {
    double sum = 0;
    for (int i = 0; i < 12; ++i) sum += unit();
    return sum - 6;
  }
  /// How many of `n` succeed with probability `p`.
  int64_t binomial(int64_t n, double p) {
    constexpr int64_t exact = 2000;
    if (n > exact) {
      double drawn =
          std::floor(double(n) * p + std::sqrt(double(n) * p * (1 - p)) * normal() + 0.5);
      return drawn < 0 ? 0 : drawn > double(n) ? n : int64_t(drawn);
    }
    // As `chance`, without a conversion: k * 2^-53 < p is k < p * 2^53, and both products are exact.
    uint64_t enough = p <= 0 ? 0 : p >= 1 ? uint64_t{1} << 53 : uint64_t(std::ceil(p * 0x1p53));
    int64_t hits = 0;
    for (int64_t i = 0; i < n; ++i) hits += (next() >> 11) < enough;
    return hits;
  }

 private:
  uint64_t state_;
};

}  // namespace rollout::sim
