#include "compiler/syntax/read.h"

namespace rollout::syntax {

using ast::TestItemKind;

const ast::Decl* Reader::read_test() {
  size_t first = take();
  ast::Name name = name_of(expect(Parser::STRING));
  expect(Parser::LBRACE);
  llvm::SmallVector<ast::TestItem, 4> items;
  while (more(Parser::RBRACE)) items.push_back(read_test_item());
  return make(ast::TestDecl{{ast::DeclKind::Test, since(first), name, doc_above(first)}, keep(items)});
}

namespace {

bool may_name_phase(TestItemKind kind) {
  return kind == TestItemKind::Fail || kind == TestItemKind::Answer || kind == TestItemKind::Crash ||
         kind == TestItemKind::Expect;
}
bool may_name_environment(TestItemKind kind) {
  return may_name_phase(kind) || kind == TestItemKind::Signal || kind == TestItemKind::Lock;
}

}  // namespace

ast::TestItem Reader::read_test_item() {
  size_t first = at_;
  mark_item();
  ast::TestItem item{TestItemKind::Run, {}, nullptr, {}, {}, {}, {}, {}, {}, {}, nullptr, false, {}, {}};
  if (accept(Parser::GIVEN)) {
    read_given(item);
  } else if (accept(Parser::RUN)) {
    item.run = expect_name();
    item.arguments = read_arguments();
    if (accept(Parser::IN)) item.environment = expect_name();
  } else if (accept(Parser::AT)) {
    item.kind = TestItemKind::Abort;
    item.subject = read_expr();
    if (!accept(Parser::ABORT)) item.then = expect_name();
  } else {
    expect(Parser::EXPECT);
    item.kind = TestItemKind::Expect;
    item.subject = read_expr();
  }
  if (may_name_phase(item.kind) && is(Parser::IN) && next_is(Parser::PHASE)) {
    take();
    take();
    item.phase = expect_name_or_string();
  }
  if (may_name_environment(item.kind) && accept(Parser::IN)) item.environment = expect_name();
  item.span = since(first);
  return item;
}

void Reader::read_answer(ast::TestItem& item) {
  item.kind = TestItemKind::Answer;
  item.reject = list_[take()].type == Parser::REJECT;
  expect(Parser::BY);
  item.subject = read_expr();
  expect(Parser::AFTER);
  item.after = read_expr();
}

void Reader::read_given(ast::TestItem& item) {
  bool start = is(Parser::NAME) && (next_is(Parser::INSTANT) || next_is(Parser::DATE));
  if (start) return read_start(item);
  if (is(Parser::APPROVE) || is(Parser::REJECT)) return read_answer(item);
  if (accept(Parser::LOCK)) return read_lock_held(item);
  if (is(Parser::NAME) && next_is(Parser::NAME)) return read_noise(item);
  if (is(Parser::NAME) && next_is(Parser::IN)) {
    item.kind = TestItemKind::Crash;
    item.words[0] = expect_name();
    if (!next_is(Parser::PHASE)) {
      expect(Parser::IN);
      expect(Parser::PHASE);
    }
    return;
  }
  item.kind = accept(Parser::FAIL) ? TestItemKind::Fail : TestItemKind::Signal;
  item.subject = read_callee(item.kind == TestItemKind::Signal);
  if (item.kind == TestItemKind::Fail) return;
  expect(Parser::ASSIGN);
  llvm::SmallVector<ast::ScriptedValue> values = {{read_expr(), nullptr}};
  while (accept(Parser::THEN)) {
    const ast::Expr* value = read_expr();
    expect(Parser::AT);
    values.push_back({value, read_expr()});
  }
  item.values = keep(values);
}

/// `start 2026-11-20 15:30 in working_hours`, `start 2026-11-20T14:30Z`
void Reader::read_start(ast::TestItem& item) {
  item.kind = TestItemKind::Start;
  item.start = expect_name();
  bool instant = is(Parser::INSTANT);
  item.moment[0] = name_of(list_[take()]);
  if (instant) return;
  item.moment[1] = name_of(expect(Parser::TIME));
  expect(Parser::IN);
  item.subject = read_expr();
}

/// `noise seed 7`
void Reader::read_noise(ast::TestItem& item) {
  item.kind = TestItemKind::Noise;
  item.words[0] = expect_name();
  item.words[1] = expect_name();
  item.subject = read_expr();
}

/// `lock schema held until 5m`
void Reader::read_lock_held(ast::TestItem& item) {
  item.kind = TestItemKind::Lock;
  item.words[0] = expect_name();
  expect(Parser::HELD);
  item.words[1] = expect_name();
  item.subject = read_expr();
}

}  // namespace rollout::syntax
