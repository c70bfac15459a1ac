#include "compiler/check/load.h"

#include <algorithm>
#include <set>

#include <fmt/format.h>
#include <llvm/ADT/ArrayRef.h>
#include <llvm/ADT/SmallVector.h>
#include <llvm/ADT/StringMap.h>

#include "compiler/syntax/parse.h"

namespace rollout::check {

namespace {

/// `a/./b/../c` → `a/c`; empty when it would leave the root.
std::string normalise(llvm::StringRef path) {
  llvm::SmallVector<llvm::StringRef> parts, kept;
  path.split(parts, '/', -1, false);
  for (llvm::StringRef part : parts) {
    if (part == ".") continue;
    if (part == "..") {
      if (kept.empty()) return {};
      kept.pop_back();
    } else {
      kept.push_back(part);
    }
  }
  std::string out;
  for (llvm::StringRef part : kept) out += (out.empty() ? "" : "/") + part.str();
  return out;
}

constexpr std::string_view ending = ".rollout";
constexpr const char* library_folder = "std/";

/// `strategy.canary`, as imports name a file, as its path.
std::string slashed(std::string path) {
  for (char& c : path)
    if (c == '.') c = '/';
  return path;
}

/// `std/backend/local.rollout` → `local`
llvm::StringRef file_name(llvm::StringRef path) { return path.rsplit('/').second.rsplit('.').first; }

/// A path as an import writes it: `std/backend/local.rollout` → `std.backend.local`; others as they are.
std::string written_form(const std::string& path) {
  llvm::StringRef name(path);
  if (!name.startswith(library_folder)) return path;
  std::string out = name.rsplit('.').first.str();
  std::replace(out.begin(), out.end(), '/', '.');
  return out;
}

class ModuleLoader {
 public:
  ModuleLoader(const Sources& from, ParsedFiles& files, ir::Program& program, Diagnostics& diagnostics, Loaded& loaded)
      : from_(from), layout_(from.layout), files_(files), program_(program), diagnostics_(diagnostics),
        loaded_(loaded) {}

  /// A file of the project; nothing when it cannot be had: then it is reported, at `from` where that is a place.
  /// `package` is the one that may be read from there.
  std::optional<ir::ModuleId> read_file(const std::string& path, size_t package, Span from) {
    if (llvm::StringRef(path).startswith(library_folder)) {
      diagnostics_.report(from, diag::ImportNotFound, path, "`std` is the standard library")
          .advise("give the folder of the project another name");
      return std::nullopt;
    }
    Result<std::string> real = files_.real_path(path, layout_.real_path);
    if (!real) return not_found(path, real.error(), from);
    // A message shows the line that it is about: nothing else that lies in the project may come to be shown so.
    if (from.valid() && !llvm::StringRef(*real).endswith(ending)) {
      diagnostics_.report(from, diag::ImportRefused, path, "only files whose names end in `.rollout` are imported");
      return std::nullopt;
    }
    size_t owner = layout_.package_of(*real);
    if (owner == package) return read(*real, owner, from_.files, from);
    const Package& other = layout_.packages[owner];
    std::string whole = package == 0 ? "the project's own files" : whole_of(package);
    Diagnostic& diagnostic = diagnostics_.report(from, diag::ImportOutside, path, whole);
    if (owner != 0)
      diagnostic.note(fmt::format("it is in {}", whole_of(owner)))
          .advise(fmt::format("import what `{}` exports, by its name: {}", other.name, exports_of(owner)));
    return std::nullopt;
  }

 private:
  struct Opened {
    std::string path;
    Span from;  ///< the import
  };

  /// `path` is the one name of the file.
  std::optional<ir::ModuleId> read(const std::string& path, size_t package, const Loader& load, Span from) {
    auto known = done_.find(path);
    if (known != done_.end()) return known->second;
    if (auto open = place_.find(path); open != place_.end()) return report_cycle(open->second, from);
    if (bytes_ > max_program_bytes) return std::nullopt;  // it is said
    if (program_.modules.size() + open_.size() >= max_modules) {
      diagnostics_.report(from, diag::TooManyFiles, max_modules);
      return std::nullopt;
    }
    bool locked = package != 0 && layout_.verify;
    Result<ParsedFile*> file = files_.read(path, load, locked ? layout_.verify : nullptr);
    if (!file) return not_found(path, file.error(), from);
    bytes_ += files_.sources.text((*file)->source).size();
    if (bytes_ > max_program_bytes) {
      diagnostics_.report(from, diag::TooMuchText, max_program_bytes);
      return std::nullopt;
    }
    if (const Status& same = (*file)->as_locked; !same)
      report_reason(diagnostics_, from, diag::LockMismatch, path, same.error().message).advise(lock_advice);
    return parse(path, **file, package, from);
  }

