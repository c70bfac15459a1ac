#include "tests/manual/grammar.h"

#include <cctype>
#include <map>
#include <regex>
#include <sstream>

#include <fmt/format.h>

namespace rollout::manual {

namespace {

using Rules = std::map<std::string, std::string>;

constexpr std::string_view fence = "```";
constexpr std::string_view excerpt_fence = "```ebnf";

/// LBRACE → '{', and the words, which the lexer lists in `tokens { … }`: HOLD → 'hold'. Tokens that are no single text
/// are left out.
Rules texts_of_tokens(const std::string& lexer) {
  static const std::regex sign(R"(([A-Z_]+): ('[^']+');)"), word("[A-Z]+");
  Rules texts;
  for (std::sregex_iterator at(lexer.begin(), lexer.end(), sign), end; at != end; ++at) texts[at->str(1)] = at->str(2);
  size_t begin = lexer.find("tokens {");
  std::string words = lexer.substr(begin, lexer.find('}', begin) - begin);
  for (std::sregex_iterator at(words.begin(), words.end(), word), end; at != end; ++at) {
    std::string small = at->str();
    for (char& c : small) c = char(std::tolower(c));
    texts[at->str()] = fmt::format("'{}'", small);
  }
  return texts;
}

std::string readable(const std::string& rule, const Rules& tokens) {
  static const std::regex label(R"( *# ?\w+)"), token(R"([A-Z][A-Z_]+)");
  std::string bare = std::regex_replace(rule, label, ""), out;
  std::sregex_iterator at(bare.begin(), bare.end(), token), end;
  size_t copied = 0;
  for (; at != end; ++at) {
    auto text = tokens.find(at->str());
    out += bare.substr(copied, size_t(at->position()) - copied) + (text == tokens.end() ? at->str() : text->second);
    copied = size_t(at->position() + at->length());
  }
  return out + bare.substr(copied);
}

/// Each parser rule, from its name to the line that ends in `;`.
Rules rules_of(const std::string& parser, const Rules& tokens) {
  static const std::regex begin(R"(^([a-z]\w*)(:.*)?$)");
  Rules rules;
  std::string open;
  std::istringstream lines(parser);
  for (std::string line; std::getline(lines, line);) {
    std::smatch found;
    if (open.empty() && std::regex_match(line, found, begin)) open = found[1];
    if (open.empty()) continue;
    rules[open] += readable(line, tokens) + "\n";
    if (line.ends_with(';')) open.clear();
  }
  return rules;
}

}  // namespace

std::optional<std::string> with_excerpts(const std::string& page, const std::string& lexer, const std::string& parser) {
  Rules rules = rules_of(parser, texts_of_tokens(lexer));
  std::string out;
  bool skips = false;
  std::istringstream lines(page);
  for (std::string line; std::getline(lines, line);) {
    if (skips && !line.starts_with(fence)) continue;
    skips = false;
    out += line + "\n";
    if (!line.starts_with(excerpt_fence)) continue;
    skips = true;
    std::istringstream names(line.substr(excerpt_fence.size()));
    for (std::string name; names >> name; out += rules[name]) {
      if (rules.contains(name)) continue;
      fmt::print("FAILED: the grammar has no rule `{}`, which an excerpt names\n", name);
      return std::nullopt;
    }
  }
  return out;
}

}  // namespace rollout::manual
