#include <chrono>

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include "compiler/base/render.h"
#include "compiler/syntax/format.h"
#include "compiler/syntax/parse.h"
#include "tests/unit/ast_dump.h"
#include "tests/unit/programs.h"
#include "tests/unit/token_scan.h"

namespace rollout {

namespace {

struct Formatted {
  std::optional<std::string> text;
  std::string messages;
};

Formatted format_text(const std::string& text) {
  SourceMap sources;
  Diagnostics diagnostics;
  Formatted result;
  result.text = syntax::format(sources, sources.add("a.rollout", text), diagnostics);
  result.messages = render_text(diagnostics, sources, false);
  return result;
}

std::string tree_of(const std::string& text) {
  SourceMap sources;
  Diagnostics diagnostics;
  return dump(*syntax::parse(sources, sources.add("a.rollout", text), diagnostics));
}

/// The text without blanks and without commas before a closing bracket: the formatter changes nothing else.
std::string squeeze(std::string_view text) {
  std::string out;
  for (char c : text) {
    if (c == ' ' || c == '\t' || c == '\n' || c == '\r') continue;
    bool closes = c == ')' || c == ']' || c == '}';
    if (closes && out.ends_with(',')) out.pop_back();
    out += c;
  }
  return out;
}

void check_layout(const std::string& name, const std::string& text) {
  INFO(name << "\n" << text);
  Formatted once = format_text(text);
  INFO(once.messages);
  REQUIRE(once.text);
  INFO("formatted:\n" << *once.text);
  Formatted twice = format_text(*once.text);
  INFO(twice.messages);
  REQUIRE(twice.text);
  REQUIRE(*twice.text == *once.text);
  REQUIRE(tree_of(*once.text) == tree_of(text));
}

/// The same tokens with other blanks, line breaks and comments between them.
std::string scatter(std::string_view text, Random& random) {
  std::string out;
  uint32_t rare = 3 + random.below(60);
  size_t end = 0;
  for (const TokenPlace& token : scan_tokens(text)) {
    bool apart = token.begin > end;
    end = token.end;
    if (apart && random.one_in(rare)) out += random.one_in(2) ? " // a\n" : "\n// b\n";
    if (apart && random.one_in(rare)) out += random.one_in(3) ? "\n\n" : "\n    ";
    else if (apart) out += ' ';
    out += text.substr(token.begin, token.end - token.begin);
  }
  return out + (random.one_in(2) ? " // last" : "");
}

size_t count(std::string_view text, std::string_view part) {
  size_t found = 0;
  for (size_t at = text.find(part); at != std::string_view::npos; at = text.find(part, at + part.size())) ++found;
  return found;
}

/// One list of each kind, over several lines and on one.
constexpr std::string_view lists = R"(import std.backend.{local, haproxy}
enum Region {
  eu,
  us
}
enum Near { eu, us }
record Step { name: String  share: Percent = 5% where share < 50% deprecated "use it" }
let names = ["a": [1, 2], "b": [f(1, x: 2), g()],]
let chosen = match r { eu, us -> 1  else -> 2 }
calendar office = weekly("UTC", [mon], 01:00, 02:00) except fri 12:00..24:00, 2026-12-24
func f(a: Int = 1, b: List<Map<Int, String>>) -> Int = a + 2 * (b or 3)
backend b implements A + B except c, d {
  identified by x as y, z
  action shift { within 2s  attempts 3  idempotent }
}
promotion ship = release { dev then staging soak 1h then production }
promotion slow = release {
  dev
  then production soak 2h
}
policy p { for every phase p in a, b { require p.share < 5% } }
rollout release {
  parallel { phase a { x.y() } phase b after a { x.y(1, 2) } }
  hold 5m judged by healthy(a, 1%), calm
  for s in [a, b] in waves [1, 2] soak 5m, at most 2 at once { s.up() }
  on failure { retry 3 every 1m then park }
}
test "t" { given s.a = 1% then 2% at 5m then 3% at 6m  run release(a: 1)  expect succeeded }
)";

void check_one(std::string_view before, std::string_view after) {
  Formatted result = format_text(std::string(before));
  INFO(result.messages);
  REQUIRE(result.text);
  CHECK(*result.text == after);
  CHECK(format_text(std::string(after)).text == result.text);
}

}  // namespace

