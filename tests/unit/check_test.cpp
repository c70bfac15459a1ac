// What the checker says of programs that are too large or too odd for a golden file.
#include <catch2/catch.hpp>
#include <fmt/format.h>

#include "compiler/compile.h"

namespace rollout {

namespace {

using Files = std::vector<std::pair<std::string, std::string>>;

/// The names of what is reported, in the order of the sources.
std::vector<std::string> reported(const Files& files) {
  auto compilation = compile(files.front().first, [&](const std::string& path) -> Result<std::string> {
    for (const auto& [name, text] : files)
      if (name == path) return text;
    return OpError{"there is no such file"};
  });
  check_plans(*compilation);
  std::vector<std::string> names;
  for (const Diagnostic* diagnostic : compilation->diagnostics.sorted()) names.emplace_back(diagnostic->name);
  return names;
}

std::vector<std::string> reported(std::string text) { return reported(Files{{"file.rollout", std::move(text)}}); }

using Names = std::vector<std::string>;

}  // namespace

TEST_CASE("more files than are read are refused") {
  Files files;
  for (size_t i = 0; i <= check::max_modules; ++i)
    files.emplace_back(fmt::format("f{}.rollout", i),
                       fmt::format("import \"./f{}.rollout\".{{x}}\nlet x = 1\n", i + 1));
  CHECK(reported(files) == Names{"too-many-files"});
}

TEST_CASE("values that are made of values have a limit, not a crash") {
  std::string chain = "let v0 = 1\n";
  for (int i = 1; i <= 20000; ++i) chain += fmt::format("let v{} = v{} + 1\n", i, i - 1);
  CHECK(reported(chain + "rollout release { hold 1m * v20000 }\n") == Names{"cannot-compute"});
  // The other way round each is checked inside the one before it; it is said once.
  std::string lets, funcs, both;
  for (int i = 0; i < 60000; ++i) {
    lets += fmt::format("let v{} = v{} + 1\n", i, i + 1);
    funcs += fmt::format("func f{}() -> Int = f{}() + 1\n", i, i + 1);
    both += fmt::format("let w{0} = g{0}() + 1\nfunc g{0}() -> Int = w{1} + 1\n", i, i + 1);
  }
  CHECK(reported(lets + "let v60000 = 1\n") == Names{"too-deep"});
  CHECK(reported(funcs + "func f60000() -> Int = 1\n") == Names{"too-deep"});
  CHECK(reported(both + "let w60000 = 1\n") == Names{"too-deep"});
}

TEST_CASE("of mistakes no more are reported than anybody reads") {
  for (std::string_view mistake : {";", "\"\n", "'\n", "$\n", "5x\n"}) {
    std::string text;
    for (int i = 0; i < 5000; ++i) text += mistake;
    INFO(mistake);
    CHECK(reported(text).size() == 1000);
  }
  CHECK(reported(std::string(5000, '\0')).size() == 1000);
  std::string statements;
  for (int i = 0; i < 30000; ++i) statements += "let\n";
  CHECK(reported(statements).size() == 10000);
}

TEST_CASE("names for one large list, and looks through large maps, have a limit") {
  std::string list = "let l0 = [", map = "let m = [";
  for (int i = 0; i < 20000; ++i) list += fmt::format("{}, ", i), map += fmt::format("\"k{0}\": {0}, ", i);
  std::string names = list + "0]\n", looks = map + "\"z\": 0]\n";
  for (int i = 1; i <= 200; ++i) names += fmt::format("let l{} = l{}\n", i, i - 1);
  for (int i = 0; i < 9000; ++i) looks += fmt::format("let a{} = m[\"k{}\"]\n", i, 19999 - i);
  CHECK(reported(names) == Names{"cannot-compute"});
  // So have texts: 100,000 bytes, 20,000 times.
  std::string text(100000, 'x');
  std::string record = fmt::format("record R {{ x: String where x != \"{0}y\" }}\nlet a = \"{0}\"\nlet l = [", text);
  std::string calls = fmt::format("func f(x: String where x != \"{0}y\") -> String = x\nlet a = \"{0}\"\n", text);
  for (int i = 0; i < 20000; ++i) record += "R(a), ", calls += fmt::format("let b{} = f(a)\n", i);
  CHECK(reported(record + "R(a)]\n") == Names{"cannot-compute"});
  CHECK(reported(calls) == Names{"cannot-compute"});
  CHECK(reported(looks) == Names{"cannot-compute"});
}

TEST_CASE("what calls leave to defaults, copy and look for has a limit") {
  constexpr int wide = 12000;
  std::string fields, parameters, cases, arms, records, copies, funcs, steps, matches;
  for (int i = 0; i < wide; ++i) {
    fields += fmt::format("  f{}: Int = 0\n", i), parameters += fmt::format("f{}: Int = 0, ", i);
    cases += fmt::format("c{}, ", i), arms += fmt::format("  c{} -> 1\n", i);
    records += fmt::format("let a{0} = R(f{0}: 1).f0\n", i);
    copies += fmt::format("let a{0} = r.with(f{0}: 1).f0\n", i);
    funcs += fmt::format("let a{0} = f(f{0}: 1)\n", i), steps += fmt::format("  s(f{0}: 1)\n", i);
    matches += fmt::format("let a{0} = f(E.c{0})\n", i);
  }
  std::string record = "record R {\n" + fields + "}\n", types = "enum E { " + cases + "last }\n";
  CHECK(reported(record + records) == Names{"cannot-compute"});
  CHECK(reported(record + "let r = R()\n" + copies) == Names{"cannot-compute"});
  CHECK(reported("func f(" + parameters + "z: Int = 1) -> Int = z\n" + funcs) == Names{"cannot-compute"});
  CHECK(reported("strategy s(" + parameters + "z: Int = 1) { hold 1m }\nrollout r {\n" + steps + "}\n") ==
        Names{"too-many-arguments"});
  CHECK(reported(types + "func f(e: E) -> Int = match e {\n" + arms + "  last -> 0\n}\n" + matches) ==
        Names{"cannot-compute"});
  // A few calls of it are no mistake.
  CHECK(reported(record + "let a = R(f1: 1)\nlet b = a.with(f2: 2)\n") == Names{});
}

TEST_CASE("what loops look at has a limit") {
  std::string text = "let items = [";
  for (int i = 0; i < 20000; ++i) text += fmt::format("{}, ", i);
  text += "0]\nrollout release {\n  hold 1m\n";
  for (int i = 0; i < 450; ++i) text += "  for x in items where x == 1 { hold 1m }\n";
  CHECK(reported(text + "}\n") == Names{"planning-too-long"});
}

TEST_CASE("a chain of lists that are too large is one mistake") {
  std::string text = "let l0 = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]\n";
  for (int i = 1; i <= 400; ++i) text += fmt::format("let l{} = [l{}, l{}]\n", i, i - 1, i - 1);
  CHECK(reported(text) == Names{"cannot-compute", "cannot-compute"});
}

TEST_CASE("a text that doubles has a limit") {
  std::string text = "let t0 = \"0123456789\"\n";
  for (int i = 1; i <= 40; ++i) text += fmt::format("let t{} = \"${{t{}}}${{t{}}}\"\n", i, i - 1, i - 1);
  CHECK(reported(text + "rollout release { phase \"${t40}\" { hold 1m } }\n") == Names{"cannot-compute"});
}

TEST_CASE("a default that makes another of its kind has a limit") {
  std::string text = "record Box { inner: Box? = Box() }\nlet box = Box()\n";
  CHECK(reported(text + "rollout release { let x = box hold 1m }\n") == Names{"cannot-compute"});
}

TEST_CASE("numbers at the edge of what fits") {
  CHECK(reported("let a = 9223372036854775807\nlet b = 292y\n") != Names{});
  CHECK(reported("let a = -9223372036854775807 - 1\nrollout release { hold 1m * -a }\n") == Names{"cannot-compute"});
  CHECK(reported("let a = 99999999999999999999\n") == Names{"out-of-range"});
  CHECK(reported("rollout release { hold 106751d * 2 }\n") == Names{"cannot-compute"});
}

TEST_CASE("odd programs get an answer") {
  CHECK(reported("") == Names{});
  CHECK(reported("rollout release {}\n") == Names{});
  CHECK(reported("rollout release { for x in [] { hold x } }\n") == Names{"no-rounds"});
  CHECK(reported("rollout release { rollback when 1 > 2 }\n") == Names{"not-live-condition"});
  CHECK(reported("strategy s() { s() }\n") == Names{"strategy-circle"});
  CHECK(reported("let a = a\n") == Names{"made-of-itself"});
  CHECK(reported("let a = [a]\n") == Names{"made-of-itself"});
  CHECK(reported("record Box { inner: Box = Box() }\n") == Names{"made-of-itself"});
  CHECK(reported("rollout release { phase \"\" { hold 1m } }\n") == Names{"bad-text"});
  CHECK(reported("rollout release { phase a { phase a { hold 1m } } }\n") == Names{"phase-twice"});
  CHECK(reported("gate g(g: Gate<Service>) { sample every 1s require g(g) > 1 }\n") != Names{});
  CHECK(reported("record R { a: Int a: Int }\n") == Names{"declared-twice"});
  CHECK(reported("test \"t\" {}\n") == Names{"test-runs"});
}

}  // namespace rollout
