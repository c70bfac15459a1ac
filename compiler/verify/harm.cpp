#include "compiler/verify/harm.h"

#include <algorithm>
#include <cmath>
#include <map>

#include "compiler/plan/cost.h"
#include "compiler/plan/pace.h"

namespace rollout::verify {

using plan::Plan;
using plan::Step;
using plan::longer;
using plan::none;

namespace {

constexpr int crossings = 4;  // looks at the end of a hold, where a regression is proven only in a later one
constexpr size_t nowhere = SIZE_MAX;

/// What one watcher makes of the pieces. A hold is a piece in which it looks.
struct View {
  std::vector<size_t> hold_of;    ///< by piece: which of its holds, or nowhere
  std::vector<size_t> piece_of;   ///< by hold
  std::vector<Judged> evidence;   ///< by hold
  Detection detection;
  bool asks = false;              ///< people are asked about what it proves
  size_t next = 0;                ///< the first hold after the pieces that were looked at
  /// Of the piece that is looked at: how soon what begins with it is proven, until when that holds, where it ends.
  std::optional<Proven> fresh = {};
  int64_t steady_ns = 0, ends_ns = 0;
  int64_t spared_ns = 0;  ///< of the longest that it may last, where what begins late is to be proven only in the next
};

/// Of one piece: what users meet of a regression that begins in it, and how soon one that begins with it is proven.
struct Worst {
  int64_t exposes_ns = 0;
  std::optional<int64_t> proven_ns = 0;
};

/// A regression of one signal, and all who look at it.
class Harm {
 public:
  Harm(const Plan& plan, const std::vector<Piece>& pieces, Looks& looks, const std::vector<Watcher>& watchers)
      : plan_(plan), pieces_(pieces), caps_(pieces.size(), INT64_MAX) {
    for (const Watcher& watcher : watchers) views_.push_back(view_of(watcher, looks));
    sum();
  }

  /// Pieces must be asked about in order. Whoever of the views proves the regression first takes it back.
  Worst look(size_t k) {
    Worst worst{0, std::nullopt};
    std::vector<int64_t> begins = {0};
    int64_t spared = 0;
    for (View& view : views_) enter(view, k, begins), spared = std::max(spared, spared_ns(view, k));
    for (View& view : views_) view.spared_ns = spared;
    std::sort(begins.begin(), begins.end());
    for (size_t i = 0; i < begins.size(); ++i) {
      bool last = i + 1 == begins.size();
      if (!last && begins[i] == begins[i + 1]) continue;
      int64_t soonest = INT64_MAX;
      for (View& view : views_)
        soonest = std::min(soonest, until_ns(view, k, begins[i], last ? begins[i] : begins[i + 1]));
      worst.exposes_ns = std::max(worst.exposes_ns, soonest);
    }
    for (View& view : views_) {
      size_t hold = view.hold_of[k];
      if (hold == nowhere) continue;
      view.next = hold + 1;
      if (view.fresh) worst.proven_ns = std::min(worst.proven_ns.value_or(INT64_MAX), takes_ns(view, k, *view.fresh));
    }
    return worst;
  }

