#include "runtime/cli/view_promotion.h"

#include <algorithm>

#include <fmt/format.h>

#include "compiler/base/json.h"
#include "compiler/plan/promoted.h"
#include "runtime/cli/outline.h"
#include "runtime/cli/view_during.h"
#include "runtime/cli/view_plan.h"

namespace rollout::cli {

namespace {

std::string soak_text(int64_t soak_ns) {
  return soak_ns > 0 ? fmt::format("then left alone for {}", eval::duration_text(soak_ns)) : "";
}

std::string way_text(const std::vector<StagePlan>& stages) {
  std::string out;
  for (const StagePlan& stage : stages) {
    out += (out.empty() ? "" : " then ") + stage.stage.environment;
    if (stage.stage.soak_ns > 0) out += fmt::format(" soak {}", eval::duration_text(stage.stage.soak_ns));
  }
  return out;
}

constexpr size_t max_changes = 4, max_phases = 6;
constexpr int least_columns = 60;

/// One environment in a few lines, so that the whole promotion fits on a screen.
struct Block {
  const plan::Plan& plan;
  const Style& style;
  Outline outline = outline_of(plan);

  std::string line(std::string_view text) const {
    std::string out;
    for (const std::string& one : wrap(text, size_t(std::max(style.columns, least_columns)) - 2))
      out += "  " + one + "\n";
    return out;
  }

  std::string changes() const {
    std::string out;
    size_t shown = 0;
    for (const Change& change : outline.changes) {
      if (!change.touched || ++shown > max_changes) continue;
      std::string where = change.where.empty() ? "" : fmt::format("  ({})", change.where);
      out += fmt::format("  {}  {} {} {}{}\n", style.name(change.service), from_text(change), style.arrow(),
                         to_text(change), where);
    }
    if (shown > max_changes) out += fmt::format("  {} {} more\n", style.dots(), shown - max_changes);
    if (outline.has_changes) return out;
    return out + fmt::format("  {}\n", style.good("nothing to change: passed without a run"));
  }

  /// The phases and what people decide, in order; of many the first ones and the last.
  std::string phases() const {
    std::vector<std::string> parts;
    for (const Row& row : outline.rows) {
      if (row.phase != plan::none) {
        std::string name = row_name(plan, row), share = row.share_ppb ? eval::percent_text(*row.share_ppb) : "";
        std::string hold = row.hold_ns > 0 ? fmt::format(" for {}", eval::duration_text(row.hold_ns)) : "";
        std::string beside = beside_text(plan, row);
        if (!beside.empty()) beside = " beside " + beside;
        parts.push_back(name + (name.ends_with(share) ? "" : " " + share) + beside + hold);
        continue;
      }
      for (uint32_t step : row.steps)
        if (plan.steps[step].kind == plan::StepKind::Approval) parts.push_back(plan.steps[step].text);
    }
    if (parts.size() > max_phases) {
      size_t left_out = parts.size() - max_phases;
      parts.erase(parts.begin() + max_phases - 1, parts.end() - 1);
      parts.insert(parts.end() - 1, fmt::format("{} {} more", style.dots(), left_out));
    }
    if (parts.empty()) return {};
    std::string holds;
    if (outline.hold_ns > 0) holds = fmt::format("; {} of holds in all", eval::duration_text(outline.hold_ns));
    return line(join(parts, fmt::format(" {} ", style.arrow())) + holds);
  }

  std::string when() const {
    std::string out = plan.during ? line(fmt::format("only during {}", during_text(*plan.during))) : "";
    for (const plan::Forbidden& one : plan.forbidden)
      out += line(fmt::format("{} {}: {} during {}", one.unless_open ? "check" : "policy", one.policy,
                              one.unless_open ? "begun only" : "not begun",
                              calendar::calendar_text(one.during.calendar)));
    return out;
  }

  std::string way_back() const {
    int64_t worst_ns = 0;
    for (const Row& row : outline.rows) worst_ns = std::max(worst_ns, back_text(plan, row).worst_ns);
    if (worst_ns == 0) return {};
    return fmt::format("  way back from anywhere {} {}\n", style.at_most(), eval::duration_text(worst_ns));
  }