  ir::ModuleId parse(const std::string& path, ParsedFile& file, size_t package, Span from) {
    place_[path] = open_.size();
    open_.push_back({path, from});
    files_.parse(file);
    diagnostics_.add_all(file.mistakes);
    auto module = std::make_unique<ir::Module>();
    module->path = path;
    module->library = llvm::StringRef(path).startswith(library_folder);
    module->file = file.tree.get();
    module->exprs.resize(module->file->expr_count);
    std::vector<Imported> imports = read_imports(*module, package);
    open_.pop_back();
    place_.erase(path);
    ir::ModuleId id = ir::ModuleId(program_.modules.size());
    program_.modules.push_back(std::move(module));
    loaded_.imports.push_back(std::move(imports));
    done_[path] = id;
    return id;
  }

  std::nullopt_t not_found(const std::string& path, const OpError& why, Span from) {
    if (why.too_long_bytes > 0) {
      Span whole{files_.sources.add(path, ""), 0, 0};
      Diagnostic& large = diagnostics_.report(whole, diag::TooLarge, why.too_long_bytes, syntax::max_file_bytes);
      if (from.valid()) large.at(from, "imported here");
      return std::nullopt;
    }
    Diagnostic& diagnostic = report_reason(diagnostics_, from, why.refused ? diag::ImportRefused : diag::ImportNotFound,
                                           written_form(path), why.message);
    if (llvm::StringRef(path).startswith(library_folder)) suggest_file(diagnostic, path);
    return std::nullopt;
  }

  /// The same message wherever somebody enters the circle: it begins at the file whose path comes first.
  std::nullopt_t report_cycle(size_t first, Span from) {
    constexpr size_t most_shown = 8;  // imports of a circle
    if (!closed_.emplace(open_.back().path, open_[first].path).second) return std::nullopt;
    std::vector<Opened> files(open_.begin() + ptrdiff_t(first), open_.end());
    files.front().from = from;
    auto by_path = [](const Opened& a, const Opened& b) { return a.path < b.path; };
    std::rotate(files.begin(), std::min_element(files.begin(), files.end(), by_path), files.end());
    std::string circle;
    for (const Opened& file : llvm::ArrayRef(files).take_front(most_shown)) circle += file.path + " → ";
    if (files.size() > most_shown) circle += fmt::format("{} more → ", files.size() - most_shown);
    // Each was opened by the one before it.
    size_t next = 1 % files.size();
    Diagnostic& diagnostic = diagnostics_.report(files[next].from, diag::ImportCycle, circle + files.front().path);
    diagnostic.advise("move what both need into a file of its own, which both import");
    for (size_t i = 2; i <= std::min(files.size(), most_shown); ++i)
      diagnostic.at(files[i % files.size()].from, fmt::format("imports {}", files[i % files.size()].path));
    return std::nullopt;
  }

  std::string whole_of(size_t package) const {
    const Package& whole = layout_.packages[package];
    if (package != 0) return fmt::format("package `{}` ({})", whole.name, whole.folder);
    return layout_.root.empty() ? "the project" : fmt::format("the project {}", layout_.root);
  }

  std::string exports_of(size_t package) const {
    std::vector<std::string_view> names(layout_.packages[package].exports.begin(),
                                        layout_.packages[package].exports.end());
    return names.empty() ? "it exports nothing" : "it exports " + list_of(names);
  }

  std::vector<Imported> read_imports(const ir::Module& module, size_t package) {
    std::vector<Imported> imports;
    for (const ast::Decl* decl : module.file->decls) {
      if (decl->kind != ast::DeclKind::Import) continue;
      auto* import = static_cast<const ast::ImportDecl*>(decl);
      llvm::StringRef first = llvm::StringRef(import->path.text).split('.').first;
      if (!import->library) read_relative(module, package, *import, imports);
      else if (first == "std") read_library(*import, imports);
      else read_package(package, *import, imports);
    }
    return imports;
  }

