#include "compiler/syntax/read.h"

namespace rollout::syntax {

using ast::DeclKind;

const ast::Decl* Reader::read_capability() {
  size_t first = take();
  ast::Name name = expect_name();
  expect(Parser::LBRACE);
  llvm::SmallVector<ast::ActionItem> actions;
  llvm::SmallVector<ast::ObserveItem> observations;
  llvm::SmallVector<ast::SignalMethod> signals;
  ast::Name setting;
  ast::SubjectWord subject = ast::SubjectWord::Service;
  while (more(Parser::RBRACE)) {
    mark_item();
    if (accept(Parser::BINDING)) {
      stands_once(!setting.text.empty());
      setting = expect_word();
      expect(Parser::OF);
      subject = read_subject_word();
    } else if (accept(Parser::OBSERVE)) {
      observations.push_back(read_observe());
    } else if (accept(Parser::SIGNAL)) {
      ast::SignalMethod item{expect_name(), read_parameters(Names::Labels), nullptr, {}};
      expect(Parser::ARROW);
      item.type = read_type();
      expect(Parser::FROM);
      item.evidence = expect_name();
      signals.push_back(item);
    } else {
      actions.push_back(read_action());
    }
  }
  return make(ast::CapabilityDecl{{DeclKind::Capability, since(first), name, doc_above(first)}, setting, subject,
                                  keep(actions), keep(observations), keep(signals)});
}

ast::SubjectWord Reader::read_subject_word() {
  if (accept(Parser::FLAG)) return ast::SubjectWord::Flag;
  if (accept(Parser::DATABASE)) return ast::SubjectWord::Database;
  expect(Parser::SERVICE);
  return ast::SubjectWord::Service;
}

ast::ObserveItem Reader::read_observe() {
  ast::ObserveItem item{expect_word(), read_parameters(Names::Labels), nullptr};
  expect(Parser::ARROW);
  item.type = read_type();
  return item;
}

ast::ActionItem Reader::read_action() {
  ast::ActionItem action{ast::ReversibilityWord::Irreversible, {}, {}, {}};
  if (accept(Parser::REVERSIBLE)) action.reversibility = ast::ReversibilityWord::Reversible;
  else if (accept(Parser::COMPENSABLE)) action.reversibility = ast::ReversibilityWord::Compensable;
  else expect(Parser::IRREVERSIBLE);
  expect(Parser::ACTION);
  action.name = expect_name();
  action.parameters = read_parameters(Names::Values);
  expect(Parser::LBRACE);
  llvm::SmallVector<ast::Effect> effects;
  while (more(Parser::RBRACE)) effects.push_back(read_effect());
  action.effects = keep(effects);
  return action;
}

ast::Effect Reader::read_effect() {
  size_t first = at_;
  mark_item();
  expect(Parser::SETS);
  ast::Effect effect{expect_word(), {}, {}, nullptr, {}};
  expect(Parser::LPAREN);
  effect.service = expect_name();
  if (accept(Parser::COMMA)) effect.role = expect_name();
  expect(Parser::RPAREN);
  mark_column(Column::Effect);
  expect(Parser::ASSIGN);
  effect.value = read_expr();
  effect.span = since(first);
  return effect;
}

const ast::Decl* Reader::read_backend() {
  size_t first = take();
  ast::BackendDecl decl{{DeclKind::Backend, {}, expect_name(), doc_above(first)},
                        {}, {}, {}, {}, {}, {}, {}, {}, {}, {}};
  expect(Parser::IMPLEMENTS);
  decl.capabilities = read_names(Parser::PLUS);
  if (accept(Parser::EXCEPT)) decl.lacking = read_names(Parser::COMMA);
  expect(Parser::LBRACE);
  llvm::SmallVector<ast::Field> config, bindings;
  llvm::SmallVector<ast::ObserveItem> observations;
  llvm::SmallVector<ast::ActionLimits> actions;
  llvm::SmallVector<ast::List<ast::IdentityPart>> identities;
  while (more(Parser::RBRACE)) {
    mark_item();
    if (accept(Parser::CONFIG)) {
      config.push_back(read_field(Names::Labels));
    } else if (accept(Parser::BINDING)) {
      bindings.push_back(read_field(Names::Labels));
      if (accept(Parser::GIVEN)) bindings.back().given = read_words();
    } else if (accept(Parser::IDENTIFIED)) {
      identities.push_back(read_identity());
    } else if (accept(Parser::OBSERVE)) {
      observations.push_back(read_observe());
    } else if (accept(Parser::WEIGHTS)) {
      stands_once(!decl.weights_from.text.empty());
      decl.weights_from = name_of(expect(Parser::INT));
      expect(Parser::DOTDOT);
      decl.weights_to = name_of(expect(Parser::INT));
      expect(Parser::PER);
      decl.weights_per = expect_name();
    } else {
      expect(Parser::ACTION);
      actions.push_back(read_limits(config));
    }
  }
  decl.config = keep(config);
  decl.bindings = keep(bindings);
  decl.identities = keep(identities);
  decl.observations = keep(observations);
  decl.actions = keep(actions);
  decl.span = since(first);
  return make(decl);
}

ast::List<ast::IdentityPart> Reader::read_identity() {
  expect(Parser::BY);
  llvm::SmallVector<ast::IdentityPart> parts;
  do {
    ast::Name word = expect_word();
    parts.push_back({word, accept(Parser::AS) ? expect_word() : word});
  } while (accept(Parser::COMMA));
  return keep(parts);
}

ast::ActionLimits Reader::read_limits(llvm::ArrayRef<ast::Field> config) {
  ast::ActionLimits limits{expect_name(), {}, nullptr, {}, false};
  if (accept(Parser::WITH)) limits.needs = read_names(Parser::PLUS);
  mark_column(Column::Limits);
  expect(Parser::LBRACE);
  while (more(Parser::RBRACE)) {
    mark_item();
    if (accept(Parser::WITHIN)) {
      stands_once(limits.within);
      for (const ast::Field& field : config)
        if (field.name.text == tokens_.text(list_[at_])) refuse_word(field.name);
      limits.within = read_expr();
    } else if (accept(Parser::ATTEMPTS)) {
      stands_once(!limits.attempts.text.empty());
      limits.attempts = name_of(expect(Parser::INT));
    } else {
      expect(Parser::IDEMPOTENT);
      limits.idempotent = true;
    }
  }
  return limits;
}

}  // namespace rollout::syntax
