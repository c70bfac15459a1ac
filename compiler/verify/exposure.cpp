#include "compiler/verify/exposure.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "compiler/judge/power.h"
#include "compiler/plan/pace.h"
#include "compiler/verify/cost.h"
#include "compiler/verify/detection.h"

namespace rollout::verify {

using plan::Plan;
using plan::Step;
using plan::StepKind;
using plan::none;

namespace {

constexpr size_t max_watchers = 4;  // of one service, those that judge longest
constexpr int crossings = 4;  // looks at the end of a hold, where a regression is proven only in a later one

std::optional<int64_t> share_set(const plan::Action& action) {
  for (const plan::Setting& set : action.sets)
    if ((set.variable == plan::Variable::Share && set.role == plan::Role::Canary) ||
        set.variable == plan::Variable::Flag)
      return std::clamp<int64_t>(set.value.number, 0, eval::percent_all);
  return std::nullopt;
}

/// As a duration of full traffic, rounded up.
int64_t full(int64_t share_ppb, int64_t ns) {
  return int64_t((__int128(share_ppb) * ns + eval::percent_all - 1) / eval::percent_all);
}

// ---- which condition sees the harm ----

/// A proof that judges a service for its `harm`.
struct Watcher {
  uint32_t condition = none;
  uint32_t signal = none;
  int64_t harm_ppb = 0;
  double samples = 0;
};

bool can_prove(const Plan& plan, const plan::Condition& condition) {
  bool upward = condition.comparison == plan::Comparison::Greater ||
                condition.comparison == plan::Comparison::GreaterEqual;
  bool counts = plan.signals[condition.left.signal].evidence == plan::Evidence::Counts;
  if (condition.baseline != none) return false;  // what the past was like, no plan says
  bool own = condition.right ? condition.left.role == plan::Role::Canary &&
                                   condition.right->role == plan::Role::Stable &&
                                   condition.right->signal == condition.left.signal
                             : condition.left.role != plan::Role::Stable;
  return condition.kind == plan::ConditionKind::Reject && condition.proven_ppb > 0 &&
         condition.proven_ppb < eval::percent_all && upward && counts && own &&
         condition.factor >= 0 && condition.offset >= 0;
}

double samples_in(const Step& step, const plan::Gate& gate) {
  return std::floor(double(step.hold_ns) / double(std::max<int64_t>(1, gate.sample_ns)));
}

using Watchers = std::vector<Watcher>;

/// By signal: the smallest harm that a gate declares; 0: none does.
std::vector<int64_t> harms_of(const Plan& plan) {
  std::vector<int64_t> harms(plan.signals.size());
  for (const plan::Gate& gate : plan.gates) {
    if (gate.harm_ppb <= 0 || !gate.harm_of) continue;
    int64_t& harm = harms[gate.harm_of->signal];
    harm = harm == 0 ? gate.harm_ppb : std::min(harm, gate.harm_ppb);
  }
  return harms;
}

/// By service; without declared traffic nothing is known of its evidence.
std::vector<Watchers> watchers_of(const Plan& plan) {
  std::vector<int64_t> harms = harms_of(plan);
  std::vector<Watcher> known(plan.conditions.size());
  for (const Step& step : plan.steps) {
    if (step.kind != StepKind::Hold) continue;
    for (uint32_t index : step.gates)
      for (uint32_t condition : plan.gates[index].conditions) {
        uint32_t signal = plan.conditions[condition].left.signal;
        int64_t harm = harms[signal];
        if (harm == 0 || !can_prove(plan, plan.conditions[condition])) continue;
        known[condition] = {condition, signal, harm, known[condition].samples + samples_in(step, plan.gates[index])};
      }
  }
  std::vector<Watchers> all(plan.services.size());
  for (const Watcher& one : known) {
    if (one.condition == none) continue;
    uint32_t service = plan.signals[one.signal].service;
    if (plan.services[service].traffic_uhz > 0) all[service].push_back(one);
  }
  for (Watchers& of : all) {
    std::stable_sort(of.begin(), of.end(), [](const Watcher& a, const Watcher& b) { return a.samples > b.samples; });
    if (of.size() > max_watchers) of.resize(max_watchers);
  }
  // Of a harm that nothing proves nobody says when it is seen.
  for (uint32_t signal = 0; signal < plan.signals.size(); ++signal) {
    Watchers& of = all[plan.signals[signal].service];
    bool proven = std::any_of(of.begin(), of.end(), [&](const Watcher& one) { return one.signal == signal; });
    if (harms[signal] > 0 && !proven) of.clear();
  }
  return all;
}

judge::Hypothesis claim_of(const plan::Condition& condition) {
  return {condition.right ? condition.factor : 0, condition.offset / double(eval::percent_all), true};
}

Judged judged(const Plan& plan, uint32_t service, const Step& step, const plan::Gate& gate, const Watcher& watcher,
              int64_t share_ppb) {
  const plan::Condition& condition = plan.conditions[watcher.condition];
  double share = double(share_ppb) / double(eval::percent_all), harm = double(watcher.harm_ppb) / 1e9;
  int64_t sample_ns = std::max<int64_t>(1, gate.sample_ns);
  double requests = double(plan.services[service].traffic_uhz) / 1e6 * double(sample_ns) / double(eval::ns_per_s);
  bool all = condition.left.role == plan::Role::All;
  judge::Traffic traffic{all ? requests : requests * share, requests * (1 - share), assumed_rate};
  judge::Rates truth{judge::inner_rate(assumed_rate + (all ? share * harm : harm)), judge::inner_rate(assumed_rate)};
  judge::Growth growth = judge::growth_per_block(claim_of(condition), traffic, truth);
  return {samples_in(step, gate), sample_ns, growth.mean, growth.variance};
}

// ---- one service, from its first share to its last ----

/// From one step that acts on the service, or judges it, to the next.
struct Piece {
  uint32_t step = none;
  int64_t share_ppb = 0;     ///< the highest that may be set in it
  int64_t lasts_ns = 0;      ///< at most
  int64_t exposes_ns = 0;    ///< in it, at most
  int64_t back_ns = 0;       ///< until the share is taken back, if the run goes back in it
};

/// What one watcher makes of the pieces.
struct View {
  std::vector<size_t> hold_of;    ///< by piece: which of its holds, or nowhere
  std::vector<size_t> piece_of;   ///< by hold
  std::vector<Judged> evidence;   ///< by hold
};
constexpr size_t nowhere = SIZE_MAX;

/// Of one piece: what users meet of a regression that begins in it, and how soon one that begins with it is proven.
struct Worst {
  int64_t exposes_ns = INT64_MAX;
  std::optional<int64_t> proven_ns;
};

/// By service: the steps that act on it, or judge it for its harm, in order.
std::vector<std::vector<uint32_t>> markers_of(const Plan& plan, const std::vector<Watchers>& watchers) {
  std::vector<std::vector<uint32_t>> markers(plan.services.size());
  auto add = [&](uint32_t service, uint32_t step) {
    if (markers[service].empty() || markers[service].back() != step) markers[service].push_back(step);
  };
  for (uint32_t i = 0; i < plan.steps.size(); ++i) {
    const Step& step = plan.steps[i];
    if (step.kind == StepKind::Act) add(step.action.service, i);
    if (step.kind != StepKind::Hold) continue;
    for (uint32_t index : step.gates)
      for (uint32_t condition : plan.gates[index].conditions) {
        uint32_t service = plan.signals[plan.conditions[condition].left.signal].service;
        for (const Watcher& one : watchers[service])
          if (one.condition == condition) add(service, i);
      }
  }
  return markers;
}

class Exposed {
 public:
  Exposed(const Plan& plan, const Back& back, const Forward& forward, uint32_t service)
      : plan_(plan), back_(back), forward_(forward), service_(service) {}

