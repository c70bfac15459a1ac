#include "compiler/suggest/candidates.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>

#include <fmt/format.h>

#include "compiler/suggest/ladder.h"
#include "compiler/suggest/moves.h"
#include "compiler/suggest/rollout_places.h"

namespace rollout::suggest {

namespace {

/// One kind of edit that helps against a finding: which numbers, in which direction. What weakens a promise, or asks
/// for more words, is worth less.
struct Way {
  Turns turns;
  bool up = true;
  double penalty = 0;
};
struct Cure {
  std::string_view finding;
  std::vector<Way> ways;
  std::string_view why = {};  ///< there are none, in words
};

constexpr double elsewhere = 1;        // not in the lines that the finding is about
constexpr double each_more = 100;      // every further place that is changed with the first: more than any turn
constexpr double weaker = 25;          // a promise then asks for less: more than any turn of a number
constexpr std::string_view first_hold = "10m";  // of a gate that is added
constexpr std::string_view first_question = "timeout 4h  on timeout park";
constexpr std::string_view first_reason = "what stands below this is not taken back";

const std::vector<Cure>& cures() {
  static const std::vector<Cure> table = {
      {diag::OverBudget.name,
       {{Turns::Share, false}, {Turns::Hold, true}, {Turns::Judge, true, 1}, {Turns::Hold, false, 1},
        {Turns::Timeout, false, 1}, {Turns::Deadline, true, 1}}},
      {diag::GateBlind.name, {{Turns::Hold, true}, {Turns::Share, true}}},
      {diag::GateStarved.name, {{Turns::Hold, true}, {Turns::Share, true}, {Turns::Minimum, false, weaker}}},
      {diag::HoldTooShort.name, {{Turns::Hold, true}, {Turns::Within, true}, {Turns::Every, false, weaker}}},
      {diag::TooFewSamples.name,
       {{Turns::Hold, true}, {Turns::Within, true}, {Turns::Samples, false, weaker}, {Turns::Every, false, weaker}}},
      {diag::RollbackTooSlow.name, {{Turns::Within, true}}},
      {diag::CapacityShort.name, {{Turns::Share, false}, {Turns::Count, true}}},
      {diag::PromoteTooSmall.name, {{Turns::Count, true}}},
      {diag::ShareShrinks.name, {{Turns::Share, true}, {Turns::Share, false}}},
      {diag::WindowTooShort.name,
       {{Turns::Hold, false}, {Turns::Wait, false}, {Turns::From, false, 1}, {Turns::To, true, 1},
        {Turns::Close, true, weaker}}},
      {diag::NoSafeStart.name,
       {{Turns::Hold, false}, {Turns::Wait, false}, {Turns::From, false, 1}, {Turns::To, true, 1},
        {Turns::Close, true, weaker}}},
      {diag::AnswerLate.name,
       {{Turns::Timeout, false}, {Turns::Deadline}, {Turns::Hold, false, 1}, {Turns::Close, true, weaker}}},
      {diag::WatchIdle.name, {{Turns::Held, false}, {Turns::Hold, true, weaker}}},
      {diag::WatchBlind.name, {{Turns::Every, false}, {Turns::Hold, true}}},
      {diag::ShareImpossible.name, {{Turns::Share, true}, {Turns::Share, false}}},
      {diag::CommitUnguarded.name, {{Turns::Judge}, {Turns::Guard, true, 1}}},
      {diag::Irreversible.name, {{Turns::Commit}}},
      {diag::PolicyBroken.name,
       {{Turns::Guard}, {Turns::Hold, true}, {Turns::Judge}, {Turns::Timeout, false}, {Turns::Deadline},
        {Turns::Quorum, true}, {Turns::Two}, {Turns::Hold, false, 1}, {Turns::Every, false, 1},
        {Turns::Share, false, weaker}, {Turns::Share, true, weaker}}},
      {diag::ApprovalImpossible.name, {{Turns::Quorum, false}}},
      {diag::WavesTooShort.name, {{Turns::Rest}, {Turns::Count, true}}},
      {diag::QuotaShort.name, {{Turns::Lanes}, {Turns::Count, false, weaker}, {Turns::Order, true, weaker}}},
      {diag::BranchesCollide.name, {{Turns::Order}}},
      {diag::Incompatible.name, {{Turns::Order, true, weaker}}},
      {diag::GateContradicts.name, {}, "what a gate asks for is a promise, and only you know which of it was meant"},
      {diag::ConditionConstant.name, {}, "what a condition compares with is a promise, and only you know which"},
      {diag::NoRollback.name, {}, "what takes a step back is for its capability to say, and no number does"},
      {diag::CommitLeavesBehind.name, {}, "what may stay behind when a part fails, only you know"},
      {diag::LockOrder.name, {}, "which of the two orders is right, only you know"},
      {diag::ActOnSame.name, {}, "which thing in the world each of them means, only you know"},
      {diag::NotProven.name, {}, "the planner must not make such a plan: no text of yours is wrong"},
  };
  return table;
}

const Cure* cure_of(const Diagnostic& finding) {
  auto found = std::find_if(cures().begin(), cures().end(),
                            [&](const Cure& one) { return one.finding == finding.name; });
  return found == cures().end() ? nullptr : &*found;
}

bool lies_in(Span inner, Span outer) {
  return inner.source == outer.source && inner.begin >= outer.begin && inner.end <= outer.end;
}

class Candidates {
 public:
  Candidates(const Compilation& compilation, const Diagnostic& finding)
      : compilation_(compilation), program_(*compilation.program), finding_(finding),
        rollout_(RolloutPlaces(program_).decl_at(finding.span)) {
    for (const ir::Rollout& rollout : program_.rollouts) rollouts_.insert(place_of(rollout.decl->span));
    if (!finding.span.valid()) return;
    first_line_ = compilation.sources.locate(finding.span.source, finding.span.begin).line;
    last_line_ = compilation.sources.locate(finding.span.source, finding.span.end).line;
  }

