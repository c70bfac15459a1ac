#include "compiler/verify/recheck_exposure.h"

#include <algorithm>
#include <cmath>
#include <map>

#include <fmt/format.h>

#include "compiler/plan/pace.h"
#include "compiler/plan/way_back.h"
#include "compiler/verify/recheck_gates.h"

namespace rollout::verify {

using plan::Plan;
using plan::StepKind;
using plan::none;

namespace {

/// Rounded up; whole parts by themselves, so that 64 bits are enough for the rest.
Time part_of(Time share_ppb, Time ns) {
  int64_t share = int64_t(share_ppb), whole = int64_t(ns) / eval::percent_all, rest = int64_t(ns) % eval::percent_all;
  return Time(share) * whole + (share * rest + eval::percent_all - 1) / eval::percent_all;
}

/// What users may meet: a share, and whoever is routed beside it.
struct Meets {
  int64_t share = 0, routed = 0;

  int64_t all() const { return std::min(share + routed, eval::percent_all); }
  void take(const Change& change) {
    if (change.share >= 0) share = change.share;
    if (change.routed >= 0) routed = change.routed;
  }
};

/// Steps that everything passes: no step comes after one on their other side.
std::vector<uint32_t> passages(const Brief& brief) {
  uint32_t steps = brief.size();
  std::vector<int32_t> over(steps + 1);  // how many begin, less how many end, to reach across from here on
  auto reach = [&](uint32_t from, uint32_t to) {
    if (from < to) ++over[from], --over[to];
  };
  std::vector<bool> followed(steps);
  for (uint32_t i = 0; i < steps; ++i) {
    if (brief.after(i).empty()) reach(0, i);
    for (uint32_t before : brief.after(i)) reach(before + 1, i), followed[before] = true;
  }
  for (uint32_t i = 0; i < steps; ++i)
    if (!followed[i]) reach(i + 1, steps);
  std::vector<uint32_t> last(steps, none);
  int64_t open = 0;
  uint32_t passage = none;
  for (uint32_t i = 0; i < steps; ++i) {
    open += over[i];
    if (open == 0) passage = i;
    last[i] = passage;
  }
  return last;
}

/// From one step that acts on the service, or at which it is looked at, to the next of them.
struct Span {
  uint32_t step = none;
  int64_t share = 0, exposes = 0, lasts = 0, back = 0;
  Shares shares;
};

/// What goes back together: between two commits, or in a scope.
struct Part {
  plan::WayBack way;
  std::vector<int64_t> done;  ///< by entry of the way
  std::map<uint32_t, uint32_t> entry_of;  ///< by service
  int64_t lock = 0;
};

class Exposures {
 public:
  Exposures(const Brief& brief, const Walked& walked)
      : brief_(brief), plan_(brief.plan), walked_(walked), passage_(passages(brief)), from_(brief.size()) {
    for (uint32_t i = 1; i < brief.size(); ++i)
      from_[i] = brief.steps[i].kind == StepKind::Commit ? i : from_[i - 1];
  }

  /// `seen`: what watchers see is wanted, too.
  std::vector<Span> spans_of(uint32_t service, const std::vector<uint32_t>& marks, bool seen) {
    uint32_t last_share = none;
    Meets meets;
    for (uint32_t mark : marks)
      if (brief_.steps[mark].change.any()) meets.take(brief_.steps[mark].change), last_share = mark;
    std::vector<Span> spans;
    if (last_share == none) return spans;
    if (meets.all() != 0) last_share = none;  // it stays to the end
    meets = {}, known_from_ = none;
    spans.reserve(marks.size());
    int64_t share = 0, back = 0;
    Shares shares;
    for (size_t k = 0; k < marks.size(); ++k) {
      const BriefStep& step = brief_.steps[marks[k]];
      int64_t before = share, acting = 0;
      if (step.kind == StepKind::Act) {
        meets.take(step.change);
        share = meets.all();
        back = back_of(marks[k], service, last_share);
        if (seen) follow(plan_.steps[marks[k]].action, shares);
        acting = step.acting;
      }
      if (before == 0 && share == 0) continue;
      int64_t lasts = between(marks[k], k + 1 < marks.size() ? marks[k + 1] : none), most = std::max(before, share);
      acting = std::min(acting, lasts);
      Span& span = spans.emplace_back();
      span.step = marks[k], span.share = most, span.lasts = lasts, span.shares = shares;
      span.exposes = capped(part_of(most, acting) + part_of(share, lasts - acting));
      span.back = capped(part_of(most, back));
    }
    return spans;
  }