 private:
  View view_of(const Watcher& watcher, Looks& looks) {
    const plan::Condition& condition = plan_.conditions[watcher.condition];
    Claimed claimed = claimed_of(plan_, condition);
    std::vector<size_t> hold_of(pieces_.size(), nowhere), piece_of;
    std::vector<Judged> evidence;
    std::map<std::pair<int64_t, Portions>, judge::Growth> known;
    double alone_spread = judge::normal_quantile(claimed.power);
    auto add = [&](size_t k, double blocks, int64_t sample_ns) {
      if (hold_of[k] != nowhere) return;
      sample_ns = std::max<int64_t>(1, sample_ns);
      Portions portions = pieces_[k].portions;
      auto [growth, fresh] = known.try_emplace({sample_ns, portions});
      if (fresh) growth->second = growth_of(plan_, condition, claimed, watcher.harm_ppb, sample_ns, portions);
      hold_of[k] = evidence.size();
      piece_of.push_back(k);
      evidence.push_back({blocks, sample_ns, growth->second.mean, growth->second.variance});
      cap(k, evidence.back(), claimed.needed, alone_spread, watcher.watch == none);
    };
    if (watcher.watch == none) judge(watcher.condition, add);
    else watch(watcher.watch, looks, add);
    Detection detection(evidence, claimed.needed, claimed.power);
    return {std::move(hold_of), std::move(piece_of), std::move(evidence), std::move(detection), watcher.watch == none};
  }
  template <typename Add>
  void judge(uint32_t condition, Add add) const {
    for (size_t k = 0; k < pieces_.size(); ++k) {
      const Step& step = plan_.steps[pieces_[k].step];
      for (uint32_t index : step.gates) {
        const plan::Gate& gate = plan_.gates[index];
        if (std::count(gate.conditions.begin(), gate.conditions.end(), condition) > 0)
          add(k, samples_in(step, gate), gate.sample_ns);
      }
    }
  }
  template <typename Add>
  void watch(uint32_t index, Looks& looks, Add add) const {
    size_t k = 0;
    for (uint32_t step : looks.under(index)) {
      while (k < pieces_.size() && pieces_[k].step < step) ++k;
      if (k < pieces_.size() && pieces_[k].step == step)
        add(k, looks.samples(index, step), plan_.watches[index].sample_ns);
    }
  }

  /// How long a piece may last until what was there before it is proven in it alone.
  void cap(size_t k, const Judged& look, double needed, double spread, bool asks) {
    if (look.mean <= 0) return;
    double root = spread * std::sqrt(look.variance);
    root = (root + std::sqrt(root * root + 4 * look.mean * needed)) / (2 * look.mean);
    double blocks = std::ceil(root * root);
    if (blocks * double(look.sample_ns) >= double(pieces_[k].looked_ns)) return;
    int64_t ns = longer(int64_t(blocks) * look.sample_ns, longer(plan::max_look_ns, pieces_[k].dark_ns));
    caps_[k] = std::min(caps_[k], longer(ns, asks ? pieces_[k].asks_ns : 0));
  }
  int64_t capped_ns(size_t k) const {
    return pieces_[k].lasts_ns - pieces_[k].looked_ns + std::min(pieces_[k].looked_ns, caps_[k]);
  }
  int64_t back_ns(size_t k) const { return full(pieces_[k].share_ppb, pieces_[k].back_ns); }

