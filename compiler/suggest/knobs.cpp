#include "compiler/suggest/knobs.h"

#include "compiler/suggest/promised.h"

namespace rollout::suggest {

namespace {

using ast::ApproveClause;
using ast::ApproveClauseKind;
using ast::ApproveStatement;
using ast::Argument;
using ast::Block;
using ast::CallExpr;
using ast::CallStatement;
using ast::ConditionClause;
using ast::Decl;
using ast::DeclKind;
using ast::DuringStatement;
using ast::ExceptExpr;
using ast::Expr;
using ast::ExprKind;
using ast::ForStatement;
using ast::GateDecl;
using ast::HoldStatement;
using ast::HookStatement;
using ast::IfStatement;
using ast::InputDecl;
using ast::LetDecl;
using ast::LetStatement;
using ast::ListExpr;
using ast::LiteralExpr;
using ast::LiteralKind;
using ast::LockStatement;
using ast::ParallelStatement;
using ast::PhaseStatement;
using ast::ResponseClause;
using ast::RollbackStatement;
using ast::RolloutDecl;
using ast::Statement;
using ast::StatementKind;
using ast::StrategyDecl;
using ast::WatchStatement;

class Collector {
 public:
  explicit Collector(std::vector<Knob>& knobs) : knobs_(knobs) {}

  void decl(const Decl* decl) {
    owner_ = decl->span;
    switch (decl->kind) {
      case DeclKind::Rollout: return block(static_cast<const RolloutDecl*>(decl)->body);
      case DeclKind::Strategy: return block(static_cast<const StrategyDecl*>(decl)->body);
      case DeclKind::Gate: return gate(static_cast<const GateDecl*>(decl));
      case DeclKind::Let: return value(static_cast<const LetDecl*>(decl)->value, Turns::Hold);
      case DeclKind::Input: return value(static_cast<const InputDecl*>(decl)->default_value, Turns::Hold);
      case DeclKind::Error:
      case DeclKind::Import:
      case DeclKind::Enum:
      case DeclKind::Record:
      case DeclKind::Func:
      case DeclKind::Target:
      case DeclKind::Team:
      case DeclKind::Environment:
      case DeclKind::Service:
      case DeclKind::Capability:
      case DeclKind::Backend:
      case DeclKind::Promotion:
      case DeclKind::Policy:
      case DeclKind::Test:
      case DeclKind::Lock:
      case DeclKind::Renamed: break;
    }
  }

 private:
  /// Durations are taken as `turns`; every other unit speaks for itself.
  void value(const Expr* expr, Turns turns, std::string_view label = {}) {
    if (expr == nullptr) return;
    if (expr->kind == ExprKind::Literal) return literal(static_cast<const LiteralExpr*>(expr), turns, label);
    if (expr->kind == ExprKind::List)
      for (const Expr* item : static_cast<const ListExpr*>(expr)->items) value(item, turns, label);
    if (expr->kind == ExprKind::Except) value(static_cast<const ExceptExpr*>(expr)->calendar, turns, label);
    if (expr->kind != ExprKind::Call) return;
    for (const Argument& argument : static_cast<const CallExpr*>(expr)->arguments)
      value(argument.value, Turns::Hold, argument.label.text);
  }
  void literal(const LiteralExpr* literal, Turns turns, std::string_view label) {
    if (literal->literal == LiteralKind::Percent) add(literal, Turns::Share);
    if (literal->literal == LiteralKind::Duration) add(literal, turns);
    if (literal->literal == LiteralKind::Int) add(literal, turns == Turns::Hold ? Turns::Count : turns);
    if (literal->literal == LiteralKind::Time && (label == "from" || label == "to"))
      add(literal, label == "from" ? Turns::From : Turns::To);
  }
  void add(const LiteralExpr* literal, Turns turns) {
    knobs_.push_back({turns, literal->span, literal->literal, literal->text, owner_});
  }

  void gate(const GateDecl* gate) {
    value(gate->sample, Turns::Every);
    value(gate->minimum, Turns::Minimum);
    for (const ConditionClause& clause : gate->conditions) value(clause.samples, Turns::Samples);
    for (const ResponseClause& clause : gate->responses) value(clause.hold, Turns::Hold);
  }

