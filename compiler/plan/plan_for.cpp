// Loops: the rounds one after the other, or in waves or batches whose rounds run at the same time.
#include <set>

#include <fmt/format.h>

#include "compiler/plan/branches.h"
#include "compiler/plan/build.h"
#include "compiler/plan/plan_order.h"

namespace rollout::plan {

using eval::Value;

/// A release of nothing is seldom what was meant. A loop that has rounds somewhere, as inside another one, is not idle.
void Planner::report_idle_loops() {
  for (auto [loop, rounds] : rounds_)
    if (rounds == 0)
      diagnostics_.report(loop->range->span, diag::NoRounds,
                          loop->where ? "`where` leaves no item" : "there is no item");
}

void Planner::plan_for(const ast::ForStatement* loop, Scope& scope) {
  Value range = eval(loop->range, scope);
  uint32_t slot = scope.locals++;
  // Few loops over many items are many looks, which no statement counts.
  constexpr size_t looks_a_statement = 4;
  if (loop->where) statements_ = std::min(statements_ + range.items.size() / looks_a_statement, max_statements);
  if (loop->where && has_budget(loop->where->span)) {
    std::vector<Value> kept;
    for (Value& item : range.items) {
      scope.frame[slot] = item;
      if (eval(loop->where, scope).number) kept.push_back(std::move(item));
    }
    range.items = std::move(kept);
  }
  RoundOrder after;
  if (!loop->order_words[0].text.empty())
    after = order_rounds(loop, range.items, program_, *eval_, diagnostics_);
  llvm::MutableArrayRef<Value> items = range.items;
  if (!program_.modules[scope.module]->library) rounds_[loop] += items.size();
  RoundScopes scopes{after};
  if (!loop->waves && !loop->batches && !loop->at_most) {
    for (Value& item : items) {
      scope.frame[slot] = std::move(item);
      plan_round(loop, scope, scopes);
      if (!has_budget(loop->span)) break;
    }
  } else {
    size_t lanes = loop->at_most ? size_t(count(loop->at_most, scope, "at most")) : items.size();
    size_t first = 0;  // round of the wave
    for (size_t size : wave_sizes(loop, items.size(), scope)) {
      plan_wave(loop, scope, items.take_front(size), {std::max<size_t>(1, lanes), first, after}, scopes);
      items = items.drop_front(size);
      first += size;
      if (loop->soak && !items.empty()) plan_soak(loop->soak, scope);
    }
  }
  scope.locals = slot;
}

/// What a round depends on is not built upon once it has failed.
void Planner::plan_round(const ast::ForStatement* loop, Scope& scope, RoundScopes& scopes) {
  uint32_t own = open_scope(rules_of_body(loop->body), scopes.group);
  plan_block(loop->body, scope);
  close_scope(own, scopes.group);
  std::set<uint32_t> needs;
  size_t round = scopes.of.size();
  if (own != none && round < scopes.after.size())
    for (uint32_t before : scopes.after[round]) needs.insert(scopes.of[before].begin(), scopes.of[before].end());
  bool empty = own >= plan_.scopes.size();
  scopes.of.emplace_back();
  if (empty) scopes.of.back().assign(needs.begin(), needs.end());
  else scopes.of.back() = {own};
  if (!empty && goes_on(plan_.scopes[own])) plan_.scopes[own].needs.assign(needs.begin(), needs.end());
}

int64_t Planner::count(const ast::Expr* expr, Scope& scope, std::string_view whose) {
  int64_t number = eval(expr, scope).number;
  if (number < 1) diagnostics_.report(expr->span, diag::NotPositive, fmt::format("`{}`", whose), number);
  return std::max<int64_t>(1, number);
}

/// They sum up to `rounds`. Without waves or batches all rounds are one wave.
std::vector<size_t> Planner::wave_sizes(const ast::ForStatement* loop, size_t rounds, Scope& scope) {
  std::vector<size_t> sizes;
  size_t left = rounds;
  auto add = [&](size_t size) {
    sizes.push_back(std::min(size, left));
    left -= sizes.back();
  };
  if (loop->batches) {
    Value size = eval(loop->batches, scope);
    constexpr int64_t all = eval::percent_all;
    // A share of the rounds is rounded up: a batch is never empty.
    int64_t each = size.is(Value::Kind::Percent) ? int64_t((__int128(size.number) * int64_t(rounds) + all - 1) / all)
                                                 : size.number;
    constexpr eval::Range share{"batches of", 1, all, "above 0% and at most 100%"};
    if (size.is(Value::Kind::Percent)) eval::in_range(share, size, loop->batches->span, diagnostics_);
    else if (size.number < 1)
      diagnostics_.report(loop->batches->span, diag::NotPositive, "`batches of`", size.number);
    while (left > 0) add(size_t(std::max<int64_t>(1, each)));
    return sizes;
  }
  if (!loop->waves) return {rounds};
  if (loop->waves->kind == ast::ExprKind::List) {
    for (const ast::Expr* size : static_cast<const ast::ListExpr*>(loop->waves)->items)
      if (left > 0) add(is_rest(loop->waves, size) ? left : size_t(count(size, scope, "waves")));
  } else {
    for (const Value& size : eval(loop->waves, scope).items)
      if (left > 0) add(size_t(std::max<int64_t>(1, size.number)));
  }
  if (left > 0)
    diagnostics_.report(loop->waves->span, diag::WavesTooShort, rounds - left, rounds)
        .advise("let the last wave take what is left: `[1, 4, rest]`");
  return sizes;
}

/// Rounds at the same time; with fewer lanes than rounds, each waits for the one that used its lane before, and where
/// there is an order for those that its service depends on.
void Planner::plan_wave(const ast::ForStatement* loop, Scope& scope, llvm::MutableArrayRef<Value> items,
                        const WaveOrder& order, RoundScopes& scopes) {
  Branches branches;
  branches.start = ends_;
  for (size_t i = 0; i < items.size() && has_budget(loop->span); ++i) {
    uint32_t first = uint32_t(plan_.steps.size());
    branches.list.push_back({loop->span, {}, {}, false});
    ends_ = branches.start;
    branches.list.back().after = order.before(i);
    if (std::set<uint32_t> ends = branches.ends_before(branches.list.back()); !ends.empty())
      ends_.assign(ends.begin(), ends.end());
    scope.frame[scope.locals - 1] = std::move(items[i]);
    plan_round(loop, scope, scopes);
    end_branch(branches, first);
  }
  join_branches(branches);
}

/// A hold between two waves; only watches look on.
void Planner::plan_soak(const ast::Expr* soak, Scope& scope) {
  Step step;
  step.kind = StepKind::Hold;
  step.hold_ns = duration(soak, scope, "soak", 1);
  step.text = fmt::format("soak {}", eval::duration_text(step.hold_ns));
  step.reason = "the next wave waits";
  if (!ends_.empty()) add_step(std::move(step), soak->span);
}

}  // namespace rollout::plan
