#include "runtime/backend/flagd_file.h"

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "compiler/base/json.h"
#include "compiler/eval/value.h"
#include "runtime/backend/json_text.h"

namespace rollout::backend {
namespace {

constexpr std::string_view generation_name = "rolloutGeneration";

/// Which of the members has that name; an error where several do: readers differ in which of them they take.
Result<std::optional<JsonMember>> find_member(const std::vector<JsonMember>& members, std::string_view name) {
  std::optional<JsonMember> found;
  for (const JsonMember& member : members) {
    if (member.name != name) continue;
    if (found) return OpError{fmt::format("`{}` stands there twice", name)};
    found = member;
  }
  return found;
}

/// Whole percents are written as such; anything else in the smallest numbers that say it exactly.
std::pair<int64_t, int64_t> weights_of(int64_t share_ppb) {
  int64_t total = 100;
  while (total < eval::percent_all && share_ppb % (eval::percent_all / total) != 0) total *= 10;
  const int64_t on = share_ppb / (eval::percent_all / total);
  return {on, total - on};
}

/// `text` with the bytes of each edit replaced, which stand in any order and do not overlap.
struct Edit {
  size_t begin = 0, end = 0;
  std::string text;
};
std::string edited(std::string text, std::vector<Edit> edits) {
  std::stable_sort(edits.begin(), edits.end(), [](const Edit& a, const Edit& b) { return a.begin > b.begin; });
  for (const Edit& edit : edits) text.replace(edit.begin, edit.end - edit.begin, edit.text);
  return text;
}

}  // namespace

OpError FlagdFile::refuse(const std::string& why) const {
  return settled_error(fmt::format("the flag `{}` in {} cannot be used: {}", names_.key, names_.path, why));
}

Result<FlagdFile> FlagdFile::read(std::string text, FlagdNames names) {
  FlagdFile file;
  file.text_ = std::move(text);
  file.names_ = std::move(names);
  const Result<json::Node> parsed = json::parse(file.text_);
  if (!parsed)
    return settled_error(
        fmt::format("{} is no flag definition file: {}", file.names_.path, parsed.error().message));
  if (!parsed->is(json::Node::Kind::Object))
    return settled_error(fmt::format("{} is no flag definition file: it is no object", file.names_.path));
  const size_t begin = file.text_.find('{');
  const auto flags = find_member(members_of(file.text_, begin), "flags");
  if (!flags) return file.refuse(flags.error().message);
  const auto flag = find_member(*flags ? members_of(file.text_, (*flags)->begin) : std::vector<JsonMember>(),
                                file.names_.key);
  if (!flag) return file.refuse(flag.error().message);
  if (!*flag || file.text_[(*flag)->begin] != '{')
    return file.refuse(fmt::format("it is not there; write it under `flags`, with the variants `{}` and `{}`",
                                   file.names_.on, file.names_.off));
  if (Status read = file.read_flag({(*flag)->begin, (*flag)->end}); !read) return read.error();
  return file;
}

Status FlagdFile::read_flag(Range flag) {
  flag_ = flag;
  const Result<json::Node> node = json::parse(std::string_view(text_).substr(flag.begin, flag.end - flag.begin));
  if (!node) return refuse(node.error().message);
  if ((*node)["state"].as_string() != "ENABLED") return refuse("it is not enabled; set its `state` to \"ENABLED\"");
  for (const std::string& variant : {names_.on, names_.off})
    if (!(*node)["variants"].find(variant)) return refuse(fmt::format("it has no variant `{}`; add it", variant));
  default_variant_ = (*node)["defaultVariant"].as_string();
  const std::vector<JsonMember> members = members_of(text_, flag.begin);
  const auto targeting = find_member(members, "targeting"), metadata = find_member(members, "metadata");
  for (const auto* member : {&targeting, &metadata})
    if (!*member) return refuse(member->error().message);
  if (*targeting) targeting_ = {(*targeting)->begin, (*targeting)->end};
  if (*metadata) {
    metadata_ = {(*metadata)->begin, (*metadata)->end};
    if (text_[metadata_.begin] != '{') return refuse("its `metadata` is no object");
    const auto at = find_member(members_of(text_, metadata_.begin), generation_name);
    if (!at) return refuse(at.error().message);
    if (*at) generation_at_ = {(*at)->begin, (*at)->end};
    generation_ = (*node)["metadata"][generation_name].as_int();
  }
  return read_share();
}

Status FlagdFile::read_share() {
  const std::vector<JsonMember> rules =
      targeting_.end == 0 ? std::vector<JsonMember>() : members_of(text_, targeting_.begin);
  if (targeting_.end > 0 && text_[targeting_.begin] != '{') return refuse("its `targeting` is no object");
  if (rules.empty()) {
    if (default_variant_ != names_.on && default_variant_ != names_.off)
      return refuse(fmt::format("its `defaultVariant` is neither `{}` nor `{}`", names_.on, names_.off));
    share_ppb_ = default_variant_ == names_.on ? eval::percent_all : 0;
    return Done{};
  }
  if (rules.size() > 1 || rules[0].name != "fractional" || text_[rules[0].begin] != '[')
    return refuse("it has targeting rules of its own, which a share would overwrite; take them out, or use another "
                  "flag");
  return read_fractional({rules[0].begin, rules[0].end});
}

/// `[BY, ["on", 10], ["off", 90]]`, where BY may be missing and a weight is 1 unless given.
Status FlagdFile::read_fractional(Range fractional) {
  std::vector<JsonMember> items = items_of(text_, fractional.begin);
  if (!items.empty() && text_[items[0].begin] != '[') {
    bucket_by_ = text_.substr(items[0].begin, items[0].end - items[0].begin);
    items.erase(items.begin());
  }
  int64_t on = 0, total = 0;
  for (const JsonMember& item : items) {
    const Result<json::Node> pair = json::parse(std::string_view(text_).substr(item.begin, item.end - item.begin));
    const bool known = pair && pair->is(json::Node::Kind::Array) && !pair->items.empty() && pair->items.size() <= 2 &&
                       (pair->items[0].as_string() == names_.on || pair->items[0].as_string() == names_.off);
    const int64_t weight = !known ? -1 : pair->items.size() == 1 ? 1 : pair->items[1].as_int(-1);
    if (weight < 0 || weight > INT32_MAX)
      return refuse(
          fmt::format("its `fractional` rule is not only a share of `{}` and of `{}`", names_.on, names_.off));
    total += weight;
    if (pair->items[0].as_string() == names_.on) on += weight;
  }
  if (total == 0 || total > INT32_MAX) return refuse("the weights of its `fractional` rule add up to no share");
  share_ppb_ = int64_t(__int128(on) * eval::percent_all / total);
  return Done{};
}

std::string FlagdFile::with(int64_t share_ppb, int64_t generation) const {
  const auto [on, off] = weights_of(share_ppb);
  const std::string by = bucket_by_.empty() ? "" : bucket_by_ + ", ";
  const std::string targeting = fmt::format(R"({{"fractional": [{}[{}, {}], [{}, {}]]}})", by, json::quote(names_.on),
                                            on, json::quote(names_.off), off);
  const std::string number = std::to_string(generation);
  const std::string field = fmt::format("\"{}\": {}", generation_name, number);
  std::vector<Edit> edits;
  std::string added;
  if (targeting_.end > 0) edits.push_back({targeting_.begin, targeting_.end, targeting});
  else added += fmt::format("\"targeting\": {}, ", targeting);
  if (generation_at_.end > 0) {
    edits.push_back({generation_at_.begin, generation_at_.end, number});
  } else if (metadata_.end > 0) {
    const bool empty = members_of(text_, metadata_.begin).empty();
    edits.push_back({metadata_.begin + 1, metadata_.begin + 1, field + (empty ? "" : ", ")});
  } else {
    added += fmt::format("\"metadata\": {{{}}}, ", field);
  }
  // In front of its first field: an enabled flag has some.
  const size_t first = text_.find_first_not_of(" \t\r\n", flag_.begin + 1);
  if (!added.empty()) edits.push_back({first, first, added});
  return edited(text_, std::move(edits));
}

}  // namespace rollout::backend