  void sum() {
    size_t count = pieces_.size();
    exposed_.assign(1, 0), passed_.assign(1, 0), peak_.assign(1, 0);
    for (size_t k = 0; k < count; ++k) {
      int64_t exposes = std::min(pieces_[k].exposes_ns, full(pieces_[k].share_ppb, capped_ns(k)));
      exposed_.push_back(longer(exposed_.back(), exposes));
      passed_.push_back(longer(passed_.back(), capped_ns(k)));
      bool capped = caps_[k] < pieces_[k].looked_ns;
      peak_.push_back(std::max(peak_.back(), capped ? longer(exposed_.back(), back_ns(k)) : 0));
    }
    later_back_.assign(count + 1, 0);
    for (size_t k = count; k-- > 0;) later_back_[k] = std::max(later_back_[k + 1], back_ns(k));
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

  int64_t exposes_ns(const View& view, size_t k, int64_t from_ns, std::optional<Proven> proven) const {
    if (proven && view.piece_of[proven->hold] == k) {
      int64_t met = full(pieces_[k].share_ppb, seen_ns(view, *proven)) - full(pieces_[k].share_ppb, from_ns);
      return longer(met, back_ns(k));
    }
    int64_t here = inside_ns(view, k, from_ns), before = exposed_[k + 1];
    if (!proven) return longer(longer(here, exposed_.back() - before), later_back_[k]);
    size_t at = view.piece_of[proven->hold];
    int64_t met = longer(exposed_[at], full(pieces_[at].share_ppb, seen_ns(view, *proven)));
    // On the way, what lasts for longer than a proof in it takes goes back from there.
    return longer(here, std::max(longer(met, back_ns(at)), peak_[at]) - before);
  }
  /// From the beginning of the piece in which it is proven.
  int64_t seen_ns(const View& view, const Proven& proven) const {
    const Piece& piece = pieces_[view.piece_of[proven.hold]];
    int64_t asks = view.asks ? piece.asks_ns : 0;
    return std::min(longer(longer(proven.after_ns, plan::max_look_ns), asks), piece.lasts_ns);
  }
  /// Of the piece in which it begins, where it is not proven there.
  int64_t inside_ns(const View& view, size_t k, int64_t from_ns) const {
    const Piece& piece = pieces_[k];
    int64_t left = piece.exposes_ns - full(piece.share_ppb, from_ns) - full(piece.share_ppb, view.spared_ns);
    // A sample is shared with what was before.
    if (caps_[k] < piece.looked_ns)
      left = std::min(left, full(piece.share_ppb, longer(capped_ns(k), longest_sample_ns(k))));
    return std::max<int64_t>(0, left);
  }
  int64_t longest_sample_ns(size_t k) const {
    int64_t most = 0;
    for (const View& view : views_)
      if (view.hold_of[k] != nowhere) most = std::max(most, view.evidence[view.hold_of[k]].sample_ns);
    return most;
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

  const Plan& plan_;
  const std::vector<Piece>& pieces_;
  std::vector<View> views_;
  std::vector<int64_t> caps_;              ///< by piece: looked at for so long it proves what was there before it
  std::vector<int64_t> exposed_, passed_;  ///< before each piece
  std::vector<int64_t> peak_;              ///< before each piece: where a proof in one of those before is the worst
  std::vector<int64_t> later_back_;        ///< by piece: what a way back from it, or from a later one, exposes at most
};

Worst worse_of(const Worst& a, const Worst& b) {
  bool proven = a.proven_ns && b.proven_ns;
  return {std::max(a.exposes_ns, b.exposes_ns),
          proven ? std::optional(std::max(*a.proven_ns, *b.proven_ns)) : std::nullopt};
}

}  // namespace

std::pair<int64_t, uint32_t> worst_harm(const Plan& plan, const std::vector<Piece>& pieces, const Watchers& watchers,
                                        Looks& looks, plan::Facts& facts) {
  std::vector<Worst> worst(pieces.size());
  for (size_t i = 0; i < watchers.size(); ++i) {
    auto same = [&](const Watcher& other) { return other.signal == watchers[i].signal; };
    if (std::any_of(watchers.begin(), watchers.begin() + long(i), same)) continue;
    Watchers of_signal;
    std::copy_if(watchers.begin(), watchers.end(), std::back_inserter(of_signal), same);
    Harm harm(plan, pieces, looks, of_signal);
    for (size_t k = 0; k < worst.size(); ++k) worst[k] = worse_of(worst[k], harm.look(k));
  }
  std::pair<int64_t, uint32_t> most{0, none};
  for (size_t k = 0; k < pieces.size(); ++k) {
    if (worst[k].exposes_ns > most.first) most = {worst[k].exposes_ns, pieces[k].step};
    if (worst[k].proven_ns) facts.detect_ns = std::max(facts.detect_ns.value_or(0), *worst[k].proven_ns);
    uint32_t phase = plan.steps[pieces[k].step].phase;
    if (phase == none) continue;
    plan::PhaseFacts& of = facts.phases[phase];
    of.harm_ns = std::max(of.harm_ns.value_or(0), worst[k].exposes_ns);
    if (!of.detect_ns) of.detect_ns = worst[k].proven_ns;
  }
  return most;
}

}  // namespace rollout::verify
