// The picture of a distribution: how the runs ended, and two histograms in the same colours.
#include <algorithm>

#include <fmt/format.h>

#include "runtime/cli/distribution.h"

namespace rollout::cli {

namespace {

constexpr double width = 860, left_edge = 48, right_edge = 812, plot = right_edge - left_edge;
constexpr size_t bins = 40;
constexpr double bar_height = 34, histogram_height = 150;

constexpr std::string_view style = R"(<style>
    text { font: 14px system-ui, "Segoe UI", "Helvetica Neue", Arial, sans-serif; fill: #1f2328; }
    .title { font-size: 24px; font-weight: 650; }
    .part { font-size: 16px; font-weight: 600; }
    .note, .tick { fill: #59636e; }
    .tick { font-size: 12px; }
    .axis { stroke: #d1d9e0; }
    .mark { stroke: #1f2328; stroke-dasharray: 3 3; }
  </style>
)";

std::string escaped(std::string_view text) {
  std::string out;
  for (char c : text) {
    if (c == '<') out += "&lt;";
    else if (c == '>') out += "&gt;";
    else if (c == '&') out += "&amp;";
    else if (c == '"') out += "&quot;";
    else if (uint8_t(c) >= 0x20) out += c;
  }
  return out;
}

/// What ended alike has one colour, told apart from the others also by who sees no difference of red and green.
std::string_view colour(std::string_view outcome) {
  if (outcome.starts_with("succeeded")) return "#2a7ab8";
  if (outcome.starts_with("rolled back")) return "#e8833a";
  return "#8b6bb1";
}

std::string with_commas(int64_t number) {
  std::string text = std::to_string(number);
  for (size_t at = text.size(); at > 3; text.insert(at -= 3, ",")) {}
  return text;
}

std::string percent(int64_t part, size_t whole) {
  double share = 100.0 * double(part) / double(whole);
  return share > 0 && share < 0.1 ? "<0.1%" : fmt::format("{:.1f}%", share);
}

/// `10m`, where a measured duration is `10m0s`.
std::string round_text(int64_t ns) {
  std::string text = short_duration(ns);
  for (std::string_view zero : {"m0s", "h0m"})
    if (text.ends_with(zero)) text.resize(text.size() - 2);
  return text;
}

/// The most common ones in front.
std::vector<std::pair<std::string, int64_t>> ends_of(const Distribution& runs) {
  std::map<std::string, int64_t> all = runs.outcomes();
  std::vector<std::pair<std::string, int64_t>> out(all.begin(), all.end());
  std::stable_sort(out.begin(), out.end(), [](const auto& a, const auto& b) { return a.second > b.second; });
  return out;
}

/// Between so many steps on the axis and half of it.
int64_t step_of(int64_t span_ns) {
  constexpr int64_t s = 1'000'000'000, ms = s / 1000, min = 60 * s, hour = 60 * min, day = 24 * hour;
  constexpr int64_t most_steps = 8;
  for (int64_t step : {ms, 2 * ms, 5 * ms, 10 * ms, 20 * ms, 50 * ms, 100 * ms, 200 * ms, 500 * ms, s, 2 * s, 5 * s,
                       10 * s, 15 * s, 30 * s, min, 2 * min, 5 * min, 10 * min, 15 * min, 30 * min, hour, 2 * hour,
                       6 * hour, 12 * hour, day, 2 * day, 7 * day})
    if (span_ns / step <= most_steps) return step;
  return 30 * day;
}

class Picture {
 public:
  std::string take() {
    return fmt::format("<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {0:g} {1:g}\" width=\"{0:g}\" "
                       "height=\"{1:g}\" role=\"img\">\n"
                       "  {2}  <rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n{3}</svg>\n",
                       width, y_ + 24, style, out_);
  }
  void down(double by) { y_ += by; }
  void text(std::string_view kind, double x, std::string_view words, std::string_view anchor = "start") {
    out_ += fmt::format("  <text class=\"{}\" x=\"{:.1f}\" y=\"{:.1f}\" text-anchor=\"{}\">{}</text>\n", kind, x, y_,
                        anchor, escaped(words));
  }

  void ends(const Distribution& runs) {
    double x = left_edge;
    for (const auto& [outcome, times] : ends_of(runs)) {
      // What is there is seen.
      double wide = std::max(2.0, plot * double(times) / double(runs.runs.size()));
      rect(x, y_, std::min(wide, right_edge - x), bar_height, colour(outcome), outcome);
      x = std::min(x + wide, right_edge - 2);
    }
    y_ += bar_height + 24;
    for (const auto& [outcome, times] : ends_of(runs)) {
      rect(left_edge, y_ - 11, 12, 12, colour(outcome), outcome);
      text("", left_edge + 22, outcome);
      text("", left_edge + 430, with_commas(times), "end");
      text("note", left_edge + 500, percent(times, runs.runs.size()), "end");
      y_ += 22;
    }
  }

  void histogram(std::string_view title, std::string_view note, const Distribution& runs, int64_t Figures::*field) {
    std::vector<int64_t> sorted = runs.sorted(field);
    y_ += 34;
    text("part", left_edge, title);
    text("note", right_edge, note, "end");
    y_ += 34;
    int64_t least = sorted.front(), most = sorted.back();
    if (least == most) {
      text("note", left_edge, fmt::format("{} in every run", round_text(least)));
      return;
    }
    int64_t step = step_of(most - least);
    from_ns_ = least / step * step, to_ns_ = (most + step - 1) / step * step;
    columns(runs, field);
    axis(step);
    int64_t half = sorted[(sorted.size() - 1) / 2], most_runs = sorted[(sorted.size() - 1) * 9 / 10];
    if (half != most_runs) mark(half, "half of the runs", -1);
    mark(most_runs, half == most_runs ? "half and 90% of the runs" : "90%", 1);
    y_ += histogram_height + 22;
  }

 private:
  double x_of(int64_t ns) const { return left_edge + plot * double(ns - from_ns_) / double(to_ns_ - from_ns_); }

  void rect(double x, double y, double wide, double high, std::string_view fill, std::string_view title) {
    out_ += fmt::format("  <rect x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.1f}\" height=\"{:.1f}\" fill=\"{}\">"
                        "<title>{}</title></rect>\n", x, y, wide, high, fill, escaped(title));
  }

  /// One above the other, what ended well at the bottom.
  void columns(const Distribution& runs, int64_t Figures::*field) {
    std::map<std::string_view, std::vector<int64_t>, std::greater<>> by_colour;
    std::vector<int64_t> all(bins);
    for (const Figures& run : runs.runs) {
      size_t bin = std::min(bins - 1, size_t(double(run.*field - from_ns_) / double(to_ns_ - from_ns_) * bins));
      std::vector<int64_t>& counts = by_colour[run.outcome.substr(0, 4) == "succ"   ? "succeeded"
                                               : run.outcome.starts_with("rolled") ? "rolled back"
                                                                                   : "parked"];
      counts.resize(bins);
      ++counts[bin], ++all[bin];
    }
    int64_t highest = *std::max_element(all.begin(), all.end());
    std::vector<double> top(bins, y_ + histogram_height);
    for (const auto& [outcome, counts] : by_colour)
      for (size_t bin = 0; bin < bins; ++bin) {
        if (counts[bin] == 0) continue;
        double high = std::max(1.5, histogram_height * double(counts[bin]) / double(highest));
        top[bin] -= high;
        rect(left_edge + plot * double(bin) / bins + 1, top[bin], plot / bins - 2, high, colour(outcome),
             fmt::format("{}: {} runs", outcome, counts[bin]));
      }
  }

  void tick(double x, double y, std::string_view anchor, std::string_view words) {
    out_ += fmt::format("  <text class=\"tick\" x=\"{:.1f}\" y=\"{:.1f}\" text-anchor=\"{}\">{}</text>\n", x, y, anchor,
                        words);
  }

  void axis(int64_t step) {
    double base = y_ + histogram_height;
    out_ += fmt::format("  <path class=\"axis\" d=\"M{:g} {:.1f}H{:g}\"/>\n", left_edge, base, right_edge);
    for (int64_t at = from_ns_; at <= to_ns_; at += step)
      tick(x_of(at), base + 18, "middle", round_text(at));
  }

  void mark(int64_t ns, std::string_view name, int side) {
    double x = x_of(ns);
    bool flips = (side > 0 && x > right_edge - 170) || (side < 0 && x < left_edge + 130);
    int way = flips ? -side : side;
    out_ += fmt::format("  <path class=\"mark\" d=\"M{:.1f} {:.1f}V{:.1f}\"/>\n", x, y_ - 16, y_ + histogram_height);
    tick(x + 5 * way, y_ - 8, way > 0 ? "start" : "end", fmt::format("{}: {}", name, round_text(ns)));
  }

  std::string out_;
  double y_ = 0;
  int64_t from_ns_ = 0, to_ns_ = 1;
};

std::string conditions(const HealthyWorld& world) {
  std::string out = "nothing wrong with the version";
  if (world.drifts) out += ", signals wander";
  if (world.daily) out += ", load by the hour";
  out += fmt::format(", people answer after {}", round_text(world.answer_after_ns));
  return out;
}

}  // namespace

std::string distribution_svg(const Simulated& what, const HealthyWorld& world, const Distribution& runs) {
  Picture picture;
  picture.down(46);
  picture.text("title", left_edge, fmt::format("{} in {} simulated runs", what.title, with_commas(world.runs)));
  picture.down(24);
  picture.text("note", left_edge,
               fmt::format("seeds {} to {}: {}", world.seed, world.seed + world.runs - 1, conditions(world)));
  picture.down(22);
  picture.ends(runs);
  picture.down(20);
  int64_t wrong = runs.false_rollbacks();
  picture.text("part", left_edge,
               wrong == 0 ? "No good version was taken back"
                          : fmt::format("A good version was taken back in {} of {} runs ({})", with_commas(wrong),
                                        with_commas(world.runs), percent(wrong, runs.runs.size())));
  picture.histogram("Time", "from the first step to the end of the run", runs, &Figures::run_ns);
  picture.histogram("Exposure", "share of the new version times time, of the most exposed service", runs,
                    &Figures::exposure_ns);
  return picture.take();
}

}  // namespace rollout::cli
