#include <fmt/format.h>

#include "runtime/cli/completion.h"
#include "runtime/cli/session.h"

namespace rollout::cli {

namespace {

/// More than anybody would choose from by the tab key.
constexpr size_t max_offered = 50;

/// For the scripts, each time somebody asks: what has not ended first, then the newest.
int list_names(const Context& context) {
  AllRunsOrExit all = open_runs(context);
  if (!all.found) return all.exit_code;
  std::string open, ended;
  size_t listed = 0;
  for (const journal::RunInfo& run : all.found->runs)
    if (++listed <= max_offered || !run.outcome) (run.outcome ? ended : open) += run.run + "\n";
  context.out(open + ended);
  return Ok;
}

}  // namespace

int cmd_completion(const Context& context) {
  const std::string& shell = context.args.positional[0];
  if (shell == "runs") return list_names(context);
  if (shell == "bash") context.out(bash_completion(commands()));
  else if (shell == "zsh") context.out(zsh_completion(commands()));
  else if (shell == "fish") context.out(fish_completion(commands()));
  else
    return context.fail(Usage, fmt::format("there is no completion for `{}`, only for bash, zsh and fish", shell));
  return Ok;
}

}  // namespace rollout::cli
