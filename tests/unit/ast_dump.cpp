#include "tests/unit/ast_dump.h"

#include <fmt/format.h>

namespace rollout {

namespace {

class Dumper {
 public:
  void decl(const ast::Decl* decl);
  std::string take() { return std::move(out_); }
  std::vector<std::string> take_nodes() { return std::move(nodes_); }

 private:
  void place(std::string_view kind, Span span) {
    if (!in_text_) nodes_.push_back(fmt::format("{} {} {}", kind, span.begin, span.end));
  }
  void place(const ast::Expr* expr) {
    bool text = expr->kind == ast::ExprKind::Text || expr->kind == ast::ExprKind::Error;
    place(fmt::format("e{}", int(text ? ast::ExprKind::Literal : expr->kind)), expr->span);
  }
  void open(std::string_view what) { out_ += fmt::format("({} ", what); }
  void close() { out_ += ")"; }
  void word(std::string_view text) { out_ += fmt::format("{} ", text); }
  void name(const ast::Name& name) { word(name.text.empty() ? "-" : name.text); }
  void flag(bool value) { word(value ? "yes" : "no"); }
  void names(ast::List<ast::Name> list) {
    open("names");
    for (const ast::Name& one : list) name(one);
    close();
  }
  /// The lines of a documentation comment without their indentation, and without blanks at their ends.
  void doc(std::string_view text) {
    for (size_t i = 0; i < text.size(); ++i) {
      size_t next = text.find_first_not_of(" \t\r", i);
      if (next == std::string_view::npos) return;
      if (text[next] == '\n') i = next;
      out_ += text[i];
      if (text[i] == '\n') i = std::min(text.find_first_not_of(" \t\n\r", i), text.size()) - 1;
    }
  }

  void expr(const ast::Expr* expr);
  void type(const ast::Type* type);
  void arguments(ast::List<ast::Argument> list) {
    for (const ast::Argument& argument : list) {
      name(argument.label);
      expr(argument.value);
    }
  }
  void fields(ast::List<ast::Field> list) {
    for (const ast::Field& field : list) {
      open("field");
      name(field.name);
      type(field.type);
      expr(field.default_value);
      expr(field.where);
      names(field.given);
      name(field.deprecated);
      close();
    }
  }
  void settings(ast::List<ast::Setting> list) {
    for (const ast::Setting& setting : list) {
      place("setting", setting.span);
      open("set");
      name(setting.name);
      expr(setting.value);
      flag(setting.has_block);
      settings(setting.block);
      close();
    }
  }
  void places(const ast::Places* places) {
    if (!places) return word("-");
    name(places->variable);
    expr(places->range);
  }
  void question(const ast::Question& question) {
    place("question", question.span);
    expr(question.quorum);
    expr(question.team);
    for (const ast::ApproveClause& clause : question.clauses) {
      name(clause.word);
      expr(clause.time);
      name(clause.then);
      expr(clause.team);
    }
  }
  void service_items(const ast::ServiceDecl& service) {
    for (const ast::SignalItem& signal : service.signals) {
      name(signal.name);
      type(signal.type);
      expr(signal.source);
    }
    for (const ast::CompatibleItem& item : service.compatible) {
      place("compatible", item.span);
      for (const ast::Name& one : {item.word, item.least, item.most, item.of, item.from}) name(one);
    }
  }
  void block(const ast::Block* block);
  void statement(const ast::Statement* statement);
  void hook(const ast::HookStatement& hook);
  void watch(const ast::WatchStatement& watch);
  void on_failure(const ast::OnFailureStatement& rule);
  void preflight(const ast::PreflightStatement& preflight);
  void budget(const ast::BudgetStatement& budget);
  void lock(const ast::LockStatement& lock);
  void newer(const ast::NewerStatement& newer);
  void capability(const ast::CapabilityDecl& decl);
  void backend(const ast::BackendDecl& decl);
  void gate(const ast::GateDecl& decl);
  void environment(const ast::EnvironmentDecl& decl);
  void promotion(const ast::PromotionDecl& decl);
  void observation(const ast::Observation* observation);
  void policy(const ast::PolicyDecl& decl);
  void policy_items(ast::List<ast::PolicyItem> items);
  void test(const ast::TestDecl& decl);

