// Private to compiler/suggest: a file without what one of its rollouts does not need, so that an edit is tried in the
// time that this rollout takes. What is left out is blank, and all else keeps its place: offsets, lines and the ids of
// findings are those of the whole file.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "compiler/compile.h"

namespace rollout::suggest {

struct Excerpt {
  std::string text;
  size_t blank = 0;  ///< bytes of it that were left out
};

/// The declarations of the file that was asked for, and which of them name each other. A name in a text or in a
/// comment counts: too much is kept, never too little.
class Outline {
 public:
  explicit Outline(const Compilation& compilation);

  /// With the rollout, the tests and promotions of it, and what any of these names; always with policies,
  /// environments, teams and gates. Nothing: it needs everything.
  std::optional<Excerpt> of(std::string_view text, std::string_view rollout) const;
  /// Whether `edited` lies in this rollout, and so in the plan of no other one.
  bool is_within(std::string_view rollout, Span edited) const;
  /// The text at `at` has grown by so many bytes, or shrunk.
  void grow(uint32_t at, int64_t bytes);

 private:
  struct Part {
    uint32_t begin = 0, end = 0;
    std::string name;
    bool always = false;
  };
  std::vector<uint32_t> needed_by(std::string_view text, std::string_view rollout) const;

  SourceId source_ = SourceId::None;
  std::vector<Part> parts_;
  std::unordered_map<std::string_view, std::vector<uint32_t>> named_;      ///< what a name declares
  std::unordered_map<std::string_view, std::vector<uint32_t>> followers_;  ///< tests and promotions that name it
};

}  // namespace rollout::suggest
