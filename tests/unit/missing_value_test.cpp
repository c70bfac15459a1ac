// A value that is missing is missing where it should stand: one message, there, and nothing of the next line is taken
// for it. `<>` marks the place; every text is whole but for what should stand there.
#include <catch2/catch.hpp>
#include <fmt/format.h>

#include "compiler/base/diagnostics.h"
#include "compiler/base/render.h"
#include "compiler/syntax/parse.h"

namespace rollout {

namespace {

/// In a rollout, and whatever stands below.
constexpr const char* statements[] = {
    "budget exposure <=<>",
    "budget<>",
    "on newer run<>",
    "on newer run queue within<>",
    "on failure<>",
    "notify<>",
    "during<>",
    "during a except<>",
    "rollback when<>",
    "rollback when a ><>",
    "rollback when a > b +<>",
    "rollback when a > 5% held<>",
    "rollback when a > 5% and<>",
    "hold<>",
    "hold 5m judged by<>",
    "approve by<>",
    "approve by 2 of<>",
    "commit<>",
    "checkpoint<>",
    "let x =<>",
    "let<>",
    "let x = a.<>",
    "let x = not<>",
    "let x = -<>",
};
constexpr const char* next_statements[] = {
    "checkout.deploy(image)", "checkout[\"eu\"].deploy(image)", "canary(checkout, image)", "hold 5m",
    "phase a { hold 5m }",    "rollback when a > 5%",           "rollback { within 2m }",  "notify sre",
    "if a { hold 1m }",       "let x = 5",                      "on failure rollback",     "for a in b { hold 1m }",
};

/// Whole files.
constexpr const char* texts[] = {
    "rollout r { if<> { hold 5m } }",
    "rollout r { if a { hold 5m } else if<> { hold 5m } }",
    "rollout r {\n  for s in<> {\n    hold 5m\n  }\n}",
    "rollout r { for<> in a { hold 5m } }",
    "rollout r {\n  for s in a where<> {\n    hold 5m\n  }\n}",
    "rollout r { for s in a in waves<> { hold 5m } }",
    "rollout r { for s in a in waves<> soak 5m { hold 5m } }",
    "rollout r { for s in a in waves [1] soak<> { hold 5m } }",
    "rollout r { for s in a in batches of<> { hold 5m } }",
    "rollout r { for s in a at most<> at once { hold 5m } }",
    "rollout r { lock<> { hold 5m } }",
    "rollout r { lock a within<> { hold 5m } }",
    "rollout r {\n  phase<> {\n    hold 5m\n  }\n}",
    "rollout r { parallel { phase a after<> { hold 5m } } }",
    "rollout r { approve by sre { timeout<>\n  on timeout park } }",
    "rollout r { approve by sre { timeout 5m escalate to<> after 5m } }",
    "rollout r { approve by sre { timeout 5m escalate to a after<> } }",
    "rollout r { rollback { within<>\n  verify a(b)\n } }",
    "rollout r { rollback { verify<>\n  notify a\n } }",
    "rollout r { rollback { verify a within<>\n  notify a\n } }",
    "rollout r { rollback { notify<>\n  within 5m\n } }",
    "rollout r { on failure { retry<> every 1m then park } }",
    "rollout r { on failure { retry 3 every<> then park } }",
    "rollout r {\n  preflight {\n    check<>\n    check \"a\" b\n  }\n}",
    "rollout r {\n  preflight {\n    check \"a\"<>\n    check \"a\" b\n  }\n}",
    "rollout r {\n  preflight {\n    check \"a\" b within<>\n    check \"a\" b\n  }\n}",
    "rollout r {\n  preflight {\n    sample every<>\n    check \"a\" b\n  }\n}",
    "gate g() {\n  sample every<>\n  minimum 5 requests\n}",
    "gate g() {\n  minimum<>\n  sample every 5m\n}",
    "gate g() {\n  harm +<>\n  sample every 5m\n}",
    "gate g() {\n  harm +5% of<>\n  sample every 5m\n}",
    "gate g() {\n  reject when<>\n  sample every 5m\n}",
    "gate g() {\n  reject when a ><>\n  require a < 5%\n}",
    "gate g() {\n  reject when a > b proven<>\n  require a < 5%\n}",
    "gate g() {\n  reject when a > b over<>\n  require a < 5%\n}",
    "gate g() {\n  require<>\n  require a < 5%\n}",
    "gate g() {\n  on no_data { hold<> then fail }\n}",
    "gate g() {\n  on no_data {<> }\n}",
    "test \"a\" {\n  given a.b =<>\n  run r()\n}",
    "test \"a\" {\n  given a.b = 5% then<>\n  run r()\n}",
    "test \"a\" {\n  given a.b = 5% then 6% at<>\n  run r()\n}",
    "test \"a\" {\n  given<>\n  run r()\n}",
    "test \"a\" {\n  given approve by<>\n  run r()\n}",
    "test \"a\" {\n  given approve by \"a\" after<>\n  run r()\n}",
    "test \"a\" {\n  run<>\n  expect succeeded\n}",
    "test \"a\" {\n  run r(image:<>)\n  expect succeeded\n}",
    "test \"a\" {\n  run r() in<>\n  expect succeeded\n}",
    "test \"a\" {\n  at<> abort\n  expect succeeded\n}",
    "test \"a\" {\n  at 3m<>\n  expect succeeded\n}",
    "test \"a\" {\n  expect<>\n  expect succeeded\n}",
    "test \"a\" {\n  expect duration <<>\n  expect succeeded\n}",
    "test \"a\" {\n  expect rolled_back in phase<>\n  expect succeeded\n}",
    "policy p {\n  for every rollout r {\n    require<>\n    four_eyes(r)\n  }\n}",
    "policy p {\n  for every rollout r {\n    require r.a <=<>\n    four_eyes(r)\n  }\n}",
    "policy p {\n  for every rollout r {\n    require r.a within<>\n    four_eyes(r)\n  }\n}",
    "policy p {\n  for every rollout r {\n    forbid start during<>\n    four_eyes(r)\n  }\n}",
    "policy p {\n  for every rollout r in<> {\n    four_eyes(r)\n  }\n}",
    "policy p {\n  for every phase p where<> {\n    four_eyes(r)\n  }\n}",
    "policy p {\n  for every phase p of<> {\n    four_eyes(r)\n  }\n}",
    "policy p {\n  except rollout r {\n    because<>\n  }\n}",
    "policy p {\n  except rollout r {\n    until<>\n  }\n}",
    "policy p {\n  for every rollout<> {\n    four_eyes(r)\n  }\n}",
    "environment e {\n  edge =<>\n  hosts = h\n}",
    "environment e {\n  approve by<>\n  hosts = h\n}",
    "promotion p =<> { dev then production }",
    "promotion p =<>\n\nrollout r {}",
    "promotion p = r { dev then<> }",
    "promotion p = r { dev soak<> then production }",
    "promotion p = r { dev soak<>\n  then production }",
    "service s {\n  traffic =<>\n  router = edge\n}",
    "service s {\n  router =<>\n  workload = hosts {\n    replicas = 4\n  }\n}",
    "service s {\n  workload = hosts {\n    replicas =<>\n    command = [\"a\"]\n  }\n}",
    "service s {\n  signal a: Percent =<>\n  signal b: Percent = c\n}",
    "service s {\n  signal a:<> = c\n  router = edge\n}",
    "service s at r in<> {\n  traffic = 5/s\n  router = edge\n  workload = hosts\n}",
    "service s at<> in regions {\n  traffic = 5/s\n  router = edge\n  workload = hosts\n}",
    "service<> at r in regions {\n  traffic = 5/s\n  router = edge\n  workload = hosts\n}",
    "flag f at r in<> {\n  store = flags\n  key = \"a\"\n}",
    "flag f at<> in places {\n  store = flags\n  key = \"a\"\n}",
    "target t:<> {\n  directory = \"a\"\n  retries = 5\n}",
    "target<>: local {\n  directory = \"a\"\n  retries = 5\n}",
    "team t {\n  members =<>\n  notify = hook\n}",
    "input a:<>\ninput b: Int",
    "input a: Int =<>\ninput b: Int",
    "input a: Int where<>\ninput b: Int",
    "input a: Int example<>\ninput b: Int",
    "let a =<>\nlet b = 5",
    "let a:<> = 5",
    "let a = observe a.b within<>\nlet b = 5",
    "let a = [1,<> , 2]",
    "let a = f(1,<> , 2)",
    "let a = (<>)",
    "let a = a[<>]",
    "let a = [x:<>]",
    "let a = match e {\n  b -><>\n  c -> 1\n}",
    "let a = match<> {\n  b -> 2\n  c -> 1\n}",
    "calendar c =<>\ncalendar d = e",
    "calendar c = d except<>\ncalendar d = e",
    "enum E {<> }",
    "record R {\n  a:<>\n  b: Int\n}",
    "record R {\n  a: Int =<>\n  b: Int\n}",
    "record R {\n  a: Int where<>\n  b: Int\n}",
    "func f(a:<>) -> Int = 5",
    "func f(a: Int) -><> = 5",
    "func f(a: Int) -> Int =<>\n\nlet b = 5",
    "backend b implements<> {\n  config a: Int\n  action a { within 5s }\n}",
    "backend b implements A {\n  config<>\n  action a { within 5s }\n}",
    "backend b implements A {\n  action a { within<>\n    attempts 3 }\n}",
    "backend b implements A {\n  action a { attempts<>\n    idempotent }\n}",
    "backend b implements A {\n  weights<>..5 per server\n  action a { within 5s }\n}",
    "capability C {\n  reversible action a(s: Service) { sets share(s, canary) =<> }\n}",
    "capability C {\n  reversible action a(s: Service) { sets<> }\n}",
    "capability C {\n  observe a(s: Service) -><>\n  observe b(s: Service) -> Int\n}",
    "import std.backend.{<>}",
    "import<>\nlet a = 5",
    "renamed a -><>\nlock b",
    "lock<>\nrenamed a -> b",
    "strategy s(a: Service with<>) { hold 5m }",
    "rollout<> {\n  hold 5m\n  hold 6m\n  hold 7m\n}",
};

/// A clause without its value, and what is said of it. Some go on with the next word of the clause.
struct Clause {
  const char* text;
  const char* wanted;
};
constexpr Clause clauses[] = {
    {"rollout r { hold<> judged by healthy(s) }", "expected a duration such as `5m` after `hold`"},
    {"rollout r { hold<> sample }", "expected a duration such as `5m` after `hold`"},
    {"rollout r { hold 5m judged by<> }", "expected a gate such as `healthy(checkout)` after `by`"},
    {"rollout r { rollback when<> held 5m }", "expected a condition such as `s.error_rate > 1%` after `when`"},
    {"rollout r { rollback when a > 1% held<> }", "expected a duration such as `5m` after `held`"},
    {"rollout r { rollback when a > 1% proven<> every 15s }", "expected a certainty such as `99%` after `proven`"},
    {"rollout r { rollback when a > 1% proven 99% every<> }", "expected a duration such as `15s` after `every`"},
    {"rollout r { rollback { within<> verify a } }", "expected a duration such as `2m` after `within`"},
    {"rollout r { rollback { verify<> within 5m } }", "expected a gate such as `steady(checkout)` after `verify`"},
    {"rollout r { for s in<> where a { } }", "expected a list such as `[1%, 10%, 50%]` after `in`"},
    {"rollout r { for s in a where<> in waves [1] { } }", "expected a condition such as `share <= 50%` after `where`"},
    {"rollout r { for s in a in waves<> soak 5m { } }",
     "expected a list of sizes such as `[1, 4, rest]` after `waves`"},
    {"rollout r { for s in a in waves [1] soak<> { } }", "expected a duration such as `10m` after `soak`"},
    {"rollout r { for s in a in batches of<> { } }", "expected a share such as `10%` after `of`"},
    {"rollout r { for s in a at most<> at once { } }", "expected a whole number such as `3` after `most`"},
    {"rollout r { if<> { } }", "expected a condition such as `replicas > 4` after `if`"},
    {"rollout r { during<> except fri }", "expected a calendar such as `working_hours` after `during`"},
    {"rollout r { during a except<> }", "expected a day such as `fri` or `2026-12-24` after `except`"},
    {"rollout r { approve by<> { } }", "expected people such as `2 of sre` after `by`"},
    {"rollout r { approve by 2 of<> { } }", "expected a team such as `sre` after `of`"},
    {"rollout r { approve by a { timeout<> on timeout park } }", "expected a duration such as `4h` after `timeout`"},
    {"rollout r { approve by a { escalate to b after<> } }", "expected a duration such as `10m` after `after`"},
    {"rollout r { commit<> }", "expected a reason such as `\"the old column is dropped\"` after `commit`"},
    {"rollout r { checkpoint<> }", "expected what is reached, such as `\"half of the hosts\"` after `checkpoint`"},
    {"rollout r { budget<> }", "expected `exposure` and a limit, such as `exposure <= 5m` after `budget`"},
    {"rollout r { budget exposure <=<> }", "expected a duration such as `5m` after `<=`"},
    {"rollout r { notify<> }", "expected a team such as `sre` after `notify`"},
    {"rollout r { on failure { retry<> every 1m then park } }",
     "expected how often, such as `retry 3 every 1m then park` after `retry`"},
    {"rollout r { on failure { retry 3 every<> then park } }", "expected a duration such as `15s` after `every`"},
    {"rollout r { preflight { sample<> } }", "expected `every` and a duration, such as `every 15s` after `sample`"},
    {"rollout r { preflight { check<> } }", "expected what is checked, such as `\"someone is on call\"` after `check`"},
    {"rollout r { preflight { check \"a\"<> within 5m } }",
     "expected a condition such as `sre.on_call` after `\"a\"`"},
    {"gate g() { sample every<> }", "expected a duration such as `15s` after `every`"},
    {"gate g() { minimum<> }", "expected a number such as `1000 requests` after `minimum`"},
    {"gate g() { minimum 1000<> }", "expected `requests`, as in `minimum 1000 requests` after `1000`"},
    {"gate g() { require a < b over 3<> }", "expected `samples`, as in `over 3 samples` after `3`"},
    {"gate g() { harm<> }", "expected `+` and a change, such as `+0.5% of s.canary.error_rate` after `harm`"},
    {"gate g() { harm +<> of a }", "expected a change such as `0.5%` after `+`"},
    {"gate g() { harm +1% of<> }", "expected a signal such as `s.canary.error_rate` after `of`"},
    {"gate g() { reject when<> proven 99% }", "expected a condition such as `s.error_rate > 1%` after `when`"},
    {"gate g() { require<> proven 99% }", "expected a condition such as `s.error_rate < 1%` after `require`"},
    {"gate g() { require a < b over<> }", "expected a number such as `3 samples` after `over`"},
    {"gate g() { on no_data { hold<> then fail } }", "expected a duration such as `5m` after `hold`"},
    {"gate g() { on no_data { ask<> } }", "expected a team such as `sre` after `ask`"},
    {"policy p { require<> within 5m }", "expected a condition such as `r.rollback.total` after `require`"},
    {"policy p { forbid start during<> except fri }", "expected a calendar such as `working_hours` after `during`"},
    {"promotion p = r { dev soak<> then production }", "expected a duration such as `10m` after `soak`"},
    {"service s at r in<> { }", "expected a list of places such as `[\"eu\", \"us\"]` after `in`"},
    {"backend b implements A { action a { within<> attempts 3 } }", "expected a duration such as `2m` after `within`"},
    {"backend b implements A { action a { attempts<> } }", "expected a whole number such as `3` after `attempts`"},
    {"backend b implements A { weights<> per server }", "expected a range such as `0..256 per server` after `weights`"},
    {"let a = observe b within<>\nlet c = 1", "expected a difference such as `10%` after `within`"},
    {"input a: Int deprecated<>", "expected what to do instead, such as `\"use share\"` after `deprecated`"},
    {"test \"a\" { given approve by<> after 5m }", "expected a person such as `oncall-1` after `by`"},
    {"test \"a\" { given a.b = 1 then 2 at<> }", "expected a duration such as `3m` after `at`"},
    {"service s at<> in regions { traffic = 5/s }", "expected a name such as `r` after `at`"},
    {"rollout r { parallel { phase a {} phase b after<> {} } }", "expected the name of a phase after `after`"},
    {"test \"a\" { at<> abort }", "expected a duration such as `3m` after `at`"},
    {"test \"a\" { expect<> in phase a }",
     "expected a result such as `rolled_back` or `exposure(checkout) < 5s` after `expect`"},
};

void check_missing(std::string_view marked) {
  size_t gap = marked.find("<>");
  REQUIRE(gap != std::string_view::npos);
  std::string text = std::string(marked.substr(0, gap)) + std::string(marked.substr(gap + 2));
  SourceMap sources;
  Diagnostics diagnostics;
  SourceId source = sources.add("a.rollout", text);
  syntax::parse(sources, source, diagnostics);
  INFO(marked << "\n" << render_text(diagnostics, sources, false));
  std::vector<const Diagnostic*> messages = diagnostics.sorted();
  CHECK(messages.size() == 1);
  if (messages.empty()) return;
  // Behind what stands before it, or at what stands there in its place, which is no other line.
  size_t next = std::min(text.find_first_not_of(' ', gap), text.size());
  size_t at = messages[0]->span.begin;
  CHECK((gap <= at && at <= next));
}

}  // namespace

TEST_CASE("a missing value takes nothing of the next statement") {
  for (const char* statement : statements)
    for (const char* next : next_statements)
      check_missing(fmt::format("rollout r {{\n  {}\n  {}\n}}\n", statement, next));
}

TEST_CASE("a missing value is reported where it is missing") {
  for (const char* text : texts) check_missing(fmt::format("{}\n", text));
}

TEST_CASE("a clause that stands twice is refused: nobody has to know which one would win") {
  constexpr std::pair<const char*, const char*> texts[] = {
      {"gate g() { sample every 5s sample every 6s require a < 1% }", "sample"},
      {"gate g() { minimum 5 requests minimum 6 requests require a < 1% }", "minimum"},
      {"gate g() { harm +1% of a harm +2% of a require a < 1% }", "harm"},
      {"rollout r { rollback { within 2m notify a within 3m } }", "within"},
      {"rollout r { rollback { verify a within 2m verify b } }", "verify"},
      {"rollout r { preflight { sample every 5s check \"a\" b sample every 6s } }", "sample"},
      {"backend b implements A { action a { within 5s within 6s } }", "within"},
      {"backend b implements A { action a { attempts 1 idempotent attempts 2 } }", "attempts"},
      {"input i: Int = 1 where i > 0 = 2", "="},
      {"input i: Int example 1 example 2", "example"},
      {"input i: Int where i > 0 where i > 1", "where"},
  };
  for (const auto& [text, word] : texts) {
    SourceMap sources;
    Diagnostics diagnostics;
    syntax::parse(sources, sources.add("a.rollout", fmt::format("{}\n", text)), diagnostics);
    INFO(text << "\n" << render_text(diagnostics, sources, false));
    std::vector<const Diagnostic*> messages = diagnostics.sorted();
    REQUIRE(messages.size() == 1);
    CHECK(messages[0]->message == fmt::format("`{}` is given twice", word));
  }
}

TEST_CASE("a clause says what kind of value it lacks") {
  for (const Clause& clause : clauses) {
    std::string_view marked = clause.text;
    size_t gap = marked.find("<>");
    std::string text = fmt::format("{}{}\n", marked.substr(0, gap), marked.substr(gap + 2));
    SourceMap sources;
    Diagnostics diagnostics;
    syntax::parse(sources, sources.add("a.rollout", text), diagnostics);
    INFO(marked << "\n" << render_text(diagnostics, sources, false));
    std::vector<const Diagnostic*> messages = diagnostics.sorted();
    REQUIRE(!messages.empty());
    CHECK(messages[0]->message == clause.wanted);
    CHECK(messages.size() == 1);
  }
}

}  // namespace rollout
