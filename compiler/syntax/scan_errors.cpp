#include "compiler/syntax/scan_errors.h"

#include <algorithm>
#include <vector>

#include <fmt/format.h>
#include <llvm/ADT/StringRef.h>

#include "compiler/base/masked.h"
#include "compiler/base/visible.h"
#include "compiler/syntax/antlr.h"
#include "compiler/syntax/foreign.h"
#include "compiler/syntax/parse.h"
#include "compiler/syntax/wanted.h"
#include "compiler/syntax/words.h"

namespace rollout::syntax {

namespace {

/// So many mistakes in the words of a file are reported; a file of nothing else would fill the memory.
constexpr size_t max_bad_words = 1000;

struct Open {
  const Token* token;
  uint32_t indent;
};

void report_unclosed(const Tokens& tokens, const Open& unclosed, const Token* next, Diagnostics& diagnostics) {
  const Token* before = tokens.before(next);
  Span here = after(tokens.span(before ? *before : *unclosed.token));
  diagnostics.report(here, diag::MissingBrace)
      .caret("`}` is missing here")
      .at(tokens.span(*unclosed.token), "this `{` is not closed")
      .fix(here, "\n" + std::string(unclosed.indent, ' ') + "}");
}

/// A setting or a statement that stands further in than its block: the line above should have opened one.
bool report_unopened(const Tokens& tokens, Diagnostics& diagnostics) {
  constexpr uint32_t unknown = UINT32_MAX;
  std::vector<uint32_t> indents = {0};  // of the items of the open blocks
  int depth = 0;
  const std::vector<Token>& all = tokens.visible();
  for (size_t i = 0; i + 1 < all.size(); ++i) {
    TokenType type = all[i].type, next = all[i + 1].type;
    depth += type == Parser::LPAREN || type == Parser::LBRACKET   ? 1
             : type == Parser::RPAREN || type == Parser::RBRACKET ? -1
                                                                  : 0;
    bool item = starts_statement(type) || next == Parser::ASSIGN || next == Parser::COLON;
    if (i > 0 && depth == 0 && item && all[i].first_on_line) {
      uint32_t indent = tokens.indent(all[i]);
      if (indents.back() == unknown) indents.back() = indent;
      TokenType before = all[i - 1].type;
      bool header = before == Parser::NAME || before == Parser::STRING || before == Parser::RPAREN ||
                    before <= Parser::WITHIN;
      if (indent > indents.back() && header) {
        diagnostics
            .report(after(tokens.span(all[i - 1])), diag::ExpectedAfter, "`{`",
                    std::string(tokens.text(all[i - 1])))
            .caret("missing here")
            .fix(after(tokens.span(all[i - 1])), " {");
        return true;
      }
    }
    if (type == Parser::LBRACE) indents.push_back(unknown);
    if (type == Parser::RBRACE && indents.size() > 1) indents.pop_back();
  }
  return false;
}

}  // namespace

bool report_unbalanced_braces(const Tokens& tokens, Diagnostics& diagnostics) {
  int balance = 0;
  for (const Token& token : tokens.visible())
    balance += token.type == Parser::LBRACE ? 1 : token.type == Parser::RBRACE ? -1 : 0;
  if (balance < 0) return report_unopened(tokens, diagnostics);
  if (balance == 0) return false;
  std::vector<Open> open;
  for (const Token& token : tokens.visible()) {
    bool first = token.first_on_line;
    uint32_t indent = tokens.indent(token);
    bool closes = token.type == Parser::RBRACE;
    // A line that stands no further in than the line of an open brace ends that brace's block.
    bool dedented = first && !open.empty() && (closes ? indent < open.back().indent : indent <= open.back().indent);
    if (dedented || token.type == end_of_file) {
      if (open.empty()) return false;
      report_unclosed(tokens, open.back(), &token, diagnostics);
      return true;
    }
    if (token.type == Parser::LBRACE) open.push_back({&token, indent});
    if (closes && !open.empty()) open.pop_back();
  }
  return false;
}

namespace {

void report_bad_escape(Span string, std::string_view text, Diagnostics& diagnostics) {
  for (size_t i = text.find('\\'); i != std::string_view::npos; i = text.find('\\', i + 2)) {
    if (std::string_view("nt\"\\$").find(text[i + 1]) != std::string_view::npos) continue;
    size_t end = i + 2;
    while (end < text.size() && (uint8_t(text[end]) & 0xC0) == 0x80) ++end;
    Span here = {string.source, uint32_t(string.begin + i), uint32_t(string.begin + end)};
    diagnostics.report(here, diag::BadEscape, std::string(text.substr(i, end - i)))
        .advise("escapes are \\n \\t \\\" \\\\ \\$")
        .fix({here.source, here.begin, here.begin}, "\\");
    return;
  }
}

}  // namespace

namespace {

/// What other tools write for our units.
constexpr std::pair<std::string_view, std::string_view> other_units[] = {
    {"min", "m"},  {"mins", "m"}, {"sec", "s"},  {"secs", "s"}, {"msec", "ms"}, {"hr", "h"},  {"hours", "h"},
    {"day", "d"},  {"days", "d"}, {"kb", "KB"},  {"mb", "MB"},  {"gb", "GB"},   {"K", "KB"},  {"M", "MB"},
    {"G", "GB"},   {"Ki", "KiB"}, {"Mi", "MiB"}, {"Gi", "GiB"}, {"rps", "/s"},  {"pct", "%"},
};

/// Written out, which behind a blank may be a word of its own: `over 3 minutes`.
constexpr std::pair<std::string_view, std::string_view> long_units[] = {
    {"second", "s"}, {"seconds", "s"}, {"minute", "m"}, {"minutes", "m"}, {"hour", "h"},
    {"percent", "%"}, {"qps", "/s"},
};

/// What `text` means as a unit behind a number; empty: it is none.
std::string_view unit_of(std::string_view text) {
  constexpr std::string_view units[] = {"ns", "us", "ms", "s",  "m",  "h",   "d",   "B",
                                        "KB", "MB", "GB", "TB", "KiB", "MiB", "GiB", "TiB"};
  for (std::string_view unit : units)
    if (text == unit) return unit;
  for (auto [other, ours] : other_units)
    if (text == other) return ours;
  return {};
}

/// `1h30m` for `1h30`, `512MiB` for `512Mib`: what is meant; empty where that is not clear.
std::string number_meant(std::string_view text) {
  size_t digits = std::min(text.find_first_not_of("0123456789._"), text.size());
  std::string_view unit = text.substr(digits);
  if (unit.size() > 1 && unit[0] == 'h' && unit.find_first_not_of("0123456789", 1) == std::string_view::npos)
    return fmt::format("{}m", text);
  for (std::string_view ours : {"B", "KB", "MB", "GB", "TB", "KiB", "MiB", "GiB", "TiB"})
    if (llvm::StringRef(unit).equals_insensitive(ours)) return fmt::format("{}{}", text.substr(0, digits), ours);
  return {};
}

void report_bad_number(Span span, const std::string& text, Diagnostics& diagnostics) {
  Diagnostic& diagnostic = diagnostics.report(span, diag::BadNumber, text);
  if (std::string meant = number_meant(text); !meant.empty()) {
    diagnostic.advise(fmt::format("did you mean `{}`?", meant)).fix(span, meant);
    return;
  }
  size_t digits = std::min(text.find_first_not_of("0123456789._"), text.size());
  digits += text.compare(digits, 1, "/") == 0 ? 1 : 0;  // `400/min`
  std::string_view unit = unit_of(text.substr(digits));
  for (auto [other, ours] : long_units)
    if (text.substr(digits) == other) unit = ours;
  bool rate = text[digits - 1] == '/';
  if (!unit.empty() && (!rate || (unit.size() == 1 && unit != "B" && unit != "%"))) {
    std::string meant = text.substr(0, digits) + std::string(unit);
    diagnostic.advise(fmt::format("did you mean `{}`?", meant)).fix(span, meant);
    return;
  }
  diagnostic.advise(
      "units are ns us ms s m h d, %, /s /m /h /d, B KB MB GB TB KiB MiB GiB TiB; a name does not begin with a digit");
}

bool begins_with_zero(std::string_view text) {
  auto digit = [&](size_t at) { return at < text.size() && '0' <= text[at] && text[at] <= '9'; };
  return digit(0) && text[0] == '0' && digit(1);
}

/// A number behind the name of a secret, which no message repeats.
bool report_bad_secret(const Tokens& tokens, const Token& token, Diagnostics& diagnostics) {
  bool number = token.type >= Parser::MONEY && token.type <= Parser::BAD_NUMBER;
  bool bad = number && (token.type == Parser::BAD_NUMBER || begins_with_zero(tokens.text(token)));
  if (!bad || tokens.shown(token) == tokens.text(token)) return false;
  diagnostics.report(tokens.span(token), diag::BadNumber, std::string(mask))
      .advise("a secret is named, and read by a backend only: `secret(\"NAME\")`");
  return true;
}

/// `010`: eight to some, ten to others. It also tells `10000-01-01`, a date that is none, from a difference.
bool report_leading_zero(Span span, std::string_view text, Diagnostics& diagnostics) {
  if (!begins_with_zero(text)) return false;
  std::string_view meant = text;
  while (meant.size() > 1 && meant[0] == '0' && '0' <= meant[1] && meant[1] <= '9') meant.remove_prefix(1);
  diagnostics.report(span, diag::BadNumber, std::string(text))
      .note("a number does not begin with a zero; dates are written `2026-01-31`, times `09:00`")
      .advise(fmt::format("write `{}`", meant));
  return true;
}

/// `9:00`, which is a number, a colon and a number that begins with a zero.
bool report_short_time(const Tokens& tokens, const Token& minutes, Diagnostics& diagnostics) {
  const Token* colon = tokens.before(&minutes);
  const Token* hours = colon && colon->type == Parser::COLON ? tokens.before(colon) : nullptr;
  bool time = hours && hours->type == Parser::INT && hours->end == hours->begin + 1 && hours->end == colon->begin &&
              colon->end == minutes.begin && minutes.end == minutes.begin + 2 && tokens.text(minutes)[0] == '0';
  if (!time) return false;
  Span whole = join(tokens.span(*hours), tokens.span(minutes));
  std::string written = fmt::format("{}:{}", tokens.text(*hours), tokens.text(minutes));
  diagnostics.report(whole, diag::BadNumber, written)
      .advise(fmt::format("an hour has two digits: `0{}`", written))
      .fix(whole, "0" + written);
  return true;
}

/// Whether a value begins here that an operator may stand in front of.
bool is_operand(const Token& token) {
  return token.type == Parser::NAME || token.type == Parser::LPAREN ||
         (token.type >= Parser::INT && token.type <= Parser::INSTANT);
}

/// A number and a unit with a blank between them: `12 s`. What follows tells a unit from the next statement.
bool report_unit_apart(const Tokens& tokens, const Token& number, Diagnostics& diagnostics) {
  const Token &unit = (&number)[1], &next = (&number)[2];  // a number is never the last token
  bool apart = unit.type != end_of_file && unit.line == number.line && unit.begin > number.end;
  if (!apart) return false;
  bool percent = unit.type == Parser::BAD && tokens.text(unit) == "%";
  if (percent && is_operand(next) && next.line == unit.line) return false;  // reported as a character
  bool begins = unit.type == Parser::NAME && next.line == unit.line &&
                (next.type == Parser::DOT || next.type == Parser::LPAREN || next.type == Parser::ASSIGN ||
                 next.type == Parser::COLON || next.type == Parser::ARROW);
  std::string_view ours = percent ? "%" : unit.type == Parser::NAME && !begins ? unit_of(tokens.text(unit)) : "";
  // `over 3 minutes` is told what is counted there.
  const Token* before = tokens.before(&number);
  for (auto [other, unit_of_ours] : long_units)
    if (!begins && tokens.text(unit) == other && !(before && before->type == Parser::OVER)) ours = unit_of_ours;
  if (ours.empty()) return false;
  Span whole = join(tokens.span(number), tokens.span(unit));
  std::string meant = fmt::format("{}{}", tokens.text(number), ours);
  diagnostics.report(whole, diag::BadNumber, fmt::format("{} {}", tokens.text(number), tokens.text(unit)))
      .advise(fmt::format("a number and its unit are one word: `{}`", meant))
      .fix(whole, meant);
  return true;
}

/// Returns how many tokens the mistake takes.
size_t report_bad_character(const Tokens& tokens, const Token& token, Diagnostics& diagnostics) {
  std::string text(tokens.text(token));
  if (find_hidden(text)) return 1;  // it was reported as such
  Diagnostic& diagnostic = diagnostics.report(tokens.span(token), diag::BadCharacter, text);
  if (text == ";") diagnostic.advise("a statement ends with its line").fix(tokens.span(token), "");
  if (text == "%") diagnostic.advise(remainder_advice());
  if (text != "#") return 1;
  diagnostic.advise("a comment begins with `//`").fix(tokens.span(token), "//");
  const Token* end = &token;
  while (end->type != end_of_file && end->line == token.line) ++end;
  return size_t(end - &token);
}

}  // namespace

/// In comments and strings, too: what is reviewed must be what is read.
void report_hidden(std::string_view text, SourceId source, Diagnostics& diagnostics) {
  constexpr std::string_view order_mark = "\xEF\xBB\xBF";
  size_t from = text.starts_with(order_mark) ? order_mark.size() : 0;
  size_t left = max_bad_words;
  for (auto hidden = find_hidden(text, from); hidden && left > 0; hidden = find_hidden(text, from)) {
    from = hidden->at + hidden->bytes;
    if (hidden->code == '\r') continue;
    --left;
    diagnostics.report({source, uint32_t(hidden->at), uint32_t(from)}, diag::HiddenCharacter,
                       code_point_text(hidden->code));
  }
}

bool report_bad_tokens(const Tokens& tokens, Diagnostics& diagnostics) {
  size_t errors = diagnostics.errors();
  report_hidden(tokens.whole(), tokens.source(), diagnostics);
  const std::vector<Token>& all = tokens.visible();
  for (size_t i = 0; i < all.size(); ++i) {
    if (diagnostics.errors() - errors >= max_bad_words) {
      diagnostics.note_since(diagnostics.size() - 1, "of mistakes in words, no more are shown");
      break;
    }
    if (size_t foreign = report_foreign(tokens, i, diagnostics)) {
      i += foreign - 1;
      continue;
    }
    const Token& token = all[i];
    Span span = tokens.span(token);
    if (report_bad_secret(tokens, token, diagnostics)) continue;
    switch (token.type) {
      case Parser::BAD_NUMBER: report_bad_number(span, std::string(tokens.text(token)), diagnostics); break;
      case Parser::PERCENT: case Parser::DURATION: case Parser::RATE: case Parser::BYTES: case Parser::MONEY:
        report_leading_zero(span, tokens.text(token), diagnostics);
        break;
      case Parser::INT:
      case Parser::FLOAT:
        if (report_short_time(tokens, token, diagnostics)) break;
        if (report_leading_zero(span, tokens.text(token), diagnostics)) break;
        i += report_unit_apart(tokens, token, diagnostics) ? 1 : 0;
        break;
      case Parser::STRING: report_bad_escape(span, tokens.text(token), diagnostics); break;
      case Parser::UNTERMINATED: diagnostics.report(span, diag::UnterminatedString).fix(after(span), "\""); break;
      case Parser::BAD: i += report_bad_character(tokens, token, diagnostics) - 1; break;
      default: break;
    }
  }
  return diagnostics.errors() != errors;
}

bool report_bare_imports(const Tokens& tokens, Diagnostics& diagnostics) {
  size_t errors = diagnostics.errors();
  const std::vector<Token>& all = tokens.visible();
  for (size_t i = 0; i + 1 < all.size(); ++i) {
    if (all[i].type != Parser::IMPORT || !all[i].first_on_line || all[i + 1].type == end_of_file) continue;
    size_t first = i + 1, last = first;
    bool library = all[first].type == Parser::NAME;
    while (library && all[last + 1].type == Parser::DOT && all[last + 2].type != end_of_file &&
           all[last + 2].type != Parser::LBRACE)
      last += 2;
    const Token& next = all[last + 1];
    bool ends = next.type == end_of_file || (next.first_on_line && next.type != Parser::DOT);
    if (!ends || !(library || all[first].type == Parser::STRING)) continue;
    Span path = join(tokens.span(all[first]), tokens.span(all[last]));
    std::string written(tokens.text(all[first]).data(), path.end - path.begin);
    Diagnostic& diagnostic = diagnostics.report(after(path), diag::ExpectedAfter, "`.{…}`", written);
    constexpr size_t file_at = 4;  // `std` `.` `backend` `.` `local`: behind the folder
    bool names_file = library && last >= first + file_at;
    if (names_file) {
      std::string name(tokens.text(all[last]));
      std::string folder = written.substr(0, written.size() - name.size());
      diagnostic.advise(fmt::format("did you mean `import {}{{{}}}`?", folder, name))
          .fix(tokens.span(all[last]), fmt::format("{{{}}}", name));
    } else {
      diagnostic.advise(fmt::format("say which names: `import {}.{{name}}`", written));
    }
  }
  return diagnostics.errors() != errors;
}

/// Whether a line may begin an item: with `type`, below a line that ends with `before`. Else it goes on with that one.
static bool begins_item(TokenType before, TokenType type) {
  bool starts = type == Parser::NAME || !word_text(type).empty();
  if (!starts || type == Parser::AND || type == Parser::OR || type == Parser::JUDGED) return false;
  switch (before) {
    case Parser::LPAREN: case Parser::LBRACKET: case Parser::COMMA: case Parser::COLON: case Parser::DOTDOT:
    case Parser::DOT: case Parser::ARROW: case Parser::EQUAL: case Parser::NOT_EQUAL: case Parser::LESS_EQUAL:
    case Parser::GREATER_EQUAL: case Parser::LESS: case Parser::ASSIGN: case Parser::PLUS: case Parser::MINUS:
    case Parser::STAR: case Parser::SLASH: return false;
    case Parser::ABORT: case Parser::FAIL: case Parser::FALSE: case Parser::IDEMPOTENT: case Parser::NONE:
    case Parser::ROLLBACK: case Parser::TRUE: case Parser::UNPROVEN: return true;
  }
  return word_text(before).empty();
}

/// What must follow a token on its line, or further in than its statement; empty: nothing need.
static std::string_view wanted_behind(TokenType type) {
  switch (type) {
    case Parser::ASSIGN: case Parser::HOLD: case Parser::HELD: case Parser::BY: case Parser::WHEN: case Parser::WITHIN:
    case Parser::VERIFY: case Parser::NOTIFY: case Parser::DURING: case Parser::EXCEPT: case Parser::IF:
    case Parser::IN: case Parser::WAVES: case Parser::OF: case Parser::SOAK: case Parser::EVERY: case Parser::AT:
    case Parser::THEN: case Parser::PROVEN: case Parser::OVER: case Parser::REQUIRE: case Parser::WHERE:
    case Parser::EXAMPLE: case Parser::MATCH: case Parser::NOT: case Parser::AND: case Parser::OR:
    case Parser::LESS: case Parser::LESS_EQUAL: case Parser::GREATER: case Parser::GREATER_EQUAL:
    case Parser::EQUAL: case Parser::NOT_EQUAL: case Parser::PLUS: case Parser::MINUS: case Parser::STAR:
    case Parser::SLASH: case Parser::DOTDOT: return "a value";
    case Parser::LOCK: case Parser::PHASE: case Parser::LET: case Parser::FOR: case Parser::DOT: return "a name";
    case Parser::BUDGET: return "`exposure`";
    case Parser::RUN: return "`queue`, `replace` or `reject`";
    default: return {};
  }
}

/// Whether a line that begins with these two is a statement, though the grammar would take it for what `before` wants.
static bool begins_statement(TokenType before, TokenType first, TokenType second) {
  if (before == Parser::DOT) return first == Parser::NAME || !word_text(first).empty();
  if (first == Parser::ROLLBACK) return second == Parser::WHEN || second == Parser::LBRACE;
  return first == Parser::NAME && (second == Parser::DOT || second == Parser::LPAREN || second == Parser::LBRACKET);
}

std::vector<Span> report_swallowed_calls(const Tokens& tokens, Diagnostics& diagnostics) {
  const std::vector<Token>& all = tokens.visible();
  int depth = 0;
  uint32_t indent = 0;
  std::vector<Span> found;
  for (size_t i = 0; i + 2 < all.size(); ++i) {
    TokenType type = all[i].type, third = all[i + 2].type;
    depth += type == Parser::LPAREN || type == Parser::LBRACKET   ? 1
             : type == Parser::RPAREN || type == Parser::RBRACKET ? -1
                                                                  : 0;
    if (all[i].first_on_line && begins_item(i > 0 ? all[i - 1].type : TokenType(Parser::RBRACE), type))
      indent = tokens.indent(all[i]);
    bool after_dot = i > 0 && all[i - 1].type == Parser::DOT;
    if (depth != 0 || after_dot || !all[i + 1].first_on_line) continue;
    std::string_view wanted = wanted_behind(type);
    if (!begins_statement(type, all[i + 1].type, third)) continue;
    if (i > 0 && type == Parser::NAME && all[i - 1].type == Parser::ON && tokens.text(all[i]) == "failure")
      wanted = "`rollback`, `stop`, `continue` or `{`";
    if (wanted.empty() || tokens.indent(all[i + 1]) > indent) continue;
    if (std::string_view exact = wanted_behind(tokens, &all[i], false); !exact.empty()) wanted = exact;
    diagnostics.report(after(tokens.span(all[i])), diag::ExpectedAfter, std::string(wanted),
                       std::string(tokens.text(all[i])))
        .caret("missing here");
    size_t last = i + 1;
    while (all[last + 1].type != end_of_file && all[last + 1].line == all[i + 1].line) ++last;
    found.push_back(join(tokens.span(all[i]), tokens.span(all[last])));
  }
  return found;
}

bool report_too_deep(const Tokens& tokens, Diagnostics& diagnostics) {
  int depth = 0, chain = 0;
  TokenType last = 0;
  for (const Token& token : tokens.visible()) {
    TokenType type = token.type;
    if (type == Parser::LBRACE || type == Parser::LPAREN || type == Parser::LBRACKET) ++depth;
    if (type == Parser::RBRACE || type == Parser::RPAREN || type == Parser::RBRACKET) --depth;
    bool prefix = type == Parser::MINUS || type == Parser::NOT || type == Parser::ELSE || type == Parser::LESS;
    bool same_chain = type == Parser::ELSE ? last == Parser::RBRACE : prefix;
    chain = prefix && same_chain ? chain + 1 : type == Parser::MINUS || type == Parser::NOT ? 1 : chain;
    if (!prefix && type != Parser::IF && type != Parser::NAME && type != Parser::LBRACE &&
        type != Parser::RBRACE)
      chain = 0;
    last = type;
    if (depth > max_nesting || chain > max_nesting) {
      diagnostics.report(tokens.span(token), diag::TooDeep, max_nesting).advise("name the inner parts with `let`");
      return true;
    }
  }
  return false;
}

}  // namespace rollout::syntax
