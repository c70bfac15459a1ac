#include "runtime/cli/show_counterexample.h"

#include <fmt/format.h>

#include "compiler/verify/report.h"
#include "runtime/cli/run_log.h"
#include "runtime/cli/view_run.h"
#include "runtime/cli/view_summary.h"
#include "runtime/exec/fold.h"
#include "runtime/sim/replay.h"

namespace rollout::cli {

namespace {

std::string message_of(const verify::Finding& finding) {
  Diagnostics diagnostics;
  verify::report({finding}, SourceMap(), {}, "", diagnostics);
  return diagnostics.sorted().front()->message;
}

int unknown(const Context& context, const plan::Plan& plan, const std::vector<verify::Finding>& findings,
            const std::string& id) {
  std::string rollout = plan::rollout_text(plan), there;
  for (const verify::Finding& finding : findings)
    there += fmt::format("{}`{}` ({})", there.empty() ? "" : ", ", finding.shown.id, verify::name_of(finding));
  if (there.empty()) return context.fail(Usage, fmt::format("`{}` has no finding `{}`, and no other one", rollout, id));
  return context.fail(Usage, fmt::format("`{}` has no finding `{}`, it has {}", rollout, id, there));
}

/// Where nothing was to be had the run did what was to be impossible, or not even its bound.
std::string verdict_text(const sim::Replay& replay) {
  std::string tries = replay.runs > 1 ? fmt::format(" (run {})", replay.runs) : "";
  if (replay.shown) return fmt::format("shown{}: {}", tries, replay.seen);
  return fmt::format("not shown in {} run{}: {}; the bound counts with more at once than these worlds have",
                     replay.runs, replay.runs == 1 ? "" : "s", replay.seen);
}

void write(const Context& context, const plan::Plan& plan, const verify::Finding& finding, const sim::Replay& replay) {
  RunLog log(plan);
  std::string lines;
  for (const journal::Event& event : replay.result.events) {
    log.add(event);
    if (context.json()) context.out(event_json("", event));
    else if (std::string line = event_line(plan, event, log, context.style); !line.empty()) lines += line + "\n";
  }
  exec::State state = exec::fold_all(plan, replay.result.events);
  if (context.json()) {
    context.out(summary_json(log, state, "", replay.shown ? FileErrors : Ok, [&](json::Writer& json) {
      json.key("counterexample").begin_object().field("id", finding.shown.id).field("name", verify::name_of(finding));
      json.field("message", message_of(finding)).field("shown", replay.shown).field("seen", replay.seen);
      json.field("runs", int64_t(replay.runs)).end_object();
    }));
    return;
  }
  context.out(fmt::format("{} [{}]\n", message_of(finding), verify::name_of(finding)));
  context.out(fmt::format("path: {}\n\n", path_text(finding.shown.path)));
  context.out(lines);
  context.out(summary_text(log, state, "", context.style));
  std::string said = verdict_text(replay);
  context.out(fmt::format("\n{}\n", replay.shown ? context.style.warn(said) : said));
}

}  // namespace

int show_counterexample(const Context& context, const std::vector<plan::Plan>& plans, const std::string& id) {
  std::vector<verify::Finding> of_first;
  for (const plan::Plan& plan : plans) {
    std::vector<verify::Finding> findings = verify::prove(plan).findings;
    const verify::Finding* found = verify::find(findings, id);
    if (found == nullptr) {
      if (&plan == &plans.front()) of_first = std::move(findings);
      continue;
    }
    verify::Finding finding = *found;
    finding.shown = verify::counterexample_of(plan, finding);
    sim::Replay replay = sim::replay(plan, finding);
    write(context, plan, finding, replay);
    return replay.shown ? FileErrors : Ok;
  }
  return unknown(context, plans.front(), of_first, id);
}

}  // namespace rollout::cli