  Tries all(const Cure& cure) {
    std::vector<Knob> knobs = knobs_of(program_, compilation_.sources);
    // Whatever a policy asks for in front of a step can be put there, and what makes it right to do it for good.
    bool inside = rollout_ != nullptr && finding_.span.begin > rollout_->name.span.end;
    Span step{finding_.span.source, finding_.span.begin, finding_.span.begin};
    for (auto [finding, turns] : {std::pair(diag::PolicyBroken.name, Turns::Guard),
                                  std::pair(diag::Irreversible.name, Turns::Commit)})
      if (finding_.name == finding && inside)
        knobs.push_back({turns, step, ast::LiteralKind::None, {}, rollout_->span});
    std::erase_if(knobs, [&](const Knob& knob) { return is_foreign(knob); });
    for (const Way& way : cure.ways) {
      if (way.turns == Turns::Order) move(way);
      turn_together(knobs, way);  // first: it knows the groups that the others are inside of
      for (const Knob& knob : knobs)
        if (knob.turns == way.turns) turn(knob, way);
    }
    keep_best();
    return std::move(out_);
  }

 private:
  /// Of another rollout.
  bool is_foreign(const Knob& knob) const {
    if (rollout_ == nullptr) return false;
    auto owner = place_of(knob.owner);
    return owner != place_of(rollout_->span) && rollouts_.contains(owner);
  }
  static std::pair<SourceId, uint32_t> place_of(Span span) { return {span.source, span.begin}; }
  double distance(const Knob& knob) const {
    const SourceMap& sources = compilation_.sources;
    Span about = finding_.span;
    if (!about.valid() || knob.span.source != about.source) return elsewhere;
    uint32_t line = sources.locate(knob.span.source, knob.span.begin).line;
    return line >= first_line_ && line <= last_line_ ? 0 : elsewhere;
  }
  /// Whether enough are kept already that cost no more.
  bool is_too_dear(double cost) const { return cost >= dearest_; }
  void add(Candidate candidate) {
    if (is_too_dear(candidate.cost)) return;
    out_.candidates.push_back(std::move(candidate));
    if (out_.candidates.size() >= 2 * max_candidates) keep_best();
  }
  void add(std::vector<Fix> fixes, double cost) { add({std::move(fixes), cost}); }
  /// Of those that cost as much as each other, the first ones.
  void keep_best() {
    std::vector<Candidate>& all = out_.candidates;
    std::stable_sort(all.begin(), all.end(), [](const Candidate& a, const Candidate& b) { return a.cost < b.cost; });
    if (all.size() < max_candidates) return;
    all.resize(max_candidates);
    dearest_ = all.back().cost;
  }

