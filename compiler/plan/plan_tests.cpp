// `test` blocks with their expressions evaluated.
#include <algorithm>

#include <fmt/format.h>

#include "compiler/base/visible.h"
#include "compiler/eval/evaluator.h"
#include "compiler/eval/literal.h"
#include "compiler/eval/start.h"
#include "compiler/plan/test_case.h"

namespace rollout::plan {

namespace {

using eval::Value;

std::string unquoted(std::string_view name) {
  bool quoted = name.size() >= 2 && name.front() == '"';
  return std::string(quoted ? name.substr(1, name.size() - 2) : name);
}

Comparison comparison_of(ast::Operator op) {
  switch (op) {
    case ast::Operator::Less: return Comparison::Less;
    case ast::Operator::LessEqual: return Comparison::LessEqual;
    case ast::Operator::Greater: return Comparison::Greater;
    case ast::Operator::GreaterEqual: return Comparison::GreaterEqual;
    case ast::Operator::NotEqual: return Comparison::NotEqual;
    default: return Comparison::Equal;
  }
}

class TestReader {
 public:
  TestReader(const ir::Program& program, const ir::Test& test, const SourceMap& sources,
             Diagnostics& diagnostics)
      : program_(program),
        test_(test),
        sources_(sources),
        diagnostics_(diagnostics),
        evaluator_(program, std::vector<Value>(program.inputs.size()), diagnostics) {}

  TestCase read() {
    TestCase out;
    out.name = unquoted(test_.decl->name.text);
    out.place = place(test_.decl->span);
    for (const ast::TestItem& item : test_.decl->items)
      if (std::optional<uint32_t> environment = environment_of(item);
          environment && item.kind == ast::TestItemKind::Run)
        evaluator_.enter(program_.environments[*environment]);
    for (const ast::TestItem& item : test_.decl->items) read_item(out, item);
    return out;
  }

 private:
  void read_item(TestCase& out, const ast::TestItem& item) {
    std::string environment(item.environment.text), phase = unquoted(item.phase.text);
    switch (item.kind) {
      case ast::TestItemKind::Signal:
        if (is_state(item.subject)) give(out, item, state(item));
        else if (is_of_service(item, "version")) give(out, item, version(item));
        else if (is_of_service(item, "generation")) give(out, item, generation(item));
        else out.signals.push_back(signal(item));
        break;
      case ast::TestItemKind::Fail: fail(out, item); break;
      case ast::TestItemKind::Start: out.start_wall_ns = start(item); break;
      case ast::TestItemKind::Answer:
        out.answers.push_back({eval(item.subject).text, eval(item.after).number, item.reject, phase, item.phase.span,
                               environment, written(item)});
        break;
      case ast::TestItemKind::Noise:
        out.noise_seed = eval(item.subject).number;
        out.drifts = item.words[0].text == "drift";
        break;
      case ast::TestItemKind::Lock:
        out.locks.push_back({std::string(item.words[0].text), eval(item.subject).number, environment, written(item)});
        break;
      case ast::TestItemKind::Crash:
        out.crashes.push_back({phase, item.phase.span, environment, written(item)});
        break;
      case ast::TestItemKind::Run:
        out.request.rollout = item.run.text;
        out.request.environment = item.environment.text;
        out.stages = stages(item);
        for (const ast::Argument& argument : item.arguments)
          out.request.values.emplace_back(std::string(argument.label.text), eval(argument.value));
        break;
      case ast::TestItemKind::Abort: read_moment(out, item); break;
      case ast::TestItemKind::Expect: out.expectations.push_back(expectation(item)); break;
    }
  }

  void read_moment(TestCase& out, const ast::TestItem& item) {
    Moment moment{eval(item.subject).number, written(item)};
    if (item.then.text.empty()) out.abort = std::move(moment);
    else (item.then.text == "crash" ? out.dies : out.resumes).push_back(std::move(moment));
  }

