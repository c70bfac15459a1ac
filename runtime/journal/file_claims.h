// The claims of a state that one machine keeps: a lock of a file for each service. For SqliteStore. Always true: a lock
// that nobody holds and that names a run with a mark behind it leaves that run to a worker; whoever gives one back in
// order takes the name out.
#pragma once

#include "runtime/journal/claims.h"

namespace rollout::journal {

class FileClaims : public Claims {
 public:
  explicit FileClaims(std::string directory) : directory_(std::move(directory)) {}

  Status take(const std::vector<std::string>& services, std::string_view holder, std::string_view run) override;
  Status name(std::string_view run) override;
  void give_back() override;
  void hand_over() override { locks_.clear(); }
  Status offer(const std::vector<std::string>& services, std::string_view run) override;
  Result<std::optional<effects::Holder>> claimant(std::string_view service) override {
    return effects::ServiceLock::holder_of(directory_, service);
  }

 protected:
  const std::string& directory() const { return directory_; }

 private:
  std::string directory_, holder_;
  std::vector<effects::ServiceLock> locks_;
};

}  // namespace rollout::journal