  void turn(const Knob& knob, const Way& way) {
    double cost = way.penalty + distance(knob);
    Span at = knob.span;
    switch (knob.turns) {
      case Turns::Judge:
        for (const std::string& gate : gates()) add({{at, " judged by " + gate}}, cost + 1);
        return;
      case Turns::Guard: return guard(knob, cost, {});
      case Turns::Commit: return commit(knob, cost);
      case Turns::Lanes: return add({{at, ", at most 1 at once"}}, cost + 1);
      case Turns::Close: return add({{at, " { at close wait }"}}, cost + 1);
      case Turns::Rest: return add({{at, ", rest"}}, cost + 1);
      case Turns::Two: return add({{at, "2 of "}}, cost + 1);
      case Turns::Deadline: return deadline(knob, cost);
      case Turns::Share:
      case Turns::Hold:
      case Turns::Within:
      case Turns::Wait:
      case Turns::Held:
      case Turns::Samples:
      case Turns::Every:
      case Turns::Minimum:
      case Turns::Timeout:
      case Turns::Quorum:
      case Turns::From:
      case Turns::To:
      case Turns::Count:
      case Turns::Order: break;
    }
    if (!is_too_dear(cost)) turn_by_rungs({&knob}, way, cost);
  }
  /// Of these numbers each by as many rungs as the others.
  void turn_by_rungs(const std::vector<const Knob*>& knobs, const Way& way, double cost) {
    std::vector<std::vector<Rung>> rungs;
    size_t steps = max_rungs;
    for (const Knob* knob : knobs) {
      rungs.push_back(rungs_of(knob->literal, knob->text, way.up));
      steps = std::min(steps, rungs.back().size());
    }
    if (steps == 0) return;
    bool inside = rollout_ != nullptr && lies_in(knobs.front()->span, rollout_->span);
    uint32_t group = uint32_t(out_.groups.size());
    Candidate& farthest = out_.groups.emplace_back(Group{{}, inside ? widest_ : UINT32_MAX}).farthest;
    for (size_t k = 0; k < knobs.size(); ++k) farthest.fixes.push_back({knobs[k]->span, rungs[k].back().text});
    for (size_t i = 0; i < steps; ++i) {
      Candidate turned{{}, cost, group, knobs.front()->literal};
      for (size_t k = 0; k < knobs.size(); ++k) {
        turned.fixes.push_back({knobs[k]->span, rungs[k][i].text});
        turned.cost += std::log2(rungs[k][i].times);
      }
      add(std::move(turned));
    }
  }
  /// What it does is no matter of numbers, so a move costs more than any of them.
  void move(const Way& way) {
    if (rollout_ == nullptr) return;
    for (Move& one : moves_of(compilation_.sources, static_cast<const ast::RolloutDecl&>(*rollout_)))
      add(std::move(one.fixes), way.penalty + one.passes);
  }
  /// In front of a commit, in a line of its own; `then`: in a line behind it.
  void guard(const Knob& knob, double cost, const std::string& then) {
    std::string indent = indent_of(knob.span), last = then.empty() ? "" : fmt::format("{}\n{}", then, indent);
    for (const std::string& gate : gates())
      add({{knob.span, fmt::format("hold {} judged by {}\n{}{}", first_hold, gate, indent, last)}}, cost + 1);
    for (const std::string& team : names_of(ir::Ref::Team))
      add({{knob.span, fmt::format("approve by 1 of {} {{ {} }}\n{}{}", team, first_question, indent, last)}},
          cost + 2);
  }
  /// Where something has judged it already, or behind a judge of its own.
  void commit(const Knob& knob, double cost) {
    std::string text = fmt::format("commit \"{}\"", first_reason);
    add({{knob.span, fmt::format("{}\n{}", text, indent_of(knob.span))}}, cost + 1);
    guard(knob, cost + 1, text);
  }
  /// It has one of 24 hours where it names none.
  void deadline(const Knob& knob, double cost) {
    std::string_view approve = compilation_.sources.text(knob.span.source).substr(0, knob.span.end);
    bool clauses = approve.ends_with("}");
    Span at{knob.span.source, knob.span.begin - clauses, knob.span.end - clauses};
    for (const Rung& rung : rungs_of(ast::LiteralKind::Duration, "24h", false))
      add({{at, fmt::format(fmt::runtime(clauses ? " timeout {} " : " {{ timeout {} }}"), rung.text)}},
          cost + 1 + std::log2(rung.times));
  }
  std::string indent_of(Span at) const {
    std::string_view line = compilation_.sources.line_at(at.source, at.begin);
    return std::string(line.substr(0, std::min(line.find_first_not_of(" \t"), line.size())));
  }

