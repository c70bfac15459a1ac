#include "runtime/cli/view_promotion_run.h"

#include <algorithm>

#include <fmt/format.h>

#include "compiler/base/json.h"
#include "runtime/cli/log_file.h"
#include "runtime/journal/words.h"

namespace rollout::cli {

namespace {

using exec::PromotionState;
using journal::PromotionOutcome;

constexpr size_t detail_columns = 4, next_columns = 8;
constexpr int least_columns = 60;

std::string_view spoken(PromotionOutcome outcome) {
  switch (outcome) {
    case PromotionOutcome::Succeeded: return "done in every environment";
    case PromotionOutcome::Stopped: return "stopped";
    case PromotionOutcome::Aborted: return "aborted";
    case PromotionOutcome::Superseded: return "superseded";
    case PromotionOutcome::RolledBack: return "taken back everywhere";
  }
  return "";
}

struct Picture {
  const PromotionPicture& of;
  const Style& style;
  const PromotionState& state = of.state;

  std::string_view mark(const PromotionState::Stage& stage) const {
    if (!stage.entered) return style.unicode ? "·" : ".";
    if (!stage.ended) return style.unicode ? "▸" : ">";
    bool well = stage.ended->outcome == journal::Outcome::Succeeded;
    return well ? (style.unicode ? "✓" : "+") : (style.unicode ? "✗" : "x");
  }

  std::string wrapped(std::string_view text) const {
    std::string out;
    for (const std::string& line : wrap(text, size_t(std::max(style.columns, least_columns)) - detail_columns))
      out += std::string(detail_columns, ' ') + line + "\n";
    return out;
  }

  std::string outcome_text(size_t index) const {
    const PromotionState::Stage& stage = state.stages[index];
    if (!stage.entered) return style.dim("not entered");
    if (!stage.ended) return style.warn(of.name.empty() ? "parked" : of.driver.empty() ? "not ended" : "underway");
    std::string word(journal::spoken(stage.ended->outcome));
    if (stage.run.empty() && !of.name.empty()) word = "nothing had to be changed";
    if (stage.taken_back)
      return stage.taken_back->outcome == journal::Outcome::RolledBack ? style.warn("taken back")
                                                                        : style.bad("did not go back");
    if (stage.ended->outcome != journal::Outcome::Succeeded) return style.bad(word);
    return style.good(word) + fmt::format(" after {}", short_duration(stage.ended->wall_ns - stage.entered_wall_ns));
  }

  /// How long the environment is left alone, or still is.
  std::string soak_text(size_t index) const {
    int64_t soak_ns = state.begun.stages[index].soak_ns;
    const PromotionState::Stage& stage = state.stages[index];
    if (soak_ns == 0) return {};
    std::string soak = eval::duration_text(soak_ns);
    bool soaks = stage.ended && !state.ended && index + 1 < state.stages.size() && !state.stages[index + 1].entered;
    int64_t until = soaks ? stage.ended->wall_ns + soak_ns : 0;
    if (soaks && until > of.now_wall_ns)
      return fmt::format(", left alone for {} until {}, {} more", soak, effects::utc_text(until),
                         short_duration(until - of.now_wall_ns));
    if (!stage.ended) return state.ended ? "" : fmt::format(", to be left alone for {}", soak);
    return stage.ended->outcome == journal::Outcome::Succeeded ? fmt::format(", then left alone for {}", soak) : "";
  }

  std::string lines() const {
    size_t width = 0, runs = 0;
    for (const journal::PromotedStage& stage : state.begun.stages) width = std::max(width, stage.environment.size());
    for (const PromotionState::Stage& stage : state.stages) runs = std::max(runs, stage.run.size());
    std::string out;
    for (size_t i = 0; i < state.stages.size(); ++i) {
      const PromotionState::Stage& stage = state.stages[i];
      std::string run = runs == 0 || of.name.empty() ? "" : left(stage.run, runs) + "  ";
      out += fmt::format("  {} {}  {}{}{}\n", mark(stage), style.name(left(state.begun.stages[i].environment, width)),
                         run, outcome_text(i), soak_text(i));
      bool badly = stage.ended && stage.ended->outcome != journal::Outcome::Succeeded;
      if (badly && !stage.ended->detail.empty()) out += wrapped(stage.ended->detail);
      if (stage.entered && !stage.ended && !of.underway.empty()) out += wrapped(of.underway);
    }
    return out;
  }

