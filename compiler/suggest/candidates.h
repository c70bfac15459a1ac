// Private to compiler/suggest: edits that might mend a finding, the smallest change first. They are only tried: whether
// one mends it, the whole compiler says.
#pragma once

#include <string>
#include <vector>

#include "compiler/compile.h"

namespace rollout::suggest {

/// Edits of one file, in the order of its text, none of which touch.
struct Candidate {
  std::vector<Fix> fixes;
  double cost = 0;  ///< how much of a program it changes, and how far; less is better
};

inline constexpr size_t max_candidates = 400;  ///< of one finding

/// Whether this is about something that is proven, and so looked at.
bool is_mendable(const Diagnostic& finding);
/// Why no edit of ours could help against it; empty: one may.
std::string_view why_not(const Diagnostic& finding);

std::vector<Candidate> candidates_for(const Compilation& compilation, const Diagnostic& finding);

/// The rollout that a finding lies in; empty: none of the file's.
std::string rollout_of(const ir::Program& program, Span span);

}  // namespace rollout::suggest
