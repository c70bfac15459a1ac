#include "compiler/syntax/wanted.h"

#include <algorithm>

#include <fmt/format.h>
#include <llvm/ADT/StringRef.h>

#include "compiler/syntax/antlr.h"
#include "compiler/syntax/foreign.h"
#include "compiler/syntax/words.h"

namespace rollout::syntax {

namespace {

constexpr int most_before = 50;  ///< tokens of one line that are looked at for the word it begins with

/// Whether `word` stands before `token` on its line.
bool stands_before(const Tokens& tokens, const Token* token, TokenType word) {
  for (int i = 0; i < most_before && token && !token->first_on_line; ++i) {
    token = tokens.before(token);
    if (token && token->type == word) return true;
  }
  return false;
}

/// The type of the token `count` before `token`.
TokenType type_before(const Tokens& tokens, const Token* token, int count) {
  for (; token && count > 0; --count) token = tokens.before(token);
  return token ? token->type : end_of_file;
}

/// `by`, `of`, `in`, `at`: what is wanted depends on what stands before them.
std::string_view wanted_behind_link(const Tokens& tokens, const Token* word) {
  TokenType one = type_before(tokens, word, 1), two = type_before(tokens, word, 2);
  if (word->type == Parser::BY) {
    if (one == Parser::JUDGED) return "a gate such as `healthy(checkout)`";
    return two == Parser::GIVEN ? "a person such as `oncall-1`" : "people such as `2 of sre`";
  }
  if (word->type == Parser::OF) {
    if (one == Parser::BATCHES) return "a share such as `10%`";
    bool harm = stands_before(tokens, word, Parser::HARM);
    return harm ? "a signal such as `s.canary.error_rate`" : "a team such as `sre`";
  }
  if (word->type == Parser::IN && two == Parser::AT) return "a list of places such as `[\"eu\", \"us\"]`";
  if (word->type == Parser::IN && two == Parser::FOR) return "a list such as `[1%, 10%, 50%]`";
  bool places = two == Parser::SERVICE || two == Parser::TARGET || two == Parser::METRICS || two == Parser::FLAG ||
                two == Parser::DATABASE;
  if (word->type == Parser::AT) return places ? "a name such as `r`" : "a duration such as `3m`";
  return {};
}

/// Words that are names elsewhere, and signs.
std::string_view wanted_behind_other(const Tokens& tokens, const Token* word) {
  TokenType one = type_before(tokens, word, 1), two = type_before(tokens, word, 2);
  std::string_view text = tokens.text(*word);
  switch (word->type) {
    case Parser::PLUS: return one == Parser::HARM ? "a change such as `0.5%`" : "";
    case Parser::LESS_EQUAL: return two == Parser::BUDGET ? "a duration such as `5m`" : "";
    case Parser::STRING: return one == Parser::CHECK ? "a condition such as `sre.on_call`" : "";
    case Parser::NAME:
      if (text == "timeout") return "a duration such as `4h`";
      if (text == "retry") return "how often, such as `retry 3 every 1m then park`";
      if (text == "most" && one == Parser::AT) return "a whole number such as `3`";
      return {};
    default: return {};
  }
}

}  // namespace

std::string_view wanted_behind(const Tokens& tokens, const Token* word, bool in_policy) {
  switch (word->type) {
    case Parser::HOLD:
    case Parser::HELD: return "a duration such as `5m`";
    case Parser::SOAK: return "a duration such as `10m`";
    case Parser::AFTER:
      return stands_before(tokens, word, Parser::PHASE) ? "the name of a phase" : "a duration such as `10m`";
    case Parser::EVERY: return "a duration such as `15s`";
    case Parser::WITHIN:
      return stands_before(tokens, word, Parser::OBSERVE) ? "a difference such as `10%`" : "a duration such as `2m`";
    case Parser::BY: case Parser::OF: case Parser::IN: case Parser::AT: return wanted_behind_link(tokens, word);
    case Parser::VERIFY: return "a gate such as `steady(checkout)`";
    case Parser::SAMPLE: return "`every` and a duration, such as `every 15s`";
    case Parser::MINIMUM: return "a number such as `1000 requests`";
    case Parser::HARM: return "`+` and a change, such as `+0.5% of s.canary.error_rate`";
    case Parser::PROVEN: return "a certainty such as `99%`";
    case Parser::OVER: return "a number such as `3 samples`";
    case Parser::WHEN: return "a condition such as `s.error_rate > 1%`";
    case Parser::REQUIRE:
      return in_policy ? "a condition such as `r.rollback.total`" : "a condition such as `s.error_rate < 1%`";
    case Parser::WHERE: return "a condition such as `share <= 50%`";
    case Parser::IF: return "a condition such as `replicas > 4`";
    case Parser::EXPECT: return "a result such as `rolled_back` or `exposure(checkout) < 5s`";
    case Parser::WAVES: return "a list of sizes such as `[1, 4, rest]`";
    case Parser::DURING: return "a calendar such as `working_hours`";
    case Parser::EXCEPT: return "a day such as `fri` or `2026-12-24`";
    case Parser::NOTIFY:
    case Parser::ASK: return "a team such as `sre`";
    case Parser::CHECK: return "what is checked, such as `\"someone is on call\"`";
    case Parser::COMMIT: return "a reason such as `\"the old column is dropped\"`";
    case Parser::CHECKPOINT: return "what is reached, such as `\"half of the hosts\"`";
    case Parser::DEPRECATED: return "what to do instead, such as `\"use share\"`";
    case Parser::BUDGET: return "`exposure` and a limit, such as `exposure <= 5m`";
    case Parser::ATTEMPTS: return "a whole number such as `3`";
    case Parser::IDENTIFIED: return "`by` and settings, such as `by socket, backend`";
    case Parser::WEIGHTS: return "a range such as `0..256 per server`";
    case Parser::ESCALATE: return "`to`, a team and a duration, such as `to managers after 1h`";
    default: return wanted_behind_other(tokens, word);
  }
}

bool in_condition(const Tokens& tokens, const Token* token) {
  for (TokenType word : {Parser::IF, Parser::WHEN, Parser::REQUIRE, Parser::EXPECT, Parser::WHERE})
    if (stands_before(tokens, token, word)) return true;
  return false;
}

bool goes_on(TokenType found) {
  switch (found) {
    case Parser::JUDGED: case Parser::THEN: case Parser::PROVEN: case Parser::OVER: case Parser::HELD:
    case Parser::WITHIN: case Parser::OF: case Parser::AT: case Parser::IN: case Parser::SOAK: case Parser::WHERE:
    case Parser::EVERY: case Parser::PER: case Parser::EXCEPT: case Parser::AFTER: case Parser::EXAMPLE:
    case Parser::ELSE: case Parser::BEFORE: case Parser::DEPRECATED: case Parser::ON:
    case Parser::ESCALATE: return true;
    default: return false;
  }
}

/// The sign or the order of another language; empty: it is none.
static std::string order_otherwise(const Tokens& tokens, const Token* before, const Token* found) {
  const Token* first = tokens.before(before);
  std::string_view left = tokens.text(*before), right = tokens.text(*found);
  const bool name = before->type == Parser::NAME;
  if (found->type == Parser::COLON && !word_text(before->type).empty())
    return fmt::format("`{}` has no `:` behind it", left);
  if (found->type == Parser::STRING && (before->type == Parser::SERVICE || before->type == Parser::TARGET ||
                                        before->type == Parser::ROLLOUT || before->type == Parser::GATE))
    return "a name stands without quotes";
  if (name && found->type == Parser::ASSIGN && first && first->type == Parser::TARGET)
    return fmt::format("what it is made of stands behind `:`, as in `target {}: local {{ … }}`", left);
  if (name && found->type == Parser::ARROW && found[1].type == Parser::NAME)
    return fmt::format("a member stands behind a dot: `{}.{}`", left, tokens.text(found[1]));
  if (found->type == Parser::JUDGED && before->type == Parser::LBRACE)
    return "`judged by` stands behind its hold: `hold 5m judged by healthy(checkout)`";
  if (name && first && first->type == Parser::ON && found->type == Parser::FAIL)
    return fmt::format("the answer stands in braces: `on {} {{ fail }}`", left);
  if (found->type == Parser::NAME && right == "default")
    return "what holds when nobody gives it stands behind `=`; for previews alone there is `example`";
  return {};
}

/// A clause with another word or without its braces; empty: it is none.
static std::string clause_otherwise(const Tokens& tokens, const Token* before, const Token* found) {
  bool takes_when = before->type == Parser::REJECT || before->type == Parser::ROLLBACK;
  if (takes_when && found->type == Parser::IF) return "what is true only while it runs is asked by `when`";
  if (before->type == Parser::ROLLBACK && (found->type == Parser::WITHIN || found->type == Parser::VERIFY))
    return "its clauses stand in braces: `rollback { within 2m }`";
  if (before->type == Parser::FOR && found->type == Parser::DURATION)
    return fmt::format("how long it lasts is said by `held {}`", tokens.text(*found));
  const Token* first = tokens.before(before);
  if ((before->type == Parser::FOR && found->type == Parser::LPAREN) ||
      (first && first->type == Parser::FOR && found->type == Parser::ASSIGN))
    return "a loop is over a list: `for share in [5%, 50%] { … }`";
  if (before->type == Parser::ROLLBACK && found->type == Parser::ON)
    return "`on failure rollback { … }` says what a failure takes back, `rollback when C` what else does";
  if (before->type == Parser::TEST && found->type == Parser::NAME)
    return fmt::format("a test is called by a text: `test \"{}\" {{ … }}`", tokens.text(*found));
  bool type = before->type == Parser::NAME && std::isupper(uint8_t(tokens.text(*before)[0]));
  if (type && first && (first->type == Parser::LPAREN || first->type == Parser::COMMA) && found->type == Parser::NAME)
    return fmt::format("a name stands in front of its type: `{}: {}`", tokens.text(*found), tokens.text(*before));
  bool touches = before->end == found->begin && found->end == found[1].begin;
  if (before->type == Parser::NAME && found->type == Parser::COLON && touches && found[1].type != end_of_file)
    return fmt::format("a text stands in quotes: `\"{}:{}\"`", tokens.text(*before), tokens.text(found[1]));
  return {};
}

std::string written_otherwise(const Tokens& tokens, const Token* before, const Token* found) {
  std::string_view right = tokens.text(*found);
  if (!before || before->line != found->line) return {};
  if (std::string clause = clause_otherwise(tokens, before, found); !clause.empty()) return clause;
  if (std::string order = order_otherwise(tokens, before, found); !order.empty()) return order;
  if (found->type == Parser::IF || found->type == Parser::QUESTION) return std::string(choice_advice());
  bool literal = found->type == Parser::NONE || found->type == Parser::TRUE || found->type == Parser::FALSE;
  if (literal && found[1].type == Parser::ARROW)
    return "`match` answers the cases of an enum: for what may be absent write `(… or VALUE)`, for a Bool `if`";
  std::string_view left = tokens.text(*before);
  bool number = before->type == Parser::INT || before->type == Parser::FLOAT;
  bool touches = before->end == found->begin;
  if (before->type == Parser::PERCENT && found->type >= Parser::INT && found->type <= Parser::FLOAT)
    return std::string(remainder_advice());
  if (before->type == Parser::DATE && (found->type == Parser::TIME || (touches && right.starts_with('T'))))
    return "a point in time is written in UTC, and ends in `Z`: `2026-11-20T14:30Z`";
  bool letters = right.size() == 3 && std::all_of(right.begin(), right.end(), [](char c) { return std::isalpha(c); });
  if (number && letters && found->type == Parser::NAME)
    return fmt::format("if that is an amount, its currency has capital letters: `{} {}`", left,
                       llvm::StringRef(right).upper());
  // At the beginning of a capability, or behind `binding mesh of service`.
  bool begins = before->type == Parser::LBRACE || before->type == Parser::SERVICE || before->type == Parser::FLAG ||
                before->type == Parser::DATABASE;
  if (found->type == Parser::ACTION && begins)
    return "say first how it is taken back: `reversible action`, `compensable action` or `irreversible action`";
  if (before->type == Parser::ASSIGN && found->type == Parser::DOT && found[1].type == Parser::INT)
    return fmt::format("a number begins with a digit: `0.{}`", tokens.text(found[1]));
  bool unquoted = before->type == Parser::NAME && tokens.before(before) &&
                  tokens.before(before)->type == Parser::IMPORT;
  if (before->type == Parser::IMPORT || (unquoted && found->type != Parser::DOT))
    return "a file is imported by its path: `import \"./shop.rollout\".{checkout}`, a package by its name: `import "
           "std.gate.{sla}`";
  if (left == "close") return "what a run does then is `park` or `wait`";
  return {};
}

}  // namespace rollout::syntax
