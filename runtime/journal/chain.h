// The hash chain over a run's events: each row's hash covers its text and all rows before it, so that a row
// changed, lost or added by anybody else is seen when the run is read.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace rollout::journal {

/// The hash before the first event: it binds the events to their run and plan.
std::string chain_start(std::string_view run, std::string_view plan_hash);
std::string chain_next(std::string_view previous, std::string_view line);

/// The record of a run as it stands in the store, whether or not its chain is whole. For those who check it.
struct Kept {
  std::string line, hash;
};
struct Chain {
  std::string plan_hash;
  int64_t events = 0;  ///< as the store counts them
  std::string head;    ///< the hash of the last one, as the store knows it
  std::vector<Kept> rows;
};

}  // namespace rollout::journal
