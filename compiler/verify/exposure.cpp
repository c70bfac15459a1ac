#include "compiler/verify/exposure.h"

#include <algorithm>

#include <fmt/format.h>

#include "compiler/plan/cost.h"
#include "compiler/verify/harm.h"

namespace rollout::verify {

using plan::Back;
using plan::Forward;
using plan::Plan;
using plan::Step;
using plan::StepKind;
using plan::longer;
using plan::none;

namespace {

/// By service: the steps that act on it, in order.
std::vector<std::vector<uint32_t>> acts_of(const Plan& plan) {
  std::vector<std::vector<uint32_t>> acts(plan.services.size());
  for (uint32_t i = 0; i < plan.steps.size(); ++i)
    if (plan.steps[i].kind == StepKind::Act) acts[plan.steps[i].action.service].push_back(i);
  return acts;
}

/// Adds by service the steps at which it is looked at for its harm, so that all stand in order.
void add_looks(const Plan& plan, const std::vector<Watchers>& watchers, Looks& looks,
               std::vector<std::vector<uint32_t>>& markers) {
  for (uint32_t i = 0; i < plan.steps.size(); ++i)
    for (uint32_t index : plan.steps[i].gates)
      for (uint32_t condition : plan.gates[index].conditions) {
        if (plan.steps[i].kind != StepKind::Hold) continue;
        uint32_t service = plan.signals[plan.conditions[condition].left.signal].service;
        for (const Watcher& one : watchers[service])
          if (one.condition == condition && one.watch == none) markers[service].push_back(i);
      }
  for (uint32_t service = 0; service < watchers.size(); ++service) {
    std::vector<uint32_t>& of = markers[service];
    for (const Watcher& one : watchers[service]) {
      if (one.watch == none) continue;
      std::span<const uint32_t> steps = looks.under(one.watch);
      of.insert(of.end(), steps.begin(), steps.end());
    }
    std::sort(of.begin(), of.end());
    of.erase(std::unique(of.begin(), of.end()), of.end());
  }
}

/// All of the path at its worst time, and the way back from its worst point.
int64_t unseen_ns(const std::vector<Piece>& pieces) {
  int64_t most = 0, before = 0;
  for (const Piece& piece : pieces) {
    before = longer(before, piece.exposes_ns);
    most = std::max(most, longer(before, full(piece.share_ppb, piece.back_ns)));
  }
  return most;
}

}  // namespace

void prove_exposure(const Plan& plan, const Back& back, const Forward& forward, plan::Facts& facts) {
  Looks looks(plan, forward);
  std::vector<Watchers> watchers = watchers_of(plan, looks);
  std::vector<std::vector<uint32_t>> acts = acts_of(plan), markers = acts;
  add_looks(plan, watchers, looks, markers);
  for (uint32_t service = 0; service < plan.services.size(); ++service) {
    std::vector<Piece> whole = pieces_of(plan, back, forward, service, acts[service]);
    if (whole.empty()) continue;
    plan::ExposureFacts of{service, std::nullopt, unseen_ns(whole)};
    if (!watchers[service].empty()) {
      std::vector<Piece> pieces = pieces_of(plan, back, forward, service, markers[service]);
      auto [harm, step] = worst_harm(plan, pieces, watchers[service], looks, facts);
      of.harm_ns = std::min(harm, of.unseen_ns), of.harm_step = step;
    }
    facts.exposure.push_back(of);
  }
}

std::optional<Finding> over_budget(const Plan& plan, const plan::Facts& facts, int64_t budget_ns) {
  int64_t total = 0;
  std::vector<Moment> path;
  const plan::ExposureFacts* most = nullptr;
  for (const plan::ExposureFacts& one : facts.exposure) {
    if (!one.harm_ns) continue;
    if (!most || *one.harm_ns > *most->harm_ns) most = &one;
    std::string begins = begins_text(plan, one.harm_step);
    path.push_back({total, fmt::format("{} {}, until a regression{}{} is proven and taken back",
                                       plan::service_text(plan.services[one.service]),
                                       eval::duration_text(*one.harm_ns), begins.empty() ? "" : " that begins ",
                                       begins)});
    total = longer(total, *one.harm_ns);
  }
  if (total <= budget_ns || !most) return std::nullopt;
  Finding finding{Claim::Exposure, {}, {}, total, budget_ns, std::move(path)};
  finding.site.step = most->harm_step, finding.site.service = most->service;
  return finding;
}

}  // namespace rollout::verify
