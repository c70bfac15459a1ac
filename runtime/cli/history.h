// ProjectHistory: what the journal of a project says of its services. For the checks in front of a rollout.
#pragma once

#include "runtime/backend/live_world.h"
#include "runtime/journal/store.h"

namespace rollout::cli {

class ProjectHistory : public backend::History {
 public:
  /// `store` outlives it.
  explicit ProjectHistory(journal::Store& store) : store_(store) {}

  Result<std::optional<int64_t>> rehearsed_wall_ns(const std::string& identity) override;
  /// The newest run that has taken the service back, and when; nothing: none, or it was pruned.
  struct Rehearsal {
    std::string run;
    int64_t wall_ns = 0;
  };
  Result<std::optional<Rehearsal>> rehearsal(const std::string& identity);

 private:
  Result<std::optional<int64_t>> went_back(const journal::RunInfo& run, const std::string& identity);

  journal::Store& store_;
};

}  // namespace rollout::cli
