#include "runtime/journal/chain.h"

#include <llvm/ADT/StringExtras.h>
#include <llvm/Support/SHA256.h>

namespace rollout::journal {

namespace {

// The length stands first, so that no two pairs of texts give the same bytes.
std::string hash_pair(std::string_view first, std::string_view second) {
  llvm::SHA256 hash;
  hash.update(std::to_string(first.size()) + ":");
  hash.update(llvm::StringRef(first.data(), first.size()));
  hash.update(llvm::StringRef(second.data(), second.size()));
  return llvm::toHex(hash.final(), /*LowerCase=*/true);
}

}  // namespace

std::string chain_start(std::string_view run, std::string_view plan_hash) {
  return hash_pair(run, plan_hash);
}

std::string chain_next(std::string_view previous, std::string_view line) {
  return hash_pair(previous, line);
}

}  // namespace rollout::journal