  void read(const std::vector<uint32_t>& markers) {
    uint32_t last_share = none;
    for (uint32_t marker : markers)
      if (acts(marker) && share_set(plan_.steps[marker].action)) last_share = marker;
    int64_t share = 0, back = 0;
    for (size_t k = 0; k < markers.size() && last_share != none; ++k) {
      const Step& step = plan_.steps[markers[k]];
      int64_t before = share;
      if (acts(markers[k]))
        share = share_set(step.action).value_or(share), back = share_back_ns(markers[k], last_share);
      if (std::max(before, share) == 0) continue;
      uint32_t next = k + 1 < markers.size() ? markers[k + 1] : none;
      Piece piece{markers[k], std::max(before, share), between_ns(forward_, markers[k], next), 0, back};
      int64_t own = std::min(piece.lasts_ns, acts(markers[k]) ? cost_of(plan_, markers[k], true).worst_ns : 0);
      piece.exposes_ns = longer(full(piece.share_ppb, own), full(share, piece.lasts_ns - own));
      pieces_.push_back(piece);
    }
    sum();
  }

  bool any() const { return !pieces_.empty(); }
  int64_t unseen_ns() const {
    int64_t most = 0;
    for (size_t k = 0; k < pieces_.size(); ++k) most = std::max(most, longer(exposed_[k + 1], back_ns(k)));
    return most;
  }