TEST_CASE("the repository's programs are laid out already") {
  for (const ProgramText& program : repository_programs()) {
    check_layout(program.name, program.text);
    INFO(program.name);
    CHECK(format_text(program.text).text == program.text);
  }
}

TEST_CASE("the layout keeps the tree and every comment, and does not change what it laid out") {
  int formatted = 0;
  for (uint64_t seed = 1; seed <= 1500; ++seed) {
    std::string text = generated_program(seed);
    check_layout(fmt::format("seed {}", seed), text);
    // A comment may move past a comma that is left out; then only what is there can be compared.
    std::string kept = squeeze(*format_text(text).text), wanted = squeeze(text);
    std::sort(kept.begin(), kept.end());
    std::sort(wanted.begin(), wanted.end());
    std::erase(kept, ',');
    std::erase(wanted, ',');
    REQUIRE(kept == wanted);
    ++formatted;
  }
  CHECK(formatted == 1500);
}

TEST_CASE("what is laid out does not depend on how often, wherever lines were broken and comments written") {
  Random random(1);
  std::vector<ProgramText> programs = repository_programs();
  int formatted = 0;
  for (int i = 0; i < 600; ++i) {
    const ProgramText& program = programs[random.below(uint32_t(programs.size()))];
    std::string text = scatter(program.text, random);
    if (!format_text(text).text) continue;  // a call at the start of a line is a statement
    check_layout(program.name, text);
    ++formatted;
  }
  CHECK(formatted > 200);
}

