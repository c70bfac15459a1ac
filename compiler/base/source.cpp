#include "compiler/base/source.h"

#include <algorithm>

#include "compiler/base/check.h"

namespace rollout {

namespace {

/// Code points are counted at the beginning of each block: a line may be as long as a file.
constexpr size_t block_bytes = 256;

bool begins_point(char byte) { return (uint8_t(byte) & 0xC0) != 0x80; }

}  // namespace

SourceId SourceMap::add(std::string name, std::string text) {
  bytes_ += text.size();
  sources_.push_back({std::move(name), std::move(text), {}, {}});
  return SourceId(sources_.size() - 1);
}

const SourceMap::Source& SourceMap::at(SourceId id) const {
  ROLLOUT_CHECK(size_t(id) < sources_.size(), "a SourceId comes from this map");
  return sources_[size_t(id)];
}

std::string SourceMap::shown_name(SourceId id) const {
  std::string_view own = name(id);
  return shown_ && own.substr(0, 4) != "std/" ? shown_(own) : std::string(own);
}

std::string_view SourceMap::name(SourceId id) const { return at(id).name; }
std::string_view SourceMap::text(SourceId id) const { return at(id).text; }

std::string_view SourceMap::text(Span span) const {
  return text(span.source).substr(span.begin, span.end - span.begin);
}

const SourceMap::Source& SourceMap::measured(SourceId id) const {
  const Source& source = at(id);
  if (!source.line_starts.empty()) return source;
  source.line_starts.push_back(0);
  uint32_t points = 0;
  for (size_t i = 0; i < source.text.size(); ++i) {
    if (i % block_bytes == 0) source.points_before.push_back(points);
    points += begins_point(source.text[i]);
    if (source.text[i] == '\n') source.line_starts.push_back(uint32_t(i + 1));
  }
  source.points_before.push_back(points);
  return source;
}

size_t SourceMap::line_index(const Source& source, uint32_t offset) {
  auto next = std::upper_bound(source.line_starts.begin(), source.line_starts.end(), offset);
  return size_t(next - source.line_starts.begin()) - 1;
}

uint32_t SourceMap::points_before(const Source& source, size_t offset) {
  size_t block = offset / block_bytes;
  auto begin = source.text.begin() + ssize_t(block * block_bytes), end = source.text.begin() + ssize_t(offset);
  return source.points_before[block] + uint32_t(std::count_if(begin, end, begins_point));
}

Location SourceMap::locate(SourceId id, uint32_t offset) const {
  const Source& source = measured(id);
  size_t line = line_index(source, offset);
  size_t start = source.line_starts[line], end = std::max(start, std::min<size_t>(offset, source.text.size()));
  return {uint32_t(line + 1), points_before(source, end) - points_before(source, start) + 1};
}

uint32_t SourceMap::line_start(SourceId id, uint32_t offset) const {
  const Source& source = measured(id);
  return source.line_starts[line_index(source, offset)];
}

std::optional<uint32_t> SourceMap::begin_of_line(SourceId id, uint32_t line) const {
  const Source& source = measured(id);
  return line >= 1 && line <= source.line_starts.size() ? std::optional(source.line_starts[line - 1]) : std::nullopt;
}

std::string_view SourceMap::line_at(SourceId id, uint32_t offset) const {
  const Source& source = measured(id);
  size_t line = line_index(source, offset);
  size_t begin = source.line_starts[line];
  size_t end = source.text.find('\n', begin);
  std::string_view text(source.text.data() + begin, (end == std::string::npos ? source.text.size() : end) - begin);
  if (!text.empty() && text.back() == '\r') text.remove_suffix(1);
  return text;
}

}  // namespace rollout
