#include "runtime/journal/chain.h"

#include "compiler/base/sha256.h"

namespace rollout::journal {

namespace {

// The length stands first, so that no two pairs of texts give the same bytes.
std::string hash_pair(std::string_view first, std::string_view second) {
  Sha256 hash;
  hash.update(std::to_string(first.size()) + ":");
  hash.update(first);
  hash.update(second);
  return hash.hex();
}

}  // namespace

std::string chain_start(std::string_view run, std::string_view plan_hash) {
  return hash_pair(run, plan_hash);
}

std::string chain_next(std::string_view previous, std::string_view line) {
  return hash_pair(previous, line);
}

}  // namespace rollout::journal
