#include "compiler/verify/recheck_spans.h"

#include <algorithm>

#include "compiler/plan/pace.h"

namespace rollout::verify {

using plan::Plan;
using plan::StepKind;
using plan::none;

namespace {

/// What users may meet: a share, and whoever is routed beside it.
struct Meets {
  int64_t share = 0, routed = 0;

  int64_t all() const { return std::min(share + routed, eval::percent_all); }
  void take(const Change& change) {
    if (change.share >= 0) share = change.share;
    if (change.routed >= 0) routed = change.routed;
  }
};
}  // namespace

Time part_of(Time share_ppb, Time ns) {
  // Whole parts by themselves, so that 64 bits are enough for the rest.
  int64_t share = int64_t(share_ppb), whole = int64_t(ns) / eval::percent_all, rest = int64_t(ns) % eval::percent_all;
  return Time(share) * whole + (share * rest + eval::percent_all - 1) / eval::percent_all;
}

std::vector<uint32_t> passages(const Brief& brief, uint32_t first, uint32_t end) {
  std::vector<int32_t> over(end - first + 1);  // how many begin, less how many end, to reach across from here on
  auto reach = [&](uint32_t from, uint32_t to) {
    if (from < to) ++over[from - first], --over[to - first];
  };
  std::vector<bool> followed(end - first);
  for (uint32_t i = first; i < end; ++i) {
    bool begins = true;
    for (uint32_t before : brief.after(i)) {
      if (before < first) continue;
      reach(before + 1, i), followed[before - first] = true, begins = false;
    }
    if (begins) reach(first, i);
  }
  for (uint32_t i = first; i < end; ++i)
    if (!followed[i - first]) reach(i + 1, end);
  std::vector<uint32_t> last(end - first, none);
  int64_t open = 0;
  uint32_t passage = none;
  for (uint32_t i = 0; i < end - first; ++i) {
    open += over[i];
    if (open == 0) passage = i;
    last[i] = passage;
  }
  return last;
}

bool waits(const Brief& brief, const std::vector<uint32_t>& last, uint32_t earlier, uint32_t later) {
  if (earlier >= later) return false;
  if (last[later] != none && last[later] >= earlier) return true;
  std::vector<bool> before(later - earlier + 1);
  before.back() = true;
  for (uint32_t i = later; i > earlier; --i)
    for (uint32_t one : brief.after(i))
      if (before[i - earlier] && one >= earlier) before[one - earlier] = true;
  return before.front();
}

Exposures::Exposures(const Brief& brief, const Walked& walked)
    : brief_(brief), plan_(brief.plan), walked_(walked), passage_(passages(brief, 0, brief.size())),
      through_(brief.size(), none), from_(brief.size()) {
  for (uint32_t i = 1; i < brief.size(); ++i) {
    from_[i] = brief.steps[i].kind == StepKind::Commit ? i : from_[i - 1];
    std::span<const uint32_t> after = brief.after(i);
    if (after.empty()) continue;
    through_[i] = after[0];
    for (uint32_t before : after) through_[i] = fork_of(through_[i], before);
  }
}

/// Whoever is later goes on up; earlier steps have lower numbers.
uint32_t Exposures::fork_of(uint32_t a, uint32_t b) const {
  while (a != b) {
    if (a == none || b == none) return none;
    if (a > b) a = through_[a];
    else b = through_[b];
  }
  return a;
}

/// With several gates one may decide while another does not.
void Exposures::look(Span& span) const {
  const plan::Step& step = plan_.steps[span.step];
  span.looked = std::min(span.lasts, brief_.steps[span.step].worst);
  if (!step.gates.empty()) span.dark = std::max<int64_t>(0, span.looked - step.hold_ns);
  for (uint32_t index : step.gates) {
    const plan::Gate& gate = plan_.gates[index];
    bool asks = gate.fail.then == plan::Fallback::Ask;
    if (asks) span.asks = plus(span.asks, plan_.approvals[gate.fail.approval].timeout_ns);
    if (step.gates.size() > 1) continue;
    span.blind = std::max({gate.no_data.hold_ns, gate.error.hold_ns, plan::settle_ns});
    span.extends = gate.undecided.hold_ns;
  }
}

std::vector<Span> Exposures::spans_of(uint32_t service, const std::vector<uint32_t>& marks, bool seen) {
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
    if (seen && step.kind != StepKind::Act) look(span);
  }
  return spans;
}

/// What takes its time in front of a fork keeps both of them waiting.
int64_t Exposures::between(uint32_t from, uint32_t to) const {
  const std::vector<Walk>& steps = walked_.steps;
  int64_t until = to == none ? walked_.over : steps[to].begin, since = steps[from].best_begin;
  bool passed = to == none || passage_[from] == from;
  uint32_t fork = passed ? passage_[from] : fork_of(from, to);
  if (fork == from) since = steps[from].begin;
  else if (fork != none) until -= steps[fork].end, since -= steps[fork].best_end;
  return std::max<int64_t>(0, until - since);
}

int64_t Exposures::back_of(uint32_t step, uint32_t service, uint32_t last_share) {
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
int64_t Exposures::waits_of(uint32_t service, uint32_t scope, uint32_t from, uint32_t last_share) {
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

const Exposures::Part& Exposures::part_of_scope(uint32_t scope, uint32_t from) {
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

}  // namespace rollout::verify
