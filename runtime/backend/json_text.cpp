#include "runtime/backend/json_text.h"

#include "compiler/base/json.h"

namespace rollout::backend {
namespace {

size_t skip_space(std::string_view text, size_t at) {
  const size_t found = text.find_first_not_of(" \t\r\n", at);
  return found == std::string_view::npos ? text.size() : found;
}

/// Behind the string that begins at `at`.
size_t skip_string(std::string_view text, size_t at) {
  for (++at; at < text.size() && text[at] != '"'; ++at)
    if (text[at] == '\\') ++at;
  return at + 1;
}

/// Behind the value that begins at `at`.
size_t skip_value(std::string_view text, size_t at) {
  int depth = 0;
  do {
    const char c = text[at];
    if (c == '"') {
      at = skip_string(text, at);
    } else if (c == '{' || c == '[') {
      ++depth, ++at;
    } else if (c == '}' || c == ']') {
      --depth, ++at;
    } else if (depth > 0) {
      ++at;
    } else {
      const size_t end = text.find_first_of(" \t\r\n,]}", at);
      at = end == std::string_view::npos ? text.size() : end;
    }
  } while (depth > 0 && at < text.size());
  return at;
}

std::string decoded(std::string_view quoted) {
  const Result<json::Node> name = json::parse(quoted);
  return name ? std::string(name->as_string()) : std::string();
}

std::vector<JsonMember> parts_of(std::string_view text, size_t begin, char opens, char closes) {
  std::vector<JsonMember> parts;
  if (begin >= text.size() || text[begin] != opens) return parts;
  for (size_t at = skip_space(text, begin + 1); at < text.size() && text[at] != closes;) {
    JsonMember part;
    if (opens == '{') {
      const size_t end = skip_string(text, at);
      part.name = decoded(text.substr(at, end - at));
      at = skip_space(text, skip_space(text, end) + 1);  // behind the colon
    }
    part.begin = at;
    part.end = skip_value(text, at);
    at = skip_space(text, part.end);
    if (at < text.size() && text[at] == ',') at = skip_space(text, at + 1);
    parts.push_back(std::move(part));
  }
  return parts;
}

}  // namespace

std::vector<JsonMember> members_of(std::string_view text, size_t begin) { return parts_of(text, begin, '{', '}'); }

std::vector<JsonMember> items_of(std::string_view text, size_t begin) { return parts_of(text, begin, '[', ']'); }

}  // namespace rollout::backend