  /// What to do next; nothing where all is well.
  std::string next() const {
    if (of.name.empty()) return {};
    const PromotionState::Stage& stage = state.stages[exec::stage_of(state)];
    if (!state.ended && state.reopened && of.driver.empty())
      return fmt::format("  next  rollout apply --resume {}   goes on taking it back\n", of.name);
    if (!state.ended && !of.driver.empty())
      return fmt::format("  driven by {}\n  next  rollout abort {}   enters no further environment; a run underway "
                         "goes back\n",
                         of.driver, of.name);
    if (!state.ended)
      return fmt::format("  next  rollout apply --resume {0}   goes on where it stands\n"
                         "        rollout abort {0}            ends it there; a run underway goes back\n",
                         of.name);
    if (state.ended->outcome == PromotionOutcome::Succeeded) return {};
    std::string again = fmt::format("rollout apply {} {}", state.begun.file, state.begun.promotion);
    bool held = state.ended->outcome == PromotionOutcome::RolledBack;
    for (const journal::Fixed& input : state.begun.inputs)
      again += fmt::format(" --set {}={}", input.name, held ? "VALUE" : input.text);
    std::string look;
    std::string then = "begins again; an environment that has the version is passed without a run";
    if (held) then = "with a version that mends it: the one that was taken back is held, and only a person lets it "
                     "through, by --accept-held";
    else if (stage.ended && stage.ended->outcome == journal::Outcome::RolledBack)
      then += "; where a gate, a watch or a person spoke against the version, only --accept-held lets it through";
    if (!stage.run.empty()) look = fmt::format("  next  rollout status {}   what happened there\n", stage.run);
    std::string out = look + fmt::format("  {}  {}\n", look.empty() ? "next" : "    ", again);
    for (const std::string& line : wrap(then, size_t(std::max(style.columns, least_columns)) - next_columns))
      out += std::string(next_columns, ' ') + line + "\n";
    return out;
  }

