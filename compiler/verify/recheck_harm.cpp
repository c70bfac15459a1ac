#include "compiler/verify/recheck_harm.h"

#include <algorithm>
#include <cmath>

#include "compiler/plan/pace.h"

namespace rollout::verify {

using plan::Plan;

namespace {

constexpr int parts = 4;  // of the end of a hold, in which a regression is proven only later: as docs/proofs.md says

int64_t part(const Span& span, int64_t ns) { return capped(part_of(span.share, ns)); }

}  // namespace

Harm::Harm(const Plan& plan, const std::vector<Span>& spans, uint32_t signal, int64_t harm_ppb,
           const std::vector<Looker>& lookers)
    : spans_(spans) {
  double rise = double(harm_ppb) / double(eval::percent_all);
  for (const Looker& one : lookers)
    if (plan.conditions[one.condition].left.signal == signal) views_.push_back(view_of(plan, one, rise));
  sum();
}

Harm::View Harm::view_of(const Plan& plan, const Looker& looker, double rise) const {
  View view;
  view.gate = looker.gate;
  view.at.resize(spans_.size());
  std::map<std::pair<int64_t, Shares>, judge::Growth> known;
  auto last = known.end();
  size_t k = 0;
  for (const Look& look : looker.looks) {
    while (k < spans_.size() && spans_[k].step < look.step) ++k;
    if (k == spans_.size()) break;
    if (spans_[k].step != look.step) continue;
    int64_t sample = std::max<int64_t>(1, look.sample_ns);
    if (last == known.end() || last->first != std::pair(sample, spans_[k].shares)) {
      bool fresh = false;
      std::tie(last, fresh) = known.try_emplace({sample, spans_[k].shares});
      if (fresh) {
        judge::Sight sight = sight_of(plan, plan.conditions[looker.condition], sample, sample, spans_[k].shares);
        view.needed = sight.needed, view.sure = judge::normal_quantile(sight.power);
        last->second = growth_of(sight, rise);
      }
    }
    view.at[k] = {true, sample, look.blocks, last->second.mean, last->second.variance};
  }
  view.means.assign(1, 0), view.spreads.assign(1, 0);
  for (const Seen& one : view.at) {
    view.means.push_back(view.means.back() + one.blocks * one.mean);
    view.spreads.push_back(view.spreads.back() + one.blocks * one.spread);
  }
  return view;
}

/// Of what was there before the span: how long the span lasts until its own samples prove it.
int64_t Harm::alone(const View& view, size_t k) const {
  const Seen& at = view.at[k];
  if (!at.looks || at.mean <= 0) return INT64_MAX;
  double root = view.sure * std::sqrt(at.spread);
  root = (root + std::sqrt(root * root + 4 * at.mean * view.needed)) / (2 * at.mean);
  double blocks = std::ceil(root * root);
  if (blocks * double(at.sample) >= double(spans_[k].looked)) return INT64_MAX;
  int64_t ns = plus(int64_t(blocks) * at.sample, plus(plan::max_look_ns, spans_[k].dark));
  return plus(ns, view.gate ? spans_[k].asks : 0);
}

void Harm::sum() {
  met_.assign(1, 0), passed_.assign(1, 0), peak_.assign(1, 0);
  for (size_t k = 0; k < spans_.size(); ++k) {
    const Span& span = spans_[k];
    int64_t own = INT64_MAX;
    for (const View& view : views_) own = std::min(own, alone(view, k));
    cut_.push_back(own < span.looked);
    longest_.push_back(span.lasts - span.looked + std::min(span.looked, own));
    met_.push_back(plus(met_.back(), std::min(span.exposes, part(span, longest_.back()))));
    passed_.push_back(plus(passed_.back(), longest_.back()));
    peak_.push_back(std::max(peak_.back(), cut_.back() ? plus(met_.back(), span.back) : 0));
  }
  streak_.assign(spans_.size() + 1, 0);
  for (size_t k = spans_.size(); k-- > 2;) streak_[k] = is_alike(k, k - 2) ? streak_[k + 1] + 1 : 0;
  later_back_.assign(spans_.size() + 1, 0);
  for (size_t k = spans_.size(); k-- > 0;) later_back_[k] = std::max(later_back_[k + 1], spans_[k].back);
}

/// A sample that is shared with what was before the regression counts for nothing.
std::optional<Harm::Proof> Harm::View::proof(size_t k, int64_t from) {
  if (k >= at.size()) return std::nullopt;
  double missed = std::min(at[k].blocks, std::ceil(double(from) / double(at[k].sample)));
  double mean = means[k] + missed * at[k].mean, spread = spreads[k] + missed * at[k].spread;
  auto enough = [&](double means_to, double spreads_to) {
    return means_to - mean - sure * std::sqrt(std::max(0.0, spreads_to - spread)) >= needed;
  };
  reached = std::max(reached, k);
  while (reached < at.size() && !(at[reached].looks && enough(means[reached + 1], spreads[reached + 1]))) ++reached;
  if (reached == at.size()) return std::nullopt;
  const Seen& last = at[reached];
  double few = reached == k ? missed : 0, many = last.blocks;
  while (many - few > 1) {
    double middle = std::floor((few + many) / 2);
    (enough(means[reached] + middle * last.mean, spreads[reached] + middle * last.spread) ? many : few) = middle;
  }
  return Proof{reached, int64_t(many) * last.sample};
}

/// What of the span is left when it is longer than planned: what begins too late to be proven in it is proven in that
/// time, and only an end of the hold before it lets it into the next.
int64_t Harm::enter(View& view, size_t k) const {
  const Seen& at = view.at[k];
  const Span& span = spans_[k];
  view.fresh = view.proof(k, 0), view.steady = view.ends = 0;
  if (!at.looks) return 0;
  view.ends = std::min(int64_t(at.blocks) * at.sample, span.lasts);
  if (!view.fresh || view.fresh->span != k) return 0;
  view.steady = std::max<int64_t>(0, view.ends - view.fresh->after - at.sample);
  int64_t proves = plus(plus(view.fresh->after, at.sample), plan::max_look_ns);
  return std::max<int64_t>(0, std::max(span.extends, span.blind) - std::max(span.blind, proves));
}

bool Harm::is_alike(size_t k, size_t other) const {
  const Span &a = spans_[k], &b = spans_[other];
  auto key = [](const Span& of) {
    return std::tie(of.share, of.exposes, of.lasts, of.back, of.looked, of.dark, of.asks, of.blind, of.extends);
  };
  return key(a) == key(b) && std::all_of(views_.begin(), views_.end(), [&](const View& view) {
           return view.at[k] == view.at[other];
         });
}

/// The span before the last may have been the same, and all after it as far as anything was proven. What was kept there
/// is kept here: what is behind the proofs only gets less towards the end of the plan.
bool Harm::is_settled(size_t k, int64_t most) {
  Kept& before = kept_[k % 2];
  if (k < 2 || before.most < 0 || before.most > most || streak_[k] == 0) return false;
  auto is_proven = [](const std::optional<Proof>& fresh) { return fresh.has_value(); };
  bool proven = std::any_of(before.fresh.begin(), before.fresh.end(), is_proven);
  if (proven && k + streak_[k] <= before.reach + 2) return false;
  before.reach += 2;
  for (size_t i = 0; i < views_.size(); ++i) {
    std::optional<Proof>& fresh = before.fresh[i];
    if (fresh) fresh->span += 2;
    views_[i].fresh = fresh;
  }
  return true;
}

bool Harm::keeps(size_t k, int64_t most) {
  if (is_settled(k, most)) return true;
  Kept& now = kept_[k % 2];
  now = {-1, k};
  Cuts cuts = {0};
  spared_ = 0;
  for (View& view : views_) {
    spared_ = std::max(spared_, enter(view, k));
    if (view.at[k].looks) cuts.push_back(view.steady), cuts.push_back(view.ends);
  }
  std::sort(cuts.begin(), cuts.end());
  cuts.erase(std::unique(cuts.begin(), cuts.end()), cuts.end());
  for (const View& view : views_) now.fresh.push_back(view.fresh);
  if (!all_within(k, cuts, most) || soonest(k, cuts.back(), cuts.back()) > most) return false;
  for (const View& view : views_) now.reach = std::max(now.reach, view.reached);
  now.most = most;
  return true;
}

bool Harm::all_within(size_t k, const Cuts& cuts, int64_t most) {
  for (size_t i = 0; i + 1 < cuts.size(); ++i)
    if (cuts[i] < cuts[i + 1] && !within(k, cuts[i], cuts[i + 1], most)) return false;
  return true;
}

/// Of all that begin in [from, to): as a whole, or else part by part.
bool Harm::within(size_t k, int64_t from, int64_t to, int64_t most) {
  llvm::SmallVector<size_t, 4> reached;
  for (const View& view : views_) reached.push_back(view.reached);
  if (soonest(k, from, to) <= most) return true;
  for (size_t i = 0; i < views_.size(); ++i) views_[i].reached = reached[i];
  Cuts cuts = {from, to};
  for (const View& view : views_) {
    int64_t width = std::max<int64_t>(1, (view.ends - view.steady) / parts);
    for (int i = 1; i < parts; ++i)
      if (int64_t at = view.steady + i * width; view.at[k].looks && from < at && at < to && at < view.ends)
        cuts.push_back(at);
  }
  std::sort(cuts.begin(), cuts.end());
  for (size_t i = 0; i + 1 < cuts.size(); ++i)
    if (cuts[i] < cuts[i + 1] && soonest(k, cuts[i], cuts[i + 1]) > most) return false;
  return true;
}

/// What is met at most of one that begins in [from, to), until the first of the views has it taken back.
int64_t Harm::soonest(size_t k, int64_t from, int64_t to) {
  int64_t least = INT64_MAX;
  for (View& view : views_) {
    const Seen& at = view.at[k];
    if (!at.looks) {
      least = std::min(least, met(view, k, from, view.fresh));
    } else if (to <= view.steady) {  // as soon for all of them, but for a sample
      least = std::min(least, met(view, k, 0, Proof{k, plus(view.fresh->after, at.sample)}));
    } else {
      bool over = from >= view.ends;
      least = std::min(least, met(view, k, from, over ? view.proof(k + 1, 0) : view.proof(k, to)));
    }
  }
  return least;
}

int64_t Harm::met(const View& view, size_t k, int64_t from, const std::optional<Proof>& proof) const {
  const Span& span = spans_[k];
  if (proof && proof->span == k) return plus(part(span, seen(view, *proof)) - part(span, from), span.back);
  int64_t here = span.exposes - part(span, from) - part(span, spared_);
  if (cut_[k]) {  // a sample is shared with what was before
    int64_t sample = 0;
    for (const View& one : views_) sample = std::max(sample, one.at[k].looks ? one.at[k].sample : 0);
    here = std::min(here, part(span, plus(longest_[k], sample)));
  }
  here = std::max<int64_t>(0, here);
  if (!proof) return plus(plus(here, met_.back() - met_[k + 1]), later_back_[k]);
  const Span& at = spans_[proof->span];
  int64_t until = plus(plus(met_[proof->span], part(at, seen(view, *proof))), at.back);
  return plus(here, std::max(until, peak_[proof->span]) - met_[k + 1]);
}

int64_t Harm::seen(const View& view, const Proof& proof) const {
  const Span& at = spans_[proof.span];
  return std::min(plus(plus(proof.after, plan::max_look_ns), view.gate ? at.asks : 0), at.lasts);
}

std::optional<int64_t> Harm::detects(size_t k) const {
  std::optional<int64_t> least;
  for (const View& view : views_) {
    if (!view.at[k].looks || !view.fresh) continue;
    int64_t takes = plus(passed_[view.fresh->span] - passed_[k], plus(view.fresh->after, plan::max_look_ns));
    least = std::min(least.value_or(INT64_MAX), takes);
  }
  return least;
}

}  // namespace rollout::verify
