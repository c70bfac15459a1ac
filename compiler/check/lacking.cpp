#include "compiler/check/lacking.h"

#include <algorithm>

#include "compiler/ir/variables.h"
#include "compiler/syntax/parse.h"

namespace rollout::check {

namespace {

/// `look` sees each declaration of the library below `folder`.
template <typename Look>
void each_of_library(const Library& library, std::string_view folder, Look look) {
  for (const auto& [path, text] : library) {
    if (!std::string_view(path).starts_with(folder)) continue;
    SourceMap sources;
    Diagnostics nobody;
    std::unique_ptr<ast::File> file = syntax::parse(sources, sources.add(path, std::string(text)), nobody);
    for (const ast::Decl* decl : file->decls) look(decl);
  }
}

bool has_name(llvm::ArrayRef<ast::Name> names, std::string_view wanted) {
  return std::any_of(names.begin(), names.end(), [&](const ast::Name& name) { return name.text == wanted; });
}

std::string list_of_owned(const std::vector<std::string>& names) {
  return list_of(std::vector<std::string_view>(names.begin(), names.end()));
}

/// What the service is bound to: ``it is bound to `hosts`, a target of `local` ``.
std::string bound_text(const ir::Program& program, const ir::Service& service) {
  std::vector<std::string> texts;
  for (const ir::Binding& binding : service.bindings) {
    const ir::Target& target = program.targets[binding.target];
    std::string text = fmt::format("`{}` (a target of `{}`)", target.decl->name.text,
                                   program.backends[target.backend].decl->name.text);
    if (std::find(texts.begin(), texts.end(), text) == texts.end()) texts.push_back(std::move(text));
  }
  if (texts.empty()) return fmt::format("`{}` is bound to no target", service.decl->name.text);
  return fmt::format("`{}` is bound to {}", service.decl->name.text, fmt::join(texts, " and "));
}

/// Whether the first parameter, a service or several, asks for nothing that is not in `has`.
bool does_without(const ast::StrategyDecl& strategy, const std::vector<std::string_view>& has) {
  if (strategy.parameters.empty()) return false;
  const ast::Type* type = strategy.parameters[0].type;
  while (type && !type->arguments.empty()) type = type->arguments[0];
  if (!type || type->name.text != "Service" || type->with.empty()) return false;
  return std::all_of(type->with.begin(), type->with.end(), [&](const ast::Name& name) {
    return std::find(has.begin(), has.end(), name.text) != has.end();
  });
}

void note_strategies(Diagnostic& diagnostic, const ir::Program& program, const Library& library,
                     const ir::Service& service) {
  std::vector<std::string_view> has;
  for (const ir::Binding& binding : service.bindings)
    has.push_back(program.capabilities[binding.capability].decl->name.text);
  std::vector<std::string> names;
  each_of_library(library, "std/strategy/", [&](const ast::Decl* decl) {
    if (decl->kind != ast::DeclKind::Strategy) return;
    if (does_without(*static_cast<const ast::StrategyDecl*>(decl), has)) names.emplace_back(decl->name.text);
  });
  if (!names.empty())
    diagnostic.note(fmt::format("of std.strategy, what it has is enough for {}", list_of_owned(names)));
}

/// `look` sees each capability of the program, then each of the library.
template <typename Look>
void each_capability(const ir::Program& program, const Library& library, Look look) {
  for (const ir::Capability& capability : program.capabilities) look(*capability.decl);
  each_of_library(library, "std/capability/", [&](const ast::Decl* decl) {
    if (decl->kind == ast::DeclKind::Capability) look(*static_cast<const ast::CapabilityDecl*>(decl));
  });
}

/// The setting by which a target with this capability is bound; empty: there is none.
std::string setting_of(const ir::Program& program, const Library& library, std::string_view capability) {
  std::string setting;
  each_capability(program, library, [&](const ast::CapabilityDecl& decl) {
    if (setting.empty() && decl.name.text == capability) setting = decl.setting.text;
  });
  return setting;
}

}  // namespace

std::vector<BoundAs> settings_of(const ir::Program& program, const Library& library, ir::TypeKind subject) {
  std::vector<BoundAs> found;
  each_capability(program, library, [&](const ast::CapabilityDecl& decl) {
    if (!ir::binds(decl, subject, decl.setting.text)) return;
    BoundAs bound{std::string(decl.setting.text), std::string(decl.name.text)};
    if (std::find(found.begin(), found.end(), bound) == found.end()) found.push_back(std::move(bound));
  });
  return found;
}

void explain_lacking(Diagnostic& diagnostic, const ir::Program& program, const Library& library,
                     const ir::Service* service, std::string_view capability) {
  if (!service) {
    diagnostic.advise(fmt::format("ask for it where it comes from, as in `s: Service with {}`; it is bound as "
                                  "`{} = … {{ … }}`",
                                  capability, setting_of(program, library, capability)));
    return;
  }
  diagnostic.note(bound_text(program, *service));
  note_strategies(diagnostic, program, library, *service);
  advise_fitting(diagnostic, program, library, capability);
}

void advise_fitting(Diagnostic& diagnostic, const ir::Program& program, const Library& library,
                    std::string_view capability) {
  std::string setting = setting_of(program, library, capability);
  if (setting.empty()) return;
  std::vector<std::string> targets, backends;
  for (const ir::Target& target : program.targets)
    if (target.backend < program.backends.size() &&
        has_name(program.backends[target.backend].decl->capabilities, capability))
      targets.emplace_back(target.decl->name.text);
  each_of_library(library, "std/backend/", [&](const ast::Decl* decl) {
    bool has = decl->kind == ast::DeclKind::Backend &&
               has_name(static_cast<const ast::BackendDecl*>(decl)->capabilities, capability);
    if (has) backends.emplace_back(decl->name.text);
  });
  if (!targets.empty())
    diagnostic.advise(fmt::format("bind it to what has it: `{} = {} {{ … }}`{}", setting, targets[0],
                                  targets.size() == 1 ? "" : "; targets that do: " + list_of_owned(targets)));
  else if (!backends.empty())
    diagnostic.advise(
        fmt::format("bind it, `{} = TARGET {{ … }}`, to a target of {}", setting, list_of_owned(backends)));
}

std::vector<std::string> backends_with(const Library& library, std::string_view capability, std::string_view action) {
  std::vector<std::string> backends;
  each_of_library(library, "std/backend/", [&](const ast::Decl* decl) {
    if (decl->kind != ast::DeclKind::Backend) return;
    const auto& backend = *static_cast<const ast::BackendDecl*>(decl);
    if (has_name(backend.capabilities, capability) && !has_name(backend.lacking, action))
      backends.emplace_back(backend.name.text);
  });
  return backends;
}

std::vector<LibraryAction> actions_of(const Library& library) {
  constexpr std::string_view folder = "std/capability/", ending = ".rollout";
  std::vector<LibraryAction> actions;
  for (const auto& [path, text] : library) {
    if (!std::string_view(path).starts_with(folder)) continue;
    std::string written = path.substr(0, path.size() - ending.size());
    std::replace(written.begin(), written.end(), '/', '.');
    each_of_library(library, path, [&](const ast::Decl* decl) {
      if (decl->kind != ast::DeclKind::Capability) return;
      const auto& capability = *static_cast<const ast::CapabilityDecl*>(decl);
      for (const ast::ActionItem& action : capability.actions)
        actions.push_back({std::string(action.name.text), std::string(capability.name.text), written});
    });
  }
  return actions;
}

std::string capability_with(const ir::Program& program, const Library& library, ir::TypeKind subject,
                            std::string_view action) {
  std::string_view type = subject == ir::TypeKind::Flag       ? "Flag"
                          : subject == ir::TypeKind::Database ? "Database"
                                                              : "Service";
  auto has = [&](const ast::CapabilityDecl& capability) {
    return std::any_of(capability.actions.begin(), capability.actions.end(), [&](const ast::ActionItem& item) {
      bool fits = !item.parameters.empty() && item.parameters[0].type && item.parameters[0].type->name.text == type;
      return fits && item.name.text == action;
    });
  };
  for (const ir::Capability& capability : program.capabilities)
    if (has(*capability.decl)) return std::string(capability.decl->name.text);
  std::string found;
  each_of_library(library, "std/capability/", [&](const ast::Decl* decl) {
    if (found.empty() && decl->kind == ast::DeclKind::Capability && has(*static_cast<const ast::CapabilityDecl*>(decl)))
      found = std::string(decl->name.text);
  });
  return found;
}

}  // namespace rollout::check
