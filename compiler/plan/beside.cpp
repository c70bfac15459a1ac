#include "compiler/plan/beside.h"

#include <fmt/format.h>
#include <llvm/ADT/SmallVector.h>
#include <llvm/ADT/StringExtras.h>
#include <llvm/ADT/StringRef.h>

#include "compiler/eval/image.h"
#include "compiler/eval/version.h"

namespace rollout::plan {

using llvm::StringRef;

std::string range_text(const Range& range) {
  if (range.most.empty()) return fmt::format(">= {}", range.least);
  return range.least == range.most ? range.least : fmt::format("{}..{}", range.least, range.most);
}

bool is_within(const Range& range, std::string_view version) {
  return (range.least.empty() || eval::compare_versions(version, range.least) >= 0) &&
         (range.most.empty() || eval::compare_versions(version, range.most) <= 0);
}

namespace {

OpError unclear(StringRef part, std::string_view why) {
  return OpError{fmt::format("`{}` {}; write it as `schema 12..13 of orders` or `>= 1.8`", part.trim().str(), why)};
}

Result<LabelPart> read_part(StringRef part) {
  llvm::SmallVector<StringRef> words;
  part.split(words, ' ', -1, false);
  LabelPart read;
  size_t at = 0;
  if (at < words.size() && words[at] == "schema") read.schema = true, ++at;
  bool open = at < words.size() && words[at].consume_front(">=");
  if (open && words[at].empty()) ++at;
  if (at == words.size()) return unclear(part, "names no version");
  auto [least, most] = words[at].split("..");
  bool range = !open && words[at].contains("..");
  read.range = {least.str(), open ? "" : range ? most.str() : least.str()};
  for (StringRef bound : {least, range ? most : least})
    if (eval::version_problem(bound)) return unclear(part, fmt::format("has `{}`, which is no version", bound.str()));
  if (++at < words.size() && words[at] == "of" && at + 1 < words.size()) read.of = words[at + 1].str(), at += 2;
  if (at != words.size()) return unclear(part, fmt::format("goes on with `{}`", words[at].str()));
  return read;
}

}  // namespace

Result<std::vector<LabelPart>> read_label(std::string_view text) {
  if (text.size() > max_label_bytes)
    return OpError{fmt::format("it has {} bytes, at most {} are read", text.size(), max_label_bytes)};
  std::vector<LabelPart> parts;
  for (StringRef rest = text; !rest.empty();) {
    auto [first, more] = rest.split(',');
    Result<LabelPart> part = read_part(first);
    if (!part) return part.error();
    parts.push_back(std::move(*part));
    rest = more;
  }
  return parts;
}

std::string schema_number(std::string_view migration) {
  StringRef rest = StringRef(migration).take_front(StringRef(migration).find("__"));
  rest = rest.drop_while(llvm::isAlpha);
  std::string number;
  for (StringRef part; !rest.empty();) {
    std::tie(part, rest) = rest.split(rest.contains('.') ? '.' : '_');
    StringRef plain = part.ltrim('0');
    if (plain.empty() && !part.empty()) plain = "0";
    number += (number.empty() ? "" : ".") + plain.str();
  }
  return number.empty() || eval::version_problem(number) ? "" : number;
}

std::string version_beside(bool database, std::string_view text) {
  if (database) return schema_number(text);
  if (eval::image_problem(text)) return {};
  std::string_view tag = eval::image_parts(text).tag;
  return eval::version_problem(tag) ? "" : std::string(tag);
}

}  // namespace rollout::plan