  void fail(TestCase& out, const ast::TestItem& item) {
    std::string environment(item.environment.text);
    auto* member = static_cast<const ast::MemberExpr*>(item.subject);
    if (program_.info(test_.module, member->object).type->is(ir::TypeKind::Team))
      out.unreachable.push_back({eval(member->object).text, environment, written(item)});
    else
      out.failures.push_back({eval(member->object).text, std::string(member->member.text), unquoted(item.phase.text),
                              item.phase.span, environment, written(item)});
  }

  Written written(const ast::TestItem& item) const {
    return {shortened(sources_.text(item.span)), place(item.span), item.span};
  }

  std::optional<uint32_t> environment_of(const ast::TestItem& item) const {
    const auto& scope = program_.modules[test_.module]->scope;
    auto found = scope.find(item.environment.text);
    bool is_one = found != scope.end() && found->second.kind == ir::Ref::Environment;
    return is_one ? std::optional(found->second.index) : std::nullopt;
  }
  Value eval(const ast::Expr* expr) { return evaluator_.eval(test_.module, expr, {}); }
  std::string place(Span span) const {
    return fmt::format("{}:{}", sources_.name(span.source), sources_.locate(span.source, span.begin).line);
  }

  /// A flag or a database, rather than a signal of a service.
  bool is_state(const ast::Expr* subject) const {
    const ir::Type* type = program_.info(test_.module, subject).type;  // `duration` has none
    return type && (type->is(ir::TypeKind::Flag) || type->is(ir::TypeKind::Database));
  }

  GivenService state(const ast::TestItem& item) {
    ObservedService given;
    given.service = eval(item.subject).text;
    given.state = eval(item.values[0].value);
    given.source = "this test";
    return {"", std::move(given), false, {}};
  }

  /// What is there when the run begins; in a test of a promotion, in one of its environments or in all of them.
  void give(TestCase& out, const ast::TestItem& item, GivenService given) const {
    given.environment = item.environment.text;
    given.written = written(item);
    out.services.push_back(std::move(given));
  }

  bool is_of_service(const ast::TestItem& item, std::string_view name) const {
    auto* member = static_cast<const ast::MemberExpr*>(item.subject);
    bool service = program_.info(test_.module, member->object).type->is(ir::TypeKind::Service);
    return member->member.text == name && service;
  }
  ObservedService service_of(const ast::TestItem& item) {
    ObservedService given;
    given.service = eval(static_cast<const ast::MemberExpr*>(item.subject)->object).text;
    given.stable = Value::of(Value::Kind::Image, std::string(earlier_version));
    given.source = "the test";
    return given;
  }
  /// What runs before the rollout; the services of which nothing is said run some earlier version.
  GivenService version(const ast::TestItem& item) {
    ObservedService given = service_of(item);
    given.stable = eval(item.values[0].value);
    return {"", std::move(given), false, {}};
  }
  /// How many runs there were.
  GivenService generation(const ast::TestItem& item) {
    ObservedService given = service_of(item);
    given.generation = eval(item.values[0].value).number;
    return {"", std::move(given), true, {}};
  }

  /// Of the promotion that the test runs; none: it runs a rollout.
  std::vector<Stage> stages(const ast::TestItem& run) {
    const auto& scope = program_.modules[test_.module]->scope;
    auto found = scope.find(run.run.text);
    if (found == scope.end() || found->second.kind != ir::Ref::Promotion) return {};
    return stages_of(program_, program_.promotions[found->second.index], diagnostics_);
  }

