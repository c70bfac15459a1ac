// A name that is declared elsewhere: the import that is missing, as an edit.
#include <llvm/ADT/SmallVector.h>

#include "compiler/check/values.h"
#include "compiler/syntax/parse.h"

namespace rollout::check {

namespace {

using ast::DeclKind;

/// Whether a declaration of that kind is meant where `what` is missing.
bool fits_place(DeclKind kind, std::string_view what) {
  switch (kind) {
    case DeclKind::Backend: return what == "backend";
    case DeclKind::Lock: return what == "lock";
    case DeclKind::Strategy: return what == "strategy";
    case DeclKind::Capability: return what == "capability";
    case DeclKind::Rollout: return what == "rollout";
    case DeclKind::Environment: return what == "environment";
    case DeclKind::Policy: return what == "policy";
    case DeclKind::Enum: return what == "type";
    case DeclKind::Record: return what == "type" || what == "name";
    case DeclKind::Input: case DeclKind::Let: case DeclKind::Target: case DeclKind::Service: case DeclKind::Gate:
    case DeclKind::Func: case DeclKind::Team:
      return what == "name";
    case DeclKind::Error: case DeclKind::Import: case DeclKind::Promotion: case DeclKind::Test:
    case DeclKind::Renamed: break;
  }
  return false;
}

const ast::Decl* find_decl(const ast::File& file, std::string_view name, std::string_view what) {
  for (const ast::Decl* decl : file.decls)
    if (decl->name.text == name && fits_place(decl->kind, what)) return decl;
  return nullptr;
}

/// The records of `file` that `type` is made of: who calls a strategy needs those of its parameters, too.
void add_records(const ast::File& file, const ast::Type* type, std::vector<std::string>& names) {
  std::string name(type->name.text);
  bool fresh = std::find(names.begin(), names.end(), name) == names.end();
  if (fresh && find_decl(file, name, "type")) names.push_back(name);
  for (const ast::Type* argument : type->arguments) add_records(file, argument, names);
}

std::vector<std::string> names_to_import(const ast::File& file, const ast::Decl* decl) {
  std::vector<std::string> names = {std::string(decl->name.text)};
  if (decl->kind == DeclKind::Strategy)
    for (const ast::Field& field : static_cast<const ast::StrategyDecl*>(decl)->parameters)
      add_records(file, field.type, names);
  return names;
}

/// `"./shared/shop.rollout"`, seen from the folder of `from`.
std::string relative_path(llvm::StringRef from, llvm::StringRef to) {
  llvm::SmallVector<llvm::StringRef> here, there;
  from.split(here, '/');
  to.split(there, '/');
  size_t same = 0;
  while (same + 1 < here.size() && same + 1 < there.size() && here[same] == there[same]) ++same;
  std::string path = same + 1 == here.size() ? "./" : "";
  for (size_t i = same + 1; i < here.size(); ++i) path += "../";
  for (size_t i = same; i < there.size(); ++i) path += (i == same ? "" : "/") + there[i].str();
  return '"' + path + '"';
}

/// How an import may name the file: `std.backend.local`, or its folder where the file declares only what it is named
/// after.
std::vector<std::string> library_paths(llvm::StringRef path, const ast::File& file, std::string_view name) {
  std::string dotted = path.rsplit('.').first.str();
  std::replace(dotted.begin(), dotted.end(), '/', '.');
  auto [folder, last] = llvm::StringRef(dotted).rsplit('.');
  auto names_something = [](const ast::Decl* decl) { return !decl->name.text.empty(); };
  bool alone = std::count_if(file.decls.begin(), file.decls.end(), names_something) == 1;
  if (last == llvm::StringRef(name) && alone) return {folder.str(), dotted};
  return {dotted};
}

/// Behind the names of an import of that file, or as a line of its own behind the last import.
void add_import(Diagnostic& diagnostic, const ast::File& into, const ast::File& from,
                const std::vector<std::string>& paths, const std::vector<std::string>& names) {
  std::string list;
  for (const std::string& name : names) list += (list.empty() ? "" : ", ") + name;
  const ast::Decl* last = nullptr;
  for (const ast::Decl* decl : into.decls) {
    if (decl->kind != DeclKind::Import) continue;
    last = decl;
    auto* import = static_cast<const ast::ImportDecl*>(decl);
    if (std::find(paths.begin(), paths.end(), import->path.text) == paths.end()) continue;
    // A name that is misspelt there was reported there.
    auto unknown = [&](const ast::ImportName& name) {
      return std::none_of(from.decls.begin(), from.decls.end(),
                          [&](const ast::Decl* other) { return other->name.text == name.name.text; });
    };
    bool file = import->path.text == paths.back();
    if (file && std::any_of(import->names.begin(), import->names.end(), unknown)) return;
    std::string whole;
    for (const ast::ImportName& name : import->names)
      whole += fmt::format("{}{}, ", name.name.text,
                           name.alias.text == name.name.text ? "" : fmt::format(" as {}", name.alias.text));
    diagnostic.advise(fmt::format("import it: `import {}.{{{}{}}}`", import->path.text, whole, list))
        .fix(after(import->names.back().alias.span), ", " + list);
    return;
  }
  std::string line = fmt::format("import {}.{{{}}}", paths[0], list);
  diagnostic.advise(fmt::format("import it: `{}`", line));
  const ast::Decl* first = into.decls[0];
  Span begin = {first->span.source, first->span.begin, first->span.begin};
  if (!first->doc.empty()) begin.begin = begin.end = first->name.span.begin - uint32_t(first->name.text.data() -
                                                                                      first->doc.data());
  if (last) diagnostic.fix(after(last->span), "\n" + line);
  else diagnostic.fix(begin, line + "\n\n");
}

}  // namespace

bool ValueChecker::suggest_import(Diagnostic& diagnostic, std::string_view name, std::string_view what) {
  if (module().library) return false;
  auto suggest = [&](const ast::File& file, const ast::Decl* decl, const std::vector<std::string>& paths) {
    std::vector<std::string> names = names_to_import(file, decl);
    auto known = [&](const std::string& other) { return find(other).has_value(); };
    names.erase(std::remove_if(names.begin() + 1, names.end(), known), names.end());
    add_import(diagnostic, *module().file, file, paths, names);
    if (diagnostic.fixes.empty()) return true;
    // Of edits at one place none could be made: this one waits until the other has been.
    const Fix& made = diagnostic.fixes.back();
    auto in_its_way = [&](const Fix& other) {
      return other.span.source == made.span.source && other.span.begin == made.span.begin && other.text != made.text;
    };
    if (std::any_of(imports_.begin(), imports_.end(), in_its_way)) diagnostic.fixes.pop_back();
    else imports_.push_back(made);
    return true;
  };
  // What stands before this module does not import it: no circle.
  for (ir::ModuleId other = 0; other < module_; ++other) {
    const ir::Module& from = *program_.modules[other];
    const ast::Decl* decl = from.library ? nullptr : find_decl(*from.file, name, what);
    if (decl) return suggest(*from.file, decl, {relative_path(module().path, from.path)});
  }
  bool comes_from_library = what == "backend" || what == "strategy" || what == "capability";
  std::vector<std::string> others;
  for (const auto& [path, text] : library_) {
    SourceMap sources;
    Diagnostics nobody;
    std::unique_ptr<ast::File> file = syntax::parse(sources, sources.add(path, std::string(text)), nobody);
    if (const ast::Decl* decl = find_decl(*file, name, what))
      return suggest(*file, decl, library_paths(path, *file, name));
    for (const ast::Decl* decl : file->decls)
      if (comes_from_library && fits_place(decl->kind, what)) others.emplace_back(decl->name.text);
  }
  // What the library calls almost so is meant where this file has nothing like it.
  ir::Ref kind = what == "backend" ? ir::Ref::Backend : what == "strategy" ? ir::Ref::Strategy : ir::Ref::Capability;
  if (others.empty() || !nearest(name, names_of(kind)).empty()) return false;
  std::vector<std::string_view> names(others.begin(), others.end());
  if (std::string_view near = nearest(name, names); !near.empty())
    diagnostic.advise(fmt::format("did you mean `{}` of the library? import it", near));
  else advise_elsewhere(diagnostic, name, what);
  diagnostic.note(fmt::format("the library has {}", list_of(names)));
  return true;
}

}  // namespace rollout::check
