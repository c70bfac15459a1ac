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
constexpr Option log_file{"--log", "FILE", "add a line of JSON to FILE for everything that happens"};
constexpr Option metrics_file{"--out", "FILE", "write it to FILE, whole or not at all, instead of printing it"};
constexpr Option state{"--state", "URL",
                       "the state that machines share: postgresql://USER@HOST/DATABASE; else the project's folder"};
constexpr Option yes{"--yes", "", "do not ask"};

Command init() {
  return {{"init",
           "[DIR]",
           "write a project to begin with: a file, its tests, a pull-request job",
           "It runs as it is, on this machine. DIR is this folder if it is not named, and made if it is not there.\n"
           "A file that is there already is not replaced: then nothing is written, with exit code 2.",
           "rollout init shop",
           0,
           1,
           {}},
          cmd_init};
}

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
            state,
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

constexpr Option as{"--as", "NAME", "who you are in the team; your login name when it is not given"};

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
           {set, environment, yes, as,
            {"--resume", "[RUN]", "go on with a run or a promotion whose process is gone"},
            {"--hotfix", "", "take a run of the same services back first, whatever its rule"},
            {"--reason", "TEXT", "of a hot fix, for the record"},
            {"--accept-held", "", "bring a version that a run has taken back as bad"},
            {"--detach", "", "leave the run or promotion to a `rollout worker`"},
            {"--hand-over", "", "of --resume: when it is stopped, leave it to a worker"}, format_json, log_file,
            project, state}},
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
           {{"--watch", "", "follow the run to its end, on a terminal as one picture"},
            {"--plain", "", "with --watch: a line for each event, also on a terminal, for screen readers"},
            {"--events", "", "every event, not the summary"},
            format_json, project, state}},
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
           {{"--reason", "TEXT", "for the record"},
            {"--give-up", "", "only end the record of a run that this version cannot drive; nothing is taken back"},
            format_json, log_file, project, state}},
          cmd_abort};
}

Command pause() {
  return {{"pause",
           "RUN|PROMOTION",
           "let no further step of a run begin",
           "What is underway ends and is recorded; gates and watches go on, and a way back begins as ever. Users\n"
           "stay on what they are on, and that counts as exposure. The pause is durable, survives a crash, and\n"
           "is lifted by `rollout resume`. When nobody drives the run it is in force as soon as somebody does.",
           "rollout pause r3 --reason \"an incident in payments\"",
           1,
           1,
           {{"--reason", "TEXT", "for the record"}, format_json, project, state}},
          cmd_pause};
}

Command resume() {
  return {{"resume",
           "RUN|PROMOTION",
           "lift the pause of a run, and drive it when nobody does",
           "Of a run that is parked, or whose process is gone: goes on with it from here, as `apply --resume`,\n"
           "and ends with the exit code of the run. Exit code 7: it is driven and not paused.",
           "rollout resume r3",
           1,
           1,
           {{"--reason", "TEXT", "for the record"}, format_json, log_file, project, state}},
          cmd_resume};
}

Command rollback() {
  return {{"rollback",
           "RUN",
           "take a run back because its version is bad",
           "Of a run that is underway as `rollout abort`. One that succeeded less than 72h ago, or than its\n"
           "file says by `rollback { kept 7d }`, goes its own way back, while no newer run has changed its\n"
           "services and no commit was passed; otherwise exit code 7\n"
           "and what to do instead. The version is held from then on: only `apply --accept-held` brings it again.",
           "rollout rollback r3 --reason \"orders are lost\" --kind logic",
           1,
           1,
           {{"--reason", "TEXT", "why; it must be given"},
            {"--kind", "logic|security|compliance|other", "what kind of reason, for the record"},
            yes, format_json, log_file, project, state}},
          cmd_rollback};
}

Command stop_the_line() {
  return {{"stop-the-line",
           "",
           "let no run of the project begin or go forward",
           "Every run is paused and none begins until `rollout start-the-line`. Ways back go on, `abort` and\n"
           "`rollback` work, gates and watches judge. Durable, and in the record of every run that it stops.",
           "rollout stop-the-line --reason \"the database is down\"",
           0,
           0,
           {{"--reason", "TEXT", "why; it must be given"}, format_json, project, state}},
          cmd_stop_the_line};
}

