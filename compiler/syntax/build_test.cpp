#include "compiler/syntax/build.h"

namespace rollout::syntax {

using ast::TestItemKind;

const ast::Decl* Builder::build_test(Parser::TestDeclContext* ctx) {
  std::vector<ast::TestItem> items;
  for (Parser::TestItemContext* item : ctx->testItem()) items.push_back(build_test_item(item));
  return make(ast::TestDecl{{ast::DeclKind::Test, span(ctx), name(ctx->STRING()), doc_above(ctx)}, keep(items)});
}

ast::TestItem Builder::build_test_item(Parser::TestItemContext* ctx) {
  ast::TestItem item{TestItemKind::Run, span(ctx), nullptr, {}, {}, {}, {}};
  if (auto* fail = dynamic_cast<Parser::GivenFailContext*>(ctx)) {
    item.kind = TestItemKind::Fail;
    item.subject = build_callee(fail->callee());
    item.phase = name_or_string(fail->NAME(), fail->STRING());
  } else if (auto* given = dynamic_cast<Parser::GivenSignalContext*>(ctx)) {
    item.kind = TestItemKind::Signal;
    item.subject = build_callee(given->callee());
    std::vector<ast::ScriptedValue> values = {{build_expr(given->expr(0)), nullptr}};
    for (size_t i = 1; i + 1 < given->expr().size(); i += 2)
      values.push_back({build_expr(given->expr(i)), build_expr(given->expr(i + 1))});
    item.values = keep(values);
  } else if (auto* run = dynamic_cast<Parser::TestRunContext*>(ctx)) {
    item.run = name(run->NAME());
    item.arguments = build_arguments(run->arguments());
  } else if (auto* abort = dynamic_cast<Parser::TestAbortContext*>(ctx)) {
    item.kind = TestItemKind::Abort;
    item.subject = build_expr(abort->expr());
  } else if (auto* expect = dynamic_cast<Parser::TestExpectContext*>(ctx)) {
    item.kind = TestItemKind::Expect;
    item.subject = build_expr(expect->expr());
    item.phase = name_or_string(expect->NAME(), expect->STRING());
  }
  return item;
}

}  // namespace rollout::syntax
