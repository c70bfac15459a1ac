#include "compiler/check/context.h"
#include "compiler/ir/match.h"

namespace rollout::check {

namespace {

void limit_parameters(const ast::Name& of, const std::vector<ir::Parameter>& parameters, Diagnostics& diagnostics) {
  if (parameters.size() <= ir::max_parameters) return;
  diagnostics
      .report(parameters[ir::max_parameters].name.span, diag::TooManyArguments, fmt::format("`{}`", of.text),
              fmt::format("at most {} parameters", ir::max_parameters))
      .advise("put what belongs together into a record");
}

}  // namespace

/// What other declarations of the module may ask of this one: the types of its parameters.
void Checker::check_signature(const ast::Decl* decl) {
  switch (decl->kind) {
    case ast::DeclKind::Record: {
      ir::Record& record = program_.records[indices_.lookup(decl)];
      record.fields = check_parameters(record.decl->fields);
      break;
    }
    case ast::DeclKind::Input: {
      ir::Input& input = program_.inputs[indices_.lookup(decl)];
      input.type = check_type(input.decl->type);
      break;
    }
    case ast::DeclKind::Func: {
      ir::Func& func = program_.funcs[indices_.lookup(decl)];
      func.parameters = check_parameters(func.decl->parameters);
      func.type = check_result_type(func.decl->type);
      break;
    }
    case ast::DeclKind::Enum: check_enum(program_.enums[indices_.lookup(decl)]); break;
    case ast::DeclKind::Capability: check_capability(program_.capabilities[indices_.lookup(decl)]); break;
    case ast::DeclKind::Backend: check_backend(program_.backends[indices_.lookup(decl)]); break;
    case ast::DeclKind::Gate: {
      ir::Gate& gate = program_.gates[indices_.lookup(decl)];
      gate.parameters = check_parameters(gate.decl->parameters);
      limit_parameters(decl->name, gate.parameters, diagnostics_);
      break;
    }
    case ast::DeclKind::Strategy: {
      ir::Strategy& strategy = program_.strategies[indices_.lookup(decl)];
      strategy.parameters = check_parameters(strategy.decl->parameters);
      limit_parameters(decl->name, strategy.parameters, diagnostics_);
      break;
    }
    case ast::DeclKind::Policy: {
      ir::Policy& policy = program_.policies[indices_.lookup(decl)];
      policy.parameters = check_parameters(policy.decl->parameters);
      break;
    }
    case ast::DeclKind::Error: case ast::DeclKind::Import: case ast::DeclKind::Let: case ast::DeclKind::Target:
    case ast::DeclKind::Team: case ast::DeclKind::Environment: case ast::DeclKind::Service:
    case ast::DeclKind::Rollout: case ast::DeclKind::Promotion: case ast::DeclKind::Lock:
    case ast::DeclKind::Renamed: case ast::DeclKind::Test: break;
  }
}

namespace {

/// Whether a value of the type can be written behind `--set`.
bool is_given_as_text(const Type* type) {
  bool made_of_one = type->is(TypeKind::Optional) || type->is(TypeKind::List) || type->is(TypeKind::Set);
  if (made_of_one) return is_given_as_text(type->arguments[0]);
  return type->kind <= TypeKind::Path || type->is(TypeKind::Secret) || type->is(TypeKind::Enum);
}

}  // namespace

void Checker::check_input(const ir::Input& input) {
  const ast::Name& name = input.decl->name;
  for (const ast::Expr* value : {input.decl->default_value, input.decl->example})
    if (value) expect(value, input.type, fmt::format("`{}`", name.text));
  if (!input.decl->default_value && !is_given_as_text(input.type))
    diagnostics_
        .report(input.decl->type->span, diag::WrongType, "an input without a default",
                "a type that can be written behind `--set`", text(input.type))
        .advise("let a record or an entity be a `let`, which each environment may set: `let steps = …`");
  if (input.decl->where) {
    ir::Parameter bounded{name, input.type, nullptr, input.decl->where, {}, module_};
    for (const ast::Expr* value : {input.decl->default_value, input.decl->example})
      if (value) keep_bound(bounded, value);
    keep_bound(bounded, nullptr);
    add_local(name, input.type);
    expect(input.decl->where, simple(TypeKind::Bool), "`where`");
  }
  // The world is looked at for the plan that the inputs ask for, so they are known before it.
  for (const ast::Expr* expr : {input.decl->default_value, input.decl->example, input.decl->where})
    if (expr && info(expr).time == ir::Time::Observed)
      diagnostics_
          .report(expr->span, diag::CannotCompute,
                  fmt::format("it is made of what is observed, and `{}` is read before that", name.text))
          .advise("put what is made of both into a `let`");
}

void Checker::check_decl(const ast::Decl* decl) {
  locals_.clear();
  slots_ = 0;
  switch (decl->kind) {
    case ast::DeclKind::Input: check_input(program_.inputs[indices_.lookup(decl)]); break;
    case ast::DeclKind::Let: check_let(indices_.lookup(decl)); break;
    case ast::DeclKind::Record: check_defaults(program_.records[indices_.lookup(decl)].fields); break;
    case ast::DeclKind::Capability:
      for (const ir::Action& action : program_.capabilities[indices_.lookup(decl)].actions)
        check_defaults(action.parameters);
      for (const ir::Method& signal : program_.capabilities[indices_.lookup(decl)].signals)
        check_defaults(signal.parameters);
      break;
    case ast::DeclKind::Backend:
      check_defaults(program_.backends[indices_.lookup(decl)].config);
      check_defaults(program_.backends[indices_.lookup(decl)].bindings);
      break;
    case ast::DeclKind::Target: check_target(program_.targets[indices_.lookup(decl)]); break;
    case ast::DeclKind::Team: check_team(program_.teams[indices_.lookup(decl)]); break;
    case ast::DeclKind::Environment: check_environment(program_.environments[indices_.lookup(decl)]); break;
    case ast::DeclKind::Service: check_service(program_.services[indices_.lookup(decl)]); break;
    case ast::DeclKind::Gate:
      check_defaults(program_.gates[indices_.lookup(decl)].parameters);
      check_gate(program_.gates[indices_.lookup(decl)]);
      break;
    case ast::DeclKind::Strategy: {
      ir::Strategy& strategy = program_.strategies[indices_.lookup(decl)];
      check_defaults(strategy.parameters);
      strategy_ = indices_.lookup(decl);
      for (const ir::Parameter& parameter : strategy.parameters) add_local(parameter.name, parameter.type);
      check_block(strategy.decl->body);
      strategy.called = std::exchange(called_, {});
      strategy.slots = slots_;
      strategy_ = UINT32_MAX;
      break;
    }
    case ast::DeclKind::Rollout: {
      ir::Rollout& rollout = program_.rollouts[indices_.lookup(decl)];
      planned_ = true;
      rollout_body_ = rollout.decl->body;
      check_block(rollout.decl->body);
      rollout.called = std::exchange(called_, {});
      check_marks(rollout.decl->body);
      check_back_hooks(rollout.decl->body);
      planned_ = false;
      rollout.slots = slots_;
      break;
    }
    case ast::DeclKind::Test: check_test(program_.tests[indices_.lookup(decl)]); break;
    case ast::DeclKind::Func: check_func(indices_.lookup(decl)); break;
    case ast::DeclKind::Promotion: check_promotion(program_.promotions[indices_.lookup(decl)]); break;
    case ast::DeclKind::Policy: check_policy(indices_.lookup(decl)); break;
    case ast::DeclKind::Renamed: check_renamed(static_cast<const ast::RenamedDecl*>(decl)); break;
    case ast::DeclKind::Error: case ast::DeclKind::Import: case ast::DeclKind::Enum: case ast::DeclKind::Lock: break;
  }
}

}  // namespace rollout::check
