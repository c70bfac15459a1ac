#include "runtime/cli/status_promotion.h"

#include <fmt/format.h>

#include "runtime/cli/look.h"
#include "runtime/cli/session.h"
#include "runtime/cli/state_away.h"
#include "runtime/cli/view_promotion_run.h"
#include "runtime/exec/approval.h"
#include "runtime/exec/fold.h"

namespace rollout::cli {

namespace {

constexpr size_t max_listed = 5;
constexpr int64_t poll_ns = 500'000'000;

/// What the run of the environment that it stands in does now; empty: no run is underway there.
std::string underway_text(NamedPromotion& promotion) {
  const exec::PromotionState::Stage& stage = promotion.state.stages[exec::stage_of(promotion.state)];
  if (stage.run.empty() || stage.ended) return {};
  Result<std::vector<journal::RunInfo>> runs = promotion.store->list();
  if (!runs) return runs.error().message;
  Result<journal::RunInfo> run = find_run(*runs, stage.run);
  if (!run) return run.error().message;
  Result<Planned> planned = planned_to_show(*promotion.store, *run, promotion.project);
  if (!planned) return planned.error().message;
  Result<std::vector<journal::Event>> events = promotion.store->read(stage.run);
  if (!events) return events.error().message;
  const plan::Plan& plan = planned->plan;
  exec::State state = exec::fold_all(plan, *events);
  if (!exec::open_approvals(plan, state).empty())
    return fmt::format("it waits for people: rollout approve {0} --as NAME, or rollout reject {0} --as NAME --reason "
                       "TEXT",
                       stage.run);
  std::string last;
  for (const journal::Event& event : *events) {
    const auto* started = std::get_if<journal::StepStarted>(&event.what);
    if (started == nullptr || journal::is_check(started->step)) continue;
    bool undo = started->step.undo;
    last = undo ? "goes back: " + plan.undo.at(started->step.step).text : plan.steps.at(started->step.step).text;
  }
  return last.empty() ? last : fmt::format("{}; rollout status {} shows it", last, stage.run);
}

std::string driver_text(const NamedPromotion& promotion) {
  std::optional<effects::Holder> driver =
      driver_of(*promotion.store, std::vector{journal::promotion_claim(promotion.state.begun)});
  if (!driver || promotion.state.ended) return {};
  return driver->stopped ? fmt::format("{}, which is stopped: `kill -CONT {}` lets it go on", driver->who, driver->pid)
                         : driver->who;
}

/// Shows what another process records, until it has ended.
int follow(const Context& context, NamedPromotion& promotion) {
  PromotionView view(context, promotion.name);
  effects::Effects effects = context.env.effects();
  exec::PromotionState state;
  StateAway away(context);
  size_t known = 0;
  while (!state.ended) {
    Result<std::vector<journal::PromotionEvent>> events = promotion.store->read_promotion(promotion.name);
    if (!events && !events.error().retryable) return context.fail(events.error());
    away.note(events ? nullptr : &events.error(), true);
    for (; events && known < events->size(); ++known) {
      exec::fold(state, (*events)[known]);
      view.on_event((*events)[known], state);
    }
    if (state.ended) break;
    effects.clock.sleep_until(effects.clock.monotonic_ns() + poll_ns);
    if (context.env.interrupts() > 0) return context.env.interrupt_code();
  }
  promotion.state = std::move(state);
  return Ok;
}

}  // namespace

Result<std::vector<PromotionRow>> promotion_rows(journal::Store& store) {
  Result<std::vector<journal::PromotionInfo>> infos = store.promotions();
  if (!infos) return infos.error();
  std::vector<PromotionRow> rows;
  for (journal::PromotionInfo& info : *infos) {
    Result<std::vector<journal::PromotionEvent>> events = store.read_promotion(info.name);
    if (!events && !events.error().settled) return events.error();
    rows.push_back({std::move(info), events ? exec::fold_all(*events) : exec::PromotionState()});
  }
  return rows;
}

std::string promotion_lines(const Context& context, const std::vector<PromotionRow>& rows) {
  const Style& style = context.style;
  std::string out;
  size_t shown = 0;
  for (const PromotionRow& row : rows) {
    if (++shown > max_listed && row.info.outcome && !context.verbose) continue;
    std::string stages;
    for (size_t i = 0; i < row.state.stages.size(); ++i) {
      const exec::PromotionState::Stage& stage = row.state.stages[i];
      std::string run = !stage.entered ? " -" : stage.run.empty() ? "" : " " + stage.run;
      stages += fmt::format("{}{}{}", i == 0 ? "" : ", ", row.state.begun.stages[i].environment, run);
    }
    bool good = row.info.outcome == journal::PromotionOutcome::Succeeded;
    std::string word = left(row.state.stages.empty() ? "damaged" : promotion_word(row.state), 12);
    out += fmt::format("  {}  {}  {}  {}  {}\n", style.bold(left(row.info.name, 6)),
                       effects::utc_text(row.info.created_wall_ns), good ? style.good(word) : style.warn(word),
                       left(row.info.promotion, 14), stages);
  }
  return out;
}

void write_promotions(json::Writer& json, const std::vector<PromotionRow>& rows) {
  json.key("promotions").begin_array();
  for (const PromotionRow& row : rows) {
    json.begin_object().field("promotion", row.info.name).field("name", row.info.promotion);
    json.field("file", row.info.file).field("created", effects::utc_text(row.info.created_wall_ns)).key("outcome");
    if (row.info.outcome) json.value(journal::word(*row.info.outcome));
    else json.null();
    json.key("stages").begin_array();
    for (size_t i = 0; i < row.state.stages.size(); ++i)
      json.begin_object()
          .field("environment", row.state.begun.stages[i].environment)
          .field("entered", row.state.stages[i].entered)
          .field("run", row.state.stages[i].run)
          .end_object();
    json.end_array().end_object();
  }
  json.end_array();
}

int status_of_promotion(const Context& context, const std::string& name) {
  int exit_code = Ok;
  std::optional<NamedPromotion> promotion = look_at_promotion(context, name, exit_code);
  if (!promotion) return exit_code;
  if (context.args.has("--watch"))
    if (int code = follow(context, *promotion); code != Ok) return code;
  if (context.args.has("--events") && !context.args.has("--watch")) {
    Result<std::vector<journal::PromotionEvent>> events = promotion->store->read_promotion(name);
    if (!events) return context.fail(events.error());
    for (const journal::PromotionEvent& event : *events) context.out(promotion_event_json(name, event));
    if (!context.json()) return Ok;
  }
  if (context.json()) {
    context.out(promotion_result_json(name, promotion->state, Ok));
    return Ok;
  }
  context.out(promotion_picture({name, promotion->state, driver_text(*promotion),
                                 context.env.effects().clock.wall_ns(), underway_text(*promotion)},
                                context.style));
  return Ok;
}

}  // namespace rollout::cli
