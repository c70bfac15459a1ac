// Private to compiler/suggest: edits that might mend a finding, the smallest change first. They are only tried: whether
// one mends it, the whole compiler says.
#pragma once

#include <string>
#include <vector>

#include "compiler/compile.h"

namespace rollout::suggest {

/// Edits of one file, in the order of its text, none of which touch. The shortest is the one that changes the fewest
/// places and then the least; what asks less of a promise comes behind all that does not.
struct Candidate {
  std::vector<Fix> fixes;
  double cost = 0;            ///< less is shorter: doublings of numbers, many more for each further place
  uint32_t group = UINT32_MAX;  ///< of candidates that turn the same numbers the same way; none: it stands alone
  ast::LiteralKind literal = ast::LiteralKind::None;  ///< of the numbers that it turns
};

inline constexpr size_t max_candidates = 400;  ///< of one finding
inline constexpr size_t max_numbers = 6;       ///< the nearest, of which two or three are turned together

/// All numbers of a group as far as they go: where that does not mend, nothing nearer does.
struct Group {
  Candidate farthest;
  uint32_t inside = UINT32_MAX;  ///< the group that turns these numbers and others
};

struct Tries {
  std::vector<Candidate> candidates;  ///< the shortest first
  std::vector<Group> groups;
};

/// Whether this is about something that is proven, and so looked at.
bool is_mendable(const Diagnostic& finding);
/// Why no edit of ours could help against it; empty: one may.
std::string_view why_not(const Diagnostic& finding);
/// What is looked at: those against which edits are tried, or the others.
std::vector<std::string_view> looked_at(bool tried);

Tries tries_for(const Compilation& compilation, const Diagnostic& finding);

}  // namespace rollout::suggest
