// JSON, read and written. The writer's output is canonical: fields in the order they are given, no spaces,
// integers as they are; so the same values give the same bytes. The reader bounds depth and size.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "compiler/base/result.h"

namespace rollout::json {

inline constexpr size_t max_depth = 64;
inline constexpr size_t max_bytes = size_t{256} << 20;

/// A JSON value as a tree. Missing fields and wrong kinds read as the given fallback, never as an error;
/// readers that must be strict test `kind` first.
struct Node {
  enum class Kind { Null, Bool, Int, Double, String, Array, Object };
  Kind kind = Kind::Null;
  bool boolean = false;
  int64_t integer = 0;
  double number = 0;
  std::string string;
  std::vector<Node> items;
  std::vector<std::pair<std::string, Node>> fields;

  const Node* find(std::string_view key) const;
  /// The field, or a Null node.
  const Node& operator[](std::string_view key) const;
  bool is(Kind other) const { return kind == other; }
  int64_t as_int(int64_t fallback = 0) const;
  double as_double(double fallback = 0) const;
  bool as_bool(bool fallback = false) const { return kind == Kind::Bool ? boolean : fallback; }
  std::string_view as_string(std::string_view fallback = {}) const;
};

/// Error messages name the byte offset where known.
Result<Node> parse(std::string_view text);

/// Whether some object in it has two fields of one name: readers disagree about which of them counts.
bool has_twice(const Node& node);

/// Streams one JSON value; commas and colons are placed by the writer.
class Writer {
 public:
  Writer& begin_object();
  Writer& end_object();
  Writer& begin_array();
  Writer& end_array();
  Writer& key(std::string_view name);
  Writer& value(std::string_view text);
  Writer& value(const char* text) { return value(std::string_view(text)); }
  Writer& value(const std::string& text) { return value(std::string_view(text)); }
  Writer& value(int64_t number);
  Writer& value(uint64_t number) { return value(int64_t(number)); }
  Writer& value(int number) { return value(int64_t(number)); }
  Writer& value(uint32_t number) { return value(int64_t(number)); }
  /// Shortest text that reads back as the same double; NaN and infinities become null.
  Writer& value(double number);
  Writer& value(bool flag);
  Writer& null();
  template <typename T>
  Writer& field(std::string_view name, const T& what) { return key(name).value(what); }
  /// `text` is JSON already.
  Writer& raw(std::string_view text);

  std::string take() { return std::move(out_); }
  const std::string& text() const { return out_; }

 private:
  void separate();
  std::string out_;
  bool needs_comma_ = false;
};

/// `text` as a JSON string with its quotes.
std::string quote(std::string_view text);

}  // namespace rollout::json
