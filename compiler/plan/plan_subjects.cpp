// Flags and databases: what is known of them when the plan is made, and what compensable actions are taken back by.
#include <fmt/format.h>
#include <llvm/ADT/STLExtras.h>

#include "compiler/base/check.h"
#include "compiler/ir/variables.h"
#include "compiler/plan/build.h"
#include "compiler/plan/effect_words.h"

namespace rollout::plan {

using eval::Value;

Variable variable_of(const ast::Effect& effect) {
  std::optional<size_t> known = ir::variable_named(effect.variable.text);
  ROLLOUT_CHECK(known, "the checker lets only variables of the model be set");
  return Variable(*known);
}

Role role_of(std::string_view name) {
  if (name.empty()) return Role::All;
  return name == "stable" ? Role::Stable : name == "control" ? Role::Control : Role::Canary;
}

/// What the snapshot says of a flag or a database; offline it is at rest unless a test says otherwise.
void Planner::observe_state(uint32_t index) {
  const Service& subject = plan_.services[index];
  std::string name = service_text(subject);
  Variable variable = *state_variable(subject.subject);
  for (const ObservedService& observed : request_.snapshot.services) {
    if (observed.service != name) continue;
    model_.start_with({index, variable, Role::All}, observed.state);
    plan_.observed.push_back(
        {variable_text(subject, variable, Role::All), observed.state, observed.source, Recheck::Exact});
    if (request_.snapshot.offline) continue;
    plan_.observed.push_back({fmt::format("generation({})", name), Value::of(Value::Kind::Int, observed.generation),
                              "state", Recheck::Exact});
  }
}

/// The files that a step of a database runs stand in the plan with their hashes. False: a file is missing.
bool Planner::observe_migrations(const Action& action, Span span) {
  const Service& subject = plan_.services[action.service];
  if (subject.subject != Subject::Database) return true;
  std::string database = service_text(subject);
  auto ready = llvm::find_if(request_.snapshot.migrations,
                             [&](const ObservedMigrations& one) { return one.database == database; });
  if (ready == request_.snapshot.migrations.end()) return true;
  for (const Setting& setting : action.sets) {
    if (setting.variable != Variable::Schema || !setting.value.is(Value::Kind::String)) continue;
    const std::string& name = setting.value.text;
    auto file = llvm::find_if(ready->list, [&](const ObservedMigration& one) { return one.name == name; });
    if (file == ready->list.end()) {
      std::vector<std::string_view> known;
      for (const ObservedMigration& one : ready->list) known.push_back(one.name);
      Diagnostic& diagnostic = diagnostics_.report(span, diag::MigrationMissing, database, name);
      std::string_view near = nearest(name, known);
      if (!near.empty()) diagnostic.advise(fmt::format("did you mean `{}`?", near));
      if (!known.empty()) diagnostic.note(fmt::format("there {} {}", known.size() == 1 ? "is" : "are", list_of(known)));
      return false;
    }
    bool compensable = action.reversibility == Reversibility::Compensable;
    if (compensable && file->undo_sha256.empty()) {
      diagnostics_.report(span, diag::UndoMissing, name)
          .note("what has begun must be taken back when a later step fails")
          .advise(fmt::format("write `U{}.sql` beside its file", name.substr(1)));
      return false;
    }
    auto keep = [&](std::string_view what, const std::string& sha256) {
      plan_.observed.push_back({fmt::format("{}({}, {})", what, database, name), Value::of(Value::Kind::String, sha256),
                                ready->source, Recheck::Exact});
    };
    keep("migration", file->sha256);
    if (compensable) keep("undo", file->undo_sha256);
  }
  return true;
}

/// The same call, taken back: afterwards everything that it set is what it is before it.
Action Planner::undo_of(const Action& action) const {
  Action undo = action;
  undo.takes_back = true;
  undo.reversibility = Reversibility::Reversible;
  undo.text = fmt::format("undo {}", action.text);
  for (Setting& setting : undo.sets) setting.value = model_.now({action.service, setting.variable, setting.role});
  return undo;
}

/// A compensable step is taken back by itself; what a reversible one sets after it would have to be taken back first,
/// to something that no action sets.
bool Planner::restorable(const Action& action, Span span) {
  if (action.reversibility != Reversibility::Reversible) return true;
  for (const Compensation& taken : model_.compensations(action.service))
    for (const Setting& undone : plan_.undo[taken.undo].sets)
      for (const Setting& setting : action.sets) {
        if (setting.variable != undone.variable || setting.role != undone.role) continue;
        diagnostics_
            .report(span, diag::NoRollback,
                    variable_text(plan_.services[action.service], setting.variable, setting.role),
                    eval::to_text(model_.now({action.service, setting.variable, setting.role})))
            .advise(fmt::format("`{}` stands above it: only compensable actions may follow it",
                                plan_.undo[taken.undo].text));
        return false;
      }
  return true;
}

}  // namespace rollout::plan
