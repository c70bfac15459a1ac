// What the plan takes from the world, each with its source and with how it is looked at again: values that a file
// observes, and the digests behind the tags of images.
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

}  // namespace

void Planner::read_observed() {
  for (uint32_t i = 0; i < program_.lets.size(); ++i)
    if (program_.lets[i].decl->observation) read_observed(i);
}

/// Without a look at the world its example stands in for it, or nothing that runs.
void Planner::read_observed(uint32_t let) {
  const ir::Let& declared = program_.lets[let];
  const ast::Observation& observation = *declared.decl->observation;
  const ast::Expr* what = declared.decl->value;
  const ast::Expr* callee = what->kind == ast::ExprKind::Call ? static_cast<const ast::CallExpr*>(what)->callee : what;
  bool version = program_.info(declared.module, callee).index;
  std::string service = eval_->eval(declared.module, static_cast<const ast::MemberExpr*>(callee)->object, {}).text;
  if (request_.snapshot.offline) {
    Value value = version ? Value{} : Value::of(Value::Kind::Int, 0);
    if (observation.example) value = eval_->eval(declared.module, observation.example, {});
    eval_->observe(let, std::move(value));
    return;
  }
  for (const ObservedService& seen : request_.snapshot.services) {
    if (seen.service != service) continue;
    Value value = version ? seen.stable : Value::of(Value::Kind::Int, seen.generation);
    std::string name = version ? fmt::format("version({}, stable)", service) : fmt::format("generation({})", service);
    Observed observed{std::move(name), value, version ? seen.source : "state", recheck_of(observation)};
    if (observation.within) observed.within_ppb = eval_->eval(declared.module, observation.within, {}).number;
    plan_.observed.push_back(std::move(observed));
    eval_->observe(let, std::move(value));
  }
}

/// A tag may be moved; a digest may not. Which it is stands in the plan, never in silence. A name without a registry is
/// found by its backend alone: there is nothing to ask.
void Planner::observe_image(const Value& image) {
  if (!image.is(Value::Kind::Image)) return;
  eval::ImageParts parts = eval::image_parts(image.text);
  if (!parts.digest.empty() || parts.registry.empty()) return;
  std::string what = fmt::format("digest({})", image.text);
  for (const Observed& known : plan_.observed)
    if (known.what == what) return;
  for (const ObservedDigest& seen : request_.snapshot.digests)
    if (seen.image == image.text) {
      plan_.observed.push_back({what, Value::of(Value::Kind::String, seen.digest), seen.source, Recheck::Exact});
      return;
    }
  plan_.observed.push_back({what, {}, "no registry was asked", Recheck::Recorded});
}

}  // namespace rollout::plan
