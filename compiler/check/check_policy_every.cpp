// `for every phase p of r where … { … }`: what a policy asks of the elements of a plan.
#include "compiler/check/context.h"

namespace rollout::check {

/// Whether the rule may stand here, because it is about the rollout as a whole.
bool Checker::stands_outside(const ast::PolicyItem& item, std::string_view what) {
  if (quantifiers_.empty()) return true;
  const ast::PolicyEvery& around = quantifiers_.back()->every;
  diagnostics_
      .report(item.span, diag::PolicyPlace, std::string(what),
              fmt::format("inside `for {} {}`", around.word.text, around.element.text))
      .at(around.element.span, "this is about a part of a plan")
      .advise("write it directly in `for every rollout`");
  return false;
}

void Checker::check_every(const ir::Policy& policy, const ast::PolicyItem& item) {
  const ast::PolicyEvery& every = item.every;
  if (every.word.text != "every" && every.word.text != "some") {
    report_unknown(every.word.span, every.word.text, "quantifier", {"every", "some"});
    return;
  }
  std::optional<ir::Owner> owner = ir::owner_named(every.element.text);
  if (!owner) {
    std::vector<std::string_view> known;
    for (size_t i = 0; i < ir::owner_count; ++i) known.push_back(ir::owner_word(ir::Owner(i)));
    report_unknown(every.element.span, every.element.text, "quantifier over", known);
    return;
  }
  if (item.items.empty()) diagnostics_.report(item.span, diag::PolicyEmpty, std::string(policy.decl->name.text));
  if (*owner == ir::Owner::Rollout) return check_every_rollout(policy, item);
  if (quantifiers_.size() == ir::max_policy_depth) {
    diagnostics_
        .report(item.span, diag::PolicyPlace, fmt::format("`for {} {}`", every.word.text, every.element.text),
                fmt::format("inside {} others", ir::max_policy_depth))
        .advise("make a policy of its own of what asks for less at once");
    return;
  }
  for (const ast::Name& environment : every.environments)
    diagnostics_
        .report(environment.span, diag::PolicyPlace, "an environment",
                fmt::format("behind `for {} {}`", every.word.text, every.element.text))
        .advise("write it behind `for every rollout r`");
  check_domain(every, *owner);
  size_t outer = locals_.size();
  add_local(every.variable, program_.types.element(uint32_t(*owner)), ir::Time::Plan);
  quantifiers_.push_back(&item);
  if (every.where) expect(every.where, simple(TypeKind::Bool), "`where`");
  check_policy_items(policy, item.items);
  quantifiers_.pop_back();
  locals_.resize(outer);
}

/// `of r`, `of p`
void Checker::check_domain(const ast::PolicyEvery& every, ir::Owner owner) {
  if (every.of.text.empty()) return;
  const Local* of = find_local(every.of.text);
  bool rollout = of && of->type->is(TypeKind::Rollout);
  bool phase = of && of->type->is(TypeKind::Element) && ir::Owner(of->type->index) == ir::Owner::Phase;
  if (rollout || (phase && owner != ir::Owner::Phase)) return;
  diagnostics_
      .report(every.of.span, diag::ExpectedFound, owner == ir::Owner::Phase ? "a rollout" : "a rollout or a phase",
              std::string(every.of.text))
      .advise(fmt::format("name the variable of a quantifier around it: `for {} {} {} of p`", every.word.text,
                          every.element.text, every.variable.text));
}

void Checker::check_every_rollout(const ir::Policy& policy, const ast::PolicyItem& item) {
  const ast::PolicyEvery& every = item.every;
  std::string name(policy.decl->name.text);
  bool inside = locals_.size() > policy.parameters.size();
  if (inside || every.word.text == "some") {
    diagnostics_
        .report(item.span, diag::PolicyPlace, fmt::format("`for {} rollout`", every.word.text),
                inside ? "inside another quantifier" : "in a policy: it holds for every rollout by itself")
        .advise("write `for every rollout r { … }`, directly in the policy");
    return;
  }
  if (!policy.parameters.empty())
    diagnostics_.report(item.span, diag::PolicyWhole, name, "it has no parameters")
        .at(policy.parameters[0].name.span, "nothing gives it this")
        .advise("leave `for every` out, and call it from a policy that has one");
  if (every.where || !every.of.text.empty())
    diagnostics_
        .report(every.where ? every.where->span : every.of.span, diag::PolicyPlace, every.where ? "`where`" : "`of`",
                "behind `for every rollout`")
        .advise("say which environments: `for every rollout r in production`");
  for (const ast::Name& environment : every.environments)
    expect_symbol(environment, ir::Ref::Environment, "environment");
  size_t outer = locals_.size();
  add_local(every.variable, simple(TypeKind::Rollout), ir::Time::Plan);
  check_policy_items(policy, item.items);
  locals_.resize(outer);
}

}  // namespace rollout::check
