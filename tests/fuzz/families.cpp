#include "tests/fuzz/families.h"

#include <fmt/format.h>

namespace rollout::fuzz {

std::string repeat(std::string_view text, size_t count) {
  std::string out;
  for (size_t i = 0; i < count; ++i) out += text;
  return out;
}

std::vector<Family> families() {
  return {
      {"open parentheses", [](size_t n) { return "let a = " + repeat("(", n); }},
      {"balanced parentheses", [](size_t n) { return "let a = " + repeat("(", n) + "1" + repeat(")", n); }},
      {"sum", [](size_t n) { return "let a = 1" + repeat(" + a", n); }},
      {"short sums", [](size_t n) { return repeat("let a = 1 + a * a - a + a < a\n", n / 8); }},
      {"members", [](size_t n) { return "let a = b" + repeat(".c", n); }},
      {"calls", [](size_t n) { return "let a = b" + repeat("(c)", n); }},
      {"signs", [](size_t n) { return "let a = " + repeat("- ", n) + "1"; }},
      {"signs in turn", [](size_t n) { return "let a = 1" + repeat(" + -", n) + " 1"; }},
      {"nots", [](size_t n) { return "let a = " + repeat("not ", n) + "b"; }},
      {"open braces", [](size_t n) { return "rollout a " + repeat("{ phase b ", n); }},
      {"closing braces", [](size_t n) { return repeat("}\n", n); }},
      {"empty blocks", [](size_t n) { return repeat("rollout a {}\n", n / 4); }},
      {"one long block", [](size_t n) { return "rollout a {\n" + repeat("  b.c(5%)\n", n / 4) + "}\n"; }},
      {"one long line", [](size_t n) { return "rollout a { " + repeat("b.c(5%) ", n / 4) + "}"; }},
      {"long list", [](size_t n) { return "let a = [" + repeat("b, ", n) + "c]"; }},
      {"list of calls", [](size_t n) { return "let a = [" + repeat("b(1, 2), ", n / 4) + "c]"; }},
      {"long string", [](size_t n) { return "let a = \"" + repeat("x", n * 8) + "\""; }},
      {"string of members", [](size_t n) { return "let a = \"" + repeat("${b.c} ", n) + "\""; }},
      {"string of names", [](size_t n) { return "let a = \"" + repeat("${b}", n) + "\""; }},
      {"unterminated strings", [](size_t n) { return repeat("let a = \"b\n", n); }},
      {"comments", [](size_t n) { return repeat("// a\n", n); }},
      {"documentation", [](size_t n) { return repeat("/// a\nlet b = 1\n", n / 4); }},
      {"else if", [](size_t n) { return "rollout a { if b {}" + repeat(" else if b {}", n / 4) + " }"; }},
      {"types", [](size_t n) { return "input a: " + repeat("L<", n) + "I" + repeat(">", n); }},
      {"bad characters", [](size_t n) { return repeat("#", n); }},
      {"semicolons", [](size_t n) { return repeat(";", n); }},
      {"hidden characters", [](size_t n) { return repeat("\xE2\x80\xAE", n); }},
      {"mistakes", [](size_t n) { return repeat("let a =\nlet = 5\n", n / 4); }},
      {"no line breaks", [](size_t n) { return repeat("let a = 1 ", n / 4); }},
      {"blank lines", [](size_t n) { return repeat("\n", n * 8); }},
      {"many names", [](size_t n) { return "import std.a.{" + repeat("b, ", n) + "c}"; }},
      {"not closed", [](size_t n) { return repeat("rollout a {\n  b.c()\n", n / 4); }},
      {"settings", [](size_t n) { return "service a {\n" + repeat("b = c { d = 5 }\n", n / 4) + "}"; }},
      {"code points", [](size_t n) { return "let a = \"" + repeat("é", n * 4) + "\"\n" + repeat("// é\n", n / 4); }},
  };
}

std::string numbered(const char* format, size_t n) {
  std::string out;
  for (size_t i = 0; i < n; ++i) out += fmt::format(fmt::runtime(format), i);
  return out;
}

std::string head() {
  return "import std.backend.{local}\ninput image: Image example \"shop:2\"\n"
         "target hosts: local { directory = \"run\" }\n";
}

std::string workload() {
  return "{ workload = hosts { command = [\"a\"]  ready = http(\"/\")  replicas = 1  ports_from = 8000 } }\n";
}

std::vector<Family> programs() {
  const std::string head = fuzz::head(), workload = fuzz::workload(), service = "service s " + workload;
  const std::string release = "rollout r { s.install(image) }\n";
  return {
      {"environments",
       [=](size_t n) {
         return head + service + release + "target o0: local { directory = \"run/o0\" }\n" +
                numbered("target h{0}: local {{ directory = \"run/h{0}\" }}\nenvironment e{0} {{ hosts = h{0} }}\n",
                         n / 10);
       }},
      {"rollouts",
       [=](size_t n) { return head + service + numbered("rollout r{} {{ s.install(image) }}\n", n / 10); }},
      {"inputs", [=](size_t n) { return head + service + release + numbered("input i{}: Int example 1\n", n / 2); }},
      {"tests",
       [=](size_t n) {
         return head + service + release +
                numbered("test \"{}\" {{\n  run r(image: \"shop:3\")\n  expect succeeded\n}}\n", n / 10);
       }},
      {"expectations",
       [=](size_t n) {
         return head + service + "rollout r {\n  s.install(image)\n" + numbered("  phase p{} {{ hold 1m }}\n", n / 8) +
                "}\ntest \"a\" {\n  run r(image: \"shop:3\")\n" +
                numbered("  expect rolled_back in phase p{}\n", n / 8) + "}\n";
       }},
      {"promotions",
       [=](size_t n) {
         return head + service + release + "environment a {}\ntarget other: local { directory = \"other\" }\n" +
                "environment b { hosts = other }\n" + numbered("promotion p{} = r {{ a then b }}\n", n / 2);
       }},
      {"policies",
       [=](size_t n) {
         return head + service + release +
                numbered("policy p{} {{ for every rollout r {{ require r.rollback.total }} }}\n", n / 4);
       }},
      {"names of a rollout",
       [=](size_t n) {
         return head + service + "rollout r {\n" + numbered("  let a{0} = 1\n  let b{0} = a{0}\n", n / 2) +
                "  s.install(image)\n}\n";
       }},
      {"cases",
       [](size_t n) {
         return "enum E { " + numbered("c{}, ", n / 2) + "last }\nfunc f(e: E) -> Int = match e {\n" +
                numbered("  c{0} -> {0}\n", n / 2) + "  last -> 0\n}\n";
       }},
      {"fields",
       [](size_t n) {
         return "record R {\n" + numbered("  f{}: Int\n", n / 2) + "}\nlet r = R(" + numbered("f{0}: {0}, ", n / 2) +
                ")\n";
       }},
      {"functions",
       [](size_t n) {
         return "func f(a: Int) -> Int = a\n" + numbered("func f{}(a: Int) -> Int = f(a)\n", n / 4) +
                numbered("let a{0} = f{0}({0})\n", n / 4);
       }},
      {"branches",
       [=](size_t n) {
         std::string services;
         for (size_t i = 0; i < n / 8; ++i) services += fmt::format("service s{} {}", i, workload);
         return head + services + "rollout r {\n parallel {\n" +
                numbered("phase p{0} {{ s{0}.install(image) }}\n", n / 8) + "}\n}\n";
       }},
      {"places",
       [=](size_t n) {
         return head + "let places = [" + numbered("\"p{}\", ", n / 340) + "\"last\"]\nservice s at p in places " +
                workload + "rollout r {\n for p in places at most 3 at once { s[p].install(image) }\n}\n";
       }},
  };
}

std::vector<Family> long_lines() {
  const std::string start = fuzz::head() + "service s " + workload() + "rollout r { s.install(image) ";
  return {
      {"phases on one line", [=](size_t n) { return start + numbered("phase p{} {{ hold 1m }} ", n / 8) + "}\n"; }},
      {"holds on one line", [=](size_t n) { return start + repeat("hold 1s ", n / 8) + "}\n"; }},
  };
}

std::vector<Family> wide() {
  return {
      {"fields, each named by a call",
       [](size_t n) {
         return "input x: Int example 1\nrecord R {\n" + numbered("  f{}: Int = 0\n", n / 4) + "}\n" +
                numbered("let a{0} = R(f{0}: x)\n", n / 4);
       }},
      {"parameters, each named by a call",
       [](size_t n) {
         return "input x: Int example 1\nfunc f(" + numbered("a{}: Int = 0, ", n / 4) + "b: Int) -> Int = b\n" +
                numbered("let c{0} = f(a{0}: x, b: 1)\n", n / 4);
       }},
      {"cases, each named by a match",
       [](size_t n) {
         return "enum E { " + numbered("c{}, ", n / 4) + "last }\nlet e = E.last\n" +
                numbered("let a{0} = match e {{ c{0} -> 1  else -> 2 }}\n", n / 4);
       }},
  };
}

std::vector<Family> collections() {
  return {
      {"items of a list",
       [](size_t n) {
         return "let l = [" + numbered("{}, ", n / 4) + "0]\n" + numbered("let a{0} = l[{0}]\n", n / 4);
       }},
      {"records",
       [](size_t n) { return numbered("record R{0} {{ x: Int }}\nrecord S{0} {{ x: R{0} }}\n", n / 4); }},
      {"records of records",
       [](size_t n) {
         std::string text;
         for (size_t i = 0; i < n / 4; ++i) text += fmt::format("record R{} {{ x: R{} }}\n", i, i + 1);
         return text + fmt::format("record R{} {{ x: Int }}\n", n / 4);
       }},
      {"keys of a map", [](size_t n) { return "let m = [" + numbered("\"k{0}\": {0}, ", n / 32) + "\"z\": 0]\n"; }},
  };
}

std::vector<Family> looks() {
  const std::string head = fuzz::head(), service = "service s " + workload();
  return {
      {"policies over phases",
       [=](size_t n) {
         return head + service + "rollout r {\n  s.install(image)\n" + numbered("  phase p{} {{ hold 1m }}\n", 100) +
                "}\n" + numbered("policy p{} {{ for every rollout r {{ for every phase p of r {{\n"
                                 "  require p.share < 80%\n}} }} }}\n", n / 40);
       }},
      {"hooks of one phase each",
       [=](size_t n) {
         return "import std.backend.{webhook}\n" + head +
                "target oncall: webhook { url = \"https://oncall.example/\"  open = true }\n"
                "team sre { members = [\"anna\"]  notify = oncall }\n" +
                service + "rollout r {\n  s.install(image)\n" +
                numbered("  before phase p{} {{ notify sre \"now\" }}\n", n / 16) +
                numbered("  phase p{} {{ hold 1m }}\n", n / 16) + "}\n";
       }},
      {"loops over a part",
       [=](size_t n) {
         return head + service + "let items = [" + numbered("{}, ", 1000) + "0]\nrollout r {\n  s.install(image)\n" +
                numbered("  for x in items where x == {} {{ hold 1m }}\n", n / 40) + "}\n";
       }},
  };
}

std::vector<Family> mistaken() {
  return {
      {"one unknown name of many flags", [](size_t n) { return numbered("flag f{} {{ store = x }}\n", n / 4); }},
      {"one unknown name behind many",
       [](size_t n) { return "rollout r {\n" + numbered("  let a{0} = {0}\n  let b{0} = x\n", n / 4) + "}\n"; }},
      {"renamed twice",
       [](size_t n) {
         std::string text = "import \"./shared/shop.rollout\".{checkout}\n";
         for (size_t i = 0; i < n / 4; ++i) text += fmt::format("renamed a{} -> checkout\n", i);
         return text;
       }},
      {"arguments that calls lack",
       [](size_t n) {
         return "record R {\n" + numbered("  f{}: Int\n", n / 4) + "}\n" + numbered("let a{0} = R(f{0}: 1)\n", n / 4);
       }},
      {"parameters of a gate",
       [](size_t n) {
         return "gate g(" + numbered("a{}: Int, ", n / 4) + "s: Service) {\n  sample every 15s\n  require a0 > 1\n}\n" +
                numbered("let a{0} = g(a{0}: 1)\n", n / 4);
       }},
      {"parameters of a strategy",
       [](size_t n) {
         return "strategy s(" + numbered("a{}: Int = 0, ", n / 4) + "b: Int = 0) { hold 1m }\nrollout r {\n" +
                numbered("  s(a{}: 1)\n", n / 4) + "}\n";
       }},
      {"arguments of other calls",
       [](size_t n) {
         return "record R {\n" + numbered("  f{}: Int\n", n / 4) + "}\n" + numbered("let a{0} = R(g{0}: 1)\n", n / 4);
       }},
      {"answers that matches lack",
       [](size_t n) {
         return "enum E { " + numbered("c{}, ", n / 4) + "last }\nlet e = E.last\n" +
                numbered("let a{0} = match e {{ c{0} -> 1 }}\n", n / 4);
       }},
      {"answers to one case",
       [](size_t n) { return "enum E { a, b }\nlet e = match E.a { a -> 1 " + numbered("b -> {} ", n / 4) + "}\n"; }},
      {"settings of a backend and of its bindings",
       [](size_t n) {
         return "import std.capability.workload.{Workload}\nbackend b implements Workload {\n" +
                numbered("  config c{}: Int = 1\n", n / 8) + numbered("  binding b{}: Int = 1\n", n / 8) + "}\n";
       }},
      {"versions said twice",
       [](size_t n) { return "service s {\n" + numbered("  compatible with >= 1.{}\n", n / 4) + "}\n"; }},
      {"unknown names", [](size_t n) { return numbered("let a{0} = b{0}\n", n / 4); }},
      {"long unknown names",
       [](size_t n) { return fmt::format("let {0}b = 1\nlet c = {0}d\n", std::string(n * 4, 'a')); }},
      {"unknown time zones", [](size_t n) { return numbered("let z{0}: Zone = \"Europe/X{0}\"\n", n / 8); }},
      {"unknown types", [](size_t n) { return numbered("input a{0}: B{0}\nenum C{0} {{ d }}\n", n / 8); }},
      {"unknown places", [](size_t n) { return "let a = [" + numbered("\"p{} \", ", n / 8) + "\"last\"]\n"
                                               "service s at p in a {}\n"; }},
      {"holds of nothing", [](size_t n) { return numbered("rollout r{} {{ hold 0s }}\n", n / 8); }},
      {"phases of tests that are not there",
       [](size_t n) {
         return "rollout r {\n" + numbered("  phase p{} {{ hold 1m }}\n", n / 8) + "}\ntest \"a\" {\n  run r()\n" +
                numbered("  expect rolled_back in phase q{}\n", n / 8) + "}\n";
       }},
  };
}

std::vector<Family> broken() {
  const std::string start =
      "import std.backend.{local, haproxy}\ninput image: Image example \"shop:2\"\n"
      "target hosts: local { directory = \"run\" }\ntarget edge: haproxy { socket = \"run/haproxy.sock\" }\n"
      "service s {\n  router = edge { backend = \"s\" }\n  workload = hosts { command = [\"a\"]  ready = http(\"/\")  "
      "replicas = 1  ports_from = 8000 }\n}\n";
  return {
      {"shares that cannot be made",
       [=](size_t n) {
         return start + numbered("rollout r{} {{\n  s.deploy(image)\n  s.shift(0.1%)\n}}\n", n / 20);
       }},
      {"shares that cannot be made, each of its own service",
       [=](size_t n) {
         return start + numbered("service t{0} {{\n  router = edge {{ backend = \"t{0}\" }}\n  workload = hosts {{ "
                                 "command = [\"a\"]  ready = http(\"/\")  replicas = 1  ports_from = 9000 }}\n}}\n"
                                 "rollout r{0} {{\n  t{0}.deploy(image)\n  t{0}.shift(0.1%)\n}}\n", n / 200);
       }},
      {"shares that cannot be made, in one rollout",
       [=](size_t n) {
         return start + "rollout r {\n  s.deploy(image)\n" +
                numbered("  phase p{} {{ s.shift(0.1%) }}\n", n / 30) + "}\n";
       }},
      {"numbers that might mend it",
       [=](size_t n) {
         return start + "rollout r {\n  s.deploy(image)\n  s.shift(0.1%)\n" +
                numbered("  phase p{} {{ s.shift(50%) }}\n", n / 20) + "}\n";
       }},
  };
}

}  // namespace rollout::fuzz
