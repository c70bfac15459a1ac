// A place in a source text: which text, and the half-open range of bytes in it.
#pragma once

#include <cstdint>

namespace rollout {

/// Index of a text in a SourceMap. 0 is the first text that was added.
enum class SourceId : uint32_t { None = UINT32_MAX };

struct Span {
  SourceId source = SourceId::None;
  uint32_t begin = 0;  ///< byte offset
  uint32_t end = 0;    ///< byte offset, past the last byte; end >= begin

  bool valid() const { return source != SourceId::None; }
};

/// The span from the start of `first` to the end of `last`; both lie in the same text.
inline Span join(Span first, Span last) { return {first.source, first.begin, last.end}; }

/// The empty span right behind `span`: where something is missing.
inline Span after(Span span) { return {span.source, span.end, span.end}; }

}  // namespace rollout
