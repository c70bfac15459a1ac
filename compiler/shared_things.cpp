#include "compiler/shared_things.h"

#include <algorithm>

#include <fmt/format.h>
#include <llvm/ADT/SmallVector.h>
#include <llvm/ADT/StringExtras.h>

#include "compiler/ir/variables.h"

namespace rollout {

namespace {

using eval::Value;
using plan::Binding;
using plan::NamedValues;

/// What backends change that two services could share by mistake, by the first of these variables of the model that
/// their capability sets; and what a service is known by where its backend does not say what identifies it.
struct Shared {
  std::string_view variable;
  std::string_view what;  ///< that both would act on
  bool by_name;           ///< a backend keeps services apart by their names
  bool by_binding;        ///< and by the settings that the service gives it
};
constexpr Shared shared[] = {
    {"drained", "host", true, true},  {"instances", "instances", true, false}, {"version", "instances", true, false},
    {"share", "traffic", false, true}, {"flag", "flag", false, true},           {"schema", "schema", false, false},
};

/// A thing that consists of others has a key that theirs begin with.
struct Key {
  std::string text;
  std::string cohort;  ///< that it is; empty: none
};

template <typename Entity>
const Entity* named(const std::vector<Entity>& entities, std::string_view name) {
  auto found = std::find_if(entities.begin(), entities.end(),
                            [&](const Entity& one) { return one.decl->name.text == name; });
  return found == entities.end() ? nullptr : &*found;
}

/// Null: it only reads, or only acts on what is the service's own.
const Shared* shared_by(const ir::Program& program, std::string_view capability) {
  const ir::Capability* known = named(program.capabilities, capability);
  auto sets = [&](const Shared& row) { return known && ir::sets(*known->decl, row.variable); };
  const auto* found = std::find_if(std::begin(shared), std::end(shared), sets);
  return found == std::end(shared) ? nullptr : found;
}

const Value* find(const NamedValues& values, std::string_view name) {
  auto found = std::find_if(values.begin(), values.end(), [&](const auto& one) { return one.first == name; });
  return found == values.end() || found->second.is(Value::Kind::None) ? nullptr : &found->second;
}

/// Names of machines are the same in any case, and this machine has several.
std::string host_text(llvm::StringRef written) {
  if (written.startswith("/")) return written.str();  // the directory of a socket
  std::string text = written.lower();
  return text == "localhost" || text == "::1" ? "127.0.0.1" : text;
}

std::string text_of(std::string_view name, const Value& value, const std::string& root) {
  if (value.is(Value::Kind::Path)) return clean_path(value.text, root);
  return name == "host" ? host_text(eval::to_text(value)) : eval::to_text(value);
}

std::string part_text(std::string_view name, const std::string& value) { return fmt::format("{} = {}\n", name, value); }

/// The part of it that a service names. What has a default is how it is used, not which part it is.
std::string part_of(const ir::Backend& backend, const Binding& binding, const std::string& root) {
  std::string out;
  for (const ir::Parameter& parameter : backend.bindings)
    for (const auto& [name, value] : binding.config)
      if (!parameter.default_value && parameter.name.text == name) out += part_text(name, text_of(name, value, root));
  return out;
}

/// All that the target is given. How long something may take says nothing of what it is.
std::string whole_target(const plan::Target& target, const std::string& root) {
  std::string out = fmt::format("{}\n", target.backend);
  for (const auto& [name, value] : target.config)
    if (!value.is(Value::Kind::Duration) && !value.is(Value::Kind::Secret))
      out += part_text(name, text_of(name, value, root));
  return out;
}

/// The cohorts that the plan ever routes.
std::vector<std::string> cohorts_of(const plan::Plan& plan, const plan::Service& service) {
  std::vector<std::string> cohorts;
  for (const plan::Step& step : plan.steps) {
    if (step.kind != plan::StepKind::Act || &plan.services[step.action.service] != &service) continue;
    for (const plan::Setting& set : step.action.sets)
      if (set.variable == plan::Variable::Cohorts)
        for (const Value& cohort : set.value.items) cohorts.push_back(cohort.text);
  }
  return cohorts;
}

/// By one `identified by`; nothing where a setting is left out.
std::vector<Key> keys_of(ast::List<ast::IdentityPart> parts, const plan::Plan& plan, const plan::Service& service,
                         const Binding& binding, const std::string& root) {
  std::vector<Key> keys = {{}};
  for (const ast::IdentityPart& part : parts) {
    const Value* value = find(binding.config, part.word.text);
    if (!value) value = find(plan.targets[binding.target].config, part.word.text);
    auto add = [&](const std::string& text) {
      for (Key& key : keys) key.text += part_text(part.alias.text, text);
    };
    if (value) {
      add(text_of(part.word.text, *value, root));
    } else if (part.word.text == "service") {
      add(plan::known_text(service));
    } else if (part.word.text == "cohort") {
      std::vector<Key> each;
      for (const std::string& cohort : cohorts_of(plan, service))
        for (const Key& key : keys) each.push_back({key.text + part_text(part.alias.text, cohort), cohort});
      keys = std::move(each);
    } else {
      return {};
    }
  }
  return keys;
}

}  // namespace

std::string clean_path(std::string_view written, const std::string& root) {
  bool absolute = !written.empty() && written.front() == '/';
  std::string whole = absolute || root.empty() ? std::string(written) : fmt::format("{}/{}", root, written);
  llvm::StringRef text = whole;
  llvm::SmallVector<llvm::StringRef, 8> parts, kept;
  text.split(parts, '/', -1, false);
  for (llvm::StringRef part : parts) {
    if (part == ".." && !kept.empty() && kept.back() != "..") kept.pop_back();
    else if (part != ".") kept.push_back(part);
  }
  return (text.startswith("/") ? "/" : "") + llvm::join(kept, "/");
}

std::string system_of(const ir::Program& program, const plan::Target& target, const std::string& root) {
  std::string out;
  const ir::Backend* backend = named(program.backends, target.backend);
  if (backend && !backend->decl->identities.empty())
    for (const ast::IdentityPart& part : backend->decl->identities.front())
      if (const Value* value = find(target.config, part.word.text))
        out += part_text(part.alias.text, text_of(part.word.text, *value, root));
  return out.empty() ? whole_target(target, root) : out;
}

std::vector<Thing> things_of(const ir::Program& program, const plan::Plan& plan, const plan::Service& service,
                             const Binding& binding, const std::string& root) {
  const Shared* row = shared_by(program, binding.capability);
  const plan::Target& target = plan.targets[binding.target];
  const ir::Backend* backend = named(program.backends, target.backend);
  if (!row || !backend) return {};
  std::vector<Thing> things;
  for (ast::List<ast::IdentityPart> parts : backend->decl->identities)
    for (Key& key : keys_of(parts, plan, service, binding, root)) {
      std::string what = key.cohort.empty() ? std::string(row->what) : fmt::format("cohort `{}`", key.cohort);
      things.push_back({std::move(key.text), std::move(what)});
    }
  if (!backend->decl->identities.empty()) return things;
  std::string key = fmt::format("{}\n{}", row->what, whole_target(target, root));
  if (row->by_name) key += plan::known_text(service) + "\n";
  if (row->by_binding) key += part_of(*backend, binding, root);
  return {{std::move(key), std::string(row->what)}};
}

}  // namespace rollout