  void read_relative(const ir::Module& module, size_t package, const ast::ImportDecl& import,
                     std::vector<Imported>& imports) {
    llvm::StringRef written = llvm::StringRef(import.path.text).drop_front().drop_back();
    if (!written.startswith("./") && !written.startswith("../")) {
      diagnostics_.report(import.path.span, diag::ImportNotRelative, written.str())
          .advise("write a path relative to this file, such as \"./shop.rollout\"");
      return;
    }
    if (written.contains("${")) {
      diagnostics_.report(import.path.span, diag::ImportNotFound, written.str(),
                          "a path has no `${…}`")
          .note("files are read before any name has a value")
          .advise("write the path; what differs from one run to the next is an input, or a value of an environment");
      return;
    }
    llvm::StringRef folder = llvm::StringRef(module.path).rsplit('/').first;
    bool at_root = !llvm::StringRef(module.path).contains('/');
    std::string path = normalise(at_root ? written.str() : folder.str() + "/" + written.str());
    if (path.empty()) {
      diagnostics_.report(import.path.span, diag::ImportOutside, written.str(), whole_of(package))
          .advise("copy the file into the project, or its folder as a package (docs/language/packages.md)");
      return;
    }
    add(import, read_file(path, package, import.path.span), imports);
  }

  static void add(const ast::ImportDecl& import, std::optional<ir::ModuleId> id, std::vector<Imported>& imports) {
    if (!id) return;
    for (const ast::ImportName& name : import.names) imports.push_back({&name, *id});
  }

  /// `std.strategy.canary.{canary}`: the file std/strategy/canary.rollout; `std.backend.{local}`: one file a name.
  void read_library(const ast::ImportDecl& import, std::vector<Imported>& imports) {
    auto load = [this](const std::string& file) { return library_text(file); };
    std::string path = slashed(std::string(import.path.text));
    std::string file = path + std::string(ending);
    if (library_text(file)) {
      add(import, read(file, 0, load, import.path.span), imports);
      return;
    }
    if (!is_folder(path)) return report_no_such_path(import.path);
    for (const ast::ImportName& name : import.names) {
      file = fmt::format("{}/{}{}", path, name.name.text, ending);
      std::optional<ir::ModuleId> id = read(file, 0, load, name.name.span);
      if (id) imports.push_back({&name, *id});
    }
  }

  Result<std::string> library_text(llvm::StringRef path) const {
    for (const auto& [file, text] : from_.library)
      if (path == llvm::StringRef(file)) return std::string(text);
    llvm::StringRef folder = path.rsplit('/').first;
    std::vector<std::string_view> beside;
    for (const auto& [file, text] : from_.library)
      if (llvm::StringRef(file).rsplit('/').first == folder) beside.push_back(file_name(file));
    if (beside.empty()) return OpError{"the standard library has no such file"};
    return OpError{fmt::format("the standard library has no such file; in {} there are {}",
                               written_form(folder.str() + std::string(ending)), list_of(beside))};
  }

  bool is_folder(const std::string& path) const {
    return std::any_of(from_.library.begin(), from_.library.end(),
                       [&](const auto& file) { return file.first.starts_with(path + "/"); });
  }

  /// A file of the folder whose name is near the one that was written.
  void suggest_file(Diagnostic& diagnostic, llvm::StringRef path) const {
    auto [folder, name] = path.drop_back(ending.size()).rsplit('/');
    std::vector<std::string_view> beside;
    for (const auto& [file, text] : from_.library)
      if (llvm::StringRef(file).rsplit('/').first == folder) beside.push_back(file_name(file));
    std::string_view near = nearest(name, beside);
    if (near.empty()) return;
    diagnostic.advise(fmt::format("did you mean `{}`?", near)).fix(diagnostic.span, std::string(near));
  }

  /// What an import of the library can say: `std.backend`, and behind the folders their files in the same form.
  void know_library() {
    if (!known_.empty()) return;
    auto add_once = [&](const std::string& file) {
      std::string dotted = written_form(file);
      if (std::find(known_.begin(), known_.end(), dotted) == known_.end()) known_.push_back(std::move(dotted));
    };
    for (const auto& [file, text] : from_.library)
      add_once(llvm::StringRef(file).rsplit('/').first.str() + std::string(ending));
    known_folders_ = known_.size();
    for (const auto& [file, text] : from_.library) add_once(file);
  }

