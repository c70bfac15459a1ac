#include "compiler/syntax/foreign.h"

#include <algorithm>

#include <fmt/format.h>

#include "compiler/base/masked.h"
#include "compiler/base/visible.h"
#include "compiler/syntax/antlr.h"

namespace rollout::syntax {

namespace {

/// The tokens from `at` on, of a mistake that is being looked at.
class Foreign {
 public:
  Foreign(const Tokens& tokens, size_t at, Diagnostics& diagnostics)
      : tokens_(tokens), all_(tokens.visible()), at_(at), diagnostics_(diagnostics) {}

  size_t report() {
    switch (all_[at_].type) {
      case Parser::BAD: return bad_character();
      case Parser::NAME: return elif();
      case Parser::SLASH: return is_pair(Parser::STAR) ? block_comment() : changed_value();
      case Parser::MINUS: return begins_comment() ? dashes() : changed_value();
      case Parser::PLUS: case Parser::STAR: return changed_value();
      case Parser::COLON: return is_pair(Parser::ASSIGN) ? pair("=") : 0;
      case Parser::EQUAL: return is_pair(Parser::ASSIGN) ? pair("==") : 0;
      case Parser::NOT_EQUAL: return is_pair(Parser::ASSIGN) ? pair("!=") : 0;
      case Parser::LESS: return is_pair(Parser::GREATER) && !behind_type() ? pair("!=") : 0;
      default: return 0;
    }
  }

 private:
  std::string_view text(size_t index) const { return tokens_.text(all_[index]); }
  std::string_view first() const { return text(at_); }
  /// Whether the token stands right behind the one before it.
  bool touches(size_t index) const { return index > 0 && all_[index - 1].end == all_[index].begin; }
  bool is_pair(TokenType second) const { return all_[at_ + 1].type == second && touches(at_ + 1); }
  bool behind_type() const { return at_ > 0 && !text(at_ - 1).empty() && std::isupper(uint8_t(text(at_ - 1)[0])); }
  Span span(size_t count) const { return join(tokens_.span(all_[at_]), tokens_.span(all_[at_ + count - 1])); }
  size_t tokens_to(uint32_t end) const {
    size_t last = at_;
    while (all_[last].type != end_of_file && all_[last].begin < end) ++last;
    return last - at_;
  }
  /// How many tokens there are to the end of this line.
  size_t rest_of_line() const {
    size_t last = at_;
    while (all_[last].type != end_of_file && all_[last].line == all_[at_].line) ++last;
    return last - at_;
  }
  /// Whether both stand in one line.
  bool one_line(size_t begin, size_t end) const {
    return tokens_.whole().substr(begin, end - begin).find_first_of("\r\n") == std::string_view::npos;
  }
  bool ends_line(size_t place) const {
    size_t next = tokens_.whole().find_first_not_of(" \t", place);
    return next == std::string_view::npos || tokens_.whole()[next] == '\r' || tokens_.whole()[next] == '\n';
  }

  Diagnostic& say(Span whole, std::string_view ours) {
    return diagnostics_.report(whole, diag::ExpectedFound, fmt::format("`{}`", ours),
                               std::string(tokens_.whole().substr(whole.begin, whole.end - whole.begin)));
  }

  size_t pair(std::string_view ours) {
    say(span(2), ours).fix(span(2), std::string(ours));
    return 2;
  }

  size_t bad_character() {
    if (first() == "&" || first() == "|") return joined();
    if (first() == "!") return negated();
    for (auto [open, close] : {std::pair("'", "'"), std::pair("“", "”"), std::pair("„", "“"), std::pair("”", "”"),
                               std::pair("‘", "’"), std::pair("’", "’"), std::pair("`", "`")})
      if (first() == open) return quotes(close);
    return uint8_t(first()[0]) < 0x80 ? 0 : letters();
  }

  /// `größe`: one word with letters that no name has.
  size_t letters() {
    size_t end = at_ + 1;
    bool in_word = touches(at_) && all_[at_ - 1].type == Parser::NAME;
    auto goes_on = [&](const Token& token) {
      return token.type == Parser::NAME || token.type == Parser::INT ||
             (token.type == Parser::BAD && uint8_t(tokens_.text(token)[0]) >= 0x80);
    };
    while (all_[end].type != end_of_file && touches(end) && goes_on(all_[end])) ++end;
    if (find_hidden(first()) || (!in_word && end == at_ + 1)) return 0;
    diagnostics_.report(span(1), diag::BadCharacter, std::string(first()))
        .advise("a name has the letters `a` to `z` and `A` to `Z`, digits and `_`");
    return end - at_;
  }

  /// `a && b`, `a||b`
  size_t joined() {
    bool twice = text(at_ + 1) == first() && touches(at_ + 1);
    size_t count = twice ? 2 : 1;
    std::string_view ours = first() == "&" ? "and" : "or";
    Diagnostic& diagnostic = say(span(count), ours);
    if (!twice) return count;
    diagnostic.fix(span(2), fmt::format("{}{}{}", touches(at_) ? " " : "", ours, touches(at_ + 2) ? " " : ""));
    return count;
  }

  /// `!ready`. Here `not` reaches as far as a comparison does: in front of one both readings are possible.
  size_t negated() {
    Diagnostic& diagnostic = say(span(1), "not");
    constexpr size_t most_tokens = 50;
    for (size_t i = at_ + 1; all_[i].type != end_of_file && all_[i].line == all_[at_].line; ++i) {
      TokenType type = all_[i].type;
      if (i - at_ > most_tokens) return 1;
      bool joins = type == Parser::AND || type == Parser::OR || text(i) == "&" || text(i) == "|";
      if (joins || type == Parser::LBRACE) break;
      if (type >= Parser::EQUAL && type <= Parser::GREATER) return 1;
    }
    diagnostic.fix(span(1), touches(at_ + 1) ? "not " : "not");
    return 1;
  }

