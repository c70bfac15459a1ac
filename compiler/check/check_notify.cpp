// Who is told what: teams with a channel, and the messages of a rollout.
#include "compiler/check/context.h"

namespace rollout::check {

/// `notify = oncall`: a target that carries messages.
void Checker::check_channel(ir::Team& team, const ast::Setting& setting) {
  const Type* type = check_expr(setting.value);
  if (type->is(TypeKind::Error)) return;
  if (type->is(TypeKind::Live)) {
    report_live(setting.value, "`notify`", "a Target");
    return;
  }
  if (!type->is(TypeKind::Target)) {
    diagnostics_.report(setting.value->span, diag::WrongType, "`notify`", "Target", text(type))
        .advise("name a target that carries messages: `target oncall: webhook { … }`");
    return;
  }
  const ir::Target& target = program_.targets[info(setting.value).index];
  if (target.backend == UINT32_MAX) return;
  const ir::Backend& backend = program_.backends[target.backend];
  bool carries = std::any_of(backend.capabilities.begin(), backend.capabilities.end(), [&](uint32_t capability) {
    return program_.capabilities[capability].decl->name.text == "Notifier";
  });
  if (carries) team.notify = setting.value;
  else
    diagnostics_.report(setting.value->span, diag::BackendLacks, std::string(target.decl->name.text),
                        std::string(backend.decl->name.text), "Notifier")
        .advise("name a target that carries messages: `target oncall: webhook { … }`");
}

/// `notify sre "half of it is done"`, or `notify sre` directly in a rollout.
void Checker::check_notify(const ast::NotifyStatement* notify) {
  expect(notify->team, simple(TypeKind::Team), "`notify`");
  if (notify->text) expect(notify->text, simple(TypeKind::String), "`notify`");
  else if (block_ != rollout_body_)
    diagnostics_.report(notify->span, diag::NotifyHere)
        .advise("write a text behind the team, or move it directly into the rollout");
}

}  // namespace rollout::check