  /// Neither a folder nor a file of the library.
  void report_no_such_path(const ast::Name& path) {
    know_library();
    Diagnostic& diagnostic = diagnostics_.report(path.span, diag::ImportNotFound, std::string(path.text),
                                                 "the standard library has no such file");
    std::vector<std::string_view> all(known_.begin(), known_.end());
    std::string_view near = nearest(path.text, all);
    if (!near.empty()) diagnostic.advise(fmt::format("did you mean `{}`?", near)).fix(path.span, std::string(near));
    all.resize(known_folders_);
    diagnostic.note(fmt::format("there are {}", list_of(all)));
  }

  /// `shared.gates.{healthy}`: gates.rollout of the package that rollout.toml calls `shared`, as in std.
  void read_package(size_t package, const ast::ImportDecl& import, std::vector<Imported>& imports) {
    auto [first, rest] = llvm::StringRef(import.path.text).split('.');
    std::optional<size_t> target = find_package(package, first, import.path.span);
    if (!target) return;
    const std::vector<std::string>& exports = layout_.packages[*target].exports;
    auto exported = [&](llvm::StringRef file) {
      return std::find(exports.begin(), exports.end(), file) != exports.end();
    };
    auto path_of = [&](llvm::StringRef file) {
      return fmt::format("{}/{}{}", layout_.packages[*target].folder, slashed(file.str()), ending);
    };
    if (exported(rest)) {
      add(import, read_file(path_of(rest), *target, import.path.span), imports);
      return;
    }
    for (const ast::ImportName& name : import.names) {
      std::string file = rest.empty() ? std::string(name.name.text) : fmt::format("{}.{}", rest.str(), name.name.text);
      if (!exported(file)) {
        report_private(*target, import, rest);
        return;
      }
      if (std::optional<ir::ModuleId> id = read_file(path_of(file), *target, name.name.span))
        imports.push_back({&name, *id});
    }
  }

  std::optional<size_t> find_package(size_t package, llvm::StringRef name, Span span) {
    std::vector<std::string_view> known = {"std"};
    for (const auto& [given, index] : layout_.packages[package].dependencies) {
      if (name == given) return index;
      known.push_back(given);
    }
    Diagnostic& diagnostic = diagnostics_.report(span, diag::UnknownPackage, name.str());
    std::string_view near = nearest(name, known);
    diagnostic.note(fmt::format("there {} {}", known.size() == 1 ? "is" : "are", list_of(known)));
    if (!near.empty()) diagnostic.advise(fmt::format("did you mean `{}`?", near));
    else
      diagnostic.advise(fmt::format("name it in rollout.toml: `[dependencies]` `{0} = {{ path = \"vendor/{0}\" }}`; a "
                                    "file of the project is imported by its path: \"./{0}.rollout\"",
                                    name.str()));
    return std::nullopt;
  }

  void report_private(size_t package, const ast::ImportDecl& import, llvm::StringRef file) {
    std::vector<std::string_view> known(layout_.packages[package].exports.begin(),
                                        layout_.packages[package].exports.end());
    std::string what = file.empty() ? std::string(import.names.front().name.text) : file.str();
    Diagnostic& diagnostic =
        diagnostics_.report(import.path.span, diag::NotExported, layout_.packages[package].name, what);
    diagnostic.note(exports_of(package));
    std::string_view near = nearest(what, known);
    if (!near.empty()) diagnostic.advise(fmt::format("did you mean `{}`?", near));
    else diagnostic.advise(fmt::format("`exports` in {}/rollout.toml says what others may import",
                                       layout_.packages[package].folder));
  }

  const Sources& from_;
  const Layout& layout_;
  ParsedFiles& files_;
  ir::Program& program_;
  std::vector<std::string> known_;  ///< made when it is asked for
  size_t known_folders_ = 0;
  Diagnostics& diagnostics_;
  Loaded& loaded_;
  llvm::StringMap<ir::ModuleId> done_;
  llvm::StringMap<size_t> place_;  ///< in `open_`
  std::set<std::pair<std::string, std::string>> closed_;  ///< circles that are reported: by the import that closes them
  std::vector<Opened> open_;  ///< the chain of imports being read
  size_t bytes_ = 0;
};

}  // namespace

Loaded load_modules(const std::string& path, const Sources& from, ParsedFiles& files, ir::Program& program,
                    Diagnostics& diagnostics) {
  Loaded loaded;
  ModuleLoader(from, files, program, diagnostics, loaded).read_file(path, 0, {});
  return loaded;
}

}  // namespace rollout::check
