// SourceMap owns the texts of one run of the compiler and turns offsets into lines and columns.
// Texts are never removed, so views into them stay valid as long as the map.
#pragma once

#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "compiler/base/span.h"

namespace rollout {

/// 1-based; `column` counts Unicode code points, as editors show them.
struct Location {
  uint32_t line = 1;
  uint32_t column = 1;
};

class SourceMap {
 public:
  /// `name` is the path inside the project, or `std/…` for the embedded library.
  SourceId add(std::string name, std::string text);

  std::string_view name(SourceId id) const;
  /// The name as a person would type it; `name` where nothing else was said.
  std::string shown_name(SourceId id) const;
  /// Says how people type names. Texts of the embedded library keep theirs.
  void show_names_as(std::function<std::string(std::string_view)> shown) { shown_ = std::move(shown); }
  std::string_view text(SourceId id) const;
  std::string_view text(Span span) const;
  Location locate(SourceId id, uint32_t offset) const;
  /// The line that holds `offset`, without its line break.
  std::string_view line_at(SourceId id, uint32_t offset) const;
  uint32_t line_start(SourceId id, uint32_t offset) const;
  /// Where a line begins, counted from 1; nothing: there are fewer.
  std::optional<uint32_t> begin_of_line(SourceId id, uint32_t line) const;
  size_t size() const { return sources_.size(); }
  size_t bytes() const { return bytes_; }  ///< of all texts together

 private:
  struct Source {
    std::string name;
    std::string text;
    // Built on the first question.
    mutable std::vector<uint32_t> line_starts;
    mutable std::vector<uint32_t> points_before;  ///< code points before each block of bytes
  };
  const Source& at(SourceId id) const;
  const Source& measured(SourceId id) const;
  static uint32_t points_before(const Source& source, size_t offset);
  static size_t line_index(const Source& source, uint32_t offset);

  std::deque<Source> sources_;
  size_t bytes_ = 0;
  std::function<std::string(std::string_view)> shown_;
};

}  // namespace rollout
