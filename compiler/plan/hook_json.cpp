// Hooks of the way back in a plan, as JSON.
#include "compiler/plan/json_parts.h"

namespace rollout::plan {

void write_hook(json::Writer& json, const Hook& hook) {
  json.begin_object().field("on", hook.on_abort ? "abort" : "rollback").field("place", hook.place);
  if (!hook.notes.empty())
    write_list(json, "notes", hook.notes, [](json::Writer& j, const Note& note) {
      j.begin_object();
      write_index(j, "channel", note.channel);
      j.field("text", note.text).end_object();
    });
  if (!hook.actions.empty()) write_indices(json, "actions", hook.actions);
  json.end_object();
}

Hook read_hook(const json::Node& node) {
  Hook hook;
  hook.on_abort = node["on"].as_string() == "abort";
  hook.place = node["place"].as_string();
  for (const json::Node& note : node["notes"].items)
    hook.notes.push_back({read_index(note["channel"]), std::string(note["text"].as_string())});
  hook.actions = read_indices(node["actions"]);
  return hook;
}

bool is_hook_action(const Plan& plan, uint32_t undo) {
  return std::any_of(plan.hooks.begin(), plan.hooks.end(), [&](const Hook& hook) {
    return std::find(hook.actions.begin(), hook.actions.end(), undo) != hook.actions.end();
  });
}

uint32_t first_bad_hook(const Plan& plan) {
  auto is_changed = [&](uint32_t service) {
    return std::any_of(plan.steps.begin(), plan.steps.end(), [&](const Step& step) {
      return step.kind == StepKind::Act && step.action.service == service;
    });
  };
  for (uint32_t i = 0; i < plan.hooks.size(); ++i) {
    for (const Note& note : plan.hooks[i].notes)
      if (note.channel >= plan.channels.size()) return i;
    for (uint32_t action : plan.hooks[i].actions)
      if (action >= plan.undo.size() || is_changed(plan.undo[action].service)) return i;
  }
  return none;
}

}  // namespace rollout::plan
