#include "runtime/journal/snapshot.h"

#include <fmt/format.h>

#include "compiler/base/sha256.h"

namespace rollout::journal {

std::string binding_of(std::string_view run, std::string_view plan_hash, std::string_view head, int64_t events,
                       std::string_view text) {
  Sha256 hash;
  // The lengths stand in front, so that no two of them give the same bytes.
  hash.update(fmt::format("snapshot {} {} {} {}:", run.size(), plan_hash.size(), head.size(), events));
  for (std::string_view part : {run, plan_hash, head, text}) hash.update(part);
  return hash.hex();
}

}  // namespace rollout::journal
