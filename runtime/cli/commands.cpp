#include "runtime/cli/command.h"

namespace rollout::cli {

namespace {

constexpr Option format_json{"--format", "text|json", "text for people, json as in docs/schemas"};
constexpr Option format_plan{"--format", "text|json|markdown",
                             "json: the plan's own bytes; markdown: for a pull request"};
constexpr Option timings{"--timings", "", "how long each phase took, in ms, on standard error"};
constexpr Option set{"--set", "NAME=TEXT", "value of an input; may be given several times", true};
constexpr Option environment{"--env", "NAME", "the environment it is for; needed where the file has environments"};
constexpr Option project{"--project", "DIR",
                         "the project whose state is meant; else that of the file or of this folder"};
constexpr Option yes{"--yes", "", "do not ask"};

Command check() {
  return {{"check",
           "[PATH…]",
           "find every mistake that needs no live system",
           "Reads files, or all .rollout files below folders (`.` when nothing is named), with what they "
           "import: syntax, types, units,\n"
           "gates, and every rollout planned with its examples. Exit code 1 when there are errors.",
           "rollout check examples/quickstart/shop.rollout",
           0,
           max_arguments,
           {set,
            {"--locked", "", "the files of all packages, and std, must be those of rollout.lock: for CI"},
            {"--fix", "", "first make the changes that messages suggest, and say which"},
            {"--error-limit", "N", "show at most N messages; 50 when it is not given"},
            {"--format", "text|short|json|sarif|github|gitlab",
             "short: one line each; sarif, github, gitlab: for code scanning and merge requests"},
            timings}},
          cmd_check};
}

Command fmt() {
  return {{"fmt",
           "[PATH…]",
           "lay files out in the one layout",
           "Rewrites files, or all .rollout files below folders (`.` when nothing is named). A file with "
           "syntax errors is left alone.",
           "rollout fmt --check .",
           0,
           max_arguments,
           {{"--check", "", "change nothing; exit code 1 when a file is laid out differently"},
            {"--diff", "", "change nothing; show what would change"}}},
          cmd_fmt};
}

Command lock() {
  return {{"lock",
           "[DIR]",
           "write down the hashes of all packages that a project uses",
           "Writes rollout.lock beside the rollout.toml of the project. From then on a package's file that is not "
           "the locked one is an\nerror in every command; `rollout check --locked` compares all of them, and std.",
           "rollout lock",
           0,
           1,
           {}},
          cmd_lock};
}

Command plan() {
  return {{"plan",
           "FILE [ROLLOUT|PROMOTION]",
           "show what a rollout would do, with the way back of each step",
           "Looks at what runs, then lays out every step, gate and rollback. ROLLOUT may be left out when "
           "the file has one, or one\n"
           "called `release`. Of a promotion: one plan for each of its environments.",
           "rollout plan shop.rollout release --set image=shop:1.1 --out shop.plan",
           1,
           2,
           {set,
            environment,
            {"--out", "PATH", "save the plan, for `rollout apply PATH`"},
            {"--offline", "", "look at nothing that runs; such a plan cannot be applied"},
            {"--detailed-exitcode", "", "exit code 3 when there are changes, 0 when there are none"},
            format_plan,
            project,
            timings}},
          cmd_plan};
}

Command show() {
  return {{"show",
           "PLAN",
           "show a saved plan",
           "Needs none of the files that the plan was made from.",
           "rollout show shop.plan",
           1,
           1,
           {format_plan}},
          cmd_show};
}

Command verify() {
  return {{"verify",
           "PLAN",
           "check again what was proven of a saved plan",
           "Needs none of the files that the plan was made from, and shares no code with the proofs. Exit code 1: "
           "what the plan\nsays of itself does not hold; 7: it is no plan that `rollout plan --out` wrote.",
           "rollout verify shop.plan",
           1,
           1,
           {format_json}},
          cmd_verify};
}

Command apply() {
  return {{"apply",
           "FILE|PLAN [ROLLOUT|PROMOTION]",
           "carry a rollout or a promotion out",
           "Makes the plan of a file and shows it first, or runs a saved plan: exactly that, once. Ctrl-C "
           "stops safely and leaves the\n"
           "traffic as it is, twice stops at once. A promotion goes through its environments, each with a plan and\n"
           "a run of its own; stopped, the same command goes on with it. Exit codes: 0 done, 4 rolled back,\n"
           "5 needs a hand, 6 nothing was changed, 7 refused, 130 interrupted.",
           "rollout apply shop.rollout release --set image=shop:1.1",
           0,
           2,
           {set, environment, yes,
            {"--resume", "[RUN]", "go on with a run or a promotion whose process is gone"},
            {"--hotfix", "", "take a run of the same services back first, whatever its rule"},
            {"--reason", "TEXT", "of a hot fix, for the record"}, format_json,
            project}},
          cmd_apply};
}

Command status() {
  return {{"status",
           "[RUN|PROMOTION]",
           "what runs and what happened",
           "Without RUN: the unfinished runs and promotions, and the last ones.",
           "rollout status r3 --watch",
           0,
           1,
           {{"--watch", "", "follow the run to its end"},
            {"--events", "", "every event, not the summary"},
            format_json,
            project}},
          cmd_status};
}

Command abort() {
  return {{"abort",
           "RUN|PROMOTION",
           "stop a run and take it back",
           "The request is durable. Whoever drives the run takes it back; when nobody does, this command "
           "does so itself and ends with\n"
           "the exit code of the run (4: rolled back). Of a promotion: the run that is underway goes back, and no\n"
           "further environment is entered; what was done in the others stays.",
           "rollout abort r3 --reason \"wrong image\"",
           1,
           1,
           {{"--reason", "TEXT", "for the record"}, format_json, project}},
          cmd_abort};
}

constexpr Option as{"--as", "NAME", "who you are in the team; your login name when it is not given"};

Command approve() {
  return {{"approve",
           "RUN|PROMOTION [STEP]",
           "say yes to what a run waits for",
           "The answer is durable, and whoever drives the run goes on with it. Only members of the team count, each "
           "once. STEP: the number\nof the step, or its phase, when the run waits for several approvals. Exit code 7: "
           "it does not count, and why.",
           "rollout approve r3 --as anna",
           1,
           2,
           {as, {"--reason", "TEXT", "for the record"}, format_json, project}},
          cmd_approve};
}

Command reject() {
  return {{"reject",
           "RUN|PROMOTION [STEP]",
           "say no to what a run waits for: it goes back",
           "One member of the team is enough. STEP as of `rollout approve`.",
           "rollout reject r3 --as anna --reason \"the error budget is gone\"",
           1,
           2,
           {as, {"--reason", "TEXT", "why; it must be given"}, format_json, project}},
          cmd_reject};
}

Command simulate() {
  return {{"simulate", "FILE|PLAN [ROLLOUT|PROMOTION]", "run a rollout in virtual time, with the same engine",
           "The simulated service answers without errors, and whoever is asked says yes after a minute; tests in\n"
           "the file say what happens when it is otherwise.",
           "rollout simulate shop.rollout release --runs 100", 1, 2,
           {set,
            environment,
            {"--seed", "N", "of the noise; the same seed gives the same run"},
            {"--runs", "N", "how many runs, with seeds from --seed on"},
            {"--start", "TIME", "what the virtual clock shows at the beginning: 2026-11-20T14:30Z"},
            format_json}},
          cmd_simulate};
}

Command test() {
  return {{"test",
           "[PATH…]",
           "run the tests in files, in virtual time",
           "Files, or all .rollout files below folders (`.` when nothing is named). Exit code 1 when a test "
           "fails.",
           "rollout test shop.rollout",
           0,
           max_arguments,
           {{"--format", "text|json|junit", "junit: for a CI server"}}},
          cmd_test};
}

Command explain() {
  return {{"explain",
           "[NAME]",
           "what a diagnostic means, and how to mend it",
           "NAME is what stands in brackets behind a message. Without it: all of them, one line each. Needs "
           "no files and no network.",
           "rollout explain unit-mismatch",
           0,
           1,
           {format_json}},
          cmd_explain};
}

}  // namespace

const std::vector<Command>& commands() {
  static const std::vector<Command> all = {check(), fmt(),    lock(),  plan(), show(), verify(), apply(),
                                           status(), abort(), approve(), reject(), simulate(), test(), explain()};
  return all;
}

}  // namespace rollout::cli
