#include "compiler/check/context.h"

namespace rollout::check {

namespace {

template <typename Store>
auto& entity_of(Store& store, const ast::Decl* decl) {
  for (auto entity = store.rbegin(); entity != store.rend(); ++entity)
    if (entity->decl == decl) return *entity;
  ROLLOUT_CHECK(false, "every declaration was declared");
  return store.front();
}

}  // namespace

/// What other declarations of the module may ask of this one: the types of its parameters.
void Checker::check_signature(const ast::Decl* decl) {
  switch (decl->kind) {
    case ast::DeclKind::Record: {
      ir::Record& record = entity_of(program_.records, decl);
      record.fields = check_parameters(record.decl->fields);
      break;
    }
    case ast::DeclKind::Input: {
      ir::Input& input = entity_of(program_.inputs, decl);
      input.type = check_type(input.decl->type);
      break;
    }
    case ast::DeclKind::Capability: check_capability(entity_of(program_.capabilities, decl)); break;
    case ast::DeclKind::Backend: check_backend(entity_of(program_.backends, decl)); break;
    case ast::DeclKind::Gate: {
      ir::Gate& gate = entity_of(program_.gates, decl);
      gate.parameters = check_parameters(gate.decl->parameters);
      break;
    }
    case ast::DeclKind::Strategy: {
      ir::Strategy& strategy = entity_of(program_.strategies, decl);
      strategy.parameters = check_parameters(strategy.decl->parameters);
      break;
    }
    case ast::DeclKind::Error: case ast::DeclKind::Import: case ast::DeclKind::Let: case ast::DeclKind::Target:
    case ast::DeclKind::Service: case ast::DeclKind::Rollout: case ast::DeclKind::Test: break;
  }
}

void Checker::check_decl(const ast::Decl* decl) {
  locals_.clear();
  slots_ = 0;
  switch (decl->kind) {
    case ast::DeclKind::Input: {
      ir::Input& input = entity_of(program_.inputs, decl);
      for (const ast::Expr* value : {input.decl->default_value, input.decl->example})
        if (value) expect(value, input.type, fmt::format("`{}`", decl->name.text));
      if (!input.decl->where) break;
      add_local(decl->name, input.type);
      expect(input.decl->where, simple(TypeKind::Bool), "`where`");
      break;
    }
    case ast::DeclKind::Let: {
      ir::Let& let = entity_of(program_.lets, decl);
      const Type* type = let.decl->type ? check_type(let.decl->type) : nullptr;
      if (type) expect(let.decl->value, type, fmt::format("`{}`", decl->name.text));
      else type = check_expr(let.decl->value);
      if (type->is(TypeKind::Live)) diagnostics_.report(let.decl->value->span, diag::LiveHere, "`let`", "plan-time value");
      let.type = type;
      break;
    }
    case ast::DeclKind::Target: check_target(entity_of(program_.targets, decl)); break;
    case ast::DeclKind::Service: check_service(entity_of(program_.services, decl)); break;
    case ast::DeclKind::Gate: check_gate(entity_of(program_.gates, decl)); break;
    case ast::DeclKind::Strategy: {
      ir::Strategy& strategy = entity_of(program_.strategies, decl);
      for (const ir::Parameter& parameter : strategy.parameters) add_local(parameter.name, parameter.type);
      check_block(strategy.decl->body);
      strategy.slots = slots_;
      break;
    }
    case ast::DeclKind::Rollout: {
      ir::Rollout& rollout = entity_of(program_.rollouts, decl);
      check_block(rollout.decl->body);
      rollout.slots = slots_;
      break;
    }
    case ast::DeclKind::Test: check_test(entity_of(program_.tests, decl)); break;
    case ast::DeclKind::Error: case ast::DeclKind::Import: case ast::DeclKind::Record: case ast::DeclKind::Capability:
    case ast::DeclKind::Backend: break;
  }
}

}  // namespace rollout::check
