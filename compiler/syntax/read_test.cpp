#include "compiler/syntax/read.h"

namespace rollout::syntax {

using ast::TestItemKind;

const ast::Decl* Reader::read_test() {
  size_t first = take();
  ast::Name name = name_of(expect(Parser::STRING));
  expect(Parser::LBRACE);
  llvm::SmallVector<ast::TestItem> items;
  while (more(Parser::RBRACE)) items.push_back(read_test_item());
  return make(ast::TestDecl{{ast::DeclKind::Test, since(first), name, doc_above(first)}, keep(items)});
}

ast::TestItem Reader::read_test_item() {
  size_t first = at_;
  ast::TestItem item{TestItemKind::Run, {}, nullptr, {}, {}, {}, {}};
  if (accept(Parser::GIVEN)) {
    read_given(item);
  } else if (accept(Parser::RUN)) {
    item.run = expect_name();
    item.arguments = read_arguments();
  } else if (accept(Parser::AT)) {
    item.kind = TestItemKind::Abort;
    item.subject = read_expr();
    expect(Parser::ABORT);
  } else {
    expect(Parser::EXPECT);
    item.kind = TestItemKind::Expect;
    item.subject = read_expr();
  }
  bool may_name_phase = item.kind == TestItemKind::Fail || item.kind == TestItemKind::Expect;
  if (may_name_phase && accept(Parser::IN)) {
    expect(Parser::PHASE);
    item.phase = expect_name_or_string();
  }
  item.span = since(first);
  return item;
}

void Reader::read_given(ast::TestItem& item) {
  item.kind = accept(Parser::FAIL) ? TestItemKind::Fail : TestItemKind::Signal;
  item.subject = read_callee();
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

}  // namespace rollout::syntax