  /// Numbers of a kind in the rollout: two of them, three, all.
  void turn_together(const std::vector<Knob>& knobs, const Way& way) {
    std::vector<const Knob*> turned;
    for (const Knob& knob : knobs)
      if (knob.turns == way.turns && !knob.text.empty() && rollout_ != nullptr && lies_in(knob.span, rollout_->span))
        turned.push_back(&knob);
    widest_ = UINT32_MAX;
    if (turned.size() < 2) return;
    auto cost = [&](size_t numbers) { return way.penalty + each_more * double(numbers - 1); };
    const size_t all = turned.size();
    uint32_t group = uint32_t(out_.groups.size());
    turn_by_rungs(turned, way, cost(all));
    if (out_.groups.size() > group) widest_ = group;
    std::stable_sort(turned.begin(), turned.end(),
                     [&](const Knob* a, const Knob* b) { return distance(*a) < distance(*b); });
    turned.resize(std::min(all, max_numbers));
    for (size_t i = 0; i < turned.size(); ++i)
      for (size_t j = i + 1; j < turned.size(); ++j) {
        if (all > 2) turn_by_rungs({turned[i], turned[j]}, way, cost(2));
        for (size_t k = j + 1; k < turned.size() && all > 3; ++k)
          turn_by_rungs({turned[i], turned[j], turned[k]}, way, cost(3));
      }
  }

  /// Judges that the rollout has elsewhere, then gates in sight that take only a service of it.
  std::vector<std::string> gates() const {
    std::vector<std::string> texts;
    if (rollout_ == nullptr) return texts;
    std::string_view body = compilation_.sources.text(rollout_->span);
    for (size_t at = body.find("judged by "); at != std::string_view::npos; at = body.find("judged by ", at + 1)) {
      size_t from = at + 10, end = body.find(')', from);
      if (end != std::string_view::npos) texts.emplace_back(body.substr(from, end + 1 - from));
    }
    for (const std::string& gate : names_of(ir::Ref::Gate))
      for (const std::string& service : names_of(ir::Ref::Service))
        if (body.find(service) != std::string_view::npos) texts.push_back(fmt::format("{}({})", gate, service));
    std::vector<std::string> once;
    for (std::string& text : texts)
      if (std::find(once.begin(), once.end(), text) == once.end()) once.push_back(std::move(text));
    return once;
  }
  std::vector<std::string> names_of(ir::Ref kind) const {
    std::vector<std::string> names;
    for (const auto& entry : program_.modules.back()->scope)
      if (entry.second.kind == kind) names.push_back(entry.first().str());
    std::sort(names.begin(), names.end());
    return names;
  }

  const Compilation& compilation_;
  const ir::Program& program_;
  const Diagnostic& finding_;
  const ast::Decl* rollout_;
  std::set<std::pair<SourceId, uint32_t>> rollouts_;  ///< where each begins
  uint32_t first_line_ = 0, last_line_ = 0;           ///< that the finding is about
  Tries out_;
  uint32_t widest_ = UINT32_MAX;  ///< the group with all numbers of the kind that is looked at
  double dearest_ = std::numeric_limits<double>::infinity();  ///< of those that are kept, once there are enough
};

}  // namespace

std::string_view why_not(const Diagnostic& finding) {
  const Cure* cure = cure_of(finding);
  return cure == nullptr ? std::string_view() : cure->why;
}

bool is_mendable(const Diagnostic& finding) { return cure_of(finding) != nullptr; }

std::vector<std::string_view> looked_at(bool tried) {
  std::vector<std::string_view> names;
  for (const Cure& cure : cures())
    if (cure.ways.empty() != tried) names.push_back(cure.finding);
  return names;
}

Tries tries_for(const Compilation& compilation, const Diagnostic& finding) {
  const Cure* cure = cure_of(finding);
  return cure == nullptr ? Tries() : Candidates(compilation, finding).all(*cure);
}

}  // namespace rollout::suggest
