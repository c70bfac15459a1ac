#include "runtime/cli/view_bounds.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "compiler/verify/proofs.h"
#include "runtime/cli/view_beside.h"

namespace rollout::cli {

namespace {

constexpr size_t max_exposed = 3;  ///< services
constexpr size_t max_seen = 6;     ///< phases of which it is said what their gates see
constexpr size_t max_beside = 4;   ///< of the lines that say what versions live beside

/// Keeps those with the largest `size`, in that order; how many are left out.
template <typename T, typename Size>
size_t keep_largest(std::vector<T>& list, size_t most, Size size) {
  if (list.size() <= most) return 0;
  std::stable_sort(list.begin(), list.end(), [&](const T& a, const T& b) { return size(a) > size(b); });
  size_t left_out = list.size() - most;
  list.resize(most);
  return left_out;
}

/// Rounded up.
std::string two_digits(int64_t share_ppb) {
  int64_t unit = 1;
  while (share_ppb / unit >= 100) unit *= 10;
  return eval::percent_text((share_ppb + unit - 1) / unit * unit);
}

std::string times_text(const plan::Plan& plan, const Style& style) {
  const plan::Facts& facts = *plan.facts;
  std::string people = facts.parks ? ", then it may park" : "";
  std::string out = fmt::format("forward {} {}{}, back {} {}", style.at_most(), seconds_text(facts.worst_ns), people,
                                style.at_most(), seconds_text(facts.back_ns));
  int64_t within = plan.rollback.within_ns;
  if (within > 0 && within < facts.back_ns) out += fmt::format(" (given up after {})", eval::duration_text(within));
  if (facts.detect_ns) out += fmt::format(", harm seen {} {}", style.at_most(), seconds_text(*facts.detect_ns));
  return out;
}

/// How often a good version goes back by mistake, and what is seen in each hold.
std::string proofs_text(const plan::Plan& plan, const Style& style, bool all) {
  std::string out =
      fmt::format("false alarms {} {} of runs", style.at_most(), eval::percent_text(*plan.facts->false_alarm_ppb));
  std::vector<uint32_t> seen;
  for (uint32_t i = 0; i < plan.phases.size(); ++i)
    if (plan.facts->phases[i].sees_ppb) seen.push_back(i);
  auto rise = [&](uint32_t phase) { return *plan.facts->phases[phase].sees_ppb; };
  size_t left_out = all ? 0 : keep_largest(seen, max_seen, rise);
  std::string_view between = "; smallest rise seen: ";
  for (uint32_t phase : seen) {
    std::string text = rise(phase) >= eval::percent_all ? "none" : "+" + two_digits(rise(phase));
    out += fmt::format("{}{} in {}", std::exchange(between, ", "), text, plan.phases[phase].name);
  }
  return left_out == 0 ? out : out + fmt::format(", that or a smaller one in {} more", left_out);
}

std::string exposure_text(const plan::Plan& plan, const Style& style, const plan::ExposureFacts& one) {
  const plan::Service& service = plan.services.at(one.service);
  auto text = [&](int64_t ns) { return fmt::format("{} {}", style.at_most(), seconds_text(ns)); };
  double met = double(service.traffic_uhz) / 1e6 * double(one.harm_ns.value_or(0)) / double(eval::ns_per_s);
  std::string requests = service.traffic_uhz == 0 ? "" : fmt::format(", {:.0f} requests", met);
  std::string begins = verify::begins_text(plan, one.harm_step);
  if (!begins.empty()) begins = fmt::format(" that begins {}", begins);
  std::string harm = one.harm_ns ? fmt::format("{} to harm{}{}; ", text(*one.harm_ns), begins, requests) : "";
  return fmt::format("exposure of {}: {}{} if no gate sees it", plan::service_text(service), harm, text(one.unseen_ns));
}

}  // namespace

std::string seconds_text(int64_t ns) {
  int64_t seconds = ns / eval::ns_per_s + (ns % eval::ns_per_s > 0);
  return eval::duration_text(seconds * eval::ns_per_s);
}

std::vector<std::string> bound_texts(const plan::Plan& plan, const Style& style, bool all) {
  if (!plan.facts || plan.steps.empty()) return {};
  std::vector<std::string> texts = {times_text(plan, style)};
  if (plan.facts->false_alarm_ppb) texts.push_back(proofs_text(plan, style, all));
  std::vector<plan::ExposureFacts> exposed = plan.facts->exposure;
  auto most = [](const plan::ExposureFacts& one) { return one.harm_ns.value_or(one.unseen_ns); };
  size_t left_out = all ? 0 : keep_largest(exposed, max_exposed, most);
  for (const plan::ExposureFacts& one : exposed) texts.push_back(exposure_text(plan, style, one));
  if (left_out > 0) texts.push_back(fmt::format("{} {} more, none of them larger", style.dots(), left_out));
  std::vector<std::string> beside = beside_texts(plan);
  left_out = all || beside.size() <= max_beside ? 0 : beside.size() - max_beside;
  texts.insert(texts.end(), beside.begin(), beside.end() - std::ptrdiff_t(left_out));
  if (left_out > 0) texts.push_back(fmt::format("{} {} more", style.dots(), left_out));
  for (std::string& text : peak_texts(plan)) texts.push_back(std::move(text));
  return texts;
}

}  // namespace rollout::cli