Command override_the_line() {
  return {{"override",
           "RUN",
           "let one run go on although the line is stopped",
           "For a reason and a time, at most 24h, that stand in the record; then it pauses again. `start-the-line`\n"
           "ends it, and so does a way back. Under a stopped line no new run begins all the same.",
           "rollout override r7 --for 30m --reason \"it mends the outage\"",
           1,
           1,
           {{"--for", "TIME", "for how long: 30m, 2h; it must be given"},
            {"--reason", "TEXT", "why; it must be given"}, format_json, project, state}},
          cmd_override};
}

Command start_the_line() {
  return {{"start-the-line",
           "",
           "let the runs of the project go on",
           "Lifts what `rollout stop-the-line` has stopped. A run that was paused by itself stays so.",
           "rollout start-the-line --reason \"the database is back\"",
           0,
           0,
           {{"--reason", "TEXT", "why; it must be given"}, format_json, project, state}},
          cmd_start_the_line};
}

Command worker() {
  return {{"worker",
           "",
           "drive the runs that nobody drives",
           "Takes up what `apply --detach` began and what lost its process, many in one of a few processes. Any\n"
           "number of workers may share the work, on any machine that reaches the backends; for promotions, with\n"
           "their files. SIGTERM and Ctrl-C stop it in order: its runs are left to the others, and nothing of them\n"
           "is lost.",
           "rollout worker --state postgresql://rollout@db.internal/releases --at-most 1000",
           0,
           0,
           {{"--at-most", "N", "how many runs at once; 500 when it is not given"},
            {"--processes", "N", "in how many processes; one for 250 runs, up to 4, if not given; 0: in this one"},
            format_json, log_file, project,
            state}},
          cmd_worker};
}

Command backup() {
  return {{"backup",
           "FILE",
           "write a copy of the state, while runs go on",
           "FILE is one SQLite file, whatever keeps the state; what stands in it is checked before the command says\n"
           "so. A file that is there already is not replaced. `rollout restore` brings it back.",
           "rollout backup releases-2026-11-22.backup",
           1,
           1,
           {format_json, project, state}},
          cmd_backup};
}

Command restore() {
  return {{"restore",
           "FILE",
           "bring a copy of the state back, or to another place",
           "Only into a state without runs: an empty folder, or an empty database with --state. All or nothing, and\n"
           "checked. So a state is also moved from one machine's file to a server, and back.",
           "rollout restore releases-2026-11-22.backup --state postgresql://rollout@db.internal/releases",
           1,
           1,
           {format_json, project, state}},
          cmd_restore};
}

Command prune() {
  return {{"prune",
           "",
           "remove the events and plans of runs that ended long ago",
           "A row of each stays: what, who, when, how it ended, how many events, the head of its chain, and who\n"
           "pruned it when and why. Never a run that is open or parked, of an open promotion, within its time for\n"
           "`rollout rollback`, the last success or last way back of a service, or one of its newest 50. Without\n"
           "--yes and a terminal: only says what would go. The space is used again; the file stays as long.",
           "rollout prune --older-than 90d --export runs-2026-11.backup --yes --reason \"kept for a quarter\"",
           0,
           0,
           {{"--older-than", "TIME", "since its end: 12h, 90d, 8w; it must be given"},
            {"--keep", "N", "of each service at least the newest N that have ended, from 50 on"},
            {"--export", "FILE", "first `rollout backup FILE`: the whole state, checked and synced"},
            {"--reason", "TEXT", "why; it must be given"},
            yes, format_json, project, state}},
          cmd_prune};
}

Command history() {
  return {{"history",
           "",
           "every run, the newest first: who, what, how it ended and why",
           "How long each took, from which version to which, and the reason of a rollback, a park or a hot fix.",
           "rollout history --service checkout --limit 50",
           0,
           0,
           {{"--service", "NAME", "only runs of this service"},
            {"--rollout", "NAME", "only runs of this rollout"},
            {"--limit", "N", "how many; 20 when it is not given"},
            format_json, project, state}},
          cmd_history};
}

Command metrics() {
  return {{"metrics",
           "",
           "the project's runs as numbers, for a monitoring system",
           "OpenMetrics: the runs that have not ended, whether anybody drives them and whom they wait for, and how\n"
           "the others ended. `--out` suits the text files of a node exporter, by a timer every minute.",
           "rollout metrics --out /var/lib/node_exporter/rollout.prom",
           0,
           0,
           {metrics_file, project, state}},
          cmd_metrics};
}

