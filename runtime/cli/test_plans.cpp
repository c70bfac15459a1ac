#include "runtime/cli/test_plans.h"

#include <fmt/format.h>

#include "compiler/hold_given.h"

namespace rollout::cli {

namespace {

constexpr std::string_view refused_given = "a release from what the test gives is refused";

/// All of it, so that different values are different texts. Values are as deep as the parser lets them be.
void add(std::string& key, const eval::Value& value) {
  key += fmt::format("{} {} {} {} {}:{}", int(value.kind), value.number, value.real, value.items.size(),
                     value.text.size(), value.text);
  for (const eval::Value& item : value.items) add(key, item);
}

/// Equal requests have equal keys, others have others: the length of a text stands in front of it.
std::string key_of(const plan::Request& request) {
  std::string key = fmt::format("{} {} ", request.rollout, request.environment);
  for (const auto& [name, value] : request.values) {
    key += name + "=";
    add(key, value);
  }
  for (const plan::ObservedService& service : request.snapshot.services) {
    key += fmt::format("\n{} {} ", service.service, service.generation);
    add(key, service.stable);
    add(key, service.state);
  }
  return key;
}

/// What to do about it, in a test: `test` takes no `--set`.
std::string help_of(const Diagnostic& diagnostic, const SourceMap& sources) {
  if (diagnostic.name != diag::InputMissing.name || !diagnostic.span.valid()) return diagnostic.help;
  return fmt::format("give it in the test, `run …({}: …)`, or write an `example` or a default beside its type",
                     sources.text(diagnostic.span));
}

}  // namespace

std::vector<std::string> plan_problems(const Diagnostics& diagnostics, const SourceMap& sources,
                                       std::string_view what) {
  std::vector<std::string> problems;
  for (const Diagnostic* one : diagnostics.sorted()) {
    if (one->severity != Severity::Error) continue;
    std::string place;
    if (one->span.source != SourceId::None)
      place = fmt::format(" ({}:{})", sources.shown_name(one->span.source),
                          sources.locate(one->span.source, one->span.begin).line);
    std::string text = fmt::format("{}: {}{}", what, one->message, place);
    if (one->witness) text += "; path: " + path_text(one->witness->path);
    for (const std::string& note : one->notes) text += "; " + note;
    if (std::string help = help_of(*one, sources); !help.empty()) text += "; " + help;
    problems.push_back(std::move(text));
  }
  return problems;
}

TestPlan TestPlans::plan(const plan::Request& request) {
  std::string key = key_of(request);
  if (auto known = known_.find(key); known != known_.end()) return known->second;
  ++made_;
  Diagnostics diagnostics;
  TestPlan made{plan::make_plan(*compilation_.program, request, compilation_.sources, diagnostics), {}};
  bool refused = made.plan && !diagnostics.has_errors();  // if at all, then for what the test gives
  if (made.plan) hold_given(compilation_, *made.plan, diagnostics);
  if (diagnostics.has_errors()) made.plan.reset();
  if (!made.plan) made.problems = plan_problems(diagnostics, compilation_.sources, refused ? refused_given : no_plan);
  if (known_.size() < most_test_plans) known_.emplace(std::move(key), made);
  return made;
}

}  // namespace rollout::cli
