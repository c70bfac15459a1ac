#include "compiler/base/json.h"

#include <algorithm>
#include <cmath>
#include <set>

#include <fmt/format.h>
#include <llvm/Support/ConvertUTF.h>
#include <simdjson.h>

namespace rollout::json {

namespace {

/// A value in the tree takes a hundred bytes, and two in the shortest text. What others send has at most 8 MiB, and is
/// read in less than 512 MiB, whatever it is. A longer text, such as a plan, says more than numbers: twelve bytes a
/// value in our own.
constexpr size_t max_values = 1'000'000, least_bytes_a_value = 8;

Node convert(const simdjson::dom::element& element) {
  using simdjson::dom::element_type;
  Node node;
  switch (element.type()) {
    case element_type::NULL_VALUE: break;
    case element_type::BOOL:
      node.kind = Node::Kind::Bool;
      node.boolean = bool(element);
      break;
    case element_type::INT64:
      node.kind = Node::Kind::Int;
      node.integer = int64_t(element);
      break;
    case element_type::UINT64:
    case element_type::DOUBLE:
      node.kind = Node::Kind::Double;
      node.number = double(element);
      break;
    case element_type::STRING:
      node.kind = Node::Kind::String;
      node.string = std::string(std::string_view(element));
      break;
    case element_type::ARRAY: {
      node.kind = Node::Kind::Array;
      simdjson::dom::array items(element);
      node.items.reserve(items.size());
      for (simdjson::dom::element item : items) node.items.push_back(convert(item));
      break;
    }
    case element_type::OBJECT: {
      node.kind = Node::Kind::Object;
      simdjson::dom::object fields(element);
      node.fields.reserve(fields.size());
      for (auto field : fields) node.fields.emplace_back(field.key, convert(field.value));
      break;
    }
  }
  return node;
}

/// How many values a text holds at most: each is the first one, begins an array or an object, is the first in one, or
/// follows a comma. Commas in texts count too.
size_t values_at_most(std::string_view text) {
  auto count = [&](char c) { return size_t(std::count(text.begin(), text.end(), c)); };
  return 1 + count(',') + 2 * (count('[') + count('{'));
}

const Node null_node;

std::string escaped(char c) {
  switch (c) {
    case '"': return "\\\"";
    case '\\': return "\\\\";
    case '\n': return "\\n";
    case '\r': return "\\r";
    case '\t': return "\\t";
    default: return fmt::format("\\u{:04x}", int(c));
  }
}

constexpr std::string_view replacement = "\xEF\xBF\xBD";  ///< U+FFFD

/// Adds the first character of `text`, which is no plain one, and gives its bytes. What is not UTF-8, such as a backend
/// may answer, becomes U+FFFD: no reader would take the whole otherwise.
size_t append_special(std::string& out, std::string_view text) {
  if (uint8_t(text[0]) < 0x80) {
    out += escaped(text[0]);
    return 1;
  }
  auto* begin = reinterpret_cast<const llvm::UTF8*>(text.data());
  bool legal = llvm::isLegalUTF8Sequence(begin, begin + text.size());
  size_t bytes = legal ? llvm::getNumBytesForUTF8(*begin) : 1;
  out += legal ? text.substr(0, bytes) : replacement;
  return bytes;
}

void append_quoted(std::string& out, std::string_view text) {
  auto plain = [](char c) { return uint8_t(c) >= 0x20 && uint8_t(c) < 0x80 && c != '"' && c != '\\'; };
  out += '"';
  for (size_t at = 0; at < text.size();) {
    size_t end = at;
    while (end < text.size() && plain(text[end])) ++end;
    out += text.substr(at, end - at);
    at = end;
    if (at < text.size()) at += append_special(out, text.substr(at));
  }
  out += '"';
}

}  // namespace

const Node* Node::find(std::string_view key) const {
  for (const auto& [name, node] : fields)
    if (name == key) return &node;
  return nullptr;
}

const Node& Node::operator[](std::string_view key) const {
  const Node* node = find(key);
  return node ? *node : null_node;
}

int64_t Node::as_int(int64_t fallback) const { return kind == Kind::Int ? integer : fallback; }

double Node::as_double(double fallback) const {
  if (kind == Kind::Int) return double(integer);
  return kind == Kind::Double ? number : fallback;
}

std::string_view Node::as_string(std::string_view fallback) const {
  return kind == Kind::String ? std::string_view(string) : fallback;
}

Result<Node> parse(std::string_view text) {
  if (text.size() > max_bytes)
    return OpError{fmt::format("the JSON text has {} bytes; at most {} are read", text.size(), max_bytes)};
  const size_t most = max_values + text.size() / least_bytes_a_value;
  if (size_t values = values_at_most(text); values > most)
    return OpError{fmt::format("the JSON text holds up to {} values; at most {} are read", values, most)};
  simdjson::dom::parser parser;
  if (auto error = parser.allocate(text.size() + 1, max_depth)) return OpError{simdjson::error_message(error)};
  simdjson::dom::element root;
  if (auto error = parser.parse(text.data(), text.size()).get(root))
    return OpError{fmt::format("not JSON: {}", simdjson::error_message(error))};
  return convert(root);
}

bool has_twice(const Node& node) {
  std::set<std::string_view> names;
  for (const auto& [name, value] : node.fields)
    if (!names.insert(name).second || has_twice(value)) return true;
  return std::any_of(node.items.begin(), node.items.end(), has_twice);
}

void Writer::separate() {
  if (needs_comma_) out_ += ',';
  needs_comma_ = true;
}

Writer& Writer::begin_object() { separate(); out_ += '{'; needs_comma_ = false; return *this; }
Writer& Writer::end_object() { out_ += '}'; needs_comma_ = true; return *this; }
Writer& Writer::begin_array() { separate(); out_ += '['; needs_comma_ = false; return *this; }
Writer& Writer::end_array() { out_ += ']'; needs_comma_ = true; return *this; }

Writer& Writer::key(std::string_view name) {
  separate();
  append_quoted(out_, name);
  out_ += ':';
  needs_comma_ = false;
  return *this;
}

Writer& Writer::value(std::string_view text) {
  separate();
  append_quoted(out_, text);
  return *this;
}
Writer& Writer::value(int64_t number) { return raw(fmt::format_int(number).c_str()); }
Writer& Writer::value(double number) { return std::isfinite(number) ? raw(fmt::format("{}", number)) : null(); }
Writer& Writer::value(bool flag) { return raw(flag ? "true" : "false"); }
Writer& Writer::null() { return raw("null"); }

Writer& Writer::raw(std::string_view text) {
  separate();
  out_ += text;
  return *this;
}

std::string quote(std::string_view text) {
  std::string out;
  append_quoted(out, text);
  return out;
}

}  // namespace rollout::json
