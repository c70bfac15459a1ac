// Command: the surroundings of one command: its Env, its arguments, how its output looks. For the cmd_*.cpp
// files; each of them is one function from a Context to an exit code.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "runtime/cli/cli.h"
#include "runtime/cli/exit_code.h"
#include "runtime/cli/options.h"
#include "runtime/cli/style.h"

namespace rollout::journal {
class CrewState;
}

namespace rollout::cli {

class LogFile;

struct Context {
  Env& env;
  const Arguments& args;
  Style style;          ///< of standard output
  Style error_style;    ///< of standard error
  std::string format;   ///< `text`, `json`, …
  bool quiet = false;
  bool verbose = false;
  LogFile* log = nullptr;  ///< null: nothing is logged
  std::string state = {};  ///< the address of a state that machines share; empty: the folder of the project
  journal::CrewState* crew = nullptr;  ///< of the process that this command shares with others; null: it is alone

  bool json() const { return format == "json"; }
  /// What stands in `text` and would act on a terminal is written out, unless it is our own style; JSON escapes it.
  void out(std::string_view text) const;
  /// One sentence on standard error, behind the program's name. Returns `code`.
  int fail(int code, std::string_view message) const;
  /// A failed Result: refused is exit code 7, everything else `otherwise`.
  int fail(const OpError& error, int otherwise = Environment) const;
};

int cmd_init(const Context& context);
int cmd_check(const Context& context);
int cmd_fmt(const Context& context);
int cmd_lock(const Context& context);
int cmd_plan(const Context& context);
int cmd_show(const Context& context);
int cmd_verify(const Context& context);
int cmd_apply(const Context& context);
int cmd_status(const Context& context);
int cmd_abort(const Context& context);
int cmd_pause(const Context& context);
int cmd_override(const Context& context);
int cmd_resume(const Context& context);
int cmd_rollback(const Context& context);
int cmd_stop_the_line(const Context& context);
int cmd_start_the_line(const Context& context);
int cmd_worker(const Context& context);
int cmd_backup(const Context& context);
int cmd_restore(const Context& context);
int cmd_prune(const Context& context);
int cmd_history(const Context& context);
int cmd_metrics(const Context& context);
int cmd_audit(const Context& context);
int cmd_approve(const Context& context);
int cmd_reject(const Context& context);
int cmd_simulate(const Context& context);
int cmd_suggest(const Context& context);
int cmd_test(const Context& context);
int cmd_explain(const Context& context);
int cmd_completion(const Context& context);

struct Command {
  Syntax syntax;
  int (*run)(const Context&);
};

/// All commands but `help` and `version`, in the order of the list that people see.
const std::vector<Command>& commands();

}  // namespace rollout::cli