 private:
  /// What takes its time in front of a passage keeps both of them waiting.
  int64_t between(uint32_t from, uint32_t to) const {
    const std::vector<Walk>& steps = walked_.steps;
    int64_t until = to == none ? walked_.over : steps[to].begin, since = steps[from].best_begin;
    uint32_t passage = passage_[from];
    if (passage == from) since = steps[from].begin;
    else if (passage != none) until -= steps[passage].end, since -= steps[passage].best_end;
    return std::max<int64_t>(0, until - since);
  }

  int64_t back_of(uint32_t step, uint32_t service, uint32_t last_share) {
    if (from_[step] != known_from_)
      known_from_ = from_[step], known_waits_ = waits_of(service, none, known_from_, last_share);
    int64_t most = plus(known_waits_, brief_.steps[step].back.gone);
    if (!brief_.steps[step].own_lists) return most;
    for (const plan::ScopeUndo& own : plan_.steps[step].scope_rollback)
      most = std::max(most, plus(waits_of(service, own.scope, from_[step], last_share),
                                 brief_.list(step, own.scope).gone));
    return most;
  }
  /// Those that were built upon the service go first, if they may have begun while it still gets a share.
  int64_t waits_of(uint32_t service, uint32_t scope, uint32_t from, uint32_t last_share) {
    const Part& part = part_of_scope(scope, from);
    int64_t waits = part.lock;
    auto entry = part.entry_of.find(service);
    if (entry == part.entry_of.end()) return waits;
    for (uint32_t other : part.way[entry->second].after) {
      uint32_t first = part.way[other].first_step;
      bool later = first > 0 && passage_[first - 1] != none && passage_[first - 1] >= last_share;
      if (!later) waits = std::max(waits, part.done[other]);
    }
    return waits;
  }

  const Part& part_of_scope(uint32_t scope, uint32_t from) {
    auto [known, fresh] = parts_.try_emplace({scope, scope == none ? from : 0});
    if (!fresh) return known->second;
    Part& part = known->second;
    uint32_t first = scope == none ? from : plan_.scopes[scope].first_step;
    uint32_t end = scope == none ? from + 1 : plan_.scopes[scope].last_step + 1;
    while (scope == none && end < brief_.size() && brief_.steps[end].kind != StepKind::Commit) ++end;
    std::vector<bool> begun = plan::begun_up_to(plan_, end - 1);
    part.way = scope == none ? plan::way_back(plan_, begun) : plan::way_back_of(plan_, begun, scope);
    for (const plan::ServiceUndo& entry : part.way) part.entry_of[entry.service] = uint32_t(part.entry_of.size());
    std::vector<int64_t> longest(part.way.size());
    for (uint32_t i = first; i < end; ++i) {
      if (brief_.steps[i].kind == StepKind::Lock) part.lock = std::max(part.lock, brief_.steps[i].worst);
      if (brief_.steps[i].kind != StepKind::Act) continue;
      int64_t& most = longest[part.entry_of[brief_.steps[i].service]];
      most = std::max(most, brief_.list(i, scope).all);
    }
    for (const plan::ServiceUndo& entry : part.way) {
      int64_t begin = part.lock;
      for (uint32_t before : entry.after) begin = std::max(begin, part.done[before]);
      part.done.push_back(plus(begin, longest[part.done.size()]));
    }
    return part;
  }

  const Brief& brief_;
  const Plan& plan_;
  const Walked& walked_;
  std::vector<uint32_t> passage_;  ///< by step: the last one up to it
  std::vector<uint32_t> from_;     ///< by step: the last commit up to it, or the first step
  uint32_t known_from_ = none;     ///< of the service at hand: how long it waits on the way back to there
  int64_t known_waits_ = 0;
  std::map<std::pair<uint32_t, uint32_t>, Part> parts_;
};

/// One condition over all spans of its service, on the path on which everything takes its longest.
class Sees {
 public:
  Sees(const Plan& plan, const plan::Condition& condition, double rise, size_t spans)
      : plan_(plan), condition_(condition), rise_(rise), blocks_(spans), sample_ns_(spans, 1), mean_(spans),
        spread_(spans) {}

  /// Spans come in order.
  void look(size_t k, const Span& span, int64_t sample_ns, int64_t looked_ns) {
    if (blocks_[k] > 0) return;
    auto [known, fresh] = known_.try_emplace({sample_ns, span.shares});
    if (fresh) {
      judge::Sight sight = sight_of(plan_, condition_, sample_ns, sample_ns, span.shares);
      needed_ = sight.needed, sure_ = judge::normal_quantile(sight.power);
      known->second = growth_of(sight, rise_);
    }
    sample_ns_[k] = std::max<int64_t>(1, sample_ns);
    blocks_[k] = double(looked_ns / sample_ns_[k]);
    mean_[k] = known->second.mean, spread_[k] = known->second.variance;
  }
  void sum() {
    means_.assign(1, 0), spreads_.assign(1, 0);
    for (size_t k = 0; k < blocks_.size(); ++k) {
      means_.push_back(means_.back() + blocks_[k] * mean_[k]);
      spreads_.push_back(spreads_.back() + blocks_[k] * spread_[k]);
    }
  }

