#include "compiler/syntax/read.h"

#include <fmt/format.h>
#include <llvm/ADT/StringRef.h>

#include "compiler/syntax/words.h"

namespace rollout::syntax {

using ast::DeclKind;

bool Reader::read_file() {
  llvm::SmallVector<const ast::Decl*> decls;
  while (!failed_ && !is(end_of_file)) decls.push_back(read_decl());
  if (!failed_) file_.decls = keep(decls);
  return !failed_ && !said_why_;
}

std::string_view Reader::doc_above(size_t first) const {
  const std::vector<Token>& comments = tokens_.comments();
  const Token *begin = nullptr, *last = nullptr;
  for (uint32_t i = first == 0 ? 0 : list_[first - 1].comments; i < list_[first].comments; ++i) {
    const Token& comment = comments[i];
    // A comment behind the declaration before this one is not about this one.
    if (comment.type != Parser::DOC || !comment.first_on_line) {
      begin = nullptr;
      continue;
    }
    if (!begin || comment.line != last->line + 1) begin = &comment;
    last = &comment;
  }
  if (!begin || last->line + 1 != list_[first].line) return {};
  return std::string_view(tokens_.text(*begin).data(), last->end - begin->begin);
}

const ast::Decl* Reader::read_decl() {
  mark_item();
  switch (type()) {
    case Parser::IMPORT: return read_import();
    case Parser::INPUT: return read_input();
    case Parser::LET: return read_let();
    case Parser::CALENDAR: return read_calendar();
    case Parser::ENUM: return read_enum();
    case Parser::RECORD: return read_record();
    case Parser::FUNC: return read_func();
    case Parser::TARGET: return read_target(false);
    case Parser::METRICS: return read_target(true);
    case Parser::TEAM: return read_team();
    case Parser::ENVIRONMENT: return read_environment();
    case Parser::SERVICE: return read_service();
    case Parser::FLAG: return read_subject(ast::SubjectWord::Flag);
    case Parser::DATABASE: return read_subject(ast::SubjectWord::Database);
    case Parser::LOCK: return read_lock_decl();
    case Parser::RENAMED: return read_renamed();
    case Parser::CAPABILITY: return read_capability();
    case Parser::BACKEND: return read_backend();
    case Parser::GATE: return read_gate();
    case Parser::STRATEGY: return read_strategy();
    case Parser::ROLLOUT: return read_rollout();
    case Parser::PROMOTION: return read_promotion();
    case Parser::POLICY: return read_policy();
    case Parser::TEST: return read_test();
  }
  fail();
  return nullptr;
}

const ast::Decl* Reader::read_import() {
  size_t first = take();
  bool library = !is(Parser::STRING);
  ast::Name path = library ? read_library_path() : name_of(list_[take()]);
  expect(Parser::DOT);
  expect(Parser::LBRACE);
  llvm::SmallVector<ast::ImportName> names;
  do {
    ast::Name name = expect_name();
    names.push_back({name, accept(Parser::AS) ? expect_name() : name});
    if (!is(Parser::RBRACE)) expect(Parser::COMMA);
  } while (more(Parser::RBRACE));
  return make(ast::ImportDecl{{DeclKind::Import, since(first), {}, {}}, path, library, keep(names)});
}

ast::Name Reader::read_library_path() {
  size_t first = at_;
  std::string path(expect_name().text);
  while (is(Parser::DOT) && !next_is(Parser::LBRACE)) {
    take();
    path.append(".").append(expect_word().text);
  }
  return {llvm::StringRef(path).copy(file_.arena), since(first)};
}

const ast::Decl* Reader::read_input() {
  size_t first = take();
  ast::InputDecl input{{DeclKind::Input, {}, expect_name(), doc_above(first)}, nullptr, nullptr, nullptr, nullptr, {}};
  expect(Parser::COLON);
  input.type = read_type();
  for (;;) {
    if (accept(Parser::ASSIGN)) stands_once(input.default_value), input.default_value = read_expr();
    else if (accept(Parser::EXAMPLE)) stands_once(input.example), input.example = read_expr();
    else if (accept(Parser::WHERE)) stands_once(input.where), input.where = read_expr();
    else if (is(Parser::DEPRECATED)) input.deprecated = read_deprecated(!input.deprecated.text.empty());
    else break;
  }
  input.span = since(first);
  return make(input);
}

const ast::Decl* Reader::read_let() {
  size_t first = take();
  ast::Name name = expect_name();
  const ast::Type* type = accept(Parser::COLON) ? read_type() : nullptr;
  expect(Parser::ASSIGN);
  bool observed = accept(Parser::OBSERVE);
  const ast::Expr* value = read_expr();
  const ast::Observation* observation = observed ? read_observation() : nullptr;
  return make(ast::LetDecl{{DeclKind::Let, since(first), name, doc_above(first)}, type, value, observation, false});
}

const ast::Decl* Reader::read_record() {
  size_t first = take();
  ast::Name name = expect_name();
  expect(Parser::LBRACE);
  llvm::SmallVector<ast::Field> fields;
  while (more(Parser::RBRACE)) {
    mark_item();
    fields.push_back(read_field(Names::Labels));
  }
  return make(ast::RecordDecl{{DeclKind::Record, since(first), name, doc_above(first)}, keep(fields)});
}

const ast::Decl* Reader::read_target(bool metrics) {
  size_t first = take();
  ast::Name name = expect_name();
  const ast::Places* places = read_places();
  expect(Parser::COLON);
  ast::Name backend = expect_name();
  ast::List<ast::Setting> settings = read_config();
  return make(ast::TargetDecl{
      {DeclKind::Target, since(first), name, doc_above(first)}, places, metrics, backend, settings});
}

/// `at r in regions`; null where there is none.
const ast::Places* Reader::read_places() {
  if (!accept(Parser::AT)) return nullptr;
  ast::Name variable = expect_name();
  expect(Parser::IN);
  return make(ast::Places{variable, read_expr()});
}

const ast::Decl* Reader::read_team() {
  size_t first = take();
  ast::Name name = expect_name();
  ast::List<ast::Setting> settings = read_config();
  return make(ast::TeamDecl{{DeclKind::Team, since(first), name, doc_above(first)}, settings});
}

const ast::Decl* Reader::read_service() {
  size_t first = take();
  ast::Name name = expect_name();
  const ast::Places* places = read_places();
  expect(Parser::LBRACE);
  llvm::SmallVector<ast::Setting> settings;
  llvm::SmallVector<ast::SignalItem> signals;
  llvm::SmallVector<ast::CompatibleItem> compatible;
  while (more(Parser::RBRACE)) {
    mark_item();
    if (is(Parser::COMPATIBLE) && !next_is(Parser::ASSIGN)) {
      compatible.push_back(read_compatible());
      continue;
    }
    if (!is(Parser::SIGNAL) || next_is(Parser::ASSIGN)) {
      settings.push_back(read_setting());
      continue;
    }
    take();
    ast::SignalItem signal{expect_name(), nullptr, nullptr};
    expect(Parser::COLON);
    signal.type = read_type();
    mark_column(Column::Signal);
    expect(Parser::ASSIGN);
    signal.source = read_expr();
    signals.push_back(signal);
  }
  return make(ast::ServiceDecl{
      {DeclKind::Service, since(first), name, doc_above(first)}, ast::SubjectWord::Service, places, keep(settings),
      keep(signals), keep(compatible)});
}

/// A flag or a database: as a service, without signals.
const ast::Decl* Reader::read_subject(ast::SubjectWord subject) {
  size_t first = take();
  ast::Name name = expect_name();
  const ast::Places* places = read_places();
  ast::List<ast::Setting> settings = read_config();
  return make(ast::ServiceDecl{
      {DeclKind::Service, since(first), name, doc_above(first)}, subject, places, settings, {}, {}});
}

const ast::Decl* Reader::read_strategy() {
  size_t first = take();
  ast::Name name = expect_name();
  ast::List<ast::Field> parameters = read_parameters(Names::Values);
  const ast::Block* body = read_block();
  return make(
      ast::StrategyDecl{{DeclKind::Strategy, since(first), name, doc_above(first)}, parameters, body});
}

const ast::Decl* Reader::read_rollout() {
  size_t first = take();
  ast::Name name = expect_name();
  const ast::Block* body = read_block();
  return make(ast::RolloutDecl{{DeclKind::Rollout, since(first), name, doc_above(first)}, body});
}

ast::List<ast::Setting> Reader::read_config() {
  expect(Parser::LBRACE);
  llvm::SmallVector<ast::Setting> settings;
  while (more(Parser::RBRACE)) settings.push_back(read_setting());
  return keep(settings);
}

ast::Setting Reader::read_setting() {
  size_t first = at_;
  mark_item();
  ast::Setting setting{expect_word(), nullptr, false, {}, {}};
  mark_column(Column::Setting);
  expect(Parser::ASSIGN);
  setting.value = read_expr();
  setting.has_block = is(Parser::LBRACE);
  if (setting.has_block) setting.block = read_config();
  setting.span = since(first);
  return setting;
}

/// What is read by its bare name is called by no word of the language. It is said at the declaration, once.
void Reader::refuse_word(const ast::Name& name) {
  TokenType word = word_type(name.text);
  if (failed_ || word == Parser::NAME || word == Parser::FROM) return;
  diagnostics_.report(name.span, diag::ExpectedFound, "a name", std::string(name.text))
      .advise(fmt::format("`{}` is a word of the language: choose another name", name.text));
  refused_.push_back(word);
  said_why_ = true;
}

/// Also a parameter, which has the same form.
ast::Field Reader::read_field(Names names) {
  ast::Field field{expect_word(), nullptr, nullptr, nullptr, {}, {}};
  if (names == Names::Values) refuse_word(field.name);
  expect(Parser::COLON);
  field.type = read_type();
  if (accept(Parser::ASSIGN)) field.default_value = read_expr();
  // `where: Text` is the next field.
  if (is(Parser::WHERE) && !next_is(Parser::COLON)) {
    take();
    if (names == Names::Labels) refuse_word(field.name);
    field.where = read_expr();
  }
  if (is(Parser::DEPRECATED) && !next_is(Parser::COLON)) field.deprecated = read_deprecated();
  return field;
}

/// `deprecated "use image instead"`
ast::Name Reader::read_deprecated(bool given) {
  take();
  stands_once(given);
  return name_of(expect(Parser::STRING));
}

ast::List<ast::Field> Reader::read_parameters(Names names) {
  expect(Parser::LPAREN);
  llvm::SmallVector<ast::Field> list;
  while (more(Parser::RPAREN)) {
    list.push_back(read_field(names));
    if (!is(Parser::RPAREN)) expect(Parser::COMMA);
  }
  return keep(list);
}

}  // namespace rollout::syntax
