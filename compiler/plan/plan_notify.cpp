// Messages: which teams can be told, and of what.
#include <fmt/format.h>

#include "compiler/base/visible.h"
#include "compiler/plan/build.h"

namespace rollout::plan {

using eval::Value;

namespace {

constexpr size_t max_message_bytes = 2000;

}  // namespace

/// None where nothing reaches the team.
uint32_t Planner::channel_of(const ir::Team& team) {
  if (!team.notify) return none;
  std::string name(team.decl->name.text);
  Value target = eval_->eval(team.module, team.notify, {});
  if (!target.is(Value::Kind::Entity)) return none;
  uint32_t index = target_index(target);
  for (uint32_t i = 0; i < plan_.channels.size(); ++i)
    if (plan_.channels[i].team == name && plan_.channels[i].target == index) return i;
  plan_.channels.push_back({std::move(name), index});
  return uint32_t(plan_.channels.size() - 1);
}

/// The channel of a team that is named to be told; none after a report.
uint32_t Planner::told_channel(const ast::Expr* team, Scope& scope) {
  Value entity = eval(team, scope);
  if (!entity.is(Value::Kind::Entity)) return none;
  const ir::Team& declared = program_.teams[size_t(entity.number)];
  uint32_t channel = channel_of(declared);
  if (channel == none)
    diagnostics_.report(team->span, diag::NoChannel, entity.text)
        .at(declared.decl->name.span, "declared here")
        .advise("give it a channel: `notify = oncall`, where `oncall` is a target that carries messages");
  return channel;
}

void Planner::plan_notify(const ast::NotifyStatement* notify, Scope& scope) {
  uint32_t channel = told_channel(notify->team, scope);
  if (channel == none) return;
  if (!notify->text) {
    bool twice = std::find(plan_.told.begin(), plan_.told.end(), channel) != plan_.told.end();
    if (twice) diagnostics_.report(notify->span, diag::GivenTwice, plan_.channels[channel].team);
    else plan_.told.push_back(channel);
    return;
  }
  std::optional<std::string> text = message_of(notify, scope);
  if (!text) return;
  Step step;
  step.kind = StepKind::Notify;
  step.channel = channel;
  step.message = *text;
  step.text = fmt::format("notify {} {}", plan_.channels[channel].team,
                          eval::to_text(Value::of(Value::Kind::String, std::move(*text))));
  step.reason = "people are told; nothing waits for it";
  add_step(std::move(step), notify->span);
}

/// Nothing where it is no text.
std::optional<std::string> Planner::message_of(const ast::NotifyStatement* notify, Scope& scope) {
  Value text = eval(notify->text, scope);
  if (!text.is(Value::Kind::String)) return std::nullopt;
  bool too_long = text.text.size() > max_message_bytes;
  std::string problem = text.text.empty()        ? "it is empty"
                        : too_long               ? fmt::format("it has more than {} bytes", max_message_bytes)
                        : find_hidden(text.text) ? "it has hidden characters"
                                                 : "";
  if (problem.empty()) return std::move(text.text);
  // Not kept: a loop would keep it for each of its rounds.
  diagnostics_.report(notify->text->span, diag::BadText, "this", "message", problem);
  return std::nullopt;
}

}  // namespace rollout::plan
