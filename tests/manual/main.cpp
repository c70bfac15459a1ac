// rollout_manual: makes the library's pages in docs/language/library from the `///` comments in stdlib, one page a
// folder and one section a file, and the grammar's excerpts in docs/language/reference.md; compares them with those
// that are there; with --update it writes them.
// Always true: what stands in a page stands in the library or the grammar, so the two cannot drift apart.
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "compiler/base/render.h"
#include "compiler/syntax/parse.h"
#include "tests/golden/diff.h"
#include "tests/manual/grammar.h"

namespace fs = std::filesystem;

namespace rollout::manual {

namespace {

using Pages = std::map<fs::path, std::string>;

/// What a page says before its first section. Every folder of the library has one.
struct Folder {
  std::string_view name;
  std::string_view title;
  std::string_view about;
};

constexpr Folder folders[] = {
    {"backend", "Backends", "Who carries actions out and who measures: what a target is made of."},
    {"calendar", "Calendars",
     "When something is open. `calendar NAME = …` declares one, `during NAME` in a rollout keeps to it."},
    {"capability", "Capabilities", "What actions mean, over the model that plans and rollbacks are derived from."},
    {"gate", "Gates",
     "What a hold may be judged by. A strategy takes them without their service, `judge: golden_signals` or\n"
     "`judge: golden_signals(worse: 0.2%)`; a hold and a rollback with it, `verify saturation(checkout)`."},
    {"policy", "Policies",
     "What may be asked of rollouts. Each is a part: a policy of your own says for which rollouts it holds, and\n"
     "calls it."},
    {"preflight", "Preflight checks",
     "What may be asked before a rollout changes anything: `check \"text\" CHECK` in its `preflight`. Some look at\n"
     "the world; what no backend can see is asked of a person, who answers by `rollout approve`. Each says which."},
    {"risk", "Risk levels",
     "How much is at stake, and the strategy that each level asks for."},
    {"strategy", "Strategies",
     "How a new version takes over. Each is code of the language: where one does not fit, copy it and change it."},
};

std::string read_file(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

/// The lines of a comment without their slashes.
std::string text_of(std::string_view doc) {
  std::string out;
  std::istringstream lines{std::string(doc)};
  for (std::string line; std::getline(lines, line);) {
    line.erase(0, std::min(line.find('/') + 3, line.size()));
    if (line.starts_with(' ')) line.erase(0, 1);
    out += line + "\n";
  }
  return out;
}

std::string described(const SourceMap& sources, const ast::Decl& decl) {
  return fmt::format("\n{}\n```rollout-fragment\n{}\n```\n", text_of(decl.doc), sources.text(decl.span));
}

/// The declaration that has the file's name comes first, whatever it needs comes behind it.
std::string section_of(const fs::path& file, const SourceMap& sources, const ast::File& parsed) {
  std::vector<const ast::Decl*> decls;
  std::string name = file.stem(), folder = file.parent_path().filename(), names, rest;
  for (const ast::Decl* decl : parsed.decls)
    if (decl->kind != ast::DeclKind::Import) decls.push_back(decl);
  std::stable_partition(decls.begin(), decls.end(), [&](const ast::Decl* decl) { return decl->name.text == name; });
  for (const ast::Decl* decl : decls) {
    names += fmt::format("{}{}", names.empty() ? "" : ", ", decl->name.text);
    if (decl != decls.front()) rest += fmt::format("\n### {}\n", decl->name.text);
    rest += described(sources, *decl);
  }
  return fmt::format("\n## {0}\n`import std.{1}.{0}.{{{2}}}` from [{0}.rollout](../../../stdlib/{1}/{0}.rollout)\n{3}",
                     name, folder, names, rest);
}

/// False when something keeps the file out of the manual; that is said.
bool add_file(const fs::path& file, std::string& page) {
  SourceMap sources;
  Diagnostics diagnostics;
  std::unique_ptr<ast::File> parsed = syntax::parse(sources, sources.add(file.string(), read_file(file)), diagnostics);
  if (diagnostics.has_errors()) {
    fmt::print("{}", render_text(diagnostics, sources, false));
    return false;
  }
  bool complete = true;
  for (const ast::Decl* decl : parsed->decls) {
    if (decl->kind == ast::DeclKind::Import || !decl->doc.empty()) continue;
    fmt::print("FAILED {}: `{}` has no `///` comment: say what it does, in which units\n", file.string(),
               decl->name.text);
    complete = false;
  }
  if (complete) page += section_of(file, sources, *parsed);
  return complete;
}

/// Every page as it should be; nothing when the library cannot be read.
Pages make_pages(const fs::path& root) {
  Pages pages;
  for (const Folder& folder : folders) {
    std::string& page = pages[fmt::format("library/{}.md", folder.name)];
    page = fmt::format("# {0}\n{1}\n\nMade from the comments in [stdlib/{2}](../../../stdlib/{2}/); "
                       "`ninja manual-update` makes it anew.\n",
                       folder.title, folder.about, folder.name);
    std::vector<fs::path> files(fs::directory_iterator(root / "stdlib" / folder.name), fs::directory_iterator{});
    std::sort(files.begin(), files.end());
    for (const fs::path& file : files)
      if (file.extension() == ".rollout" && !add_file(file, page)) return {};
  }
  for (const fs::directory_entry& entry : fs::directory_iterator(root / "stdlib")) {
    std::string name = entry.path().filename();
    if (!entry.is_directory() || pages.contains("library/" + name + ".md")) continue;
    fmt::print("FAILED stdlib/{}: it has no page: give it a title in tests/manual/main.cpp\n", name);
    return {};
  }
  std::optional<std::string> reference =
      with_excerpts(read_file(root / "docs/language/reference.md"), read_file(root / "grammar/RolloutLexer.g4"),
                    read_file(root / "grammar/RolloutParser.g4"));
  if (!reference) return {};
  pages["reference.md"] = std::move(*reference);
  return pages;
}

int update(const fs::path& folder, const Pages& pages) {
  fs::create_directories(folder / "library");
  for (const auto& [name, text] : pages) {
    if (read_file(folder / name) == text) continue;
    std::ofstream(folder / name, std::ios::binary) << text;
    fmt::print("updated {}\n", (folder / name).string());
  }
  return 0;
}

int compare(const fs::path& folder, const Pages& pages) {
  int failed = 0;
  for (const auto& [name, text] : pages) {
    std::string difference = golden::unified_diff(read_file(folder / name), text);
    if (difference.empty()) continue;
    fmt::print("FAILED {}\n{}", (folder / name).string(), difference);
    ++failed;
  }
  if (failed) fmt::print("  update: ninja manual-update, then read the diff\n");
  fmt::print("{} pages, {} failed\n", pages.size(), failed);
  return failed > 0;
}

}  // namespace

int run(const fs::path& root, bool writes) {
  Pages pages = make_pages(root);
  if (pages.empty()) return 1;
  fs::path folder = root / "docs/language";
  return writes ? update(folder, pages) : compare(folder, pages);
}

}  // namespace rollout::manual

int main(int argc, char** argv) {
  bool writes = argc == 3 && std::string_view(argv[2]) == "--update";
  if (argc == 2 || writes) return rollout::manual::run(argv[1], writes);
  fmt::print("usage: rollout_manual ROOT [--update]\n");
  return 2;
}