  /// Of a regression as large as the harm, whenever it begins and of whichever signal; the first proof takes it back.
  std::optional<int64_t> harm_ns(const Watchers& watchers, plan::Facts& facts) const {
    if (watchers.empty()) return std::nullopt;
    std::vector<Worst> worst(pieces_.size(), Worst{0, 0});
    for (size_t i = 0; i < watchers.size(); ++i) {
      auto same = [&](const Watcher& other) { return other.signal == watchers[i].signal; };
      if (std::any_of(watchers.begin(), watchers.begin() + long(i), same)) continue;
      std::vector<Worst> of_signal(pieces_.size());
      for (const Watcher& watcher : watchers)
        if (same(watcher)) look(watcher, of_signal);
      for (size_t k = 0; k < worst.size(); ++k) worst[k] = worse_of(worst[k], of_signal[k]);
    }
    int64_t most = 0;
    for (size_t k = 0; k < pieces_.size(); ++k) {
      most = std::max(most, worst[k].exposes_ns);
      if (worst[k].proven_ns) facts.detect_ns = std::max(facts.detect_ns.value_or(0), *worst[k].proven_ns);
      uint32_t phase = plan_.steps[pieces_[k].step].phase;
      if (phase == none) continue;
      plan::PhaseFacts& of = facts.phases[phase];
      of.harm_ns = std::max(of.harm_ns.value_or(0), worst[k].exposes_ns);
      if (!of.detect_ns) of.detect_ns = worst[k].proven_ns;
    }
    return most;
  }

 private:
  static Worst worse_of(const Worst& a, const Worst& b) {
    bool proven = a.proven_ns && b.proven_ns;
    return {std::max(a.exposes_ns, b.exposes_ns),
            proven ? std::optional(std::max(*a.proven_ns, *b.proven_ns)) : std::nullopt};
  }
  bool acts(uint32_t step) const { return plan_.steps[step].kind == StepKind::Act; }

  void sum() {
    exposed_.push_back(0), passed_.push_back(0);
    for (size_t k = 0; k < pieces_.size(); ++k) {
      exposed_.push_back(longer(exposed_.back(), pieces_[k].exposes_ns));
      passed_.push_back(longer(passed_.back(), pieces_[k].lasts_ns));
    }
    later_back_.assign(pieces_.size() + 1, 0);
    for (size_t k = pieces_.size(); k-- > 0;) later_back_[k] = std::max(later_back_[k + 1], back_ns(k));
  }
  int64_t back_ns(size_t piece) const { return full(pieces_[piece].share_ppb, pieces_[piece].back_ns); }

  View view_of(const Watcher& watcher) const {
    View view;
    for (size_t k = 0; k < pieces_.size(); ++k) {
      const Step& step = plan_.steps[pieces_[k].step];
      view.hold_of.push_back(nowhere);
      for (uint32_t index : step.gates) {
        const plan::Gate& gate = plan_.gates[index];
        bool judges = std::count(gate.conditions.begin(), gate.conditions.end(), watcher.condition) > 0;
        if (!judges || view.hold_of[k] != nowhere) continue;
        view.hold_of[k] = view.evidence.size();
        view.piece_of.push_back(k);
        view.evidence.push_back(judged(plan_, service_, step, gate, watcher, pieces_[k].share_ppb));
      }
    }
    return view;
  }

  void look(const Watcher& watcher, std::vector<Worst>& worst) const {
    View view = view_of(watcher);
    const plan::Condition& condition = plan_.conditions[watcher.condition];
    double start = 0.5 / double(std::max<int64_t>(1, condition.planned_blocks - 1));
    double sure = double(condition.proven_ppb) / double(eval::percent_all);
    Detection detection(view.evidence, judge::evidence_needed(claim_of(condition), sure, start));
    size_t next = 0;
    for (size_t k = 0; k < pieces_.size(); ++k) {
      size_t hold = view.hold_of[k];
      std::optional<Proven> fresh = detection.proven(hold == nowhere ? next : hold, 0);
      int64_t exposes = hold == nowhere ? until_ns(view, k, 0, fresh) : in_hold_ns(view, k, fresh, detection);
      worst[k].exposes_ns = std::min(worst[k].exposes_ns, exposes);
      if (hold == nowhere) continue;
      next = hold + 1;
      if (fresh) worst[k].proven_ns = std::min(worst[k].proven_ns.value_or(INT64_MAX), takes_ns(view, k, *fresh));
    }
  }

  /// Exposure to a regression that begins `from_ns` after the beginning of a piece.
  int64_t until_ns(const View& view, size_t piece, int64_t from_ns, std::optional<Proven> proven) const {
    int64_t before = longer(exposed_[piece], full(pieces_[piece].share_ppb, from_ns));
    if (!proven) return longer(std::max<int64_t>(0, exposed_.back() - before), later_back_[piece]);
    size_t at = view.piece_of[proven->hold];
    int64_t seen = longer(proven->after_ns, plan::max_look_ns);
    int64_t all = longer(exposed_[at], full(pieces_[at].share_ppb, std::min(seen, pieces_[at].lasts_ns)));
    return longer(std::max<int64_t>(0, all - before), back_ns(at));
  }

