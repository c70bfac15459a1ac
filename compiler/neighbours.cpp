#include "compiler/neighbours.h"

#include <algorithm>

#include <fmt/format.h>
#include <llvm/ADT/SmallVector.h>
#include <llvm/ADT/StringExtras.h>

namespace rollout {

namespace {

using eval::Value;

/// Capabilities whose backends act on something that two services could share by mistake.
struct Shared {
  std::string_view capability;
  std::string_view what;  ///< that both would act on
  bool by_name;           ///< the backend keeps services apart by their names
  bool by_binding;        ///< and by the settings that the service gives it
};
constexpr Shared shared[] = {
    {"Workload", "instances", true, false},     {"HostFleet", "host", true, true},
    {"TrafficRouter", "traffic", false, true},  {"Entrance", "traffic", false, true},
    {"FlagStore", "flag", false, true},         {"Migrator", "schema", false, false},
};

/// `./run//shop/` and `run/shop` are one path; what links mean is not looked at.
std::string path_text(llvm::StringRef written) {
  llvm::SmallVector<llvm::StringRef, 8> parts, kept;
  written.split(parts, '/', -1, false);
  for (llvm::StringRef part : parts) {
    if (part == ".." && !kept.empty() && kept.back() != "..") kept.pop_back();
    else if (part != ".") kept.push_back(part);
  }
  return (written.startswith("/") ? "/" : "") + llvm::join(kept, "/");
}

std::string text_of(const Value& value) {
  return value.is(Value::Kind::Path) ? path_text(value.text) : eval::to_text(value);
}

std::string facts_of(const plan::Plan& plan, const plan::Service& service) {
  std::string out = fmt::format("{} replicas\n", service.replicas);
  auto add = [&](const plan::NamedValues& settings) {
    for (const auto& [name, value] : settings) out += fmt::format("{} = {}\n", name, text_of(value));
  };
  for (const plan::Binding& binding : service.bindings) {
    const plan::Target& target = plan.targets[binding.target];
    out += fmt::format("{} {}\n", binding.capability, target.backend);
    add(target.config);
    add(binding.config);
  }
  return out;
}

/// A target as the world knows it. How long something may take says nothing of what it is, and a secret is not shown.
std::string system_of(const plan::Target& target) {
  std::string out = target.backend + "\n";
  for (const auto& [name, value] : target.config)
    if (!value.is(Value::Kind::Duration) && !value.is(Value::Kind::Secret))
      out += fmt::format("{} = {}\n", name, text_of(value));
  return out;
}

/// The part of it that a service names. What has a default is how it is used, not which part it is.
std::string part_of(const ir::Program& program, const plan::Target& target, const plan::Binding& binding) {
  std::string out;
  for (const ir::Backend& backend : program.backends) {
    if (backend.decl->name.text != target.backend) continue;
    for (const ir::Parameter& parameter : backend.bindings)
      for (const auto& [name, value] : binding.config)
        if (!parameter.default_value && parameter.name.text == name)
          out += fmt::format("{} = {}\n", name, text_of(value));
    return out;
  }
  return out;
}

std::string_view word_of(plan::Subject subject) {
  switch (subject) {
    case plan::Subject::Service: return "instances and traffic";
    case plan::Subject::Flag: return "flag";
    case plan::Subject::Database: return "schema";
  }
  return "";
}

std::string place_text(const SourceMap& sources, Span span) {
  return fmt::format("{}:{}", sources.shown_name(span.source), sources.locate(span.source, span.begin).line);
}

}  // namespace

void Neighbours::enter(const ir::Program& program) {
  declared_.clear();
  for (const ir::Service& service : program.services)
    declared_[std::string(service.decl->name.text)].push_back({&service, program.modules[service.module]->path});
}

/// Of two that have the name in one program, by an alias, the one that is bound to these targets.
const Neighbours::Declared* Neighbours::declared(const plan::Plan& plan, const plan::Service& service,
                                                 const ir::Program& program) const {
  auto known = declared_.find(service.name);
  if (known == declared_.end()) return nullptr;
  auto is_bound_so = [&](const Declared& one) {
    const std::vector<ir::Binding>& bindings = one.service->bindings;
    return std::equal(bindings.begin(), bindings.end(), service.bindings.begin(), service.bindings.end(),
                      [&](const ir::Binding& written, const plan::Binding& planned) {
                        std::string_view target = program.targets[written.target].decl->name.text;
                        return plan.targets[planned.target].name.starts_with(target);
                      });
  };
  auto found = std::find_if(known->second.begin(), known->second.end(), is_bound_so);
  return found == known->second.end() ? &known->second.back() : &*found;
}

void Neighbours::look(const plan::Plan& plan, const ir::Program& program, const SourceMap& sources,
                      Diagnostics& diagnostics) {
  for (const plan::Service& service : plan.services) {
    const Declared* known = declared(plan, service, program);
    if (!known) continue;
    Span span = known->service->decl->name.span;
    Seen seen{plan::identity_of(plan, service), span, known->file, place_text(sources, span), facts_of(plan, service)};
    auto [other, fresh] = identities_.try_emplace(seen.identity, seen);
    if (!fresh && other->second.file != seen.file && other->second.facts != seen.facts) {
      diagnostics.report(span, diag::DeclaredOtherwise, seen.identity, other->second.place)
          .note(fmt::format("locks and history know both by this name: each run would take the other's {} for its own",
                            word_of(service.subject)))
          .advise("declare it in one file and import it from there, or give one of them another name");
      continue;
    }
    for (const plan::Binding& binding : service.bindings)
      if (!look_at_thing(plan, binding, service, program, seen, diagnostics)) break;
  }
  locks_.look(plan, sources, diagnostics);
  for (uint32_t i = 0; i < plan.targets.size(); ++i)
    if (plan.targets[i].quota > 0) quotas_.look(plan, i, system_of(plan.targets[i]), sources, diagnostics);
}

/// False after a report.
bool Neighbours::look_at_thing(const plan::Plan& plan, const plan::Binding& binding, const plan::Service& service,
                               const ir::Program& program, const Seen& seen, Diagnostics& diagnostics) {
  auto row = std::find_if(std::begin(shared), std::end(shared),
                          [&](const Shared& one) { return one.capability == binding.capability; });
  if (row == std::end(shared)) return true;
  const plan::Target& target = plan.targets[binding.target];
  std::string thing = fmt::format("{}\n{}", row->capability, system_of(target));
  if (row->by_name) thing += plan::known_text(service) + "\n";
  if (row->by_binding) thing += part_of(program, target, binding);
  auto [other, fresh] = things_.try_emplace(std::move(thing), seen);
  if (fresh || other->second.identity == seen.identity) return true;
  bool one_declaration = other->second.place == seen.place;
  Diagnostic& diagnostic =
      diagnostics
          .report(seen.span, diag::ActOnSame, other->second.identity, seen.identity, std::string(row->what),
                  target.name)
          .note("locks and history know them as two: runs on them do not wait for each other");
  if (one_declaration)
    diagnostic.advise("reach it by one name: from one environment, or by settings that name the place");
  else
    diagnostic.note(fmt::format("`{}` is declared at {}", other->second.identity, other->second.place))
        .advise("declare it once and import it, or give one of them a part of its own");
  return false;
}

}  // namespace rollout