  std::string out_;
  std::vector<std::string> nodes_;
  bool in_text_ = false;
};

template <typename T, typename Node>
const T& as(const Node* node) {
  return *static_cast<const T*>(node);
}

void Dumper::type(const ast::Type* type) {
  if (!type) return word("-");
  place("type", type->span);
  open("type");
  name(type->name);
  for (const ast::Type* argument : type->arguments) this->type(argument);
  names(type->with);
  flag(type->optional);
  close();
}

void Dumper::expr(const ast::Expr* expr) {
  if (!expr) return word("-");
  place(expr);
  open(fmt::format("e{}", int(expr->kind)));
  switch (expr->kind) {
    case ast::ExprKind::Error: break;
    case ast::ExprKind::Literal: word(as<ast::LiteralExpr>(expr).text); break;
    case ast::ExprKind::Name: word(as<ast::NameExpr>(expr).name); break;
    case ast::ExprKind::Text:
      in_text_ = true;
      for (const ast::Expr* part : as<ast::TextExpr>(expr).parts) this->expr(part);
      in_text_ = false;
      break;
    case ast::ExprKind::Member:
      this->expr(as<ast::MemberExpr>(expr).object);
      name(as<ast::MemberExpr>(expr).member);
      break;
    case ast::ExprKind::Call:
      this->expr(as<ast::CallExpr>(expr).callee);
      arguments(as<ast::CallExpr>(expr).arguments);
      break;
    case ast::ExprKind::Index:
      this->expr(as<ast::IndexExpr>(expr).object);
      this->expr(as<ast::IndexExpr>(expr).index);
      break;
    case ast::ExprKind::Unary:
      word(fmt::format("{}", int(as<ast::UnaryExpr>(expr).op)));
      this->expr(as<ast::UnaryExpr>(expr).operand);
      break;
    case ast::ExprKind::Binary:
      word(fmt::format("{}", int(as<ast::BinaryExpr>(expr).op)));
      this->expr(as<ast::BinaryExpr>(expr).left);
      this->expr(as<ast::BinaryExpr>(expr).right);
      break;
    case ast::ExprKind::List:
      for (const ast::Expr* item : as<ast::ListExpr>(expr).items) this->expr(item);
      break;
    case ast::ExprKind::Map:
      for (const ast::Expr* item : as<ast::MapExpr>(expr).items) this->expr(item);
      break;
    case ast::ExprKind::Match:
      this->expr(as<ast::MatchExpr>(expr).subject);
      for (const ast::MatchArm& arm : as<ast::MatchExpr>(expr).arms) {
        names(arm.cases);
        this->expr(arm.value);
      }
      break;
    case ast::ExprKind::Except:
      this->expr(as<ast::ExceptExpr>(expr).calendar);
      for (const ast::Exception& exception : as<ast::ExceptExpr>(expr).exceptions) {
        this->expr(exception.days);
        name(exception.from);
        name(exception.to);
      }
      break;
  }
  close();
}

void Dumper::block(const ast::Block* block) {
  if (!block) return word("-");
  place("block", block->span);
  open("block");
  for (const ast::Statement* one : block->statements) statement(one);
  close();
}

void Dumper::statement(const ast::Statement* statement) {
  place(fmt::format("s{}", int(statement->kind)), statement->span);
  open(fmt::format("s{}", int(statement->kind)));
  switch (statement->kind) {
    case ast::StatementKind::Error: break;
    case ast::StatementKind::Call: expr(as<ast::CallStatement>(statement).call); break;
    case ast::StatementKind::Phase:
      name(as<ast::PhaseStatement>(statement).name);
      expr(as<ast::PhaseStatement>(statement).label);
      for (const ast::Name& before : as<ast::PhaseStatement>(statement).after) name(before);
      block(as<ast::PhaseStatement>(statement).body);
      break;
    case ast::StatementKind::Hold:
      expr(as<ast::HoldStatement>(statement).duration);
      for (const ast::Expr* judge : as<ast::HoldStatement>(statement).judges) expr(judge);
      break;
    case ast::StatementKind::For:
      name(as<ast::ForStatement>(statement).variable);
      for (const ast::Expr* part :
           {as<ast::ForStatement>(statement).range, as<ast::ForStatement>(statement).where,
            as<ast::ForStatement>(statement).waves, as<ast::ForStatement>(statement).batches,
            as<ast::ForStatement>(statement).soak, as<ast::ForStatement>(statement).at_most})
        expr(part);
      for (const ast::Name& one : as<ast::ForStatement>(statement).order_words) name(one);
      block(as<ast::ForStatement>(statement).body);
      break;
    case ast::StatementKind::If:
      expr(as<ast::IfStatement>(statement).condition);
      block(as<ast::IfStatement>(statement).then_block);
      block(as<ast::IfStatement>(statement).else_block);
      break;
    case ast::StatementKind::Let:
      name(as<ast::LetStatement>(statement).name);
      type(as<ast::LetStatement>(statement).type);
      expr(as<ast::LetStatement>(statement).value);
      break;
    case ast::StatementKind::Parallel: block(as<ast::ParallelStatement>(statement).body); break;
    case ast::StatementKind::Watch:
      watch(as<ast::WatchStatement>(statement));
      break;
    case ast::StatementKind::Rollback:
      expr(as<ast::RollbackStatement>(statement).within);
      expr(as<ast::RollbackStatement>(statement).verify);
      expr(as<ast::RollbackStatement>(statement).verify_within);
      for (const ast::Expr* team : as<ast::RollbackStatement>(statement).told) expr(team);
      name(as<ast::RollbackStatement>(statement).kept_word);
      expr(as<ast::RollbackStatement>(statement).kept);
      break;
    case ast::StatementKind::Preflight:
      preflight(as<ast::PreflightStatement>(statement));
      break;
    case ast::StatementKind::Notify:
      expr(as<ast::NotifyStatement>(statement).team);
      expr(as<ast::NotifyStatement>(statement).text);
      break;
    case ast::StatementKind::OnFailure: on_failure(as<ast::OnFailureStatement>(statement)); break;
    case ast::StatementKind::Hook: hook(as<ast::HookStatement>(statement)); break;
    case ast::StatementKind::During:
      expr(as<ast::DuringStatement>(statement).calendar);
      for (const ast::Name& one : as<ast::DuringStatement>(statement).close_words) name(one);
      break;
    case ast::StatementKind::Commit: expr(as<ast::CommitStatement>(statement).why); break;
    case ast::StatementKind::Checkpoint: expr(as<ast::CheckpointStatement>(statement).why); break;
    case ast::StatementKind::Budget: budget(as<ast::BudgetStatement>(statement)); break;
    case ast::StatementKind::Lock: lock(as<ast::LockStatement>(statement)); break;
    case ast::StatementKind::Newer: newer(as<ast::NewerStatement>(statement)); break;
    case ast::StatementKind::Approve: question(as<ast::ApproveStatement>(statement).question); break;
  }
  close();
}

void Dumper::watch(const ast::WatchStatement& watch) {
  for (const ast::Expr* part : {watch.condition, watch.held, watch.proven, watch.samples, watch.every}) expr(part);
  name(watch.samples_noun);
}

void Dumper::hook(const ast::HookStatement& hook) {
  open(fmt::format("hook{}", int(hook.when)));
  name(hook.phase);
  expr(hook.label);
  block(hook.body);
  close();
}

void Dumper::preflight(const ast::PreflightStatement& preflight) {
  expr(preflight.sample);
  for (const ast::PreflightCheck& check : preflight.checks) {
    expr(check.text);
    expr(check.condition);
    expr(check.within);
  }
}

void Dumper::budget(const ast::BudgetStatement& budget) {
  name(budget.word);
  expr(budget.bound);
}

void Dumper::lock(const ast::LockStatement& lock) {
  name(lock.name);
  expr(lock.within);
  block(lock.body);
}

void Dumper::newer(const ast::NewerStatement& newer) {
  name(newer.word);
  name(newer.then);
  expr(newer.within);
}

void Dumper::on_failure(const ast::OnFailureStatement& rule) {
  const ast::Name& most = rule.at_most_words[0];
  for (const ast::Name& one : {rule.word, rule.then, most, rule.at_most_words[1], rule.retry}) name(one);
  for (const ast::Expr* part : {rule.at_most, rule.times, rule.every}) expr(part);
}

void Dumper::capability(const ast::CapabilityDecl& decl) {
  name(decl.setting);
  open(fmt::format("of{}", int(decl.subject)));
  close();
  for (const ast::ActionItem& action : decl.actions) {
    open(fmt::format("action{}", int(action.reversibility)));
    name(action.name);
    fields(action.parameters);
    for (const ast::Effect& effect : action.effects) {
      place("effect", effect.span);
      for (const ast::Name& one : {effect.variable, effect.service, effect.role}) name(one);
      expr(effect.value);
    }
    close();
  }
  for (const ast::ObserveItem& item : decl.observations) {
    name(item.name);
    fields(item.parameters);
    type(item.type);
  }
  for (const ast::SignalMethod& signal : decl.signals) {
    name(signal.name);
    fields(signal.parameters);
    type(signal.type);
    name(signal.evidence);
  }
}

void Dumper::backend(const ast::BackendDecl& decl) {
  names(decl.capabilities);
  names(decl.lacking);
  fields(decl.config);
  fields(decl.bindings);
  for (ast::List<ast::IdentityPart> parts : decl.identities)
    for (const ast::IdentityPart& part : parts) name(part.word), name(part.alias);
  for (const ast::ObserveItem& item : decl.observations) {
    name(item.name);
    fields(item.parameters);
    type(item.type);
  }
  for (const ast::ActionLimits& limits : decl.actions) {
    name(limits.name);
    names(limits.needs);
    expr(limits.within);
    name(limits.attempts);
    flag(limits.idempotent);
  }
  name(decl.weights_from);
  name(decl.weights_to);
  name(decl.weights_per);
}

void Dumper::gate(const ast::GateDecl& decl) {
  fields(decl.parameters);
  for (const ast::Expr* part : {decl.sample, decl.minimum, decl.harm, decl.harm_of}) expr(part);
  name(decl.minimum_noun);
  for (const ast::ConditionClause& clause : decl.conditions) {
    place("condition", clause.span);
    open(fmt::format("c{}", int(clause.kind)));
    for (const ast::Expr* part : {clause.condition, clause.proven, clause.samples}) expr(part);
    name(clause.samples_noun);
    close();
  }
  for (const ast::ResponseClause& response : decl.responses) {
    name(response.event);
    expr(response.hold);
    word(fmt::format("{}", int(response.kind)));
    if (response.kind == ast::ResponseKind::Ask) question(response.question);
  }
}

void Dumper::environment(const ast::EnvironmentDecl& decl) {
  for (const ast::Rebinding& value : decl.values) {
    place("rebinding", value.span);
    name(value.name);
    expr(value.value);
  }
  for (const ast::Statement* approval : decl.approvals) statement(approval);
}

void Dumper::promotion(const ast::PromotionDecl& decl) {
  name(decl.rollout);
  for (const ast::PromotionStage& stage : decl.stages) {
    name(stage.environment);
    expr(stage.soak);
  }
}

void Dumper::policy(const ast::PolicyDecl& decl) {
  fields(decl.parameters);
  policy_items(decl.items);
}

void Dumper::policy_items(ast::List<ast::PolicyItem> items) {
  for (const ast::PolicyItem& item : items) {
    place("policy item", item.span);
    open(fmt::format("p{}", int(item.kind)));
    const ast::PolicyEvery& every = item.every;
    names({every.word, every.element, every.variable, every.of, item.mark, item.rollout});
    names(every.environments);
    expr(every.where);
    policy_items(item.items);
    expr(item.subject);
    expr(item.within);
    for (const ast::Name& one : item.words) name(one);
    for (const ast::ExceptionClause& clause : item.clauses) {
      place("exception clause", clause.span);
      open(clause.by ? "by" : "clause");
      name(clause.word);
      expr(clause.value);
      expr(clause.of);
      close();
    }
    close();
  }
}

void Dumper::test(const ast::TestDecl& decl) {
  for (const ast::TestItem& item : decl.items) {
    place("test item", item.span);
    open(fmt::format("t{}", int(item.kind)));
    expr(item.subject);
    for (const ast::ScriptedValue& value : item.values) {
      expr(value.value);
      expr(value.at);
    }
    expr(item.after);
    flag(item.reject);
    name(item.phase);
    name(item.run);
    arguments(item.arguments);
    for (const ast::Name& one : {item.environment, item.start, item.moment[0], item.moment[1]}) name(one);
    for (const ast::Name& one : {item.words[0], item.words[1], item.then}) name(one);
    close();
  }
}

void Dumper::observation(const ast::Observation* observation) {
  if (!observation) return;
  name(observation->recheck);
  flag(observation->at_run);
  expr(observation->within);
  expr(observation->example);
}

void Dumper::decl(const ast::Decl* decl) {
  place("declaration", decl->span);
  open(fmt::format("d{}", int(decl->kind)));
  name(decl->name);
  doc(decl->doc);
  switch (decl->kind) {
    case ast::DeclKind::Error: break;
    case ast::DeclKind::Import:
      name(as<ast::ImportDecl>(decl).path);
      for (const ast::ImportName& one : as<ast::ImportDecl>(decl).names) names({one.name, one.alias});
      break;
    case ast::DeclKind::Input:
      type(as<ast::InputDecl>(decl).type);
      for (const ast::Expr* part : {as<ast::InputDecl>(decl).default_value, as<ast::InputDecl>(decl).example,
                                    as<ast::InputDecl>(decl).where})
        expr(part);
      name(as<ast::InputDecl>(decl).deprecated);
      break;
    case ast::DeclKind::Let:
      type(as<ast::LetDecl>(decl).type);
      flag(as<ast::LetDecl>(decl).calendar);
      expr(as<ast::LetDecl>(decl).value);
      observation(as<ast::LetDecl>(decl).observation);
      break;
    case ast::DeclKind::Enum: names(as<ast::EnumDecl>(decl).cases); break;
    case ast::DeclKind::Func:
      fields(as<ast::FuncDecl>(decl).parameters);
      type(as<ast::FuncDecl>(decl).type);
      expr(as<ast::FuncDecl>(decl).body);
      break;
    case ast::DeclKind::Record: fields(as<ast::RecordDecl>(decl).fields); break;
    case ast::DeclKind::Target:
      places(as<ast::TargetDecl>(decl).places);
      flag(as<ast::TargetDecl>(decl).metrics);
      name(as<ast::TargetDecl>(decl).backend);
      settings(as<ast::TargetDecl>(decl).settings);
      break;
    case ast::DeclKind::Team: settings(as<ast::TeamDecl>(decl).settings); break;
    case ast::DeclKind::Service:
      open(fmt::format("subject{}", int(as<ast::ServiceDecl>(decl).subject)));
      close();
      places(as<ast::ServiceDecl>(decl).places);
      settings(as<ast::ServiceDecl>(decl).settings);
      service_items(as<ast::ServiceDecl>(decl));
      break;
    case ast::DeclKind::Capability: capability(as<ast::CapabilityDecl>(decl)); break;
    case ast::DeclKind::Backend: backend(as<ast::BackendDecl>(decl)); break;
    case ast::DeclKind::Gate: gate(as<ast::GateDecl>(decl)); break;
    case ast::DeclKind::Strategy:
      fields(as<ast::StrategyDecl>(decl).parameters);
      block(as<ast::StrategyDecl>(decl).body);
      break;
    case ast::DeclKind::Rollout: block(as<ast::RolloutDecl>(decl).body); break;
    case ast::DeclKind::Environment: environment(as<ast::EnvironmentDecl>(decl)); break;
    case ast::DeclKind::Promotion: promotion(as<ast::PromotionDecl>(decl)); break;
    case ast::DeclKind::Policy: policy(as<ast::PolicyDecl>(decl)); break;
    case ast::DeclKind::Lock: break;  // its name is all of it
    case ast::DeclKind::Renamed:
      names({as<ast::RenamedDecl>(decl).was, as<ast::RenamedDecl>(decl).now});
      break;
    case ast::DeclKind::Test: test(as<ast::TestDecl>(decl)); break;
  }
  close();
  out_ += '\n';
}

}  // namespace

std::string dump(const ast::File& file) {
  Dumper dumper;
  for (const ast::Decl* decl : file.decls) dumper.decl(decl);
  return dumper.take();
}

std::vector<std::string> nodes(const ast::File& file) {
  Dumper dumper;
  for (const ast::Decl* decl : file.decls) dumper.decl(decl);
  return dumper.take_nodes();
}

}  // namespace rollout
