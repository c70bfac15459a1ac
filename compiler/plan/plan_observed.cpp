// What the plan takes from the world, each with its source and with how it is looked at again: values that a file
// observes, and the digests behind the tags of images.
#include <algorithm>

#include <fmt/format.h>
#include <llvm/ADT/STLExtras.h>

#include "compiler/eval/image.h"
#include "compiler/plan/build.h"

namespace rollout::plan {

using eval::Value;

namespace {

Recheck recheck_of(const ast::Observation& observation) {
  if (observation.at_run) return Recheck::AtRunStart;
  if (observation.within) return Recheck::Within;
  return observation.recheck.text == "exact" ? Recheck::Exact : Recheck::Recorded;
}

/// Whether something that acts on the service says which version runs. Where nothing acts on it, nobody does.
bool reads_version(const ir::Program& program, const ir::Service& service) {
  return llvm::any_of(service.bindings, [&](const ir::Binding& binding) {
    const ir::Backend& backend = program.backends[program.targets[binding.target].backend];
    return llvm::is_contained(backend.observed, uint32_t(Variable::Version));
  });
}

}  // namespace

void Planner::read_observed() {
  for (uint32_t i = 0; i < program_.lets.size(); ++i)
    if (program_.lets[i].decl->observation) read_observed(i);
}

/// Without a look at the world its example stands in for it, or nothing that runs; in a test what is given wins.
void Planner::read_observed(uint32_t let) {
  const ir::Let& declared = program_.lets[let];
  const ast::Observation& observation = *declared.decl->observation;
  const ast::Expr* what = declared.decl->value;
  const ast::Expr* callee = what->kind == ast::ExprKind::Call ? static_cast<const ast::CallExpr*>(what)->callee : what;
  bool version = program_.info(declared.module, callee).index;
  const ast::Expr* object = static_cast<const ast::MemberExpr*>(callee)->object;
  std::string service = eval_->eval(declared.module, object, {}).text;
  if (version && !reads_version(program_, program_.services[program_.info(declared.module, object).index])) {
    diagnostics_.report(what->span, diag::NotObservable)
        .note(fmt::format("no backend that acts on `{}` reads back which version runs", service))
        .advise("write `observe version(s: Service, role: Role) -> Image` in its backend, if it can");
  }
  auto said = [&](const ObservedService& seen) {
    bool whole = !request_.snapshot.offline;
    return seen.service == service && (whole || (version ? seen.stable.text != earlier_version : seen.generation > 0));
  };
  const std::vector<ObservedService>& all = request_.snapshot.services;
  if (request_.snapshot.offline && std::none_of(all.begin(), all.end(), said)) {
    Value value = version ? Value{} : Value::of(Value::Kind::Int, 0);
    if (observation.example) value = eval_->eval(declared.module, observation.example, {});
    eval_->observe(let, std::move(value));
    return;
  }
  for (const ObservedService& seen : all) {
    if (!said(seen) || !seen.unreached.empty()) continue;
    Value value = version ? seen.stable : Value::of(Value::Kind::Int, seen.generation);
    std::string name = version ? fmt::format("version({}, stable)", service) : fmt::format("generation({})", service);
    Observed observed{std::move(name), value, version ? seen.source : "state", recheck_of(observation)};
    if (observation.within) observed.within_ppb = eval_->eval(declared.module, observation.within, {}).number;
    plan_.observed.push_back(std::move(observed));
    eval_->observe(let, std::move(value));
  }
}

namespace {

/// What stands in front of the digest.
std::string_view tagged(const Value& image) { return std::string_view(image.text).substr(0, image.text.find('@')); }

}  // namespace

/// With the digest that its registry says; as it was where nobody was asked, or the file names the digest itself.
Value Planner::pinned(const Value& image) const {
  if (!image.is(Value::Kind::Image) || image.text.find('@') != std::string::npos) return image;
  for (const ObservedDigest& seen : request_.snapshot.digests)
    if (seen.image == image.text) return Value::of(Value::Kind::Image, fmt::format("{}@{}", seen.image, seen.digest));
  return image;
}

/// A tag may be moved; a digest may not. Which it is stands in the plan, never in silence. A name without a registry,
/// of a service that is bound to none, is found by its backend alone: there is nothing to ask.
void Planner::observe_image(uint32_t service, const Value& image) {
  if (!image.is(Value::Kind::Image)) return;
  std::string what = fmt::format("digest({})", tagged(image));
  for (const Observed& known : plan_.observed)
    if (known.what == what) return;
  for (const ObservedDigest& seen : request_.snapshot.digests)
    if (seen.image == tagged(image)) {
      plan_.observed.push_back({what, Value::of(Value::Kind::String, seen.digest), seen.source, Recheck::Exact});
      return;
    }
  eval::ImageParts parts = eval::image_parts(image.text);
  if (!parts.digest.empty()) return;
  for (const Binding& binding : plan_.services[service].bindings)
    if (binding.capability == registry_capability) {
      std::string source = fmt::format("target {} was not asked", plan_.targets[binding.target].name);
      plan_.observed.push_back({what, {}, std::move(source), Recheck::Recorded});
      return;
    }
  if (!parts.registry.empty()) plan_.observed.push_back({what, {}, "no registry was asked", Recheck::Recorded});
}

}  // namespace rollout::plan