  int64_t in_hold_ns(const View& view, size_t k, std::optional<Proven> fresh, Detection& detection) const {
    size_t at = view.hold_of[k];
    const Judged& hold = view.evidence[at];
    int64_t ends = std::min(int64_t(hold.blocks) * hold.sample_ns, pieces_[k].lasts_ns);
    // While enough of the hold is left, it is always as soon; a sample may be shared with what was before.
    bool here = fresh && fresh->hold == at;
    int64_t from = here ? std::max<int64_t>(0, ends - fresh->after_ns - hold.sample_ns) : 0;
    int64_t most = here ? until_ns(view, k, 0, Proven{at, longer(fresh->after_ns, hold.sample_ns)}) : 0;
    int64_t width = std::max<int64_t>(1, (ends - from) / crossings);
    for (int i = 1; i <= crossings && from < ends; ++i) {
      int64_t to = i == crossings ? ends : std::min(ends, from + width);
      most = std::max(most, until_ns(view, k, from, detection.proven(at, to)));
      from = to;
    }
    return std::max(most, until_ns(view, k, ends, detection.proven(at + 1, 0)));
  }

  int64_t takes_ns(const View& view, size_t k, const Proven& proven) const {
    return longer(passed_[view.piece_of[proven.hold]] - passed_[k], longer(proven.after_ns, plan::max_look_ns));
  }

  /// Until the share is taken back, once `step` has begun: after what was built upon the service, and with what stands
  /// before it in its own list. What begins only after `last_share` has not begun yet.
  int64_t share_back_ns(uint32_t step, uint32_t last_share) const {
    int64_t most = part_ns(back_.runs[back_.run_of[step]], step, last_share);
    for (const plan::ScopeUndo& own : plan_.steps[step].scope_rollback)
      most = std::max(most, part_ns(back_.scopes[own.scope], step, last_share));
    return most;
  }
  int64_t part_ns(const Region& region, uint32_t step, uint32_t last_share) const {
    auto found = region.entry_of.find(service_);
    if (found == region.entry_of.end()) return 0;
    int64_t before = region.lock_ns;
    for (uint32_t other : region.way[found->second].after) {
      uint32_t first = region.way[other].first_step;
      uint32_t joint = first == 0 ? none : forward_.joint[first - 1];
      if (joint == none || joint < last_share) before = std::max(before, region.done_ns[other]);
    }
    for (uint32_t undo : undo_to(plan_.steps[step], region.scope)) {
      before = longer(before, attempts_ns(plan_.undo[undo]));
      if (share_set(plan_.undo[undo])) break;
    }
    return before;
  }

  const Plan& plan_;
  const Back& back_;
  const Forward& forward_;
  uint32_t service_;
  std::vector<Piece> pieces_;
  std::vector<int64_t> exposed_, passed_;  ///< before each piece
  std::vector<int64_t> later_back_;        ///< by piece: what a way back from it, or from a later one, exposes at most
};

}  // namespace

void prove_exposure(const Plan& plan, const Back& back, const Forward& forward, plan::Facts& facts) {
  std::vector<Watchers> watchers = watchers_of(plan);
  std::vector<std::vector<uint32_t>> markers = markers_of(plan, watchers);
  for (uint32_t service = 0; service < plan.services.size(); ++service) {
    Exposed exposed(plan, back, forward, service);
    exposed.read(markers[service]);
    if (!exposed.any()) continue;
    int64_t unseen = exposed.unseen_ns();
    std::optional<int64_t> harm = exposed.harm_ns(watchers[service], facts);
    facts.exposure.push_back({service, harm ? std::optional(std::min(*harm, unseen)) : harm, unseen});
  }
}

std::optional<Finding> over_budget(const Plan& plan, const plan::Facts& facts, int64_t budget_ns) {
  int64_t total = 0;
  std::vector<Moment> path;
  for (const plan::ExposureFacts& one : facts.exposure) {
    if (!one.harm_ns) continue;
    path.push_back({total, fmt::format("{} {}, until its regression is proven and taken back",
                                       plan::service_text(plan.services[one.service]),
                                       eval::duration_text(*one.harm_ns))});
    total = longer(total, *one.harm_ns);
  }
  if (total <= budget_ns) return std::nullopt;
  return Finding{Claim::Exposure, {}, {}, total, budget_ns, std::move(path)};
}

}  // namespace rollout::verify
