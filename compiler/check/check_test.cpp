// Test blocks: a scenario in virtual time and what is expected of it.
#include <array>

#include "compiler/check/context.h"

namespace rollout::check {

namespace {

const std::vector<std::string_view> outcomes = {"succeeded", "rolled_back", "parked"};

/// `duration`, `rollback.duration`, `exposure(checkout)`: what a finished run can be asked.
enum class Measure { None, Duration, RollbackDuration, Exposure, Notified };

Measure measure_of(const ast::Expr* expr) {
  auto is_name = [](const ast::Expr* e, std::string_view name) {
    return e->kind == ast::ExprKind::Name && static_cast<const ast::NameExpr*>(e)->name == name;
  };
  if (is_name(expr, "duration")) return Measure::Duration;
  if (expr->kind == ast::ExprKind::Member) {
    auto* member = static_cast<const ast::MemberExpr*>(expr);
    if (is_name(member->object, "rollback") && member->member.text == "duration") return Measure::RollbackDuration;
  }
  if (expr->kind != ast::ExprKind::Call) return Measure::None;
  const ast::Expr* callee = static_cast<const ast::CallExpr*>(expr)->callee;
  if (is_name(callee, "exposure")) return Measure::Exposure;
  if (is_name(callee, "notified") && static_cast<const ast::CallExpr*>(expr)->arguments.size() == 1)
    return Measure::Notified;
  return Measure::None;
}

std::string_view name_in(const ast::Expr* expr) {
  return expr->kind == ast::ExprKind::Name ? static_cast<const ast::NameExpr*>(expr)->name : std::string_view();
}

/// `outcome == succeeded`, as it is written elsewhere; here an outcome stands alone.
bool compares_outcome(const ast::BinaryExpr* binary) {
  constexpr std::array<std::string_view, 4> words = {"outcome", "result", "state", "status"};
  return llvm::is_contained(outcomes, name_in(binary->right)) || llvm::is_contained(words, name_in(binary->left));
}

void advise_alone(Diagnostic& told, const ast::BinaryExpr* binary) {
  told.advise("how a run ends stands alone: `expect succeeded`, `expect rolled_back in phase canary`, `expect parked`");
  std::string_view right = name_in(binary->right);
  if (binary->op == ast::Operator::Equal && llvm::is_contained(outcomes, right))
    told.fix(binary->span, std::string(right));
}

}  // namespace

/// Reports know a test by its file and its name, so those of several files may be the same.
void Checker::check_test_name(const ast::Name& name) {
  if (name.text.size() < 2) return;  // the reader has said that it is missing
  if (llvm::StringRef(name.text).drop_front().drop_back().trim().empty()) {
    diagnostics_.report(name.span, diag::BadText, std::string(name.text), "name of a test", "it is empty")
        .advise("say what must hold: `test \"a bad version goes back\" { … }`");
    return;
  }
  auto [first, fresh] = test_names_.try_emplace({module_, name.text}, name.span);
  if (fresh) return;
  diagnostics_.report(name.span, diag::DeclaredTwice, std::string(name.text))
      .at(first->second, "first declared here")
      .note("reports know a test by its file and its name")
      .advise("say in its name how it differs from the other one");
}

void Checker::check_test(const ir::Test& test) {
  in_test_ = true;
  check_test_name(test.decl->name);
  size_t runs = 0, expectations = 0;
  check_stages(test);
  check_given_once(test);
  for (const ast::TestItem& item : test.decl->items) {
    runs += item.kind == ast::TestItemKind::Run;
    expectations += item.kind == ast::TestItemKind::Expect;
    check_test_item(item);
  }
  if (runs != 1)
    diagnostics_.report(test.decl->name.span, diag::TestRuns, runs)
        .advise("write one `run release(image: \"shop:1.1\")`");
  else if (expectations == 0)
    diagnostics_.report(test.decl->name.span, diag::TestExpects).advise("say how it ends: `expect succeeded`");
  in_test_ = false;
}

void Checker::check_test_item(const ast::TestItem& item) {
  switch (item.kind) {
    case ast::TestItemKind::Signal: check_given(item); break;
    case ast::TestItemKind::Fail: check_failure(item); break;
    case ast::TestItemKind::Start: check_start(item); break;
    case ast::TestItemKind::Answer: check_answer(item); break;
    case ast::TestItemKind::Noise: check_noise(item); break;
    case ast::TestItemKind::Lock: check_lock_held(item); break;
    case ast::TestItemKind::Crash: expect_word(item.words[0], "crash", "given crash in phase canary"); break;
    case ast::TestItemKind::Run: check_run(item); break;
    case ast::TestItemKind::Abort: check_person(item); break;
    case ast::TestItemKind::Expect: check_expectation(item); break;
  }
}

/// `given checkout.version = "shop:1.0"`: what runs before the rollout. `given checkout.generation = 7`: how many runs
/// there were before this one.
bool Checker::check_given_version(const ast::TestItem& item) {
  if (item.subject->kind != ast::ExprKind::Member) return false;
  auto* member = static_cast<const ast::MemberExpr*>(item.subject);
  bool version = member->member.text == "version";
  if (!version && member->member.text != "generation") return false;
  if (!check_expr(member->object)->is(TypeKind::Service)) return false;
  expect(item.values[0].value, simple(version ? TypeKind::Image : TypeKind::Int),
         version ? "`version`" : "`generation`");
  if (item.values.size() > 1)
    diagnostics_
        .report(item.values[1].value->span, diag::ExpectedFound, version ? "one version" : "one generation", "then")
        .advise("what is there before the rollout is one value; only the rollout changes it");
  return true;
}

/// `given checkout.canary.error_rate = 0% then 3% at 90s`
void Checker::check_given(const ast::TestItem& item) {
  if (check_given_version(item)) return;
  const Type* type = check_expr(item.subject);
  if (type->is(TypeKind::Flag) || type->is(TypeKind::Database)) return check_state(item, type->kind);
  bool live = type->is(TypeKind::Live);
  bool past = is_past(item.subject) || info(item.subject).ref == ir::Ref::Deviation;
  if (!live && !type->is(TypeKind::Error)) {
    diagnostics_.report(item.subject->span, diag::WrongType, "`given`", "a signal of a service", text(type))
        .advise("write `given checkout.canary.error_rate = 5%`");
    return;
  }
  if (item.values.size() > 1 && past)
    diagnostics_.report(item.values[1].value->span, diag::ExpectedFound, "one value", "then")
        .advise("what was before the run does not change any more");
  const ast::Expr* earlier = nullptr;
  for (const ast::ScriptedValue& value : item.values) {
    // `none`: from then on nobody can tell.
    bool lost = value.value->kind == ast::ExprKind::Literal &&
                static_cast<const ast::LiteralExpr*>(value.value)->literal == ast::LiteralKind::None;
    if (lost) check_expr(value.value);
    else if (live) expect(value.value, type->arguments[0], "this signal");
    bool time = live && type->arguments[0]->is(TypeKind::Duration);
    if (!lost && (time || (live && type->arguments[0]->is(TypeKind::Percent))))
      keep_range(time ? eval::time_range : eval::share_range, value.value);
    if (!value.at) continue;
    expect(value.at, simple(TypeKind::Duration), "`at`");
    keep_range(eval::at_range, value.at, std::exchange(earlier, value.at));
  }
}

/// `given read_currency = 20%`: what it is when the run starts.
void Checker::check_state(const ast::TestItem& item, TypeKind subject) {
  expect(item.values[0].value, state_type(subject), fmt::format("this {}", ir::subject_text(subject)));
  if (item.values.size() > 1)
    diagnostics_.report(item.values[1].value->span, diag::GivenTwice, "start")
        .advise("only the rollout changes it: give what it is when the run starts");
}

/// Of a flag its share, of a database its schema.
const Type* Checker::state_type(TypeKind subject) {
  auto row = llvm::find_if(ir::variable_rows(), [&](const ir::VariableRow& one) { return one.subject == subject; });
  return simple(row->value);
}

/// `expect read_currency == 100%`: what it is in the end.
bool Checker::check_final_state(const ast::BinaryExpr* binary) {
  bool named = binary->left->kind == ast::ExprKind::Name || binary->left->kind == ast::ExprKind::Index;
  if (!named || (binary->op != ast::Operator::Equal && binary->op != ast::Operator::NotEqual)) return false;
  const Type* type = check_expr(binary->left);
  if (type->is(TypeKind::Error)) return true;
  if (!type->is(TypeKind::Flag) && !type->is(TypeKind::Database)) return false;
  expect(binary->right, state_type(type->kind), "this comparison");
  return true;
}

/// `given fail checkout.shift in phase pilot`
void Checker::check_failure(const ast::TestItem& item) {
  auto* member = item.subject->kind == ast::ExprKind::Member ? static_cast<const ast::MemberExpr*>(item.subject)
                                                             : nullptr;
  const Type* object = member ? check_expr(member->object) : nullptr;
  if (object && object->is(TypeKind::Error)) return;
  if (object && object->is(TypeKind::Team) && member->member.text == "notify") return;
  if (object && object->is(TypeKind::Service) && member->member.text == "reach") return;
  if (object && object->is(TypeKind::Service) && member->member.text == "sample") {
    if (!item.phase.text.empty())
      diagnostics_.report(item.phase.span, diag::ExpectedFound, "no phase", std::string(item.phase.text))
          .advise("the source of its signals fails for all of the test");
    return;
  }
  check_action_of(item.subject);
}

/// `run release(image: "shop:1.1")`
void Checker::check_run(const ast::TestItem& item) {
  std::optional<ir::Symbol> run = find(item.run.text);
  bool promotion = run && run->kind == ir::Ref::Promotion;
  if (promotion && !item.environment.text.empty())
    diagnostics_
        .report(item.environment.span, diag::ExpectedFound, "no environment", std::string(item.environment.text))
        .advise(fmt::format("`{}` goes through its environments itself: write `run {}(…)`", item.run.text,
                            item.run.text));
  bool known = run && run->kind != ir::Ref::None;  // else it may be a promotion
  if (!promotion && known) check_run_environment(item);
  if (!promotion && !expect_symbol(item.run, ir::Ref::Rollout, "rollout")) return;
  for (size_t i = 0; i < item.arguments.size(); ++i) {
    const ast::Argument& argument = item.arguments[i];
    if (argument.label.text.empty()) {
      diagnostics_.report(argument.value->span, diag::LabelMissing)
          .advise("inputs are given by name: `run release(image: \"shop:1.1\")`");
      continue;
    }
    std::optional<ir::Symbol> symbol = expect_symbol(argument.label, ir::Ref::Input, "input");
    if (symbol) {
      const ir::Input& input = program_.inputs[symbol->index];
      expect(argument.value, input.type, fmt::format("`{}`", argument.label.text));
      warn_deprecated(argument.label.span, input.decl->name, input.decl->deprecated);
    }
    for (size_t j = 0; j < i; ++j)
      if (item.arguments[j].label.text == argument.label.text)
        diagnostics_.report(argument.label.span, diag::GivenTwice, std::string(argument.label.text));
  }
}

/// `notified(sre)`: at least one message reached the team; or how many, in a comparison.
void Checker::expect_notified(const ast::Expr* call) {
  expect(static_cast<const ast::CallExpr*>(call)->arguments[0].value, simple(TypeKind::Team), "`notified`");
}

/// `rolled_back(checkout)`: what became of one service.
bool Checker::check_service_outcome(const ast::Expr* subject) {
  if (subject->kind != ast::ExprKind::Call) return false;
  auto* call = static_cast<const ast::CallExpr*>(subject);
  if (call->callee->kind != ast::ExprKind::Name || call->arguments.size() != 1) return false;
  std::string_view name = static_cast<const ast::NameExpr*>(call->callee)->name;
  if (name != "succeeded" && name != "rolled_back") return false;
  expect(call->arguments[0].value, program_.types.service({}), fmt::format("`{}`", name));
  return true;
}

/// Only how it ended, and in which order things were done, is asked of one phase.
void Checker::check_expected_phase(const ast::TestItem& item) {
  if (item.phase.text.empty() || item.subject->kind == ast::ExprKind::Name || is_order(item.subject)) return;
  diagnostics_.report(item.phase.span, diag::ExpectedFound, "the end of the expectation", "in phase")
      .advise("only outcomes and `order(…)` are asked of one phase");
}

void Checker::check_expectation(const ast::TestItem& item) {
  check_expected_phase(item);
  if (is_order(item.subject)) return check_order_of(static_cast<const ast::CallExpr*>(item.subject));
  if (check_service_outcome(item.subject) || check_reached(item.subject)) return;
  if (item.subject->kind == ast::ExprKind::Name) {
    std::string_view name = static_cast<const ast::NameExpr*>(item.subject)->name;
    if (std::find(outcomes.begin(), outcomes.end(), name) == outcomes.end())
      report_unknown(item.subject->span, name, "outcome", outcomes);
    return;
  }
  if (measure_of(item.subject) == Measure::Notified) return expect_notified(item.subject);
  if (item.subject->kind == ast::ExprKind::Binary) {
    auto* binary = static_cast<const ast::BinaryExpr*>(item.subject);
    std::string_view left = name_in(binary->left);
    std::optional<ir::Symbol> known = find(left);
    if (!left.empty() && (!known || known->kind == ir::Ref::Rollout) && compares_outcome(binary))
      return advise_alone(diagnostics_.report(binary->span, diag::BadExpectation), binary);
    Measure measure = measure_of(binary->left);
    if (measure != Measure::None && binary->op >= ast::Operator::Less && binary->op <= ast::Operator::NotEqual) {
      if (measure == Measure::Exposure)
        for (const ast::Argument& argument : static_cast<const ast::CallExpr*>(binary->left)->arguments) {
          const Type* of = check_expr(argument.value);
          if (!of->is(TypeKind::Flag)) expect_found(argument.value, of, program_.types.service({}), "`exposure`");
        }
      if (measure == Measure::Notified) expect_notified(binary->left);
      expect(binary->right, simple(measure == Measure::Notified ? TypeKind::Int : TypeKind::Duration),
             "this comparison");
      return;
    }
    if (measure == Measure::None && check_final_state(binary)) return;
  }
  diagnostics_.report(item.subject->span, diag::BadExpectation)
      .advise(
          "write an outcome (`succeeded`, `rolled_back in phase canary`, `rolled_back(service)`, `parked`), of a "
          "promotion `reached(environment)` or `not reached(environment)`, or compare "
          "`duration`, `rollback.duration`, `exposure(service)` or `notified(team)`, or say what a flag or a database "
          "is in the end, `f == 100%`, or in which order something was done, `order(a.deploy, b.deploy)`");
}

}  // namespace rollout::check