  /// Read in the text: a `//` in it is no comment.
  size_t quotes(std::string_view close) {
    std::string_view open = first();
    size_t inside = all_[at_].end, end = tokens_.whole().find(close, inside);
    bool curly = open.size() > 1;
    if (end == std::string_view::npos || !one_line(inside, end)) {
      diagnostics_.report(span(1), diag::BadCharacter, std::string(open))
          .advise("a string stands in double quotes: `\"…\"`");
      return curly ? 1 : rest_of_line();
    }
    Span whole = {tokens_.source(), all_[at_].begin, uint32_t(end + close.size())};
    std::string_view words = tokens_.whole().substr(inside, end - inside);
    bool secret = tokens_.shown(all_[at_]) != open || !secrets_at_word().empty();
    Diagnostic& diagnostic = diagnostics_.report(whole, diag::BadCharacter, std::string(open));
    diagnostic.advise(fmt::format("a string stands in double quotes: `\"{}\"`", secret ? mask : words));
    if (secret) diagnostic.hide(whole);
    else if (words.find_first_of("\"\\$") == std::string_view::npos)
      diagnostic.fix(whole, fmt::format("\"{}\"", words));
    return tokens_to(whole.end);
  }

  /// The word before the quote, where it is the name of a secret.
  std::string_view secrets_at_word() const {
    constexpr size_t most_between = 8;  // tokens, of a type and of what is said wrongly
    for (size_t i = at_; i-- > 0 && at_ - i <= most_between && all_[i].line == all_[at_].line;)
      if (names_secret(text(i))) return text(i);
    return {};
  }

  /// `i++`, `n += 1`: nothing changes its value.
  size_t changed_value() {
    bool steps = (is_pair(Parser::PLUS) || is_pair(Parser::MINUS)) && all_[at_ + 1].type == all_[at_].type &&
                 (all_[at_ + 2].first_on_line || all_[at_ + 2].type == Parser::RBRACE);
    bool named = at_ > 0 && all_[at_ - 1].type == Parser::NAME && all_[at_ - 1].line == all_[at_].line;
    if (!named || !(steps || is_pair(Parser::ASSIGN))) return 0;
    std::string_view name = text(at_ - 1);
    Span whole = join(tokens_.span(all_[at_ - 1]), span(2));
    diagnostics_.report(whole, diag::ExpectedFound, "a statement",
                        std::string(tokens_.whole().substr(whole.begin, whole.end - whole.begin)))
        .advise(fmt::format("a name keeps its value; another one has the next: `let more = {} {} …`", name, first()));
    size_t count = 2;
    while (!steps && all_[at_ + count].type != end_of_file && all_[at_ + count].line == all_[at_].line &&
           all_[at_ + count].type != Parser::RBRACE)
      ++count;
    return count;
  }

  /// `-- why`; `--x` is the opposite of the opposite.
  bool begins_comment() const { return is_pair(Parser::MINUS) && all_[at_].first_on_line && !touches(at_ + 2); }
  size_t dashes() {
    say(span(2), "//").fix(span(2), "//");
    return rest_of_line();
  }

  /// The edit is certain where it is all that its line has.
  size_t block_comment() {
    size_t end = tokens_.whole().find("*/", all_[at_].begin + 2);
    Diagnostic& diagnostic = say(span(2), "//").advise("a comment begins with `//` and ends with its line");
    if (end == std::string_view::npos) return all_.size() - 1 - at_;
    Span close = {tokens_.source(), uint32_t(end), uint32_t(end + 2)};
    if (one_line(all_[at_].begin, end) && ends_line(end + 2)) diagnostic.fix(span(2), "//").fix(close, "");
    return tokens_to(close.end);
  }

  /// `} elif x {`
  size_t elif() {
    bool meant = first() == "elif" || first() == "elseif" || first() == "elsif";
    if (!meant || at_ == 0 || all_[at_ - 1].type != Parser::RBRACE) return 0;
    say(span(1), "else if").fix(span(1), "else if");
    return 1;
  }

  const Tokens& tokens_;
  const std::vector<Token>& all_;
  size_t at_;
  Diagnostics& diagnostics_;
};

constexpr std::pair<std::string_view, std::string_view> our_words[] = {
    {"var", "let"},       {"const", "let"},     {"val", "let"},      {"def", "func"},      {"fn", "func"},
    {"function", "func"}, {"struct", "record"}, {"class", "record"}, {"include", "import"}, {"stage", "phase"},
    {"step", "phase"},    {"assert", "expect"},
};

}  // namespace

size_t report_foreign(const Tokens& tokens, size_t at, Diagnostics& diagnostics) {
  return tokens.visible()[at].type == end_of_file ? 0 : Foreign(tokens, at, diagnostics).report();
}

std::string_view our_word(std::string_view foreign) {
  for (auto [other, ours] : our_words)
    if (foreign == other) return ours;
  return {};
}

std::string_view remainder_advice() {
  return "`%` ends a share, as in `7%`: there is no operator for the remainder of a division";
}

std::string_view choice_advice() {
  return "`if` chooses between statements: name the value in each branch, or choose it by `match` over an enum";
}

}  // namespace rollout::syntax
