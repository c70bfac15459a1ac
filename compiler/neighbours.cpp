#include "compiler/neighbours.h"

#include <algorithm>

#include <fmt/format.h>
#include <llvm/ADT/StringRef.h>

#include "compiler/shared_things.h"

namespace rollout {

namespace {

using eval::Value;

std::string text_of(const Value& value) {
  return value.is(Value::Kind::Path) ? clean_path(value.text, {}) : eval::to_text(value);
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

void Neighbours::enter(const ir::Program& program, const Home& home) {
  home_ = home;
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
    Seen seen{plan::identity_of(plan, service), span, known->file, place_text(sources, span), facts_of(plan, service),
              home_.state};
    auto [other, fresh] = identities_.try_emplace({home_.state, seen.identity}, seen);
    if (!fresh && other->second.file != seen.file && other->second.facts != seen.facts) {
      diagnostics.report(span, diag::DeclaredOtherwise, seen.identity, other->second.place)
          .note(fmt::format("locks and history know both by this name: each run would take the other's {} for its own",
                            word_of(service.subject)))
          .advise("declare it in one file and import it from there, or give one of them another name");
      continue;
    }
    auto [alike, alone] = alike_.try_emplace({home_.state, llvm::StringRef(seen.identity).lower()}, seen);
    if (!alone && alike->second.identity != seen.identity) {
      diagnostics.report(span, diag::DeclaredTwice, seen.identity)
          .note(fmt::format("`{}`, declared at {}, differs in case only: folders and hosts may not tell them apart",
                            alike->second.identity, alike->second.place))
          .advise("choose another name");
      continue;
    }
    look_at_things(plan, service, program, seen, diagnostics);
  }
  Runs& runs = runs_[home_.state];
  runs.locks.look(plan, sources, diagnostics);
  for (uint32_t i = 0; i < plan.targets.size(); ++i)
    if (plan.targets[i].quota > 0)
      runs.quotas.look(plan, i, system_of(program, plan.targets[i], home_.root), sources, diagnostics);
}

/// Until the first report.
void Neighbours::look_at_things(const plan::Plan& plan, const plan::Service& service, const ir::Program& program,
                                const Seen& seen, Diagnostics& diagnostics) {
  for (const plan::Binding& binding : service.bindings)
    for (const Thing& thing : things_of(program, plan, service, binding, home_.root)) {
      const Seen* other = other_of(thing.key, seen);
      things_.try_emplace(thing.key, seen);
      if (!other) continue;
      report(*other, seen, thing.what, plan.targets[binding.target].name, diagnostics);
      return;
    }
}

/// Who acts on the same thing, on a part of it, or on something that it is a part of.
const Neighbours::Seen* Neighbours::other_of(const std::string& key, const Seen& seen) const {
  auto is_other = [&](const Seen& one) { return one.identity != seen.identity || one.state != seen.state; };
  for (size_t end = key.find('\n'); end != std::string::npos; end = key.find('\n', end + 1)) {
    auto whole = things_.find(key.substr(0, end + 1));
    if (whole != things_.end() && is_other(whole->second)) return &whole->second;
  }
  for (auto part = things_.upper_bound(key); part != things_.end() && part->first.starts_with(key); ++part)
    if (is_other(part->second)) return &part->second;
  return nullptr;
}

void Neighbours::report(const Seen& other, const Seen& seen, const std::string& what, const std::string& target,
                        Diagnostics& diagnostics) {
  std::string where = fmt::format("`{}` is declared at {}", other.identity, other.place);
  if (other.state != seen.state) {
    diagnostics.report(seen.span, diag::ProjectsShare, other.identity, seen.identity, what, target)
        .note("they are in two projects, each with a state of its own: runs on them do not wait for each other")
        .note(std::move(where))
        .advise("keep both in one project, or let the projects share a state: `state = \"…\"` under `[cli]` in "
                "each rollout.toml");
    return;
  }
  Diagnostic& diagnostic =
      diagnostics.report(seen.span, diag::ActOnSame, other.identity, seen.identity, what, target)
          .note("locks and history know them as two: runs on them do not wait for each other");
  if (other.place == seen.place)
    diagnostic.advise("reach it by one name: from one environment, or by settings that name the place");
  else
    diagnostic.note(std::move(where))
        .advise("declare it once and import it, or give one of them a part of its own");
}

}  // namespace rollout
