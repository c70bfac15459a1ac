#include "compiler/syntax/lexer.h"

#include "compiler/syntax/antlr.h"
#include "compiler/syntax/words.h"

namespace rollout::syntax {

namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_upper(char c) { return c >= 'A' && c <= 'Z'; }
bool begins_name(char c) { return (c >= 'a' && c <= 'z') || is_upper(c) || c == '_'; }
bool is_name(char c) { return begins_name(c) || is_digit(c); }
bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }
bool ends_line(char c) { return c == '\r' || c == '\n'; }
bool goes_on_in_utf8(char c) { return (uint8_t(c) & 0xC0) == 0x80; }

/// Each function of a token class is called where such a token may begin, and moves `at_` behind it.
class Lexer {
 public:
  explicit Lexer(std::string_view text) : text_(text) {}

  TokenLists run() {
    constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";
    constexpr size_t bytes_a_token = 5;  // of usual programs
    if (text_.substr(0, byte_order_mark.size()) == byte_order_mark) at_ = line_begin_ = byte_order_mark.size();
    lists_.visible.reserve(text_.size() / bytes_a_token + 1);
    for (skip_blanks(); at_ < text_.size(); skip_blanks()) {
      Token token = {0, uint32_t(at_), 0, line_, line_begin_, uint32_t(lists_.comments.size()), fresh_};
      token.type = next();
      token.end = uint32_t(at_);
      fresh_ = false;
      bool comment = token.type == Parser::COMMENT || token.type == Parser::DOC;
      (comment ? lists_.comments : lists_.visible).push_back(token);
    }
    uint32_t end = uint32_t(text_.size());
    lists_.visible.push_back(
        {end_of_file, end, end, line_, line_begin_, uint32_t(lists_.comments.size()), fresh_});
    return std::move(lists_);
  }

 private:
  /// What stands there, or NUL behind the end: no token needs one.
  char peek(size_t at) const { return at < text_.size() ? text_[at] : '\0'; }
  TokenType take(TokenType type, size_t length = 1) {
    at_ += length;
    return type;
  }
  TokenType take_pair(char second, TokenType pair, TokenType single) {
    return peek(at_ + 1) == second ? take(pair, 2) : take(single);
  }

  void skip_blanks() {
    for (; at_ < text_.size() && is_blank(text_[at_]); ++at_) {
      if (text_[at_] == '\r') fresh_ = false;
      if (text_[at_] != '\n') continue;
      ++line_;
      line_begin_ = uint32_t(at_ + 1);
      fresh_ = true;
    }
  }

  TokenType next() {
    char c = text_[at_];
    if (begins_name(c)) return name();
    if (is_digit(c)) return number();
    switch (c) {
      case '{': return take(Parser::LBRACE);
      case '}': return take(Parser::RBRACE);
      case '(': return take(Parser::LPAREN);
      case ')': return take(Parser::RPAREN);
      case '[': return take(Parser::LBRACKET);
      case ']': return take(Parser::RBRACKET);
      case ',': return take(Parser::COMMA);
      case ':': return take(Parser::COLON);
      case '?': return take(Parser::QUESTION);
      case '+': return take(Parser::PLUS);
      case '*': return take(Parser::STAR);
      case '.': return take_pair('.', Parser::DOTDOT, Parser::DOT);
      case '-': return take_pair('>', Parser::ARROW, Parser::MINUS);
      case '=': return take_pair('=', Parser::EQUAL, Parser::ASSIGN);
      case '<': return take_pair('=', Parser::LESS_EQUAL, Parser::LESS);
      case '>': return take_pair('=', Parser::GREATER_EQUAL, Parser::GREATER);
      case '!': return take_pair('=', Parser::NOT_EQUAL, Parser::BAD);
      case '/': return peek(at_ + 1) == '/' ? comment() : take(Parser::SLASH);
      case '"': return string();
      default: return bad();
    }
  }

  TokenType name() {
    size_t begin = at_;
    at_ = name_end(begin);
    return word_type(text_.substr(begin, at_ - begin));
  }

  TokenType comment() {
    bool doc = peek(at_ + 2) == '/';
    while (at_ < text_.size() && !ends_line(text_[at_])) ++at_;
    return doc ? Parser::DOC : Parser::COMMENT;
  }

  TokenType string() {
    for (++at_; at_ < text_.size() && !ends_line(text_[at_]); ++at_) {
      if (text_[at_] == '"') return take(Parser::STRING);
      if (text_[at_] != '\\') continue;
      if (at_ + 1 == text_.size() || ends_line(text_[at_ + 1])) break;
      ++at_;
    }
    return Parser::UNTERMINATED;
  }