Command audit() {
  return {{"audit",
           "[RUN]",
           "the record of a run: who, what, when, why, and the samples behind it",
           "Events are numbered, and each verdict names the samples that it rests on. With --verify: whether the\n"
           "records of one run, or of all, are those that were written; edits, deletions, reordering and\n"
           "truncation are found. Exit code 7: something is not whole.",
           "rollout audit --verify",
           0,
           1,
           {{"--verify", "", "check the records instead of showing one"},
            {"--key", "FILE", "with --verify: the public key by which heads must be signed; else that of `sign_key`"},
            {"--copy", "FILE", "with --verify: a copy of the noted heads that was kept elsewhere"},
            {"--new-key", "FILE", "make a key that signs heads: FILE, for nobody else, and FILE.pub"},
            format_json, project, state}},
          cmd_audit};
}

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
           {as, {"--reason", "TEXT", "for the record"}, format_json, project, state}},
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
           {as, {"--reason", "TEXT", "why; it must be given"}, format_json, project, state}},
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
            {"--runs", "N", "how many runs, with seeds from --seed on: how they end, how long they take"},
            {"--jobs", "N", "in so many processes at once; what comes of it is the same"},
            {"--drift", "", "what is true wanders: what is measured now is like what was measured a moment ago"},
            {"--daily", "", "the load follows the hour of the day"},
            {"--answer-after", "D", "how long people take to say yes; else 1m"},
            {"--counterexample", "ID", "the run that shows a finding of `rollout check`; exit code 1 if it does"},
            {"--look", "", "begin from what runs now, as `rollout plan` does; else nothing is looked at"},
            {"--start", "TIME", "what the virtual clock shows at the beginning: 2026-11-20T14:30Z"},
            {"--format", "text|json|svg", "json as in docs/schemas; svg: a picture of many runs"}}},
          cmd_simulate};
}

Command test() {
  return {{"test",
           "[PATH…]",
           "run the tests in files, in virtual time",
           "Files, or all .rollout files below folders (`.` when nothing is named). Exit code 1 when a test "
           "fails: something was not as expected, or something that it gives never happened.",
           "rollout test shop.rollout",
           0,
           max_arguments,
           {{"--coverage", "", "which ways through the plans no test has walked"},
            {"--update", "", "write what the plans look like beside each file, to be compared from then on"},
            {"--format", "text|json|junit|mermaid", "junit: for a CI server; mermaid: a flowchart of the coverage"}}},
          cmd_test};
}

Command suggest() {
  return {{"suggest",
           "FILE [ROLLOUT]",
           "the shortest edits that mend broken bounds",
           "For each finding of `rollout check` that is about a bound: the edit of the file with which it is kept\n"
           "that changes the fewest places, and these the least, as a diff with what the bound becomes. Found by\n"
           "trying, each judged by the whole compiler; none that would break something else, or a test.\n"
           "Nothing is written without --fix. Exit code 1: for one of them nothing helps, or there are other errors.",
           "rollout suggest shop.rollout --fix",
           1,
           2,
           {{"--fix", "", "make the edits"}, set, format_json}},
          cmd_suggest};
}

Command explain() {
  return {{"explain",
           "[NAME|RUN]",
           "what a diagnostic means, or what became of a run and what to do next",
           "NAME is what stands in brackets behind a message. Without it: all of them, one line each. Needs "
           "no files and no network.\nRUN: the last durable step, the cause, the evidence, and the next safe command.",
           "rollout explain unit-mismatch",
           0,
           1,
           {format_json, project, state}},
          cmd_explain};
}

Command completion() {
  return {{"completion",
           "bash|zsh|fish",
           "a script with which a shell completes commands, options and runs",
           "Printed, to be sourced or saved where the shell looks for such scripts; its first lines say where. The\n"
           "scripts ask `rollout completion runs` for the names of the project's runs.",
           "source <(rollout completion bash)",
           1,
           1,
           {project, state}},
          cmd_completion};
}

}  // namespace

const std::vector<Command>& commands() {
  static const std::vector<Command> all = {
      init(),
      check(),   fmt(),      lock(),  plan(),   show(),    verify(),  apply(),         status(),
      abort(),   rollback(), pause(), resume(), approve(), reject(),  stop_the_line(), start_the_line(),
      override_the_line(),
      worker(),  history(),  metrics(), audit(), backup(), restore(), prune(), simulate(),      test(),
      suggest(), explain(),  completion()};
  return all;
}

}  // namespace rollout::cli
