#include "compiler/suggest/candidates.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>

#include <fmt/format.h>

#include "compiler/suggest/ladder.h"
#include "compiler/suggest/moves.h"

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
constexpr double each_more = 10;       // every further number that is changed with the first
constexpr double weaker = 2;           // a gate then asks for less
constexpr std::string_view first_hold = "10m";  // of a gate that is added
constexpr std::string_view first_question = "timeout 4h  on timeout park";

const std::vector<Cure>& cures() {
  static const std::vector<Cure> table = {
      {diag::OverBudget.name, {{Turns::Share, false}, {Turns::Hold, true}, {Turns::Judge, true, 1}}},
      {diag::GateBlind.name, {{Turns::Hold, true}, {Turns::Share, true}}},
      {diag::GateStarved.name, {{Turns::Hold, true}, {Turns::Share, true}, {Turns::Minimum, false, weaker}}},
      {diag::HoldTooShort.name, {{Turns::Hold, true}, {Turns::Within, true}, {Turns::Every, false, weaker}}},
      {diag::TooFewSamples.name,
       {{Turns::Hold, true}, {Turns::Within, true}, {Turns::Samples, false, weaker}, {Turns::Every, false, weaker}}},
      {diag::RollbackTooSlow.name, {{Turns::Within, true}}},
      {diag::CapacityShort.name, {{Turns::Share, false}, {Turns::Count, true}}},
      {diag::ShareShrinks.name, {{Turns::Share, true}, {Turns::Share, false}}},
      {diag::WindowTooShort.name,
       {{Turns::Hold, false}, {Turns::From, false}, {Turns::To, true}, {Turns::Close, true, weaker}}},
      {diag::NoSafeStart.name,
       {{Turns::Hold, false}, {Turns::From, false}, {Turns::To, true}, {Turns::Close, true, weaker}}},
      {diag::AnswerLate.name, {{Turns::Timeout, false}, {Turns::Close, true, weaker}}},
      {diag::WatchIdle.name, {{Turns::Held, false}, {Turns::Hold, true, weaker}}},
      {diag::ShareImpossible.name, {{Turns::Share, true}, {Turns::Share, false}}},
      {diag::CommitUnguarded.name, {{Turns::Judge, true}, {Turns::Guard, true, 1}}},
      {diag::PolicyBroken.name,
       {{Turns::Guard, true}, {Turns::Hold, true}, {Turns::Judge, true}, {Turns::Timeout, false},
        {Turns::Share, false, weaker}}},
      {diag::QuotaShort.name, {{Turns::Lanes, true}, {Turns::Count, false, weaker}}},
      {diag::GateContradicts.name, {}, "what a gate asks for is a promise, and only you know which of it was meant"},
      {diag::ConditionConstant.name, {}, "what a condition compares with is a promise, and only you know which"},
      {diag::Incompatible.name, {{Turns::Order, true, weaker}}},
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

const ast::Decl* decl_of(const ir::Program& program, Span span) {
  for (const ir::Rollout& rollout : program.rollouts)
    if (lies_in(span, rollout.decl->span)) return rollout.decl;
  return nullptr;
}

class Candidates {
 public:
  Candidates(const Compilation& compilation, const Diagnostic& finding)
      : compilation_(compilation), program_(*compilation.program), finding_(finding),
        rollout_(decl_of(program_, finding.span)) {
    for (const ir::Rollout& rollout : program_.rollouts) rollouts_.insert(place_of(rollout.decl->span));
    if (!finding.span.valid()) return;
    first_line_ = compilation.sources.locate(finding.span.source, finding.span.begin).line;
    last_line_ = compilation.sources.locate(finding.span.source, finding.span.end).line;
  }

  std::vector<Candidate> all(const Cure& cure) {
    std::vector<Knob> knobs = knobs_of(program_);
    // Whatever a policy asks for in front of a step can be put there.
    bool inside = rollout_ != nullptr && finding_.span.begin > rollout_->name.span.end;
    if (finding_.name == diag::PolicyBroken.name && inside)
      knobs.push_back({Turns::Guard, {finding_.span.source, finding_.span.begin, finding_.span.begin},
                       ast::LiteralKind::None, {}, rollout_->span});
    std::erase_if(knobs, [&](const Knob& knob) { return is_foreign(knob); });
    for (const Way& way : cure.ways) {
      if (way.turns == Turns::Order) move(way);
      for (const Knob& knob : knobs)
        if (knob.turns == way.turns) turn(knob, way);
      turn_together(knobs, way);
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
  void add(std::vector<Fix> fixes, double cost) {
    if (is_too_dear(cost)) return;
    out_.push_back({std::move(fixes), cost});
    if (out_.size() >= 2 * max_candidates) keep_best();
  }
  /// Of those that cost as much as each other, the first ones.
  void keep_best() {
    std::stable_sort(out_.begin(), out_.end(), [](const Candidate& a, const Candidate& b) { return a.cost < b.cost; });
    if (out_.size() < max_candidates) return;
    out_.resize(max_candidates);
    dearest_ = out_.back().cost;
  }

  void turn(const Knob& knob, const Way& way) {
    double cost = way.penalty + distance(knob);
    switch (knob.turns) {
      case Turns::Judge:
        for (const std::string& gate : gates()) add({{knob.span, " judged by " + gate}}, cost + 1);
        return;
      case Turns::Guard: return guard(knob, cost);
      case Turns::Lanes: return add({{knob.span, ", at most 1 at once"}}, cost + 1);
      case Turns::Close: return add({{knob.span, " { at close wait }"}}, cost + 1);
      case Turns::Share:
      case Turns::Hold:
      case Turns::Within:
      case Turns::Held:
      case Turns::Samples:
      case Turns::Every:
      case Turns::Minimum:
      case Turns::Timeout:
      case Turns::From:
      case Turns::To:
      case Turns::Count:
      case Turns::Order: break;
    }
    if (is_too_dear(cost)) return;
    for (const Rung& rung : rungs_of(knob.literal, knob.text, way.up))
      add({{knob.span, rung.text}}, cost + std::log2(rung.times));
  }
  /// What it does is no matter of numbers, so a move costs more than any of them.
  void move(const Way& way) {
    if (rollout_ == nullptr) return;
    for (Move& one : moves_of(compilation_.sources, static_cast<const ast::RolloutDecl&>(*rollout_)))
      add(std::move(one.fixes), way.penalty + one.passes);
  }
  /// In front of a commit, in a line of its own.
  void guard(const Knob& knob, double cost) {
    std::string_view line = compilation_.sources.line_at(knob.span.source, knob.span.begin);
    std::string indent(line.substr(0, std::min(line.find_first_not_of(" \t"), line.size())));
    for (const std::string& gate : gates())
      add({{knob.span, fmt::format("hold {} judged by {}\n{}", first_hold, gate, indent)}}, cost + 1);
    for (const std::string& team : names_of(ir::Ref::Team))
      add({{knob.span, fmt::format("approve by 1 of {} {{ {} }}\n{}", team, first_question, indent)}}, cost + 2);
  }

  /// All numbers of a kind in the rollout, by the same number of rungs.
  void turn_together(const std::vector<Knob>& knobs, const Way& way) {
    std::vector<const Knob*> turned;
    for (const Knob& knob : knobs)
      if (knob.turns == way.turns && !knob.text.empty() && rollout_ != nullptr && lies_in(knob.span, rollout_->span))
        turned.push_back(&knob);
    double cost = way.penalty + each_more * double(turned.size());
    if (turned.size() < 2 || is_too_dear(cost)) return;
    std::vector<std::pair<const Knob*, std::vector<Rung>>> all;
    for (const Knob* knob : turned) all.emplace_back(knob, rungs_of(knob->literal, knob->text, way.up));
    for (size_t i = 0; i < max_rungs; ++i) {
      Candidate together;
      for (const auto& [knob, rungs] : all)
        if (i < rungs.size()) together.fixes.push_back({knob->span, rungs[i].text});
      if (together.fixes.size() < all.size()) return;
      add(std::move(together.fixes), cost + double(i));
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
  std::vector<Candidate> out_;
  double dearest_ = std::numeric_limits<double>::infinity();  ///< of those that are kept, once there are enough
};

}  // namespace

std::string_view why_not(const Diagnostic& finding) {
  const Cure* cure = cure_of(finding);
  return cure == nullptr ? std::string_view() : cure->why;
}

bool is_mendable(const Diagnostic& finding) { return cure_of(finding) != nullptr; }

std::vector<Candidate> candidates_for(const Compilation& compilation, const Diagnostic& finding) {
  const Cure* cure = cure_of(finding);
  return cure == nullptr ? std::vector<Candidate>() : Candidates(compilation, finding).all(*cure);
}

std::string rollout_of(const ir::Program& program, Span span) {
  const ast::Decl* rollout = decl_of(program, span);
  return rollout == nullptr ? std::string() : std::string(rollout->name.text);
}

}  // namespace rollout::suggest
