#include "compiler/verify/exposure.h"

#include <algorithm>

#include <fmt/format.h>

#include "compiler/plan/pace.h"
#include "compiler/verify/cost.h"
#include "compiler/verify/watchers.h"

namespace rollout::verify {

using plan::Plan;
using plan::Step;
using plan::StepKind;
using plan::none;

namespace {

constexpr int crossings = 4;  // looks at the end of a hold, where a regression is proven only in a later one

/// As a duration of full traffic, rounded up.
int64_t full(int64_t share_ppb, int64_t ns) {
  return int64_t((__int128(share_ppb) * ns + eval::percent_all - 1) / eval::percent_all);
}

// ---- one service, from its first share to its last ----

/// From one step that acts on the service, or judges it, to the next.
struct Piece {
  uint32_t step = none;
  int64_t share_ppb = 0;     ///< the highest that may be set in it
  int64_t lasts_ns = 0;      ///< at most
  int64_t exposes_ns = 0;    ///< in it, at most
  int64_t back_ns = 0;       ///< until the share is taken back, if the run goes back in it
  int64_t control_ppb = 0;   ///< of a control
  int64_t blind_ns = 0;      ///< of a hold: how much longer it may last without evidence,
  int64_t extends_ns = 0;    ///< and while its gate gathers more
  int64_t asks_ns = 0;       ///< how long people may think about a verdict against the version
};

/// What one watcher makes of the pieces.
struct View {
  std::vector<size_t> hold_of;    ///< by piece: which of its holds, or nowhere
  std::vector<size_t> piece_of;   ///< by hold
  std::vector<Judged> evidence;   ///< by hold
  Detection detection;
  size_t next = 0;                ///< the first hold after the pieces that were looked at
  /// Of the piece that is looked at: how soon what begins with it is proven, until when that holds, where it ends.
  std::optional<Proven> fresh = {};
  int64_t steady_ns = 0, ends_ns = 0;
  int64_t spared_ns = 0;  ///< of the longest that it may last, where what begins late is to be proven only in the next
};
constexpr size_t nowhere = SIZE_MAX;

/// Of one piece: what users meet of a regression that begins in it, and how soon one that begins with it is proven.
struct Worst {
  int64_t exposes_ns = 0;
  std::optional<int64_t> proven_ns = 0;
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
    Portions portions;
    for (size_t k = 0; k < markers.size() && last_share != none; ++k) {
      const Step& step = plan_.steps[markers[k]];
      int64_t before = share;
      if (acts(markers[k]))
        share = share_set(step.action).value_or(share), back = share_back_ns(markers[k], last_share);
      if (acts(markers[k])) follow(step.action, portions);
      if (std::max(before, share) == 0) continue;
      uint32_t next = k + 1 < markers.size() ? markers[k + 1] : none;
      Piece piece{markers[k], std::max(before, share), between_ns(forward_, markers[k], next), 0, back};
      int64_t own = std::min(piece.lasts_ns, acts(markers[k]) ? cost_of(plan_, markers[k], true).worst_ns : 0);
      piece.exposes_ns = longer(full(piece.share_ppb, own), full(share, piece.lasts_ns - own));
      piece.control_ppb = portions.control_ppb;
      extend(step, piece);
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
  /// Also the piece in which it begins at its worst.
  std::optional<std::pair<int64_t, uint32_t>> harm(const Watchers& watchers, plan::Facts& facts) const {
    if (watchers.empty()) return std::nullopt;
    std::vector<Worst> worst(pieces_.size());
    for (size_t i = 0; i < watchers.size(); ++i) {
      auto same = [&](const Watcher& other) { return other.signal == watchers[i].signal; };
      if (std::any_of(watchers.begin(), watchers.begin() + long(i), same)) continue;
      std::vector<View> views;
      for (const Watcher& watcher : watchers)
        if (same(watcher)) views.push_back(view_of(watcher));
      for (size_t k = 0; k < worst.size(); ++k) worst[k] = worse_of(worst[k], look(views, k));
    }
    std::pair<int64_t, uint32_t> most{0, none};
    for (size_t k = 0; k < pieces_.size(); ++k) {
      if (worst[k].exposes_ns > most.first) most = {worst[k].exposes_ns, pieces_[k].step};
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
  /// A gate that is undecided goes on sampling; with several gates one may decide while another does not.
  void extend(const Step& step, Piece& piece) const {
    for (uint32_t index : step.gates) {
      const plan::Gate& gate = plan_.gates[index];
      if (gate.fail.then == plan::Fallback::Ask)
        piece.asks_ns = longer(piece.asks_ns, plan_.approvals[gate.fail.approval].timeout_ns);
      if (step.gates.size() > 1) continue;
      piece.blind_ns = std::max(gate.no_data.hold_ns, gate.error.hold_ns);
      piece.extends_ns = gate.undecided.hold_ns;
    }
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
    const plan::Condition& condition = plan_.conditions[watcher.condition];
    Claimed claimed = claimed_of(plan_, condition);
    std::vector<size_t> hold_of, piece_of;
    std::vector<Judged> evidence;
    for (size_t k = 0; k < pieces_.size(); ++k) {
      const Step& step = plan_.steps[pieces_[k].step];
      hold_of.push_back(nowhere);
      for (uint32_t index : step.gates) {
        const plan::Gate& gate = plan_.gates[index];
        bool judges = std::count(gate.conditions.begin(), gate.conditions.end(), watcher.condition) > 0;
        if (!judges || hold_of[k] != nowhere) continue;
        hold_of[k] = evidence.size();
        piece_of.push_back(k);
        evidence.push_back(judged(plan_, step, gate, condition, claimed, watcher.harm_ppb,
                                  {pieces_[k].share_ppb, pieces_[k].control_ppb}));
      }
    }
    Detection detection(evidence, claimed.needed, claimed.power);
    return {std::move(hold_of), std::move(piece_of), std::move(evidence), std::move(detection)};
  }

  /// Whenever the regression begins in the piece, whoever of the views proves it first takes it back.
  Worst look(std::vector<View>& views, size_t k) const {
    Worst worst{0, std::nullopt};
    std::vector<int64_t> begins = {0};
    int64_t spared = 0;
    for (View& view : views) enter(view, k, begins), spared = std::max(spared, spared_ns(view, k));
    for (View& view : views) view.spared_ns = spared;
    std::sort(begins.begin(), begins.end());
    for (size_t i = 0; i < begins.size(); ++i) {
      bool last = i + 1 == begins.size();
      if (!last && begins[i] == begins[i + 1]) continue;
      int64_t soonest = INT64_MAX;
      for (View& view : views)
        soonest = std::min(soonest, until_ns(view, k, begins[i], last ? begins[i] : begins[i + 1]));
      worst.exposes_ns = std::max(worst.exposes_ns, soonest);
    }
    for (View& view : views) {
      size_t hold = view.hold_of[k];
      if (hold == nowhere) continue;
      view.next = hold + 1;
      if (view.fresh) worst.proven_ns = std::min(worst.proven_ns.value_or(INT64_MAX), takes_ns(view, k, *view.fresh));
    }
    return worst;
  }

  /// Adds the moments of the piece at which its proof changes.
  void enter(View& view, size_t k, std::vector<int64_t>& begins) const {
    size_t at = view.hold_of[k];
    view.fresh = view.detection.proven(at == nowhere ? view.next : at, 0);
    view.steady_ns = view.ends_ns = 0;
    if (at == nowhere) return;
    const Judged& hold = view.evidence[at];
    view.ends_ns = std::min(int64_t(hold.blocks) * hold.sample_ns, pieces_[k].lasts_ns);
    // While enough of the hold is left, it is always as soon; a sample may be shared with what was before.
    if (view.fresh && view.fresh->hold == at)
      view.steady_ns = std::max<int64_t>(0, view.ends_ns - view.fresh->after_ns - hold.sample_ns);
    begins.push_back(view.steady_ns);
    int64_t width = std::max<int64_t>(1, (view.ends_ns - view.steady_ns) / crossings);
    for (int i = 1; i < crossings && view.steady_ns + i * width < view.ends_ns; ++i)
      begins.push_back(view.steady_ns + i * width);
    begins.push_back(view.ends_ns);
  }

  /// Exposure to a regression that begins so long after the beginning of a piece, in [from_ns, to_ns).
  int64_t until_ns(View& view, size_t k, int64_t from_ns, int64_t to_ns) const {
    size_t at = view.hold_of[k];
    if (at == nowhere) return exposes_ns(view, k, from_ns, view.fresh);
    const Judged& hold = view.evidence[at];
    if (to_ns <= view.steady_ns && view.fresh)
      return exposes_ns(view, k, 0, Proven{at, longer(view.fresh->after_ns, hold.sample_ns)});
    bool over = from_ns >= view.ends_ns;
    return exposes_ns(view, k, from_ns, view.detection.proven(over ? at + 1 : at, over ? 0 : to_ns));
  }

  int64_t exposes_ns(const View& view, size_t piece, int64_t from_ns, std::optional<Proven> proven) const {
    int64_t before = longer(exposed_[piece], full(pieces_[piece].share_ppb, from_ns));
    if (!proven || view.piece_of[proven->hold] != piece)
      before = longer(before, full(pieces_[piece].share_ppb, view.spared_ns));
    if (!proven) return longer(std::max<int64_t>(0, exposed_.back() - before), later_back_[piece]);
    size_t at = view.piece_of[proven->hold];
    int64_t seen = longer(longer(proven->after_ns, plan::max_look_ns), pieces_[at].asks_ns);
    int64_t all = longer(exposed_[at], full(pieces_[at].share_ppb, std::min(seen, pieces_[at].lasts_ns)));
    return longer(std::max<int64_t>(0, all - before), back_ns(at));
  }

  /// What comes too late in its hold to be proven in it is proven while the hold is longer than planned, by whichever
  /// view; only an end of the hold before that lets it into the next.
  int64_t spared_ns(const View& view, size_t piece) const {
    const Piece& of = pieces_[piece];
    size_t hold = view.hold_of[piece];
    if (hold == nowhere || !view.fresh || view.fresh->hold != hold) return 0;
    int64_t proves_ns = longer(longer(view.fresh->after_ns, view.evidence[hold].sample_ns), plan::max_look_ns);
    return std::max<int64_t>(0, std::max(of.extends_ns, of.blind_ns) - std::max(of.blind_ns, proves_ns));
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
    plan::ExposureFacts of{service, std::nullopt, exposed.unseen_ns()};
    if (auto harm = exposed.harm(watchers[service], facts))
      of.harm_ns = std::min(harm->first, of.unseen_ns), of.harm_step = harm->second;
    facts.exposure.push_back(of);
  }
}

std::optional<Finding> over_budget(const Plan& plan, const plan::Facts& facts, int64_t budget_ns) {
  int64_t total = 0;
  std::vector<Moment> path;
  for (const plan::ExposureFacts& one : facts.exposure) {
    if (!one.harm_ns) continue;
    std::string begins = begins_text(plan, one.harm_step);
    path.push_back({total, fmt::format("{} {}, until a regression{}{} is proven and taken back",
                                       plan::service_text(plan.services[one.service]),
                                       eval::duration_text(*one.harm_ns), begins.empty() ? "" : " that begins ",
                                       begins)});
    total = longer(total, *one.harm_ns);
  }
  if (total <= budget_ns) return std::nullopt;
  return Finding{Claim::Exposure, {}, {}, total, budget_ns, std::move(path)};
}

}  // namespace rollout::verify
