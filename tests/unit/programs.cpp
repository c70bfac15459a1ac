#include "tests/unit/programs.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <utility>

#include <fmt/format.h>

namespace fs = std::filesystem;

namespace rollout {

uint64_t Random::next() {
  uint64_t z = state_ += 0x9E3779B97F4A7C15;
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
  return z ^ (z >> 31);
}

std::vector<ProgramText> repository_programs() {
  std::vector<ProgramText> programs;
  for (std::string folder : {"stdlib", "examples"})
    for (const fs::directory_entry& entry : fs::recursive_directory_iterator(fs::path(ROLLOUT_SOURCE_DIR) / folder)) {
      if (entry.path().extension() != ".rollout") continue;
      std::ifstream in(entry.path(), std::ios::binary);
      std::string text((std::istreambuf_iterator<char>(in)), {});
      programs.push_back({fs::relative(entry.path(), ROLLOUT_SOURCE_DIR).string(), std::move(text)});
    }
  std::sort(programs.begin(), programs.end(), [](auto& a, auto& b) { return a.name < b.name; });
  return programs;
}

namespace {

/// Writes tokens; what stands between two of them is chance.
class Generator {
 public:
  explicit Generator(uint64_t seed) : random_(seed), calendars_(seed % 10 == 0) {}

  std::string program() {
    uint32_t count = 1 + random_.below(8);
    for (uint32_t i = 0; i < count; ++i) declaration();
    return std::move(out_);
  }

 private:
  /// `tokens` are separated by blanks; a place in between may be broken.
  void put(std::string_view tokens) {
    while (!tokens.empty()) {
      size_t end = std::min(tokens.find(' '), tokens.size());
      gap();
      // After a number and one blank it would be money.
      if (tokens.starts_with("USD")) out_ += ' ';
      std::string_view token = tokens.substr(0, end);
      out_ += token;
      constexpr std::string_view wanting =
          " = hold held by when within verify notify during except if in waves of soak every at then proven over "
          "require where example match not and or < <= > >= == != + - * / .. lock phase let for . budget run failure ";
      wants_value_ = wanting.find(fmt::format(" {} ", token)) != std::string_view::npos;
      tokens.remove_prefix(std::min(end + 1, tokens.size()));
    }
  }
  void gap() {
    // On the next line a call would be the next statement, not the value.
    uint32_t choice = wants_value_ ? 5 : random_.below(60);
    wants_value_ = false;
    if (choice == 0) out_ += "\n";
    else if (choice == 1) out_ += "\n\n\n  ";
    else if (choice == 2) out_ += fmt::format("  // behind {}  \n", random_.below(100));
    else if (choice == 3) out_ += fmt::format("\n   /// above é {}\n", random_.below(100));
    else if (choice == 4) out_ += "\t";
    else out_ += " ";
  }
  void newline() { out_ += random_.one_in(3) ? "\n\n" : random_.one_in(4) ? " " : "\n"; }

  /// A phase may be called by a word of the language.
  std::string phase_name() { return random_.one_in(4) ? random_.one_in(2) ? "soak" : "after" : name(); }
  std::string name() {
    constexpr const char* names[] = {"a", "checkout", "error_rate", "very_long_name_of_a_thing_that_is_named", "USD"};
    return names[random_.below(5)];
  }
  std::string word() {
    constexpr const char* words[] = {"and", "or", "phase", "hold", "with", "x", "proven", "rollback", "steps"};
    return words[random_.below(9)];
  }
  std::string literal() {
    constexpr const char* literals[] = {"5",
                                        "1.5",
                                        "99.9%",
                                        "5m30s",
                                        "200/s",
                                        "512MiB",
                                        "12.50 USD",
                                        "09:00",
                                        "2026-12-24",
                                        "true",
                                        "none",
                                        "\"text\"",
                                        "\"a ${b.c} // d\"",
                                        "\"é \\\" \\n {\"",
                                        "2026-11-20T14:30Z"};
    return literals[random_.below(calendars_ ? 15 : 14)];
  }
  void literal_or_name() {
    if (random_.one_in(2)) return put(name());
    gap();
    out_ += literal();  // not by put(): money holds a blank of its own
  }

