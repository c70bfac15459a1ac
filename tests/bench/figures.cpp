#include "tests/bench/figures.h"

#include <algorithm>
#include <ctime>
#include <malloc.h>

#include <fmt/format.h>

#include "tests/bench/measure.h"

namespace rollout::bench {

bool Figure::is_kept() const {
  double judged = peer.empty() ? ours : ratio;
  return limit == 0 || (at_least ? judged >= limit : judged <= limit);
}

Figure compared(std::string what, std::string unit, const std::vector<double>& ours, std::string peer,
                const std::vector<double>& theirs, double limit, bool at_least) {
  std::vector<double> ratios;
  for (size_t i = 0; i < std::min(ours.size(), theirs.size()); ++i) ratios.push_back(ours[i] / theirs[i]);
  return {std::move(what), std::move(unit), median(ours), std::move(peer), median(theirs), median(ratios), limit,
          at_least};
}

Figure alone(std::string what, std::string unit, double ours, double limit, bool at_least) {
  return {std::move(what), std::move(unit), ours, "", 0, 0, limit, at_least};
}

bool print_figures(const std::vector<Figure>& figures, const std::string& remark) {
  fmt::print("{}, load {:.1f}{}{}\n\n{:<58} {:>11} {:>11} {:>8} {:>9}  {}\n", machine(), load_now(),
             remark.empty() ? "" : ", ", remark, "", "ours", "peer", "ratio", "limit", "");
  bool kept = true;
  for (const Figure& one : figures) {
    bool has_peer = !one.peer.empty();
    ROLLOUT_CHECK(one.ours > 0 && (!has_peer || one.theirs > 0), "what was measured took time");
    std::string limit = one.limit == 0 ? "-" : fmt::format("{} {:.6g}", one.at_least ? ">=" : "<=", one.limit);
    fmt::print("{:<58} {:>11.6g} {:>11} {:>8} {:>9}  {}{}{}\n", one.what, one.ours,
               has_peer ? fmt::format("{:.6g}", one.theirs) : "-", has_peer ? fmt::format("{:.2f}", one.ratio) : "-",
               limit, one.unit, has_peer ? ", beside " + one.peer : "", one.is_kept() ? "" : "  over the limit");
    kept = kept && one.is_kept();
  }
  return kept;
}

int64_t clock_ns(int clock) {
  timespec now{};
  clock_gettime(clock, &now);
  return int64_t(now.tv_sec) * 1'000'000'000 + now.tv_nsec;
}

int64_t now_ns() { return clock_ns(CLOCK_MONOTONIC); }

double quantile(std::vector<double> values, double at) {
  if (values.empty()) return 0;
  std::sort(values.begin(), values.end());
  return values[size_t(at * double(values.size() - 1))];
}

int64_t heap_bytes() {
  struct mallinfo2 info = mallinfo2();
  return int64_t(info.uordblks + info.hblkhd);
}

}  // namespace rollout::bench
