// What a test expects of the order in which things were done, by the simulated world's own ledger.
#include <algorithm>

#include <fmt/format.h>

#include "runtime/cli/scenario_of.h"
#include "runtime/cli/style.h"

namespace rollout::cli {

namespace {

bool is_done_by(const plan::Plan& plan, const plan::Expectation& expected, const plan::ActionOf& wanted,
                const sim::LedgerEntry& entry) {
  bool back = expected.what == plan::Expected::RollbackOrder;
  if (entry.undo != back) return false;
  const plan::Action& action = back ? plan.undo[entry.step] : plan.steps[entry.step].action;
  const plan::Service& service = plan.services[action.service];
  bool named = service.name == wanted.service || plan::service_text(service) == wanted.service;
  bool same = named && action.name == wanted.action;
  if (!same || back || expected.phase.empty()) return same;
  uint32_t phase = plan.steps[entry.step].phase;
  return phase != plan::none && plan::is_phase(plan.phases[phase], expected.phase);
}

/// By action: where in the ledger it was first done; its end: nowhere.
std::vector<size_t> first_done(const plan::Plan& plan, const plan::Expectation& expected,
                               const sim::SimResult& result) {
  std::vector<size_t> first;
  for (const plan::ActionOf& wanted : expected.order) {
    auto done = std::find_if(result.ledger.begin(), result.ledger.end(), [&](const sim::LedgerEntry& entry) {
      return is_done_by(plan, expected, wanted, entry);
    });
    first.push_back(size_t(done - result.ledger.begin()));
  }
  return first;
}

}  // namespace

bool in_order(const plan::Plan& plan, const plan::Expectation& expected, const sim::SimResult& result) {
  std::vector<size_t> first = first_done(plan, expected, result);
  bool all_done = std::all_of(first.begin(), first.end(), [&](size_t at) { return at < result.ledger.size(); });
  return all_done && std::is_sorted(first.begin(), first.end(), std::less_equal<>());
}

std::string order_text(const plan::Plan& plan, const plan::Expectation& expected, const sim::SimResult& result) {
  std::vector<size_t> first = first_done(plan, expected, result);
  std::vector<std::pair<size_t, std::string>> done;
  std::string missing;
  for (size_t i = 0; i < first.size(); ++i) {
    std::string name = fmt::format("{}.{}", expected.order[i].service, expected.order[i].action);
    if (first[i] < result.ledger.size())
      done.emplace_back(first[i], fmt::format("{} at {}", name, short_duration(result.ledger[first[i]].at_ns)));
    else missing += fmt::format("{}{} was not done", missing.empty() ? "" : ", ", name);
  }
  std::sort(done.begin(), done.end());
  std::string text;
  for (const auto& [at, one] : done) text += (text.empty() ? "" : ", then ") + one;
  return text + (text.empty() || missing.empty() ? "" : "; ") + missing;
}

}  // namespace rollout::cli