  /// What begins with span `k` is proven in span .first, .second after its beginning; nothing: never.
  std::optional<std::pair<size_t, Time>> proves(size_t k) const {
    auto enough = [&](double mean, double spread) {
      return mean - means_[k] - sure_ * std::sqrt(std::max(0.0, spread - spreads_[k])) >= needed_;
    };
    auto by = [&](size_t end) { return enough(means_[end], spreads_[end]); };
    size_t step = 1, low = k, high = k + 1, spans = blocks_.size();
    while (high < spans && !by(high)) low = high, high = std::min(spans, high + step), step *= 2;
    if (high > spans || !by(high)) return std::nullopt;
    while (high - low > 1) {
      size_t middle = (low + high) / 2;
      (by(middle) ? high : low) = middle;
    }
    size_t at = high - 1;
    double few = 0, many = blocks_[at];
    while (many - few > 1) {
      double middle = std::floor((few + many) / 2);
      (enough(means_[at] + middle * mean_[at], spreads_[at] + middle * spread_[at]) ? many : few) = middle;
    }
    return std::pair(at, Time(many) * sample_ns_[at]);
  }

 private:
  const Plan& plan_;
  const plan::Condition& condition_;
  double rise_, needed_ = 0, sure_ = 0;
  std::vector<double> blocks_;
  std::vector<int64_t> sample_ns_;
  std::vector<double> mean_, spread_, means_, spreads_;
  std::map<std::pair<int64_t, Shares>, judge::Growth> known_;
};

/// Who may prove something at a step: a condition, looked at so often.
struct Look {
  uint32_t step, condition;
  int64_t sample_ns;
  auto operator<=>(const Look&) const = default;
};

class Harms {
 public:
  Harms(const Brief& brief, Exposures& exposures)
      : brief_(brief), plan_(brief.plan), exposures_(exposures), least_(plan_.signals.size()) {
    for (const plan::Gate& gate : plan_.gates) {
      if (!gate.harm_of || gate.harm_ppb <= 0) continue;
      int64_t& least = least_[gate.harm_of->signal];
      least = least == 0 ? gate.harm_ppb : std::min(least, gate.harm_ppb);
    }
  }

  /// The worst of the paths; nothing: of some harm nobody proves anything.
  std::optional<int64_t> least_of(uint32_t service, const std::vector<uint32_t>& acts, const std::vector<Look>& looks) {
    std::vector<uint32_t> looked, marks;
    for (const Look& look : looks)
      if (looked.empty() || looked.back() != look.step) looked.push_back(look.step);
    std::set_union(acts.begin(), acts.end(), looked.begin(), looked.end(), std::back_inserter(marks));
    std::vector<Span> spans = exposures_.spans_of(service, marks, true);
    int64_t most = 0;
    for (uint32_t signal = 0; signal < least_.size(); ++signal) {
      if (least_[signal] == 0 || plan_.signals[signal].service != service) continue;
      std::map<uint32_t, Sees> views;
      read(signal, spans, looks, views);
      if (views.empty()) return std::nullopt;
      most = std::max(most, worst_of(spans, views));
    }
    return most;
  }
  bool proves(uint32_t condition) const {
    return least_[plan_.conditions[condition].left.signal] > 0 && shows(plan_, plan_.conditions[condition]);
  }

 private:
  void read(uint32_t signal, const std::vector<Span>& spans, const std::vector<Look>& looks,
            std::map<uint32_t, Sees>& views) const {
    size_t k = 0;
    for (const Look& look : looks) {
      const plan::Condition& condition = plan_.conditions[look.condition];
      if (condition.left.signal != signal) continue;
      double rise = double(least_[signal]) / double(eval::percent_all);
      auto [view, fresh] = views.try_emplace(look.condition, plan_, condition, rise, spans.size());
      while (k < spans.size() && spans[k].step < look.step) ++k;
      if (k < spans.size() && spans[k].step == look.step)
        view->second.look(k, spans[k], look.sample_ns, brief_.steps[look.step].worst);
    }
    for (auto& [condition, view] : views) view.sum();
  }

  static int64_t worst_of(const std::vector<Span>& spans, const std::map<uint32_t, Sees>& views) {
    std::vector<int64_t> before(1, 0);
    for (const Span& span : spans) before.push_back(plus(before.back(), span.exposes));
    int64_t most = 0, back = 0;  // of all that comes after
    for (size_t k = spans.size(); k-- > 0;) {
      back = std::max(back, spans[k].back);
      int64_t soonest = plus(before.back() - before[k], back);
      for (const auto& [condition, view] : views)
        if (auto proven = view.proves(k)) {
          const Span& at = spans[proven->first];
          Time met = before[proven->first] - before[k] + part_of(at.share, std::min<Time>(proven->second, at.lasts));
          soonest = std::min(soonest, capped(met + at.back));
        }
      most = std::max(most, soonest);
    }
    return most;
  }

