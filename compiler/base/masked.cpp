#include "compiler/base/masked.h"

#include <algorithm>
#include <utility>

namespace rollout {

namespace {

/// There a name alone may be a token; the name of a user of a database is none.
bool is_web(std::string_view before) { return before.ends_with("http") || before.ends_with("https"); }

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_capital(char c) { return c >= 'A' && c <= 'Z'; }
bool is_small(char c) { return c >= 'a' && c <= 'z'; }
bool is_of_word(char c) { return is_small(c) || is_capital(c) || is_digit(c) || c == '_'; }

size_t end_of_word(std::string_view text, size_t at) {
  while (at < text.size() && is_of_word(text[at])) ++at;
  return at;
}

/// Behind the quote that closes the one at `at`; without one, the end of the text.
size_t end_of_quoted(std::string_view text, size_t at) {
  for (size_t i = at + 1; i < text.size(); ++i) {
    if (text[i] == text[at]) return i + 1;
    if (text[i] == '\\') ++i;
  }
  return text.size();
}

/// Finds the literals behind names of secrets, also where a text does not follow the grammar.
class Finder {
 public:
  void read(std::string_view text) {
    for (size_t at = 0; at < text.size();) {
      char c = text[at];
      // Behind a letter it is an apostrophe, and what no secret leads to is prose.
      bool single = c == '\'' && behind_ && !(at > 0 && is_of_word(text[at - 1]));
      bool quoted = c == '"' || single;
      size_t end = quoted ? end_of_quoted(text, at) : is_of_word(c) ? end_of_word(text, at) : at + 1;
      std::string_view one = text.substr(at, end - at);
      if (behind_ && (quoted || is_digit(c))) found_.push_back({at, end - at});
      else if (quoted) behind_ = one.size() > 2 && names_secret(one.substr(1, one.size() - 2));
      else if (is_of_word(c)) behind_ = names_secret(one) || (behind_ && is_capital(c));
      else if (behind_ && std::string_view("(){},;").find(c) != std::string_view::npos) behind_ = false;
      at = end;
    }
  }
  std::vector<Cut> take() { return std::exchange(found_, {}); }

 private:
  bool behind_ = false;  ///< the name of a secret; types and signs may stand between
  std::vector<Cut> found_;
};

}  // namespace

std::vector<Cut> userinfos(std::string_view text) {
  constexpr std::string_view sign = "://";
  std::vector<Cut> found;
  for (size_t at = text.find(sign); at != std::string_view::npos; at = text.find(sign, at)) {
    at += sign.size();
    size_t end = std::min(text.find_first_of("/?#\"' \t\n", at), text.size());
    std::string_view host = text.substr(at, end - at);
    size_t sign_at = host.rfind('@');
    bool some = sign_at != std::string_view::npos && sign_at > 0;
    if (some && (is_web(text.substr(0, at - sign.size())) || host.find(':') < sign_at)) found.push_back({at, sign_at});
    at = end;
  }
  return found;
}

bool names_secret(std::string_view name) {
  static constexpr std::string_view ends[] = {"password", "token", "secret", "api_key"};
  auto same = [](char a, char b) { return (is_capital(a) ? char(a - 'A' + 'a') : a) == b; };
  for (std::string_view end : ends) {
    if (name.size() < end.size()) continue;
    std::string_view tail = name.substr(name.size() - end.size());
    if (std::equal(tail.begin(), tail.end(), end.begin(), same)) return true;
  }
  return false;
}

bool is_literal(std::string_view word) {
  return !word.empty() && (word[0] == '"' || word[0] == '\'' || is_digit(word[0]));
}

std::vector<Cut> secrets_of(std::string_view line, std::string_view above) {
  Finder finder;
  size_t first = line.find_first_not_of(" \t");
  if (first != std::string_view::npos && is_literal(line.substr(first))) finder.read(above);
  finder.take();
  finder.read(line);
  std::vector<Cut> all = finder.take();
  for (const Cut& cut : userinfos(line)) all.push_back(cut);
  std::stable_sort(all.begin(), all.end(), [](const Cut& a, const Cut& b) { return a.at < b.at; });
  std::vector<Cut> apart;
  for (const Cut& cut : all)
    if (apart.empty() || cut.at >= apart.back().at + apart.back().bytes) apart.push_back(cut);
  return apart;
}

std::vector<Cut> secrets_at(const SourceMap& sources, SourceId source, uint32_t place) {
  constexpr size_t reach = 8192;  // bytes around the place
  std::string_view line = sources.line_at(source, place);
  uint32_t start = sources.line_start(source, place);
  std::string_view above = start > 0 ? sources.line_at(source, start - 1) : std::string_view();
  above.remove_prefix(above.size() - std::min(above.size(), reach));
  size_t at = std::min<size_t>(place - start, line.size()), from = at - std::min(at, reach);
  std::vector<Cut> cuts = secrets_of(line.substr(from, 2 * reach), from == 0 ? above : std::string_view());
  for (Cut& cut : cuts) cut.at += from;
  return cuts;
}

std::string masked(std::string_view text) {
  std::string out;
  size_t copied = 0;
  for (const Cut& cut : secrets_of(text)) {
    out.append(text.substr(copied, cut.at - copied)).append(mask);
    copied = cut.at + cut.bytes;
  }
  return out.append(text.substr(copied));
}

}  // namespace rollout
