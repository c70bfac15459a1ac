// Claims: which process acts on which services. One interface for a state that one machine keeps (locks of files, that
// the kernel gives back) and for one that machines share (rows that end by the server's clock). For those that drive
// runs. Always true: a service has one claimant at a time; whoever has lost one of its services to another process
// records nothing more, and so begins no further effect.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "compiler/base/result.h"
#include "runtime/effects/service_lock.h"

namespace rollout::journal {

/// How long a claim of a shared state lasts without a word of its process, by the clock of whoever keeps the claims.
inline constexpr int64_t claim_s = 30, least_claim_s = 2, most_claim_s = 600;
inline constexpr size_t max_waiting = 1000;  ///< runs that are given at once

class Claims {
 public:
  virtual ~Claims() = default;
  /// All of them or none, and no others; refused while somebody else has one, who is named. `run`: empty when it is
  /// yet to begin.
  virtual Status take(const std::vector<std::string>& services, std::string_view holder, std::string_view run) = 0;
  /// Says which run is driven, for those who find a service claimed.
  virtual Status name(std::string_view run) = 0;
  virtual void give_back() = 0;
  virtual Result<std::optional<effects::Holder>> claimant(std::string_view service) = 0;

  /// Puts the end of what was taken off; asked often, it writes seldom. Refused when another process has taken it.
  virtual Status renew() { return Done{}; }
  /// The number of what was taken, for whoever writes by another connection; 0: nothing was, or nobody else may act.
  virtual int64_t token() const { return 0; }
  /// How long after `renew` a call may still begin.
  virtual int64_t sure_ns() const { return INT64_MAX; }

  /// Whether other machines may drive the runs. The rest is for workers, of this one or of others.
  virtual bool shared() const { return false; }
  /// Gives back, and leaves the run that was named to whoever waits for one.
  virtual void hand_over() { give_back(); }
  /// The same for a run that nobody drives.
  virtual Status offer(const std::vector<std::string>& /*services*/, std::string_view /*run*/) { return Done{}; }
  /// Runs and promotions that were left to others, or whose process has died, the longest waiting first; not a run
  /// whose promotion is among them or is driven, which drives it.
  virtual Result<std::vector<std::string>> waiting() { return std::vector<std::string>(); }
};

/// What was taken, for as long as this exists.
class Claimed {
 public:
  static Result<Claimed> take(Claims& claims, const std::vector<std::string>& services, std::string_view holder,
                              std::string_view run) {
    if (Status taken = claims.take(services, holder, run); !taken) return taken.error();
    return Claimed(claims);
  }
  Claimed(Claimed&& other) noexcept : claims_(std::exchange(other.claims_, nullptr)) {}
  Claimed& operator=(Claimed&&) = delete;
  ~Claimed() { give_back(); }

  Claims& claims() const { return *claims_; }
  void give_back() {
    if (Claims* claims = std::exchange(claims_, nullptr)) claims->give_back();
  }
  void hand_over() {
    if (Claims* claims = std::exchange(claims_, nullptr)) claims->hand_over();
  }

 private:
  explicit Claimed(Claims& claims) : claims_(&claims) {}
  Claims* claims_;
};

}  // namespace rollout::journal
