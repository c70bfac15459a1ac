// Claims: which process acts on which services, where machines share a state. For those that drive runs, instead of
// locks of files. Always true: a service has one claimant at a time; whoever has lost one of its services to another
// process records nothing more, and so begins no further effect.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "compiler/base/result.h"

namespace rollout::journal {

/// How long a claim lasts without a word of its process, by the clock of whoever keeps the claims.
inline constexpr int64_t claim_s = 30;

struct Claimant {
  std::string holder;  ///< `user@host, process 4711`
  std::string run;     ///< that it drives; empty before it has begun one
};

class Claims {
 public:
  virtual ~Claims() = default;
  /// All of them or none; refused while somebody else has one, who is named. `run`: empty when it is yet to begin.
  virtual Status take(const std::vector<std::string>& services, std::string_view holder, std::string_view run) = 0;
  /// Says which run is driven, for those who find a service claimed.
  virtual Status name(std::string_view run) = 0;
  virtual void give_back() = 0;
  virtual Result<std::optional<Claimant>> claimant(std::string_view service) = 0;
};

}  // namespace rollout::journal