  GivenSignal signal(const ast::TestItem& item) {
    auto* member = static_cast<const ast::MemberExpr*>(item.subject);
    GivenSignal given;
    given.deviation = program_.info(test_.module, member).ref == ir::Ref::Deviation;
    if (given.deviation) member = static_cast<const ast::MemberExpr*>(member->object);
    given.environment = item.environment.text;
    given.signal = member->member.text;
    const ast::Expr* object = member->object;
    const ir::ExprInfo& info = program_.info(test_.module, object);
    if (info.ref == ir::Ref::Role) given.role = Role(info.index);
    if (program_.info(test_.module, member).ref == ir::Ref::Rehearsed) {
      given.signal = "rollback.rehearsed";
      object = static_cast<const ast::MemberExpr*>(object)->object;
    }
    given.past = info.ref == ir::Ref::Past;
    if (info.ref == ir::Ref::Role || given.past) object = static_cast<const ast::MemberExpr*>(object)->object;
    given.service = eval(object).text;
    for (const ast::ScriptedValue& value : item.values) {
      std::string text(sources_.text(value.value->span));
      if (value.at) text += fmt::format(" at {}", sources_.text(value.at->span));
      given.values.push_back({eval(value.value), value.at ? eval(value.at).number : 0, std::move(text)});
    }
    given.written = written(item);
    return given;
  }

  std::optional<int64_t> start(const ast::TestItem& item) {
    if (item.subject) return eval::start_of(eval(item.subject), item.moment[0], item.moment[1], diagnostics_);
    Result<Value> instant = eval::parse_literal(ast::LiteralKind::Instant, item.moment[0].text);
    if (!instant) return std::nullopt;  // reported by the checker
    return instant->number;
  }

  Expectation expectation(const ast::TestItem& item) {
    Expectation expected;
    expected.text = sources_.text(item.subject->span);
    expected.place = place(item.span);
    expected.phase = unquoted(item.phase.text);
    expected.phase_span = item.phase.span;
    if (!expected.phase.empty()) expected.text += " in phase " + expected.phase;
    expected.environment = item.environment.text;
    if (!expected.environment.empty()) expected.text += " in " + expected.environment;
    switch (item.subject->kind) {
      case ast::ExprKind::Name: expect_outcome(item.subject, expected); break;
      case ast::ExprKind::Unary:
        expect_call(static_cast<const ast::UnaryExpr*>(item.subject)->operand, expected);
        expected.what = Expected::NotReached;
        break;
      case ast::ExprKind::Call: expect_call(item.subject, expected); break;
      default: expect_comparison(static_cast<const ast::BinaryExpr*>(item.subject), expected);
    }
    return expected;
  }

  static void expect_outcome(const ast::Expr* subject, Expectation& expected) {
    std::string_view name = static_cast<const ast::NameExpr*>(subject)->name;
    expected.what = name == "succeeded" ? Expected::Succeeded
                    : name == "parked"  ? Expected::Parked
                                        : Expected::RolledBack;
  }

  /// `exposure(checkout) < 5s`, `read_currency == 100%`
  void expect_comparison(const ast::BinaryExpr* binary, Expectation& expected) {
    expected.comparison = comparison_of(binary->op);
    expected.measure = sources_.text(binary->left->span);
    add_parts(binary->right, expected);
    bool state = binary->left->kind == ast::ExprKind::Name || binary->left->kind == ast::ExprKind::Index;
    if (state && is_state(binary->left)) {
      expected.what = Expected::State;
      expected.service = eval(binary->left).text;
      expected.state = eval(binary->right);
      return;
    }
    expected.limit_ns = eval(binary->right).number;
    expected.what = binary->left->kind == ast::ExprKind::Member ? Expected::RollbackDuration : Expected::Duration;
    if (binary->left->kind != ast::ExprKind::Call) return;
    auto* call = static_cast<const ast::CallExpr*>(binary->left);
    bool notified = static_cast<const ast::NameExpr*>(call->callee)->name == "notified";
    expected.what = notified ? Expected::Notified : Expected::Exposure;
    if (!call->arguments.empty()) expected.service = eval(call->arguments[0].value).text;
  }