  void arguments() {
    put("(");
    uint32_t count = random_.below(5);
    for (uint32_t i = 0; i < count; ++i) {
      if (random_.one_in(2)) put(word() + " :");
      expr();
      if (i + 1 < count || random_.one_in(3)) put(",");
    }
    put(")");
  }

  void expr() {
    if (++depth_ > 4) {
      literal_or_name();
      --depth_;
      return;
    }
    switch (random_.below(14)) {
      case 0: expr(), put("."), put(word()); break;
      case 1: put(name()), arguments(); break;
      case 2: put(name()), put("["), expr(), put("]"); break;
      case 3: put("- "), put("("), expr(), put(")"); break;
      case 4: put("("), expr(), put(")"); break;
      case 5: put("not"), put(name()); break;
      case 6: put("["), list(), put("]"); break;
      case 7: literal_or_name(), put(operators()), expr(); break;
      case 8: put("("), expr(), put(") and"), literal_or_name(), put("or"), literal_or_name(); break;
      case 9: put("["), map(), put("]"); break;
      case 10: put("match"), literal_or_name(), put("{"), arms(), put("}"); break;
      default: literal_or_name();
    }
    --depth_;
  }
  void map() {
    uint32_t count = random_.below(4);
    if (count == 0) put(":");
    for (uint32_t i = 0; i < count; ++i) {
      expr(), put(":"), expr();
      if (i + 1 < count || random_.one_in(3)) put(",");
    }
  }
  void arms() {
    if (random_.one_in(2)) put("a ->"), expr();
    put("b , c ->"), expr();
    if (random_.one_in(2)) put("else ->"), expr();
  }
  std::string operators() {
    constexpr const char* list[] = {"+", "-", "*", "/", "<", "<=", ">", ">=", "==", "!=", "and", "or", ".."};
    return list[random_.below(calendars_ ? 13 : 12)];
  }
  void list() {
    uint32_t count = random_.below(6);
    for (uint32_t i = 0; i < count; ++i) {
      expr();
      if (i + 1 < count || random_.one_in(3)) put(",");
    }
  }
  void type() {
    put(name());
    if (random_.one_in(3)) put("<"), put(name()), put("< Int > , Bool >");
    if (random_.one_in(4)) put("with A + B");
    if (random_.one_in(4)) put("?");
  }
  /// What is read by its bare name is called by no word of the language.
  void field(bool is_read = false) {
    bool bounded = random_.one_in(2);
    put((is_read || bounded ? name() : word()) + " :");
    type();
    if (random_.one_in(2)) put("="), expr();
    if (bounded) put("where"), expr();
    if (random_.one_in(4)) put("deprecated \"other\"");
  }
  void parameters(bool are_read = true) {
    put("(");
    uint32_t count = random_.below(5);
    for (uint32_t i = 0; i < count; ++i) {
      field(are_read);
      if (i + 1 < count || random_.one_in(3)) put(",");
    }
    put(")");
  }
  template <typename Item>
  void block(Item item) {
    bool one_line = random_.one_in(2);
    put("{");
    uint32_t count = random_.below(4);
    for (uint32_t i = 0; i < count; ++i) {
      if (!one_line) newline();
      item();
    }
    if (!one_line) newline();
    put("}");
  }
  void setting() {
    put(word() + " =");
    expr();
    if (depth_ < 3 && random_.one_in(3)) {
      ++depth_;
      block([&] { setting(); });
      --depth_;
    }
  }
  void statements() { block([&] { statement(); }); }
  void statement() {
    if (++depth_ > 3) {
      put(name() + " . " + word());
      arguments();
      --depth_;
      return;
    }
    switch (random_.below(calendars_ ? 22 : 17)) {
      case 16: hook(), statements(); break;
      case 17: during(); break;
      case 18: put("budget exposure <="), expr(); break;
      case 19: put("lock " + name()), random_.one_in(2) ? put("within"), expr() : put(""), statements(); break;
      case 20: put("on newer run " + name()), random_.one_in(2) ? put("within"), expr() : put(""); break;
      case 21: put("checkpoint \"safe\""); break;
      case 15: put("on failure { retry"), expr(), put("every"), expr(), put("then park }"); break;
      case 13: put("on failure rollback"); break;
      case 14: put("on failure continue at most"), expr(), put("failures"); break;
      case 11: approve(); break;
      case 8: put("phase " + phase_name() + " after " + name() + ", " + phase_name()), statements(); break;
      case 9: put("parallel"), statements(); break;
      case 10: loop(), statements(); break;
      case 0: put("phase " + phase_name()), statements(); break;
      case 1: put("hold"), expr(), put("judged by"), expr(), put(","), expr(); break;
      case 2: put("for " + name() + " in"), expr(), statements(); break;
      case 3: put("if"), expr(), statements(), put("else if"), expr(), statements(), put("else"), statements(); break;
      case 4: put("let x ="), expr(); break;
      case 5: put("rollback when"), expr(), watch(); break;
      case 6:
        put("rollback"), block([&, verified = false]() mutable {
          if (verified || random_.one_in(3)) put("notify " + name());
          else verified = true, put("verify"), expr(), put("within"), expr();
        });
        break;
      case 12: random_.one_in(2) ? put("commit \"why\"") : preflight(); break;
      case 7: put("notify " + name()), put(random_.one_in(2) ? "\"half\"" : "\"${a.b}\""); break;
      default: put(name()), arguments();
    }
    --depth_;
  }
  void watch() {
    if (random_.one_in(2)) return put("held"), expr();
    if (random_.one_in(2)) put("proven"), expr();
    else put("over"), expr(), put("samples");
    if (random_.one_in(2)) put("every"), expr();
  }
  void hook() {
    if (random_.one_in(2)) {
      put(random_.one_in(2) ? "before phase" : "after phase");
      if (random_.one_in(2)) put(random_.one_in(2) ? name() : "\"half\"");
      return;
    }
    put(random_.one_in(2) ? "on abort" : "on rollback");
  }
  void except() {
    put("except"), expr();
    if (random_.one_in(2)) put("12:00 .. 24:00");
    if (random_.one_in(2)) put(", 2026-12-24 .. 2026-12-26");
  }
  void during() {
    put("during"), literal_or_name();
    if (random_.one_in(2)) except();
    if (random_.one_in(2)) put("{ at close park }");
  }
  void approve() {
    put("approve by");
    question();
  }
  void preflight() {
    put("preflight"), block([&, sampled = false]() mutable {
      if (!sampled && random_.one_in(3)) sampled = true, put("sample every"), expr();
      else put("check \"well\""), expr(), random_.one_in(4) ? (put("within"), expr()) : void();
    });
  }
  void question() {
    if (random_.one_in(2)) expr(), put("of");
    put(name());
    if (random_.one_in(2)) return;
    block([&] {
      if (random_.one_in(2)) put("timeout"), expr();
      else if (random_.one_in(3)) put("escalate to a after"), expr();
      else put(random_.one_in(2) ? "on timeout park" : "on timeout rollback");
    });
  }
  void loop() {
    put("for " + name() + " in"), expr();
    if (random_.one_in(2)) put("where"), expr();
    switch (random_.below(4)) {
      case 3: put("in dependency order , at most"), expr(), put("at once"); break;
      case 0: put("in waves"), expr(), put("soak"), expr(), put(", at most"), expr(), put("at once"); break;
      case 1: put("in batches of"), expr(); break;
      default: put("at most"), expr(), put("at once");
    }
  }
  /// `given`: those of the first three that stand in the gate already; each stands once.
  void clause(std::array<bool, 3>& given) {
    uint32_t kind = random_.below(6);
    if (kind < given.size() && std::exchange(given[kind], true)) kind = 4;
    switch (kind) {
      case 0: put("sample every"), expr(); break;
      case 1: put("minimum"), expr(), put("requests"); break;
      case 2: put("harm +"), expr(), put("of"), expr(); break;
      case 3: put("reject when"), expr(), put("proven"), expr(); break;
      case 4: put("require"), expr(), put("over"), expr(), put(name()); break;
      default:
        put("on " + (random_.one_in(4) ? "fail" : name()) + " { hold"), expr();
        if (random_.one_in(3)) put("then ask"), question(), put("}");
        else put("then pass unproven }");
    }
  }
  void capability_item(bool& bound) {
    static constexpr const char* subjects[] = {"service", "flag", "database"};
    if (!std::exchange(bound, true)) put("binding " + name() + " of " + subjects[random_.below(3)]);
    else if (random_.one_in(2)) put("signal " + name()), parameters(false), put("-> Percent from " + name());
    else put("reversible action " + name()), parameters(), block([&] {
      put(random_.one_in(2) ? "sets x ( s , canary ) =" : "sets flag ( f ) ="), expr();
    });
  }
  void backend_item(bool& weighed) {
    uint32_t kind = random_.below(5);
    if (kind == 2 && std::exchange(weighed, true)) kind = 4;
    switch (kind) {
      case 4: put("observe share ( s : Service , role : Role ) -> Percent"); break;
      case 0: put("config"), field(); break;
      case 1: put("binding"), field(), put("given a , b"); break;
      case 2: put("weights 0 .. 256 per server"); break;
      default:
        put("action " + name() + (random_.one_in(3) ? " with a + b" : "")), block([&, tried = false]() mutable {
          put(tried || random_.one_in(2) ? "idempotent" : "attempts 3"), tried = true;
        });
    }
  }
  void test_item() {
    switch (random_.below(calendars_ ? 11 : 6)) {
      case 8: put(random_.one_in(2) ? "given noise seed" : "given drift seed"), expr(); break;
      case 9: put("given crash in phase a"), put(random_.one_in(3) ? "in e" : ""); break;
      case 10: put("given lock l held until"), expr(), put(random_.one_in(3) ? "in e" : ""); break;
      case 6: put("given start 2026-11-20 15:30 in"), expr(); break;
      case 7: put("given start 2026-11-20T14:30Z"); break;
      case 0: put(out_.size() % 2 ? "given fail a . b in phase \"x\"" : "given fail a [ \"x\" ] . b"); break;
      case 4: put("given reject by \"me\" after"), expr(), put("in phase " + phase_name()); break;
      case 1:
        put(random_.one_in(2) ? "given a . b =" : "given a [ \"x\" ] =");
        expr(), put("then"), expr(), put("at"), expr();
        if (random_.one_in(3)) put("in e");
        break;
      case 2:
        put("run a"), arguments();
        if (random_.one_in(3)) put("in e");
        break;
      case 3: put("at"), expr(), put("abort"); break;
      default:
        put("expect"), expr(), put("in phase " + phase_name());
        if (random_.one_in(3)) put("in e");
    }
  }
  void declaration() {
    depth_ = 0;
    newline();
    switch (random_.below(calendars_ ? 23 : 16)) {
      case 21: put("lock l"); break;
      case 22: put("renamed a -> b"); break;
      case 18: put("environment e"), block([&] { environment_item(); }); break;
      case 19: put("promotion p = r { a then b soak"), expr(), put("then c }"); break;
      case 20:
        put("policy p");
        if (random_.one_in(2)) parameters();
        block([&] { policy_item(); });
        break;
      case 16:
        put("calendar " + name() + " ="), expr();
        if (random_.one_in(2)) except();
        break;
      case 14: put("team t"), block([&] { setting(); }); break;
      case 0: put("import std . backend . { local , haproxy as h , }"); break;
      case 1: put("import \"./a.rollout\" . { b }"); break;
      case 2:
        put("input " + name() + " :"), type(), put("example"), expr(), put("where"), expr();
        put("deprecated \"no\"");
        break;
      case 3: put("let " + name() + " ="), expr(); break;
      case 4: put("record R"), block([&] { field(); }); break;
      case 5: put("target hosts"), places(), put(": local"), block([&] { setting(); }); break;
      case 6: put("service s"), places(), block([&] { random_.one_in(2) ? setting() : service_item(); }); break;
      case 17: put(random_.one_in(2) ? "flag f" : "database d"), places(), block([&] { setting(); }); break;
      case 7: put("capability C"), block([&, bound = random_.one_in(4)]() mutable { capability_item(bound); }); break;
      case 8:
        put("backend b implements A + B");
        if (random_.one_in(2)) put("except c , d");
        block([&, weighed = false]() mutable { backend_item(weighed); });
        break;
      case 9:
        put("gate g"), parameters(), block([&, given = std::array<bool, 3>()]() mutable { clause(given); });
        break;
      case 10: put("rollout r"), statements(); break;
      case 11: put("enum E { a , b }"); break;
      case 12: put("func f"), parameters(), put("->"), type(), put("="), expr(); break;
      case 13:
        put("let x = observe"), expr();
        put(random_.one_in(2) ? "exact" : random_.one_in(2) ? "at run start" : "within 10%");
        if (random_.one_in(2)) put("example"), expr();
        break;
      default: put("test \"t\""), block([&] { test_item(); });
    }
  }
  void environment_item() {
    if (random_.one_in(4)) approve();
    else put(name() + " ="), expr();
  }
  void policy_item() {
    switch (random_.below(7)) {
      case 0: put("for every rollout r in a , b"), block([&] { policy_rule(); }); break;
      case 1: put("for every rollout r"), block([&] { policy_rule(); }); break;
      case 2:
        put("for every phase p of r where"), expr();
        block([&] { policy_rule(); });
        break;
      case 3:
        put("for some approval a");
        block([&] { put("for every gate g of p"), block([&] { policy_rule(); }); });
        break;
      case 4: put("except rollout r"), block([&] { exception_clause(); }); break;
      default: policy_rule();
    }
  }
  void exception_clause() {
    switch (random_.below(4)) {
      case 0: put("because \"no\""); break;
      case 1: put("asked by \"anna\""); break;
      case 2: put("approved by"), expr(), put("of"), expr(); break;
      default: put("until 2026-12-31 in"), expr();
    }
  }
  void policy_rule() {
    switch (random_.below(7)) {
      case 0: put("require gate before commit on every path"); break;
      case 1: put("require"), expr(), put("within"), expr(); break;
      case 2: put("require"), expr(), put("before promote on every path"); break;
      case 6: put("require"), expr(), put("before checkpoint on some path"); break;
      case 3: put("require"), expr(); break;
      case 4: put("forbid start during"), literal_or_name(), except(); break;
      default: put(name()), arguments();
    }
  }
  void places() {
    if (out_.size() % 3 == 0) put("at r in [ a , \"b\" ]");
  }
  void service_item() {
    switch (out_.size() % 5) {
      case 0: put("compatible with >= 1.8"); break;
      case 1: put("compatible with schema 12 .. 13 of a from \"2.0.1\""); break;
      case 2: put("compatible with 3 of b"); break;
      default: signal();
    }
  }
  void signal() {
    put("signal " + name() + " :");
    type();
    put("=");
    expr();
  }

  Random random_;
  bool calendars_;  ///< writes what came with calendars, too
  std::string out_;
  int depth_ = 0;
  bool wants_value_ = false;
};

}  // namespace

std::string generated_program(uint64_t seed) { return Generator(seed).program(); }

}  // namespace rollout
