// The record of a run, checked from outside: its chain, and the heads that were noted beside the store. For `audit`
// and `explain`. Shares nothing with the engine but the format.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "runtime/cli/command.h"
#include "runtime/cli/project.h"
#include "runtime/journal/store.h"

namespace rollout::cli {

/// A file that only grows, beside the store; of a shared state one for each machine that drives. Each of its lines
/// holds the hash of the one before it, so none can be taken out of its middle; a signed one speaks for all before it.
std::string heads_file(const Context& context, const Project& project);
inline constexpr size_t max_heads_bytes = size_t{256} << 20;
inline constexpr std::string_view heads_algorithm = "sha256-chain";

/// How far a run or a promotion had come when its driver let go of it.
struct NotedHead {
  std::string run;  ///< its name
  int64_t events = 0;
  std::string head;
};

/// By which key lines must be signed, and what else is known of them.
struct HeadsCheck {
  std::string public_der;           ///< empty: signatures are not looked at
  std::optional<std::string> copy;  ///< the noted heads, as they were kept elsewhere
};
/// What `--key`, `--copy` and `sign_key` of the project say.
Result<HeadsCheck> heads_check(const Context& context, const Project& project);

/// Notes how far the run, or the promotion, has come. What is wrong is only said: no run fails for it.
void note_head(const Context& context, const Project& project, journal::Store& store, const std::string& run);

struct NotedHeads {
  std::vector<NotedHead> heads;
  std::vector<std::string> problems;  ///< of the file itself
  int64_t signed_lines = 0;
  std::string key;                    ///< the name of the key that has signed them; empty: none was looked for
};
Result<NotedHeads> read_heads(const Context& context, const Project& project, const HeadsCheck& check = {});

/// What the store says of a run beside its events (its rollout, how it ended, when it began, which generations it has),
/// held against them and its plan: `row` is of the list that commands go by.
std::vector<std::string> row_problems(const journal::Chain& chain, const journal::RunInfo& row,
                                      const std::string& plan_bytes);

/// What is wrong with the record of one run; empty: it is whole and agrees with the heads noted of it.
std::vector<std::string> record_problems(const journal::Chain& chain, const std::string& run,
                                         const std::string& plan_bytes, const std::vector<NotedHead>& heads);
/// The same of a chain that has no plan.
std::vector<std::string> chain_problems(const journal::Chain& chain, const std::string& name,
                                        const std::vector<NotedHead>& heads);

}  // namespace rollout::cli