  void block(const Block* block) {
    for (const Statement* one : block->statements) statement(one);
  }
  void watch(const WatchStatement* watch) {
    value(watch->held, Turns::Held);
    value(watch->samples, Turns::Samples);
    value(watch->every, Turns::Every);
  }
  void place(Turns turns, SourceId source, uint32_t at) {
    knobs_.push_back({turns, {source, at, at}, LiteralKind::None, {}, owner_});
  }
  void hold(const HoldStatement* hold) {
    value(hold->duration, Turns::Hold);
    if (hold->judges.empty()) place(Turns::Judge, hold->duration->span.source, hold->duration->span.end);
  }
  void during(const DuringStatement* during) {
    value(during->calendar, Turns::Hold);
    if (during->close_words[1].text.empty()) place(Turns::Close, during->span.source, during->calendar->span.end);
  }
  void loop(const ForStatement* loop) {
    value(loop->soak, Turns::Hold);
    const Expr* sizes = loop->waves != nullptr ? loop->waves : loop->batches;
    if (loop->waves != nullptr && loop->waves->kind == ExprKind::List) waves(static_cast<const ListExpr*>(loop->waves));
    if (sizes != nullptr && loop->at_most == nullptr)
      place(Turns::Lanes, sizes->span.source, (loop->soak != nullptr ? loop->soak : sizes)->span.end);
    block(loop->body);
  }
  void waves(const ListExpr* sizes) {
    if (!sizes->items.empty() && !ast::is_rest(sizes, sizes->items.back()))
      place(Turns::Rest, sizes->span.source, sizes->items.back()->span.end);
  }
  void approve(const ApproveStatement* approve) {
    const ast::Question& question = approve->question;
    value(question.quorum, Turns::Quorum);
    if (question.quorum == nullptr) place(Turns::Two, approve->span.source, question.team->span.begin);
    bool timed = false;
    for (const ApproveClause& clause : question.clauses)
      if (clause.kind == ApproveClauseKind::Timeout) value(clause.time, Turns::Timeout), timed = true;
    if (!timed) place(Turns::Deadline, approve->span.source, approve->span.end);
  }
  void statement(const Statement* of) {
    switch (of->kind) {
      case StatementKind::Call: return value(static_cast<const CallStatement*>(of)->call, Turns::Hold);
      case StatementKind::Phase: return block(static_cast<const PhaseStatement*>(of)->body);
      case StatementKind::Hold: return hold(static_cast<const HoldStatement*>(of));
      case StatementKind::For: return loop(static_cast<const ForStatement*>(of));
      case StatementKind::If: {
        const auto* branch = static_cast<const IfStatement*>(of);
        block(branch->then_block);
        if (branch->else_block != nullptr) block(branch->else_block);
        return;
      }
      case StatementKind::Let: return value(static_cast<const LetStatement*>(of)->value, Turns::Hold);
      case StatementKind::Parallel: return block(static_cast<const ParallelStatement*>(of)->body);
      case StatementKind::Watch: return watch(static_cast<const WatchStatement*>(of));
      case StatementKind::Rollback:
        value(static_cast<const RollbackStatement*>(of)->within, Turns::Within);
        return value(static_cast<const RollbackStatement*>(of)->verify_within, Turns::Within);
      case StatementKind::Approve: return approve(static_cast<const ApproveStatement*>(of));
      case StatementKind::During: return during(static_cast<const DuringStatement*>(of));
      case StatementKind::Commit: return place(Turns::Guard, of->span.source, of->span.begin);
      case StatementKind::Lock:
        value(static_cast<const LockStatement*>(of)->within, Turns::Wait);
        return block(static_cast<const LockStatement*>(of)->body);
      case StatementKind::Hook: return block(static_cast<const HookStatement*>(of)->body);
      case StatementKind::Error:
      case StatementKind::OnFailure:
      case StatementKind::Checkpoint:
      case StatementKind::Budget:
      case StatementKind::Newer:
      case StatementKind::Notify:
      case StatementKind::Preflight: break;
    }
  }

  std::vector<Knob>& knobs_;
  Span owner_;
};

}  // namespace

std::vector<Knob> knobs_of(const ir::Program& program, const SourceMap& sources) {
  std::vector<Knob> knobs;
  std::set<std::string_view> promised = promised_words(program, sources);
  for (const auto& module : program.modules)
    if (!module->library && module->file)
      for (const Decl* decl : module->file->decls) {
        bool value = decl->kind == DeclKind::Let || decl->kind == DeclKind::Input;
        if (!value || !promised.contains(decl->name.text)) Collector(knobs).decl(decl);
      }
  return knobs;
}

}  // namespace rollout::suggest
