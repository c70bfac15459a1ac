#include "compiler/eval/version.h"

#include <fmt/format.h>
#include <llvm/ADT/StringExtras.h>
#include <llvm/ADT/StringRef.h>

namespace rollout::eval {

namespace {

using llvm::StringRef;

struct Parts {
  StringRef numbers, pre_release, build;
};

Parts parts_of(StringRef text) {
  Parts parts;
  text.consume_front("v");
  std::tie(text, parts.build) = text.split('+');
  std::tie(parts.numbers, parts.pre_release) = text.split('-');
  return parts;
}

bool is_digits(StringRef text) { return !text.empty() && llvm::all_of(text, llvm::isDigit); }

/// Numbers of any length, written without leading zeros.
int compare_numbers(StringRef left, StringRef right) {
  if (left.size() != right.size()) return left.size() < right.size() ? -1 : 1;
  return left.compare(right);
}

/// Numbers stand before words.
int compare_identifiers(StringRef left, StringRef right) {
  bool a = is_digits(left), b = is_digits(right);
  if (a && b) return compare_numbers(left, right);
  return a != b ? (a ? -1 : 1) : left.compare(right);
}

/// A version without one is the release, which comes after all its pre-releases; a longer one after its beginning.
int compare_pre_releases(StringRef left, StringRef right) {
  if (left.empty() || right.empty()) return int(left.empty()) - int(right.empty());
  while (!left.empty() && !right.empty()) {
    auto [a, left_rest] = left.split('.');
    auto [b, right_rest] = right.split('.');
    if (int order = compare_identifiers(a, b)) return order;
    left = left_rest;
    right = right_rest;
  }
  return int(!left.empty()) - int(!right.empty());
}

std::optional<TextProblem> number_problem(StringRef number, size_t at) {
  if (!is_digits(number))
    return TextProblem{fmt::format("a version is numbers such as \"1.4.2\"; \"{}\" is no number", number.str()), at,
                       number.size()};
  if (number.size() > 1 && number.front() == '0')
    return TextProblem{fmt::format("the number \"{}\" begins with a zero", number.str()), at, number.size()};
  return std::nullopt;
}

std::optional<TextProblem> identifier_problem(StringRef text, size_t at, bool numbers_matter) {
  StringRef rest = text;
  for (bool more = true; more;) {
    size_t dot = rest.find('.');
    StringRef identifier = rest.substr(0, dot);
    if (identifier.empty())
      return TextProblem{"a word is missing behind the \"-\", the \"+\" or a dot", at, 0};
    for (size_t i = 0; i < identifier.size(); ++i)
      if (!llvm::isAlnum(identifier[i]) && identifier[i] != '-')
        return TextProblem{fmt::format("\"{}\" may not stand in a version", identifier[i]), at + i, 1};
    if (numbers_matter && is_digits(identifier))
      if (std::optional<TextProblem> problem = number_problem(identifier, at)) return problem;
    more = dot != StringRef::npos;
    at += identifier.size() + 1;
    rest = more ? rest.substr(dot + 1) : StringRef();
  }
  return std::nullopt;
}

}  // namespace

std::optional<TextProblem> version_problem(std::string_view text) {
  StringRef whole(text);
  constexpr size_t most_numbers = 3;
  Parts parts = parts_of(whole);
  size_t at = whole.startswith("v"), count = 0;
  StringRef rest = parts.numbers;
  for (bool more = true; more; ++count) {
    size_t dot = rest.find('.');
    StringRef number = rest.substr(0, dot);
    if (count == most_numbers) return TextProblem{"a version has at most three numbers", at, number.size()};
    if (std::optional<TextProblem> problem = number_problem(number, at)) return problem;
    more = dot != StringRef::npos;
    at += number.size() + 1;
    rest = more ? rest.substr(dot + 1) : StringRef();
  }
  StringRef before_build = whole.split('+').first;
  if (before_build.contains('-'))
    if (auto problem = identifier_problem(parts.pre_release, before_build.find('-') + 1, true)) return problem;
  if (whole.contains('+')) return identifier_problem(parts.build, whole.find('+') + 1, false);
  return std::nullopt;
}

int compare_versions(std::string_view left, std::string_view right) {
  Parts a = parts_of(left), b = parts_of(right);
  while (!a.numbers.empty() || !b.numbers.empty()) {
    StringRef x, y;
    std::tie(x, a.numbers) = a.numbers.split('.');
    std::tie(y, b.numbers) = b.numbers.split('.');
    if (int order = compare_numbers(x.empty() ? "0" : x, y.empty() ? "0" : y)) return order;
  }
  return compare_pre_releases(a.pre_release, b.pre_release);
}

}  // namespace rollout::eval