  /// What has another value than what is written, from the outside in: `2 * limit` is 10s, `limit` is 5s.
  void add_parts(const ast::Expr* expr, Expectation& expected) {
    constexpr size_t most_parts = 16;
    if (expr->kind == ast::ExprKind::Literal || expected.parts.size() >= most_parts) return;
    expected.parts.push_back({std::string(sources_.text(expr->span)), eval::to_text(eval(expr))});
    if (expr->kind == ast::ExprKind::Unary) add_parts(static_cast<const ast::UnaryExpr*>(expr)->operand, expected);
    if (expr->kind == ast::ExprKind::Call)
      for (const ast::Argument& argument : static_cast<const ast::CallExpr*>(expr)->arguments)
        add_parts(argument.value, expected);
    if (expr->kind != ast::ExprKind::Binary) return;
    add_parts(static_cast<const ast::BinaryExpr*>(expr)->left, expected);
    add_parts(static_cast<const ast::BinaryExpr*>(expr)->right, expected);
  }

  /// `notified(sre)`: at least one message; `succeeded(cart)`, `rolled_back(cart)`: what became of one service.
  void expect_call(const ast::Expr* subject, Expectation& expected) {
    auto* call = static_cast<const ast::CallExpr*>(subject);
    if (call->callee->kind == ast::ExprKind::Member) return expect_order(call, Expected::RollbackOrder, expected);
    std::string_view name = static_cast<const ast::NameExpr*>(call->callee)->name;
    if (name == "order") return expect_order(call, Expected::Order, expected);
    if (name == "reached") {
      expected.what = Expected::Reached;
      expected.environment = static_cast<const ast::NameExpr*>(call->arguments[0].value)->name;
      return;
    }
    expected.service = eval(call->arguments[0].value).text;
    expected.what = name == "succeeded"     ? Expected::ServiceSucceeded
                    : name == "rolled_back" ? Expected::ServiceRolledBack
                                            : Expected::Notified;
    if (expected.what != Expected::Notified) return;
    expected.comparison = Comparison::GreaterEqual;
    expected.limit_ns = 1;
  }

  void expect_order(const ast::CallExpr* call, Expected what, Expectation& expected) {
    expected.what = what;
    for (const ast::Argument& argument : call->arguments) {
      auto* member = static_cast<const ast::MemberExpr*>(argument.value);
      expected.order.push_back({eval(member->object).text, std::string(member->member.text)});
    }
  }

  const ir::Program& program_;
  const ir::Test& test_;
  const SourceMap& sources_;
  Diagnostics& diagnostics_;
  eval::Evaluator evaluator_;
};

}  // namespace

std::vector<Stage> stages_of(const TestCase& test) {
  return test.stages.empty() ? std::vector{Stage{test.request.rollout, test.request.environment, 0}} : test.stages;
}

Request request_of(const TestCase& test, const Stage& stage) {
  Request request = test.request;
  request.rollout = stage.rollout;
  request.environment = stage.environment;
  std::vector<ObservedService>& known = request.snapshot.services;
  for (const GivenService& given : test.services) {
    if (!given.environment.empty() && given.environment != stage.environment) continue;
    auto same = std::find_if(known.begin(), known.end(),
                             [&](const ObservedService& other) { return other.service == given.service.service; });
    if (same == known.end()) known.push_back(given.service);
    else if (given.generation) same->generation = given.service.generation;
    else same->stable = given.service.stable, same->state = given.service.state;
  }
  return request;
}

TestCase read_test(const ir::Program& program, const ir::Test& test, const SourceMap& sources,
                   Diagnostics& diagnostics) {
  return TestReader(program, test, sources, diagnostics).read();
}

std::vector<TestCase> test_cases(const ir::Program& program, const SourceMap& sources, Diagnostics& diagnostics) {
  std::vector<TestCase> cases;
  for (const ir::Test& test : program.tests)
    if (test.module + 1 == program.modules.size())
      cases.push_back(read_test(program, test, sources, diagnostics));
  return cases;
}

}  // namespace rollout::plan