  std::string head() const {
    std::string title = of.name.empty() ? fmt::format("promotion {}", state.begun.promotion)
                                        : fmt::format("promotion {} of {}", of.name, state.begun.promotion);
    std::string word = promotion_word(state);
    if (state.ended && word != "refused") word = spoken(state.ended->outcome);
    bool good = state.ended && state.ended->outcome == PromotionOutcome::Succeeded;
    std::string shown = good ? style.good(word) : state.ended ? style.bad(word) : style.warn(word);
    int64_t until = state.ended ? state.wall_ns : std::max(of.now_wall_ns, state.wall_ns);
    std::string what = state.begun.rollout + (state.begun.file.empty() ? "" : " of " + state.begun.file);
    return fmt::format("{}  {} {}: {}, {} after it began\n", style.bold(title), style.dot(), what, shown,
                       short_duration(until - state.began_wall_ns));
  }
};

}  // namespace

std::string promotion_picture(const PromotionPicture& picture, const Style& style) {
  Picture drawn{picture, style};
  std::string out = drawn.head() + "\n" + drawn.lines();
  const PromotionState& state = picture.state;
  if (!state.begun.inputs.empty()) {
    std::string inputs;
    for (const journal::Fixed& input : state.begun.inputs) inputs += fmt::format(" {}={}", input.name, input.text);
    out += fmt::format("\n  with {}\n", inputs.substr(1));
  }
  if (state.ended && state.ended->outcome != PromotionOutcome::Succeeded)
    out += "\n" + drawn.wrapped(fmt::format("why: {}", state.ended->detail));
  std::string next = drawn.next();
  return next.empty() ? out : out + "\n" + next;
}

std::string promotion_word(const PromotionState& state) {
  bool entered = std::any_of(state.stages.begin(), state.stages.end(), [](const auto& stage) { return stage.entered; });
  if (state.ended && state.ended->outcome == PromotionOutcome::Stopped && !entered) return "refused";
  if (state.ended) return std::string(journal::word(state.ended->outcome));
  uint32_t stage = exec::stage_of(state);
  const std::string& environment = state.begun.stages[stage].environment;
  bool past = state.stages[stage].ended.has_value();
  return state.stages[stage].entered ? fmt::format("{} {}", past ? "past" : "in", environment) : "not begun";
}

std::string promotion_event_json(std::string_view name, const journal::PromotionEvent& event) {
  json::Writer json;
  json.begin_object().field("version", 1).field("type", "promotion_event").field("promotion", name);
  json.key("event").raw(journal::encode(event)).end_object();
  return json.take() + "\n";
}

std::string promotion_result_json(std::string_view name, const PromotionState& state, int exit_code) {
  json::Writer json;
  json.begin_object().field("version", 1).field("type", "promotion_result").field("promotion", name);
  json.field("name", state.begun.promotion).field("rollout", state.begun.rollout).field("file", state.begun.file);
  json.field("outcome", state.ended ? journal::word(state.ended->outcome) : std::string_view("running"));
  json.field("exit_code", exit_code).field("began", effects::utc_text(state.began_wall_ns));
  json.field("detail", state.ended ? state.ended->detail : "").key("inputs").begin_object();
  for (const journal::Fixed& input : state.begun.inputs) json.field(input.name, input.text);
  json.end_object().key("stages").begin_array();
  for (size_t i = 0; i < state.stages.size(); ++i) {
    const PromotionState::Stage& stage = state.stages[i];
    json.begin_object().field("environment", state.begun.stages[i].environment);
    json.field("soak_ns", state.begun.stages[i].soak_ns).field("entered", stage.entered).field("run", stage.run);
    json.field("plan_hash", stage.plan_hash).key("outcome");
    if (stage.ended) json.value(journal::word(journal::outcome_names, stage.ended->outcome));
    else json.null();
    json.field("ended", stage.ended ? effects::utc_text(stage.ended->wall_ns) : "");
    json.field("detail", stage.ended ? stage.ended->detail : "").end_object();
  }
  json.end_array().end_object();
  return json.take() + "\n";
}

void PromotionView::print(std::string_view line) const {
  if (!context_.quiet) context_.out(line);
}

void PromotionView::on_event(const journal::PromotionEvent& event, const PromotionState& state) {
  if (context_.log != nullptr)
    context_.log->write(Level::Info, journal::name_of(event.what), name_, promotion_word(state));
  if (context_.json()) return context_.out(promotion_event_json(name_, event));
  if (std::holds_alternative<journal::PromotionBegun>(event.what)) {
    print(fmt::format("\npromotion {}\n", context_.style.bold(name_)));
  } else if (std::holds_alternative<journal::PromotionResumed>(event.what)) {
    print(fmt::format("promotion {} goes on: {}\n", context_.style.bold(name_), promotion_word(state)));
  } else if (const auto* e = std::get_if<journal::StageEntered>(&event.what)) {
    const std::string& environment = state.begun.stages[e->stage].environment;
    if (e->run.empty()) print(fmt::format("\n{} has this version already; no run is made\n", environment));
    else print(fmt::format("\nrun {} in {}\n", context_.style.bold(e->run), context_.style.bold(environment)));
  } else if (const auto* e = std::get_if<journal::PromotionReopened>(&event.what)) {
    print(fmt::format("\npromotion {} is taken back by {}: {}\n", context_.style.bold(name_), e->by,
                      one_line(e->reason)));
  } else if (const auto* e = std::get_if<journal::PromotionAborted>(&event.what)) {
    print(fmt::format("promotion {} is aborted by {}: {}\n", name_, e->by, one_line(e->reason)));
  }
}

void PromotionView::on_wait(const PromotionState& state, const std::string& why, int64_t until_wall_ns) {
  if (context_.json()) return;
  std::string rest = exec::not_entered(state);
  print(fmt::format("\n{} until {}; not entered yet: {}\n", why, effects::utc_text(until_wall_ns), rest));
}

void PromotionView::on_trouble(const std::string& text) {
  if (std::exchange(last_trouble_, text) != text) context_.fail(0, text);
}

}  // namespace rollout::cli
