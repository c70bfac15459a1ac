#include <utility>

#include "compiler/check/context.h"
#include "compiler/check/lacking.h"

namespace rollout::check {

namespace {

template <typename T>
const T* as(const ast::Statement* statement) {
  return static_cast<const T*>(statement);
}

}  // namespace

void Checker::check_block(const ast::Block* block, bool parallel) {
  size_t outer = locals_.size();
  const ast::Block* around = std::exchange(block_, block);
  for (const ast::Statement* statement : block->statements) {
    if (statement->kind == ast::StatementKind::During)
      check_during(static_cast<const ast::DuringStatement*>(statement), block == rollout_body_);
    else check_statement(statement, parallel);
  }
  block_ = around;
  locals_.resize(outer);
}

void Checker::check_statement(const ast::Statement* statement, bool in_parallel) {
  switch (statement->kind) {
    case ast::StatementKind::Error:
    case ast::StatementKind::During: break;  // the block knows where it stands
    case ast::StatementKind::Call: check_call_statement(static_cast<const ast::CallStatement*>(statement)->call); break;
    case ast::StatementKind::Phase: {
      auto* phase = static_cast<const ast::PhaseStatement*>(statement);
      if (phase->label) expect(phase->label, simple(TypeKind::String), "`phase`");
      if (!phase->after.empty() && !in_parallel)
        diagnostics_.report(phase->after[0].span, diag::AfterInSequence)
            .advise("leave `after` out: what stands in a sequence waits for what stands above it");
      check_not_empty(phase->body, phase->name.span, "phase");
      check_block(phase->body);
      break;
    }
    case ast::StatementKind::Hold: {
      auto* hold = static_cast<const ast::HoldStatement*>(statement);
      expect(hold->duration, simple(TypeKind::Duration), "`hold`");
      for (const ast::Expr* judge : hold->judges) check_judge(judge);
      break;
    }
    case ast::StatementKind::For: check_for(static_cast<const ast::ForStatement*>(statement)); break;
    case ast::StatementKind::If: check_if(as<ast::IfStatement>(statement)); break;
    case ast::StatementKind::Let: {
      auto* let = static_cast<const ast::LetStatement*>(statement);
      const Type* type = let->type ? check_type(let->type) : nullptr;
      if (type) expect(let->value, type, fmt::format("`{}`", let->name.text));
      else type = check_value(let->value);
      add_local(let->name, type, info(let->value).time);
      break;
    }
    case ast::StatementKind::Parallel:
      check_not_empty(as<ast::ParallelStatement>(statement)->body, statement->span, "`parallel`");
      check_round(as<ast::ParallelStatement>(statement)->body, true);
      break;
    case ast::StatementKind::OnFailure: check_on_failure(as<ast::OnFailureStatement>(statement)); break;
    case ast::StatementKind::Hook: check_hook(as<ast::HookStatement>(statement), in_parallel); break;
    case ast::StatementKind::Watch: check_watch(as<ast::WatchStatement>(statement)); break;
    case ast::StatementKind::Rollback: {
      auto* rollback = static_cast<const ast::RollbackStatement*>(statement);
      if (rollback->within) expect(rollback->within, simple(TypeKind::Duration), "`within`");
      if (rollback->verify) check_judge(rollback->verify);
      if (rollback->verify_within) expect(rollback->verify_within, simple(TypeKind::Duration), "`within`");
      for (const ast::Expr* team : rollback->told) expect(team, simple(TypeKind::Team), "`notify`");
      if (rollback->kept) check_kept(rollback);
      break;
    }
    case ast::StatementKind::Commit:
      if (block_ != rollout_body_)
        diagnostics_.report(statement->span, diag::CommitHere)
            .advise("move it out, so that everything above it is done and everything below it has not begun");
      expect(static_cast<const ast::CommitStatement*>(statement)->why, simple(TypeKind::String), "`commit`");
      break;
    case ast::StatementKind::Checkpoint: check_checkpoint(as<ast::CheckpointStatement>(statement)); break;
    case ast::StatementKind::Budget: check_budget(as<ast::BudgetStatement>(statement)); break;
    case ast::StatementKind::Lock: check_lock(as<ast::LockStatement>(statement)); break;
    case ast::StatementKind::Newer: check_newer(as<ast::NewerStatement>(statement)); break;
    case ast::StatementKind::Notify: check_notify(static_cast<const ast::NotifyStatement*>(statement)); break;
    case ast::StatementKind::Preflight: check_preflight(static_cast<const ast::PreflightStatement*>(statement)); break;
    case ast::StatementKind::Approve:
      check_question(as<ast::ApproveStatement>(statement)->question, "`approve by`");
      break;
  }
}

void Checker::check_if(const ast::IfStatement* branch) {
  expect(branch->condition, simple(TypeKind::Bool), "`if`");
  check_not_empty(branch->then_block, branch->then_block->span, "`if`");
  check_block(branch->then_block);
  if (!branch->else_block) return;
  check_not_empty(branch->else_block, branch->else_block->span, "`else`");
  check_block(branch->else_block);
}

void Checker::check_round(const ast::Block* body, bool parallel) {
  const ast::Block* around = std::exchange(round_body_, body);
  check_block(body, parallel);
  round_body_ = around;
}

void Checker::check_for(const ast::ForStatement* loop) {
  const Type* range = check_expr(loop->range);
  bool list = range->is(TypeKind::List);
  if (range->is(TypeKind::Live)) report_live(loop->range, "`for`", "a List");
  else if (!list && !range->is(TypeKind::Error))
    diagnostics_.report(loop->range->span, diag::WrongType, "`for`", "a List", text(range))
        .advise("write what it goes through, one after the other: `for share in [5%, 25%] { … }`");
  check_rounds(loop);
  size_t outer = locals_.size();
  add_local(loop->variable, list ? range->arguments[0] : simple(TypeKind::Error));
  if (loop->where) expect(loop->where, simple(TypeKind::Bool), "`where`");
  if (list && !loop->order_words[0].text.empty()) check_order(loop, range->arguments[0]);
  check_not_empty(loop->body, loop->body->span, "loop");
  check_round(loop->body);
  locals_.resize(outer);
}

/// How many rounds run at the same time: waves or batches, and a bound.
void Checker::check_rounds(const ast::ForStatement* loop) {
  const Type* count = simple(TypeKind::Int);
  if (loop->waves && loop->waves->kind == ast::ExprKind::List) {
    for (const ast::Expr* size : static_cast<const ast::ListExpr*>(loop->waves)->items) {
      bool rest = size->kind == ast::ExprKind::Name && static_cast<const ast::NameExpr*>(size)->name == "rest" &&
                  !find_local("rest") && !find("rest");
      if (rest && !is_rest(loop->waves, size))
        diagnostics_.report(size->span, diag::ExpectedFound, "a number of rounds", "rest")
            .advise("`rest` is all that is left: it stands last, `[1, 4, rest]`");
      else if (!is_rest(loop->waves, size)) expect(size, count, "`waves`");
    }
  } else if (loop->waves) {
    expect(loop->waves, program_.types.list_of(count), "`waves`");
  }
  if (loop->batches) {
    const Type* size = check_expr(loop->batches);
    if (size->is(TypeKind::Live)) report_live(loop->batches, "`batches of`", "Int or Percent");
    else if (!size->is(TypeKind::Int) && !size->is(TypeKind::Percent) && !size->is(TypeKind::Error))
      diagnostics_.report(loop->batches->span, diag::WrongType, "`batches of`", "Int or Percent", text(size))
          .advise("write how many go at a time, `3`, or which part of all, `10%`");
  }
  if (loop->waves && loop->batches) diagnostics_.report(loop->batches->span, diag::WavesAndBatches);
  if (loop->soak) expect(loop->soak, simple(TypeKind::Duration), "`soak`");
  if (!loop->at_most) return;
  expect(loop->at_most, count, "`at most`");
  std::string_view words[] = {"most", "once"};
  for (int i : {0, 1}) {
    const ast::Name& found = loop->at_most_words[i];
    if (found.text != words[i])
      diagnostics_.report(found.span, diag::ExpectedFound, fmt::format("`{}`", words[i]), std::string(found.text))
          .advise("a bound on rounds is written `at most 3 at once`")
          .fix(found.span, std::string(words[i]));
  }
}

/// What the gate still takes, as it may be written: `checkout, floor: 5%`.
std::string Checker::still_open(const ast::Expr* judge) const {
  auto* call = judge->kind == ast::ExprKind::Call ? static_cast<const ast::CallExpr*>(judge) : nullptr;
  const ast::Expr* of = call ? call->callee : judge;
  if (of->kind != ast::ExprKind::Name || info(of).ref != ir::Ref::Gate) return {};
  size_t by_place = 0;
  if (call) by_place = size_t(llvm::count_if(call->arguments, [](auto& one) { return one.label.text.empty(); }));
  std::string out;
  const std::vector<ir::Parameter>& parameters = program_.gates[info(of).index].parameters;
  for (size_t i = by_place; i < parameters.size(); ++i) {
    const ir::Parameter& parameter = parameters[i];
    auto is_it = [&](auto& one) { return one.label.text == parameter.name.text; };
    if (parameter.default_value || (call && llvm::any_of(call->arguments, is_it))) continue;
    bool service = parameter.type->is(TypeKind::Service) && !names_of(ir::Ref::Service).empty();
    std::string value = service                                     ? std::string(names_of(ir::Ref::Service)[0])
                        : parameter.type->is(TypeKind::Percent)  ? "5%"
                        : parameter.type->is(TypeKind::Duration) ? "5m"
                                                                 : "…";
    bool first = !call && i == 0;
    out += fmt::format("{}{}", out.empty() ? "" : ", ",
                       first ? value : fmt::format("{}: {}", parameter.name.text, value));
  }
  return out;
}

/// A gate with all its arguments: `healthy(checkout, 99%)`.
void Checker::check_judge(const ast::Expr* judge) {
  const Type* type = check_expr(judge);
  if (type->is(TypeKind::Error)) return;
  if (type->is(TypeKind::Live)) {
    report_live(judge, "`judged by`", "a Gate");
  } else if (!type->is(TypeKind::Gate)) {
    diagnostics_.report(judge->span, diag::WrongType, "`judged by`", "Gate", text(type))
        .advise("name a gate: `gate healthy(s: Service) { … }` declares one");
  } else if (!type->arguments.empty()) {
    Diagnostic& report = diagnostics_.report(judge->span, diag::GateOpen, with_article(type->arguments[0]));
    std::string open = still_open(judge);
    bool bare = judge->kind == ast::ExprKind::Name;
    if (open.empty()) report.advise("give it all of its arguments");
    else if (!bare) report.advise(fmt::format("add `{}`", open));
    else report.advise(fmt::format("write `{}({})`", static_cast<const ast::NameExpr*>(judge)->name, open));
  }
}

void Checker::check_call_statement(const ast::CallExpr* call) {
  if (call->callee->kind == ast::ExprKind::Member) {
    check_action_call(call, static_cast<const ast::MemberExpr*>(call->callee));
    return;
  }
  auto* name = static_cast<const ast::NameExpr*>(call->callee);
  if (std::optional<ir::Symbol> known = find(name->name); known && known->kind == ir::Ref::Gate) {
    diagnostics_.report(name->span, diag::WrongKind, std::string(name->name), "a gate", "a strategy")
        .at(known->span, "declared here")
        .advise(fmt::format("a gate judges a hold: `hold 5m judged by {}(…)`", name->name));
    return;
  }
  if (std::optional<ir::Symbol> symbol = expect_symbol({name->name, name->span}, ir::Ref::Strategy, "strategy"))
    check_strategy_call(call, symbol->index);
}

void Checker::check_action_call(const ast::CallExpr* call, const ast::MemberExpr* member) {
  called_.actions = true;
  const Type* object = check_expr(member->object);
  if (object->is(TypeKind::Error)) return;
  if (!ir::is_subject(object->kind)) {
    diagnostics_.report(member->object->span, diag::NoActions, text(object))
        .advise("actions belong to services, flags and databases: `checkout.shift(5%)`");
    return;
  }
  std::vector<std::string_view> known;
  for (uint32_t capability : object->capabilities) {
    const std::vector<ir::Action>& actions = program_.capabilities[capability].actions;
    for (uint32_t i = 0; i < actions.size(); ++i) {
      if (!object->is(actions[i].parameters[0].type->kind)) continue;
      known.push_back(actions[i].name.text);
      if (known.back() != member->member.text) continue;
      info(member) = {simple(TypeKind::None), ir::Ref::Action, capability, i};
      check_arguments(call, actions[i].parameters, 1, fmt::format("`{}`", known.back()), true);
      return;
    }
  }
  const ir::Service* service = known_service(member->object);
  std::string_view subject = ir::subject_text(object->kind);
  std::string whose = service ? fmt::format("{} `{}`", subject, service->decl->name.text)
                              : fmt::format("this {}", subject);
  if (known.empty()) {
    auto* name = member->object->kind == ast::ExprKind::Name ? static_cast<const ast::NameExpr*>(member->object)
                                                             : nullptr;
    const void* body = strategy_ != UINT32_MAX ? program_.strategies[strategy_].decl->body : rollout_body_;
    if (service) body = service, name = nullptr;
    if ((service || name) && !actionless_.try_emplace({body, name ? name->name : ""}, member->span).second)
      return;
    Diagnostic& diagnostic = diagnostics_.report(member->object->span, diag::NoActions, whose);
    bool flag = object->is(TypeKind::Flag), database = object->is(TypeKind::Database);
    std::string_view usual = flag ? "store = flags" : database ? "migrator = db" : "workload = hosts";
    if (service) diagnostic.advise(fmt::format("bind it to a target: `{} {{ … }}`", usual));
    else diagnostic.advise(fmt::format("say what it can do: `{}`", flag       ? "Flag with FlagStore"
                                                                   : database ? "Database with Migrator"
                                                                              : "s: Service with Workload + "
                                                                                "TrafficRouter"));
    return;
  }
  std::string capability;
  if (suggests()) capability = capability_with(program_, library_, object->kind, member->member.text);
  if (capability.empty())
    return report_unknown(member->member.span, member->member.text, fmt::format("action of {}", whose), known);
  Diagnostic& diagnostic = diagnostics_.report(member->member.span, diag::UnknownMember, whose, "action",
                                               std::string(member->member.text));
  ++unknown_;
  diagnostic.note(fmt::format("`{}` is an action of {}, which it does not have", member->member.text, capability));
  explain_lacking(diagnostic, program_, library_, service, capability);
}

void Checker::check_strategy_call(const ast::CallExpr* call, uint32_t strategy) {
  info(call->callee) = {simple(TypeKind::None), ir::Ref::Strategy, strategy, 0};
  called_.strategies.push_back(strategy);
  if (strategy_ != UINT32_MAX) strategy_calls_.push_back({strategy_, strategy, call->callee->span});
  const ir::Strategy& callee = program_.strategies[strategy];
  check_arguments(call, callee.parameters, 0, fmt::format("`{}`", callee.decl->name.text), true);
}

}  // namespace rollout::check