  TokenType bad() {
    ++at_;
    while (at_ < text_.size() && goes_on_in_utf8(text_[at_])) ++at_;
    return Parser::BAD;
  }

  /// As in the grammar, the longest wins, and of equals the one that is listed first.
  TokenType number() {
    size_t digits = number_end(at_);
    char behind = peek(digits);
    if (!begins_name(behind) && behind != ' ' && behind != '%' && behind != '/' && behind != '-' && behind != ':')
      return plain_number(digits);
    struct { TokenType type; size_t end; } best = {Parser::INT, at_};
    auto consider = [&](TokenType type, size_t end) {
      if (end > best.end) best = {type, end};
    };
    consider(Parser::INSTANT, instant_end(at_));
    consider(Parser::DATE, date_end(at_));
    consider(Parser::TIME, time_end(at_));
    consider(Parser::MONEY, money_end(digits));
    consider(Parser::PERCENT, behind == '%' ? digits + 1 : 0);
    consider(Parser::RATE, behind == '/' && is_one_of(peek(digits + 1), "smhd") ? digits + 2 : 0);
    consider(Parser::DURATION, duration_end(at_));
    consider(Parser::BYTES, bytes_end(digits));
    consider(has_fraction(at_, digits) ? Parser::FLOAT : Parser::INT, digits);
    size_t letters = behind == '%' || behind == '/' ? digits + 1 : digits;
    consider(Parser::BAD_NUMBER, begins_name(peek(letters)) ? name_end(letters) : 0);
    at_ = best.end;
    return best.type;
  }

  TokenType plain_number(size_t end) {
    TokenType type = has_fraction(at_, end) ? Parser::FLOAT : Parser::INT;
    at_ = end;
    return type;
  }

  // Where something ends that begins at `at`; 0 or `at` itself where it does not stand there.

  size_t name_end(size_t at) const {
    while (is_name(peek(at))) ++at;
    return at;
  }
  size_t integer_end(size_t at) const {
    while (is_digit(peek(at)) || peek(at) == '_') ++at;
    return at;
  }
  size_t number_end(size_t at) const {
    size_t end = integer_end(at);
    return peek(end) == '.' && is_digit(peek(end + 1)) ? integer_end(end + 1) : end;
  }
  bool has_fraction(size_t begin, size_t end) const { return integer_end(begin) != end; }

  /// `pattern` with `0` for any digit.
  size_t pattern_end(size_t at, std::string_view pattern) const {
    for (char expected : pattern) {
      char c = peek(at++);
      if (expected == '0' ? !is_digit(c) : c != expected) return 0;
    }
    return at;
  }
  size_t date_end(size_t at) const { return pattern_end(at, "0000-00-00"); }
  size_t time_end(size_t at) const { return pattern_end(at, "00:00"); }
  /// `2026-11-20T14:30Z`, with seconds or without.
  size_t instant_end(size_t at) const {
    size_t end = pattern_end(at, "0000-00-00T00:00Z");
    return end ? end : pattern_end(at, "0000-00-00T00:00:00Z");
  }
  size_t money_end(size_t at) const {
    bool currency = peek(at) == ' ' && is_upper(peek(at + 1)) && is_upper(peek(at + 2)) && is_upper(peek(at + 3));
    return currency ? at + 4 : 0;
  }
  size_t unit_end(size_t at) const {
    if (is_one_of(peek(at), "num") && peek(at + 1) == 's') return at + 2;
    return is_one_of(peek(at), "smhd") ? at + 1 : 0;
  }
  /// `1h30m`: as many numbers with a unit as there are.
  size_t duration_end(size_t at) const {
    size_t end = 0;
    while (is_digit(peek(at))) {
      at = unit_end(number_end(at));
      if (at == 0) break;
      end = at;
    }
    return end;
  }
  size_t bytes_end(size_t at) const {
    if (is_one_of(peek(at), "KMGT")) at += peek(at + 1) == 'i' ? 2 : 1;
    return peek(at) == 'B' ? at + 1 : 0;
  }

  static bool is_one_of(char c, std::string_view set) { return set.find(c) != std::string_view::npos; }

  std::string_view text_;
  size_t at_ = 0;
  uint32_t line_ = 1;
  uint32_t line_begin_ = 0;
  bool fresh_ = true;  ///< only blanks before `at_` on its line
  TokenLists lists_;
};

}  // namespace

TokenLists lex(std::string_view text) { return Lexer(text).run(); }

}  // namespace rollout::syntax
