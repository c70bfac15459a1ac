#include "compiler/eval/image.h"

#include <fmt/format.h>
#include <llvm/ADT/StringExtras.h>
#include <llvm/ADT/StringRef.h>

namespace rollout::eval {

namespace {

using llvm::StringRef;

constexpr size_t max_name_bytes = 255;
constexpr size_t max_tag_bytes = 128;

struct Digest {
  StringRef algorithm;
  size_t digits;
};
constexpr Digest digests[] = {{"sha256", 64}, {"sha512", 128}};

bool is_small(char c) { return (c >= 'a' && c <= 'z') || llvm::isDigit(c); }
bool is_separator(char c) { return c == '.' || c == '_' || c == '-'; }

/// `acme`, `my-shop`, `a__b`: words in small letters, with `.`, `_`, `__` or any number of `-` between them.
std::optional<TextProblem> component_problem(StringRef part, size_t at) {
  if (part.empty()) return TextProblem{"a part of the name is empty: there is a \"/\" too many", at, 0};
  for (size_t i = 0; i < part.size(); ++i) {
    if (part[i] >= 'A' && part[i] <= 'Z')
      return TextProblem{fmt::format("names of images are written small; \"{}\" is a capital letter", part[i]), at + i,
                         1};
    if (!is_small(part[i]) && !is_separator(part[i]))
      return TextProblem{fmt::format("\"{}\" may not stand in the name of an image", part[i]), at + i, 1};
  }
  if (is_separator(part.front())) return TextProblem{"a part of the name begins with a letter or digit", at, 1};
  if (is_separator(part.back()))
    return TextProblem{"a part of the name ends with a letter or digit", at + part.size() - 1, 1};
  for (size_t i = 1; i + 1 < part.size();) {
    size_t end = i;
    while (is_separator(part[end])) ++end;
    StringRef between = part.substr(i, end - i);
    bool fits = between.size() < 2 || between == "__" || between.find_first_not_of('-') == StringRef::npos;
    if (!fits)
      return TextProblem{fmt::format("\"{}\" may not stand between two words of a name", between.str()), at + i,
                         between.size()};
    i = end + 1;
  }
  return std::nullopt;
}

/// The first part is a registry when it looks like a host: `localhost`, with a dot or with a port.
bool is_registry(StringRef part) { return part == "localhost" || part.contains('.') || part.contains(':'); }

std::optional<TextProblem> registry_problem(StringRef registry) {
  auto [host, port] = registry.split(':');
  if (registry.contains(':') && (port.empty() || !llvm::all_of(port, llvm::isDigit)))
    return TextProblem{fmt::format("the port of a registry is a number, not \"{}\"", port.str()), host.size() + 1,
                       port.size()};
  size_t at = 0;
  for (StringRef rest = host; at <= host.size();) {
    auto [label, more] = rest.split('.');
    bool fits = !label.empty() && label.front() != '-' && label.back() != '-' &&
                llvm::all_of(label, [](char c) { return llvm::isAlnum(c) || c == '-'; });
    if (!fits) return TextProblem{fmt::format("\"{}\" is no host of a registry", host.str()), at, label.size()};
    at += label.size() + 1;
    rest = more;
  }
  return std::nullopt;
}

std::optional<TextProblem> name_problem(StringRef name) {
  if (name.size() > max_name_bytes)
    return TextProblem{fmt::format("the name of an image has at most {} bytes", max_name_bytes), 0, name.size()};
  size_t at = 0;
  bool more = name.contains('/');
  StringRef rest = name;
  if (more && is_registry(name.split('/').first)) {
    if (auto problem = registry_problem(name.split('/').first)) return problem;
    at = name.find('/') + 1;
    rest = name.substr(at);
  }
  for (more = true; more;) {
    size_t slash = rest.find('/');
    StringRef part = rest.substr(0, slash);
    if (auto problem = component_problem(part, at)) return problem;
    more = slash != StringRef::npos;
    at += part.size() + 1;
    rest = more ? rest.substr(slash + 1) : StringRef();
  }
  return std::nullopt;
}

std::optional<TextProblem> tag_problem(StringRef tag, size_t at) {
  if (tag.empty()) return TextProblem{"an image is name:tag, such as \"shop:1.1\"; the tag is missing", at, 0};
  if (tag.size() > max_tag_bytes)
    return TextProblem{fmt::format("a tag has at most {} bytes", max_tag_bytes), at, tag.size()};
  for (size_t i = 0; i < tag.size(); ++i) {
    bool fits = llvm::isAlnum(tag[i]) || tag[i] == '_' || (i > 0 && (tag[i] == '.' || tag[i] == '-'));
    if (!fits) return TextProblem{fmt::format("\"{}\" may not stand {} a tag", tag[i], i ? "in" : "at the start of"),
                                  at + i, 1};
  }
  return std::nullopt;
}

std::optional<TextProblem> digest_problem(StringRef digest, size_t at) {
  auto [algorithm, hex] = digest.split(':');
  for (const Digest& known : digests) {
    if (algorithm != known.algorithm) continue;
    bool fits = hex.size() == known.digits &&
                llvm::all_of(hex, [](char c) { return llvm::isDigit(c) || (c >= 'a' && c <= 'f'); });
    if (fits) return std::nullopt;
    return TextProblem{fmt::format("a {} digest is {} digits of 0-9 and a-f", algorithm.str(), known.digits),
                       at + algorithm.size() + 1, hex.size()};
  }
  return TextProblem{"a digest is sha256:… or sha512:…", at, digest.size()};
}

/// Where the name ends: at the colon behind the last slash.
size_t name_end(StringRef named) {
  size_t slash = named.rfind('/');
  size_t colon = named.find(':', slash == StringRef::npos ? 0 : slash);
  return colon == StringRef::npos ? named.size() : colon;
}

}  // namespace

ImageParts image_parts(std::string_view text) {
  auto [named, digest] = StringRef(text).split('@');
  size_t end = name_end(named);
  StringRef tag = end < named.size() ? named.substr(end + 1) : StringRef();
  StringRef name = named.substr(0, end), first = name.split('/').first;
  return {name.contains('/') && is_registry(first) ? first : StringRef(), name, tag, digest};
}

std::optional<TextProblem> image_problem(std::string_view text) {
  StringRef whole(text);
  StringRef named = whole.split('@').first;
  size_t end = name_end(named);
  if (end == 0) return TextProblem{"an image is name:tag, such as \"shop:1.1\"; the name is missing", 0, 0};
  if (auto problem = name_problem(named.substr(0, end))) return problem;
  StringRef tag = end < named.size() ? named.substr(end + 1) : StringRef();
  if (auto problem = tag_problem(tag, std::min(end + 1, whole.size()))) return problem;
  if (whole.contains('@')) return digest_problem(whole.substr(named.size() + 1), named.size() + 1);
  return std::nullopt;
}

}  // namespace rollout::eval