  const Brief& brief_;
  const Plan& plan_;
  Exposures& exposures_;
  std::vector<int64_t> least_;  ///< by signal: the smallest harm; 0: none
};

/// By service, in order of the steps.
std::vector<std::vector<Look>> looks_of(const Brief& brief, const Harms& harms,
                                        const std::vector<std::vector<uint32_t>>& acts) {
  const Plan& plan = brief.plan;
  std::vector<std::vector<Look>> looks(plan.services.size());
  auto service_of = [&](uint32_t condition) { return plan.signals[plan.conditions[condition].left.signal].service; };
  std::vector<uint32_t> looked;  // holds, and waits for people
  for (uint32_t i = 0; i < brief.size(); ++i) {
    const BriefStep& step = brief.steps[i];
    if (step.kind == StepKind::Hold || step.kind == StepKind::Approval) looked.push_back(i);
    if (!step.judges) continue;
    for (uint32_t gate : plan.steps[i].gates)
      for (uint32_t condition : plan.gates[gate].conditions)
        if (plan.conditions[condition].kind == plan::ConditionKind::Reject && harms.proves(condition))
          looks[service_of(condition)].push_back({i, condition, plan.gates[gate].sample_ns});
  }
  std::vector<bool> gone(plan.services.size());  // with its last action
  for (uint32_t service = 0; service < acts.size() && !plan.watches.empty(); ++service) {
    Meets meets;
    for (uint32_t step : acts[service]) {
      meets.take(brief.steps[step].change);
      gone[service] = brief.steps[step].change.any() && meets.all() == 0;
    }
  }
  for (const plan::Watch& watch : plan.watches) {
    if (watch.held_ns > 0 || !harms.proves(watch.condition)) continue;
    uint32_t service = service_of(watch.condition);
    if (acts[service].empty()) continue;
    uint32_t first = std::max(watch.first_step, acts[service].front());
    uint32_t last = gone[service] ? acts[service].back() : watch.last_step;
    for (auto at = std::lower_bound(looked.begin(), looked.end(), first);
         at != looked.end() && *at <= std::min(last, watch.last_step); ++at)
      looks[service].push_back({*at, watch.condition, watch.sample_ns});
  }
  for (std::vector<Look>& of : looks)
    if (!std::is_sorted(of.begin(), of.end())) std::sort(of.begin(), of.end());
  return looks;
}

}  // namespace

void recheck_exposure(const Brief& brief, const Walked& walked, std::vector<std::string>& broken) {
  const Plan& plan = brief.plan;
  std::vector<std::vector<uint32_t>> acts(plan.services.size());
  for (uint32_t i = 0; i < brief.size(); ++i)
    if (brief.steps[i].kind == StepKind::Act) acts[brief.steps[i].service].push_back(i);
  std::vector<const plan::ExposureFacts*> said(plan.services.size());
  for (const plan::ExposureFacts& one : plan.facts->exposure) said[one.service] = &one;
  Exposures exposures(brief, walked);
  Harms harms(brief, exposures);
  std::vector<std::vector<Look>> looks = looks_of(brief, harms, acts);
  for (uint32_t service = 0; service < plan.services.size(); ++service) {
    int64_t unseen = 0, before = 0;
    for (const Span& span : exposures.spans_of(service, acts[service], false)) {
      before = plus(before, span.exposes);
      unseen = std::max(unseen, plus(before, span.back));
    }
    if (!said[service]) {
      if (unseen > 0)
        broken.push_back(fmt::format("the plan does not say what users meet of {}",
                                     plan::service_text(plan.services[service])));
      continue;
    }
    auto wrong = [&](int64_t says, std::string_view how, int64_t is) {
      broken.push_back(fmt::format("the plan says users meet {} for {} of full traffic at most; it is {}{}",
                                   plan::service_text(plan.services[service]), eval::duration_text(says),
                                   eval::duration_text(is), how));
    };
    if (said[service]->unseen_ns != unseen) wrong(said[service]->unseen_ns, "", unseen);
    if (!said[service]->harm_ns) continue;
    int64_t harm = *said[service]->harm_ns;
    std::optional<int64_t> least = harms.least_of(service, acts[service], looks[service]);
    if (!least || harm > unseen) wrong(harm, ", as nobody sees it before", unseen);
    else if (harm < std::min(*least, unseen)) wrong(harm, " at least until it is proven", *least);
  }
}

}  // namespace rollout::verify
