// The names of a module: what it declares and what it imports.
#include <map>

#include <llvm/ADT/StringRef.h>

#include "compiler/check/context.h"
#include "compiler/check/once.h"

namespace rollout::check {

namespace {

/// What people, other systems and their logs know by its name.
bool is_known_outside(ast::DeclKind kind) {
  return kind == ast::DeclKind::Service || kind == ast::DeclKind::Target || kind == ast::DeclKind::Team ||
         kind == ast::DeclKind::Environment || kind == ast::DeclKind::Rollout || kind == ast::DeclKind::Lock;
}

/// `checkout` and `Checkout`: who reads or types one of them at night takes it for the other.
void report_case_only(const ast::File& file, std::map<std::string, const ast::Decl*>& services,
                      Diagnostics& diagnostics) {
  std::map<ast::DeclKind, std::map<std::string, const ast::Decl*>> here;
  for (const ast::Decl* decl : file.decls) {
    if (!is_known_outside(decl->kind)) continue;
    // Services are one thing to all files: folders and hosts that are called by them may not tell cases apart.
    auto& first = decl->kind == ast::DeclKind::Service ? services : here[decl->kind];
    auto [other, fresh] = first.try_emplace(llvm::StringRef(decl->name.text).lower(), decl);
    if (fresh || other->second->name.text == decl->name.text) continue;
    diagnostics.report(decl->name.span, diag::DeclaredTwice, std::string(decl->name.text))
        .at(other->second->name.span, "first declared here")
        .note("the two names differ in case only")
        .advise("choose another name");
  }
}

/// `record Percent { … }`, or such a name behind `as`: wherever it is written, the type of the language is meant.
void keep_type_name(std::string_view name, Span span, ir::Ref kind, Diagnostics& diagnostics) {
  if ((kind != ir::Ref::Record && kind != ir::Ref::Enum) || !is_type_name(name)) return;
  diagnostics
      .report(span, diag::WrongKind, std::string(name), "a type of the language",
              kind == ir::Ref::Record ? "a record" : "an enum")
      .advise("choose another name");
}

}  // namespace

void Checker::declare(ir::ModuleId module, const std::vector<Imported>& imports) {
  module_ = module;
  import_names(imports);
  indices_.reserve(unsigned(indices_.size() + this->module().file->decls.size()));
  for (const ast::Decl* decl : this->module().file->decls) declare_one(decl);
  report_case_only(*this->module().file, services_, diagnostics_);
}

void Checker::import_names(const std::vector<Imported>& imports) {
  for (const Imported& imported : imports) {
    const ir::Module& from = *program_.modules[imported.module];
    const ast::Name& name = imported.name->name;
    auto found = from.scope.find(name.text);
    // A file gives what it declares, not what it has from others.
    if (found == from.scope.end() || found->second.span.source != from.file->source) {
      std::vector<std::string_view> known;
      for (const ast::Decl* decl : suggests() ? llvm::makeArrayRef(from.file->decls) : llvm::None)
        if (!decl->name.text.empty() && decl->kind != ast::DeclKind::Test) known.push_back(decl->name.text);
      report_unknown(name.span, name.text, "declaration of `" + from.path + "`", known);
      // It is one mistake: where the name is used is shown here, and mended with it.
      bool same_name = imported.name->alias.text == name.text;
      auto said = unknown_names_.find({module_, fmt::format("declaration of `{}` {}", from.path, name.text)});
      if (said != unknown_names_.end() && same_name) unknown_names_[{module_, std::string(name.text)}] = said->second;
      else module().scope.try_emplace(imported.name->alias.text, ir::Symbol{ir::Ref::None, 0, name.span});
      continue;
    }
    const ir::Symbol& symbol = found->second;
    if (symbol.kind == ir::Ref::Input) {
      const ast::InputDecl* input = program_.inputs[symbol.index].decl;
      warn_deprecated(name.span, input->name, input->deprecated);
    }
    if (imported.name->alias.text != name.text)
      keep_type_name(imported.name->alias.text, imported.name->alias.span, symbol.kind, diagnostics_);
    auto [place, fresh] = module().scope.try_emplace(imported.name->alias.text, symbol);
    bool same = place->second.kind == symbol.kind && place->second.index == symbol.index;
    if (!fresh && !same)
      diagnostics_.report(imported.name->alias.span, diag::DeclaredTwice, std::string(imported.name->alias.text))
          .at(place->second.span, "declared here")
          .advise("import it under another name: `{name as other}`");
  }
}

void Checker::add_symbol(std::string_view name, Span span, ir::Ref kind, size_t index) {
  keep_type_name(name, span, kind, diagnostics_);
  auto [place, fresh] = module().scope.try_emplace(name, ir::Symbol{kind, uint32_t(index), span});
  if (fresh) return;
  Diagnostic& diagnostic = diagnostics_.report(span, diag::DeclaredTwice, std::string(name))
                               .at(place->second.span, "first declared here");
  if (place->second.span.source != span.source) diagnostic.advise("import it under another name: `{name as other}`");
  // Which of the two is meant where it is named, nobody knows.
  if (place->second.kind != kind) place->second.kind = ir::Ref::None;
}

namespace {

template <typename T>
const T* as(const ast::Decl* decl) {
  return static_cast<const T*>(decl);
}

}  // namespace

void Checker::declare_one(const ast::Decl* decl) {
  auto keep = [&](auto& store, ir::Ref kind, auto entity) {
    store.push_back(std::move(entity));
    indices_[decl] = uint32_t(store.size() - 1);
    add_symbol(decl->name.text, decl->name.span, kind, store.size() - 1);
  };
  switch (decl->kind) {
    case ast::DeclKind::Error: case ast::DeclKind::Import: case ast::DeclKind::Renamed: break;
    case ast::DeclKind::Input:
      keep(program_.inputs, ir::Ref::Input, ir::Input{module_, static_cast<const ast::InputDecl*>(decl), nullptr});
      break;
    case ast::DeclKind::Let:
      keep(program_.lets, ir::Ref::Let, ir::Let{module_, static_cast<const ast::LetDecl*>(decl), nullptr});
      break;
    case ast::DeclKind::Enum:
      keep(program_.enums, ir::Ref::Enum, ir::Enum{module_, static_cast<const ast::EnumDecl*>(decl)});
      break;
    case ast::DeclKind::Func:
      keep(program_.funcs, ir::Ref::Func, ir::Func{module_, static_cast<const ast::FuncDecl*>(decl), {}});
      break;
    case ast::DeclKind::Record:
      keep(program_.records, ir::Ref::Record, ir::Record{module_, static_cast<const ast::RecordDecl*>(decl), {}});
      break;
    case ast::DeclKind::Target:
      keep(program_.targets, ir::Ref::Target,
           ir::Target{module_, static_cast<const ast::TargetDecl*>(decl), UINT32_MAX, {}, nullptr,
                      {module_, static_cast<const ast::TargetDecl*>(decl)->places}});
      break;
    case ast::DeclKind::Team:
      keep(program_.teams, ir::Ref::Team, ir::Team{module_, static_cast<const ast::TeamDecl*>(decl)});
      break;
    case ast::DeclKind::Environment:
      keep(program_.environments, ir::Ref::Environment, ir::Environment{module_, as<ast::EnvironmentDecl>(decl), {}});
      break;
    case ast::DeclKind::Service:
      keep(program_.services, ir::Ref::Service,
           ir::Service{module_, static_cast<const ast::ServiceDecl*>(decl), {}, {}, nullptr, nullptr, {},
                       {module_, static_cast<const ast::ServiceDecl*>(decl)->places}});
      break;
    case ast::DeclKind::Capability:
      keep(program_.capabilities, ir::Ref::Capability,
           ir::Capability{module_, static_cast<const ast::CapabilityDecl*>(decl), {}, {}});
      break;
    case ast::DeclKind::Backend:
      keep(program_.backends, ir::Ref::Backend,
           ir::Backend{module_, static_cast<const ast::BackendDecl*>(decl), {}, {}, {}});
      break;
    case ast::DeclKind::Gate:
      keep(program_.gates, ir::Ref::Gate, ir::Gate{module_, static_cast<const ast::GateDecl*>(decl), {}, 0});
      break;
    case ast::DeclKind::Strategy:
      keep(program_.strategies, ir::Ref::Strategy,
           ir::Strategy{module_, static_cast<const ast::StrategyDecl*>(decl), {}, 0});
      break;
    case ast::DeclKind::Rollout:
      keep(program_.rollouts, ir::Ref::Rollout, ir::Rollout{module_, static_cast<const ast::RolloutDecl*>(decl), 0});
      break;
    case ast::DeclKind::Promotion:
      keep(program_.promotions, ir::Ref::Promotion, ir::Promotion{module_, as<ast::PromotionDecl>(decl)});
      break;
    case ast::DeclKind::Policy:
      keep(program_.policies, ir::Ref::Policy, ir::Policy{module_, as<ast::PolicyDecl>(decl)});
      break;
    case ast::DeclKind::Lock: keep(program_.locks, ir::Ref::Lock, ir::Lock{module_, as<ast::LockDecl>(decl)}); break;
    case ast::DeclKind::Test:
      indices_[decl] = uint32_t(program_.tests.size());
      program_.tests.push_back({module_, static_cast<const ast::TestDecl*>(decl)});
      break;
  }
}

}  // namespace rollout::check
