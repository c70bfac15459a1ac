// The claims of a state that one machine keeps: a lock of a file for each service. For SqliteStore.
#pragma once

#include "runtime/journal/claims.h"

namespace rollout::journal {

class FileClaims : public Claims {
 public:
  explicit FileClaims(std::string directory) : directory_(std::move(directory)) {}

  Status take(const std::vector<std::string>& services, std::string_view holder, std::string_view run) override;
  Status name(std::string_view run) override;
  void give_back() override { locks_.clear(); }
  Result<std::optional<effects::Holder>> claimant(std::string_view service) override {
    return effects::ServiceLock::holder_of(directory_, service);
  }

 private:
  std::string directory_, holder_;
  std::vector<effects::ServiceLock> locks_;
};

}  // namespace rollout::journal
