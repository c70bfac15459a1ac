// Every edit that a diagnostic suggests mends it: each is made in the golden case or page that shows it, and the
// compiler does not say the same again.
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include "compiler/base/fixes.h"
#include "compiler/base/render.h"
#include "compiler/compile.h"

namespace fs = std::filesystem;

namespace rollout {

namespace {

/// What suggests an edit somewhere. A diagnostic that does so for the first time is added here.
constexpr std::string_view suggesting[] = {
    "baseline-window",  "bad-character",       "bad-escape",    "bad-expectation", "bad-number", "bad-text",
    "expected",         "import-not-found",    "label-missing", "missing-brace", "no-optional", "no-places",
    "plain-text",       "quantile-missing",
    "unit-mismatch",    "unknown-name",        "unterminated-string", "wrong-noun", "wrong-type"};

std::string read_text(const fs::path& path) {
  std::ifstream in(path);
  return (std::stringstream() << in.rdbuf()).str();
}

std::unique_ptr<Compilation> compile_text(const std::string& text) {
  auto load = [&](const std::string& path) -> Result<std::string> {
    if (path == "case.rollout") return text;
    if (path == "shared/shop.rollout") return read_text(fs::path(ROLLOUT_SOURCE_DIR) / "tests/golden" / path);
    return OpError{"there is no such file"};
  };
  std::unique_ptr<Compilation> compilation = compile("case.rollout", load);
  check_plans(*compilation);
  return compilation;
}

size_t count_named(const Compilation& compilation, std::string_view name) {
  std::vector<const Diagnostic*> all = compilation.diagnostics.sorted();
  return size_t(std::count_if(all.begin(), all.end(), [&](const Diagnostic* other) { return other->name == name; }));
}

/// The cases of one file each. Cases of loops take seconds and suggest nothing.
std::vector<fs::path> cases() {
  std::vector<fs::path> paths;
  for (const char* stage : {"check", "parse", "import", "diagnostics-checklist"}) {
    fs::path folder = fs::path(ROLLOUT_SOURCE_DIR) / "tests/golden" / stage;
    for (const fs::directory_entry& entry : fs::recursive_directory_iterator(folder))
      if (entry.path().extension() == ".rollout") paths.push_back(entry.path());
  }
  return paths;
}

}  // namespace

TEST_CASE("what a diagnostic suggests mends it") {
  std::map<std::string_view, size_t> mended;
  for (const fs::path& path : cases()) {
    std::string text = read_text(path);
    std::unique_ptr<Compilation> before = compile_text(text);
    for (const Diagnostic* diagnostic : before->diagnostics.sorted()) {
      if (diagnostic->fixes.empty() || before->sources.name(diagnostic->span.source) != "case.rollout") continue;
      INFO(path.string() << "\n" << render_text(*diagnostic, before->sources, false));
      std::optional<std::vector<Fix>> fixes = ordered_fixes(text, diagnostic->fixes);
      REQUIRE(fixes);
      std::string changed = apply_fixes(text, *fixes);
      std::unique_ptr<Compilation> after = compile_text(changed);
      INFO(changed << "\n" << render_text(after->diagnostics, after->sources, false));
      bool more = after->diagnostics.sorted().size() > before->diagnostics.sorted().size();
      CHECK(count_named(*after, diagnostic->name) < count_named(*before, diagnostic->name));
      // A file that does not parse is not checked for names: only then may mending it bring up others.
      CHECK((!more || diagnostic->name == "expected" || diagnostic->name == "missing-brace"));
      ++mended[diagnostic->name];
    }
  }
  for (std::string_view name : suggesting) {
    INFO("no case in tests/golden shows an edit for `" << name << "`");
    CHECK(mended[name] > 0);
  }
  for (auto [name, count] : mended) {
    INFO("`" << name << "` suggests edits: add it to `suggesting`");
    CHECK(std::find(std::begin(suggesting), std::end(suggesting), name) != std::end(suggesting));
  }
}

TEST_CASE("edits of one place are refused together, equal ones are one") {
  Span here{SourceId{0}, 1, 3};
  CHECK_FALSE(ordered_fixes("abcdef", {{here, "x"}, {{SourceId{0}, 2, 4}, "y"}}));
  CHECK_FALSE(ordered_fixes("abcdef", {{here, "x"}, {here, "y"}}));
  CHECK_FALSE(ordered_fixes("abc", {{{SourceId{0}, 2, 9}, "y"}}));
  Fix insert{{SourceId{0}, 4, 4}, "+"}, replace{here, "x"};
  std::optional<std::vector<Fix>> fixes = ordered_fixes("abcdef", {insert, replace, replace});
  REQUIRE(fixes);
  CHECK(apply_fixes("abcdef", *fixes) == "axd+ef");
}

}  // namespace rollout