TEST_CASE("a comment in front of or behind any token is kept, once, where layouts do not change any more") {
  // The two programs that use the most rules, and lists of every kind.
  std::vector<std::string> texts = {std::string(lists)};
  for (uint64_t seed : {1, 2}) texts.push_back(generated_program(seed));
  for (const ProgramText& program : repository_programs())
    if (program.text.size() < 2000) texts.push_back(program.text);
  int formatted = 0;
  for (const std::string& text : texts) {
    REQUIRE(format_text(text).text);
    for (const TokenPlace& token : scan_tokens(text)) {
      for (auto [place, comment] : {std::pair(token.begin, "\n// kept\n"), std::pair(token.end, " // kept\n")}) {
        std::string with = text.substr(0, place) + comment + text.substr(place);
        std::optional<std::string> once = format_text(with).text;
        if (!once) continue;  // a line that begins with a call is a statement
        check_layout("a comment", with);
        REQUIRE(count(*once, "// kept") == 1);
        REQUIRE(count(*once, "//") == count(with, "//"));
        ++formatted;
      }
    }
  }
  CHECK(formatted > 10'000);
}

TEST_CASE("a file that does not parse is refused, with the reason") {
  for (const char* text :
       {"rollout a {", "let a =", "let a = 5x", "let a = \"b", "let a = \"${}\"", "\xff", "let a = 1 }"}) {
    Formatted result = format_text(text);
    INFO(text);
    CHECK_FALSE(result.text);
    CHECK_FALSE(result.messages.empty());
  }
}

TEST_CASE("blocks stay on their line where they were written on one and fit") {
  check_one("gate  g( s:Service ){sample every 1s}", "gate g(s: Service) { sample every 1s }\n");
  check_one("rollout r { a.b( 1% )   hold 5m judged by g }", "rollout r { a.b(1%)  hold 5m judged by g }\n");
  check_one("rollout r {\na.b() }", "rollout r {\n  a.b()\n}\n");
  check_one("rollout r { phase x { a() } }", "rollout r {\n  phase x { a() }\n}\n");
  check_one("rollout r {}", "rollout r {}\n");
  check_one("rollout r { // why\n}", "rollout r {  // why\n}\n");
}

TEST_CASE("the cases of an enum and the stages of a promotion take a line each, or one together") {
  check_one("enum R { eu,us }", "enum R { eu, us }\n");
  check_one("enum R {\neu, us }", "enum R {\n  eu,\n  us\n}\n");
  check_one("enum R {\n  eu, // x\n  us,\n  ap\n}", "enum R {\n  eu,  // x\n  us,\n  ap\n}\n");
  check_one("promotion p = r { a then b }", "promotion p = r { a then b }\n");
  check_one("promotion p = r {\na then b // x\nthen c soak 1h }",
            "promotion p = r {\n  a\n  then b  // x\n  then c soak 1h\n}\n");
}

TEST_CASE("a match that was broken stays broken, also in brackets") {
  check_one("target t: local {\n  x = (match a {\n b -> 1 })\n  long = 1\n}",
            "target t: local {\n  x = (\n    match a {\n      b -> 1\n    }\n  )\n  long = 1\n}\n");
}

TEST_CASE("a comment behind the last line of a file is written once") {
  check_one("rollout r {\na.b()\n} // why", "rollout r {\n  a.b()\n}  // why\n");
  check_one("let a = b(\n  // c\n  d) // why", "let a = b(\n  // c\n  d\n)  // why\n");
}

TEST_CASE("neighbouring settings share a column") {
  check_one("service s {\n  router = e { x = 1 }\n  rate=5/s\n\n  a = 1\n}",
            "service s {\n  router = e { x = 1 }\n  rate   = 5/s\n\n  a = 1\n}\n");
}

TEST_CASE("arguments fill their lines, calls in a list take a line each") {
  check_one(
      "let aaaaaaaaaaaaaaaaaaaa = bbbbbbbbbbbbbbbbbbbbbbbbbbb(cccccccccccccccccccccccccccccc, "
      "dddddddddddddddddddddddd, "
      "eeeeeeeeeeeeeeeeee, [f(1), f(2),])",
      "let aaaaaaaaaaaaaaaaaaaa = bbbbbbbbbbbbbbbbbbbbbbbbbbb(\n"
      "  cccccccccccccccccccccccccccccc, dddddddddddddddddddddddd, eeeeeeeeeeeeeeeeee, [f(1), f(2)]\n)\n");
}

TEST_CASE("a blank line stands between declarations, but for neighbours of one kind") {
  check_one("\n\nlet a = 1\nlet b = 2\ninput c: Int\n\n\nlet d = 1\n\n\n",
            "let a = 1\nlet b = 2\n\ninput c: Int\n\nlet d = 1\n");
  check_one("// only a comment", "// only a comment\n");
  check_one("", "");
}

// At a hundred levels of two columns each, or where each comment moves the next line to the right.
TEST_CASE("a layout is not much longer than its text, however deep that is") {
  auto repeat = [](const std::string& text, size_t count) {
    std::string out;
    while (count-- > 0) out += text;
    return out;
  };
  for (const std::string& text : {"let a = " + repeat("(", 97) + "1" + repeat(")", 97) + "\n",
                                  "let a = " + repeat("[1, [", 48) + "1" + repeat("]]", 48) + "\n",
                                  "let a = b" + repeat("([1, // d\n 2]) // c\n", 390),
                                  "rollout r {\n" + repeat("if a {\n", 97) + "b()\n" + repeat("}\n", 98)}) {
    check_layout("deep", text);
    CHECK(format_text(text).text->size() < text.size() * 40);
  }
}

TEST_CASE("a megabyte is laid out in under a second") {
  std::string text;
  for (uint64_t seed = 1; text.size() < (1u << 20); ++seed) text += generated_program(seed) + "\n";
  auto start = std::chrono::steady_clock::now();
  Formatted result = format_text(text);
  double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  CHECK(result.text);
  fmt::print("format: {} KiB in {:.0f} ms\n", text.size() / 1024, seconds * 1000);
  // Several times the limit: this is not the release build, and others may use the machine.
  CHECK(seconds < 5);
}

}  // namespace rollout
