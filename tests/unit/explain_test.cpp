// docs/diagnostics, which `rollout explain` shows: one page for each diagnostic, no page for anything else, and every
// example is what it says it is.
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <sstream>

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include "compiler/base/render.h"
#include "compiler/compile.h"

namespace fs = std::filesystem;

namespace rollout {

namespace {

struct Example {
  std::string verdict;             ///< `wrong` or `right`
  std::vector<std::string> words;  ///< the command, if it is not `check`
  std::string text;
};

struct PageText {
  std::string name;
  std::vector<std::string> lines;
  std::vector<Example> examples;
};

struct Exemption {
  std::string_view name;
  std::string_view reason;
};

/// Diagnostics whose wrong example cannot stand in a page as a program.
constexpr Exemption not_a_program[] = {
    {"not-utf8", "a page is UTF-8 itself"},
    {"too-large", "it takes more than 32 MiB"},
    {"too-many-files", "it takes a thousand files"},
    {"not-exported", "it takes a package"},
    {"lock-mismatch", "it takes a package and a lock"},
    {"bad-manifest", "it is about rollout.toml"},
    {"bad-dependency", "it is about rollout.toml"},
    {"wrong-version", "it is about rollout.toml"},
    {"projects-share", "it takes two projects"},
    {"already-runs", "only a look at what runs shows it"},
    {"not-proven", "the planner refuses such a plan first"},
};

constexpr size_t longest_line = 100, longest_meaning = 84;

std::string read_text(const fs::path& path) {
  std::ifstream in(path);
  return (std::stringstream() << in.rdbuf()).str();
}

std::vector<std::string> words_of(const std::string& text) {
  std::istringstream in(text);
  return {std::istream_iterator<std::string>(in), {}};
}

PageText read_page(const fs::path& path) {
  PageText page{path.stem().string(), {}, {}};
  std::ifstream in(path);
  bool in_code = false, in_example = false;
  for (std::string line; std::getline(in, line);) {
    page.lines.push_back(line);
    if (line.starts_with("```")) {
      std::vector<std::string> words = words_of(line.substr(3));
      in_example = !in_code && words.size() > 1 && words[0] == "rollout";
      in_code = !in_code;
      if (in_example) page.examples.push_back({words[1], {words.begin() + 2, words.end()}, {}});
    } else if (in_example) {
      page.examples.back().text += line + "\n";
    }
  }
  return page;
}

std::vector<PageText> read_pages() {
  std::vector<PageText> pages;
  for (const fs::directory_entry& entry : fs::directory_iterator(fs::path(ROLLOUT_SOURCE_DIR) / "docs/diagnostics"))
    if (entry.path().extension() == ".md" && entry.path().stem() != "README") pages.push_back(read_page(entry.path()));
  return pages;
}

/// What stands ready for the databases of the examples: the migrations of examples/expand_contract.
std::vector<plan::ObservedMigrations> migrations(const plan::Plan& plan) {
  std::vector<plan::ObservedMigrations> all;
  for (const plan::Service& one : plan.services)
    if (one.subject == plan::Subject::Database)
      all.push_back({plan::service_text(one), "target db",
                     {{"V13__add_currency", "1", "2"}, {"V14__drop_price_text", "3", ""}}});
  return all;
}

/// By which exceptions from policies have ended: 2026-06-01T00:00Z.
constexpr int64_t day_of_pages_ns = 1'780'272'000'000'000'000;

std::unique_ptr<Compilation> compile_example(const Example& example) {
  auto load = [&](const std::string& path) -> Result<std::string> {
    if (path == "release.rollout") return example.text;
    if (path == "shop.rollout") return read_text(fs::path(ROLLOUT_SOURCE_DIR) / "examples/quickstart/shop.rollout");
    return OpError{"there is no such file"};
  };
  std::unique_ptr<Compilation> compilation = compile("release.rollout", load);
  compilation->now_wall_ns = day_of_pages_ns;
  if (example.words.empty()) {
    check_plans(*compilation, {}, migrations);
    return compilation;
  }
  REQUIRE(example.words[0] == "plan");
  plan::Request request;
  for (size_t i = 2; i < example.words.size(); i += 2) {
    REQUIRE(example.words[i - 1] == "--set");
    size_t equals = example.words[i].find('=');
    request.inputs.emplace_back(example.words[i].substr(0, equals), example.words[i].substr(equals + 1));
  }
  if (!compilation->diagnostics.has_errors())
    plan::make_plan(*compilation->program, request, compilation->sources, compilation->diagnostics);
  return compilation;
}

std::set<std::string> declared_names() {
  return {
#define DIAG(id, name, ...) name,
#include "compiler/base/diagnostics.def"
#undef DIAG
  };
}

bool is_exempt(const std::string& name) {
  return std::any_of(std::begin(not_a_program), std::end(not_a_program),
                     [&](const Exemption& exemption) { return exemption.name == name; });
}

}  // namespace

TEST_CASE("each diagnostic has a page, and each page a diagnostic") {
  std::set<std::string> names = declared_names(), explained;
  for (const PageText& page : read_pages()) explained.insert(page.name);
  for (const std::string& name : names) {
    INFO("write docs/diagnostics/" << name << ".md, like the pages beside it");
    CHECK(explained.contains(name));
  }
  for (const std::string& name : explained) {
    INFO("no diagnostic is called like docs/diagnostics/" << name << ".md: rename or remove it");
    CHECK(names.contains(name));
  }
}

TEST_CASE("the pages about diagnostics have one form") {
  for (const PageText& page : read_pages()) {
    INFO("docs/diagnostics/" << page.name << ".md");
    REQUIRE(page.lines.size() > 4);
    CHECK(page.lines[0] == "# " + page.name);
    CHECK(page.lines[1].empty());
    CHECK(page.lines[2].size() <= longest_meaning);
    CHECK(page.lines[2].ends_with('.'));
    CHECK(page.lines[3].empty());
    std::vector<std::string> headings;
    bool in_code = false;
    for (const std::string& line : page.lines) {
      if (line.starts_with("```")) in_code = !in_code;
      INFO(line);
      if (!in_code) CHECK(line.size() <= longest_line);
      if (!in_code && line.starts_with("## ")) headings.push_back(line.substr(3));
    }
    CHECK(headings == std::vector<std::string>{"Wrong", "Right", "How to mend it"});
  }
}

TEST_CASE("the examples about a diagnostic are wrong in that way only, and right") {
  for (const PageText& page : read_pages()) {
    INFO("docs/diagnostics/" << page.name << ".md");
    std::map<std::string, size_t> seen;
    for (const Example& example : page.examples) {
      INFO(example.text);
      std::unique_ptr<Compilation> compilation = compile_example(example);
      INFO(render_text(compilation->diagnostics, compilation->sources, false));
      std::vector<const Diagnostic*> found = compilation->diagnostics.sorted();
      ++seen[example.verdict];
      if (example.verdict == "right") CHECK(found.empty());
      else CHECK((found.size() == 1 && found[0]->name == page.name));
    }
    CHECK(seen["right"] == 1);
    CHECK(seen["wrong"] == (is_exempt(page.name) ? 0 : 1));
  }
}

}  // namespace rollout
