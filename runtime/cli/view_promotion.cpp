#include "runtime/cli/view_promotion.h"

#include <fmt/format.h>

#include "compiler/base/json.h"
#include "runtime/cli/outline.h"
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

constexpr std::string_view on_entry = "Each plan is made when its environment is entered; these are previews.";

}  // namespace

std::string promotion_text(std::string_view name, const std::vector<StagePlan>& stages, const Style& style, bool all) {
  std::string title = fmt::format("promotion {}", name);
  std::string out = fmt::format("{}  {} {}: {}\n{}\n", style.bold(title), style.dot(), stages.front().stage.rollout,
                                way_text(stages), on_entry);
  for (size_t i = 0; i < stages.size(); ++i) {
    const StagePlan& stage = stages[i];
    out += fmt::format("\n{}\n", style.dim(fmt::format("{} of {}: {}", i + 1, stages.size(), stage.stage.environment)));
    out += plan_text(stage.planned.plan, stage.planned.hash, style, all);
    if (stage.stage.soak_ns > 0) out += fmt::format("\n  {}\n", soak_text(stage.stage.soak_ns));
  }
  return out;
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

std::string promotion_by_hand(std::string_view file, const std::vector<plan::Stage>& stages) {
  std::string out;
  for (const plan::Stage& stage : stages) {
    out += fmt::format("\n  rollout apply {} {} --env {}", file, stage.rollout, stage.environment);
    if (stage.soak_ns > 0) out += fmt::format("   (and {} later:)", eval::duration_text(stage.soak_ns));
  }
  return out;
}

}  // namespace rollout::cli
