// Witness: how that which a diagnostic speaks of comes about, moment by moment, and the command that shows it happen.
// For findings of proofs, and for everything that shows diagnostics.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace rollout {

/// One moment of a path, counted from where the path begins.
struct Moment {
  int64_t at_ns = 0;
  std::string text;          ///< what is done, or what is so from here on
  std::string outcome = {};  ///< what comes of it: `no evidence`, `fails`; empty: what was meant to
};

struct Witness {
  std::string id;                  ///< stable as long as diagnostic, rollout and place are the same
  std::string computed, required;  ///< the bound and what it was to keep within, or the same in words
  std::vector<Moment> path;        ///< which attains the bound
  std::string replay;              ///< `rollout simulate shop.rollout release --counterexample 3f09a1c2`
};

/// `00:00 shift checkout to 1% → 05:00 healthy(checkout): no evidence → …`; of a long one the middle is left out.
std::string path_text(const std::vector<Moment>& path);

}  // namespace rollout