  std::string text() const { return changes() + phases() + when() + way_back(); }
};

/// What is so of the plans of several environments is said once.
std::string warnings(const std::vector<StagePlan>& stages, const Style& style) {
  std::string out;
  if (stages.front().planned.plan.offline)
    out += style.warn("offline:") + " nothing that runs was looked at\n";
  std::vector<std::string> unpinned;
  for (const StagePlan& stage : stages)
    for (const plan::Observed& observed : stage.planned.plan.observed)
      if (observed.what.starts_with("digest(") && observed.value.is(eval::Value::Kind::None) &&
          std::find(unpinned.begin(), unpinned.end(), observed.what) == unpinned.end())
        unpinned.push_back(observed.what);
  for (const std::string& what : unpinned)
    out += fmt::format("{} {} is named by its tag alone, which can be moved; name its digest with `@sha256:…`\n",
                       style.warn("unpinned:"), what.substr(7, what.size() - 8));
  for (size_t i = 1; i < stages.size(); ++i) {
    const plan::Plan &earlier = stages[i - 1].planned.plan, &later = stages[i].planned.plan;
    std::optional<plan::Untried> untried = plan::first_untried(plan::brought_by(earlier), plan::brought_by(later));
    if (untried)
      out += fmt::format("{} {} gets {} of {}, and {} before it tries {}\n", style.warn("not tried:"),
                         later.environment, untried->image, untried->service, earlier.environment, untried->tried);
  }
  return out.empty() ? out : "\n" + out;
}

constexpr std::string_view on_entry = "Each plan is made when its environment is entered; these are previews.";

}  // namespace

std::string promotion_text(std::string_view name, const std::vector<StagePlan>& stages, const Style& style, bool all) {
  std::string title = fmt::format("promotion {}", name);
  std::string out = fmt::format("{}  {} {}: {}\n{}\n", style.bold(title), style.dot(), stages.front().stage.rollout,
                                way_text(stages), on_entry);
  for (size_t i = 0; i < stages.size(); ++i) {
    const StagePlan& stage = stages[i];
    std::string head = fmt::format("{} of {}: {}", i + 1, stages.size(), stage.stage.environment);
    out += fmt::format("\n{}\n", all ? style.dim(head) : style.bold(head));
    const plan::Plan& plan = stage.planned.plan;
    out += all ? plan_text(plan, stage.planned.hash, style, all) : Block{plan, style}.text();
    if (stage.stage.soak_ns > 0) out += fmt::format("{}  {}\n", all ? "\n" : "", soak_text(stage.stage.soak_ns));
  }
  return out + (all ? "" : warnings(stages, style) + "\n--verbose shows each plan in full\n");
}

std::string promotion_markdown(std::string_view name, const std::vector<StagePlan>& stages) {
  std::string out = fmt::format("## Promotion `{}`: {}\n\n{}\n", name, way_text(stages), on_entry);
  for (const StagePlan& stage : stages) {
    out += "\n" + plan_markdown(stage.planned.plan, stage.planned.hash);
    if (stage.stage.soak_ns > 0) out += fmt::format("\n*{}*\n", soak_text(stage.stage.soak_ns));
  }
  return out;
}

std::string promotion_json(std::string_view name, const std::vector<StagePlan>& stages) {
  json::Writer json;
  json.begin_object().field("version", 1).field("type", "promotion").field("promotion", name);
  json.field("rollout", stages.front().stage.rollout);
  json.end_object();
  std::string out = json.take();
  out.back() = ',';  // the plans go in as they are, with the bytes that their hashes are of
  out += "\"stages\":[";
  for (const StagePlan& stage : stages) {
    json::Writer head;
    head.begin_object().field("environment", stage.stage.environment).field("soak_ns", stage.stage.soak_ns);
    head.end_object();
    std::string text = head.take();
    text.back() = ',';
    std::string_view plan = stage.planned.bytes;
    out += fmt::format("{}{}\"plan\":{}}}", &stage == &stages.front() ? "" : ",", text,
                       plan.substr(0, plan.find_last_not_of('\n') + 1));
  }
  return out + "]}\n";
}

}  // namespace rollout::cli
