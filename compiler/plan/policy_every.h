// Private to compiler/plan: what policies ask of the elements of a plan, and of the order of its steps.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "compiler/base/source.h"
#include "compiler/plan/policy.h"
#include "compiler/plan/policy_elements.h"
#include "compiler/plan/policy_order.h"

namespace rollout::plan {

/// How often the rules inside of one quantifier may be asked of one plan, all that it ranges over multiplied. With a
/// microsecond for each it is a second.
inline constexpr double max_policy_cases = 1e6;
/// The same, of all rules of all policies.
inline constexpr double max_cases_of_all = 5e6;

/// What one rule gives: what is refused, and which orders it found as they are to be.
struct Answers {
  std::vector<OrderRule> orders;
  std::vector<Breach> breaches;
};

class Quantified {
 public:
  Quantified(const ir::Program& program, eval::Evaluator& evaluator, const SourceMap& sources, const Plan& plan)
      : program_(program), evaluator_(evaluator), sources_(sources), plan_(plan), elements_(plan) {}

  /// How many cases a rule has, before any of them is looked at.
  double cases(const ast::PolicyItem& item);
  void ask(const PolicyRule& rule, Answers& answers);

 private:
  struct Bound {
    const ast::PolicyEvery* every;
    const Element* element;
  };
  /// What stands on one side of `before`.
  struct Event {
    std::string text;              ///< as the side of what comes first says that it is over
    std::vector<uint32_t> steps;
    bool approvals = false;
    bool two_people = false;
    const Element* element = nullptr;  ///< that a variable stands for
  };

  /// `into` null: only whether it holds.
  bool check(const ast::PolicyItem& item, Answers* into);
  bool check_every(const ast::PolicyItem& item, Answers* into);
  bool check_all(const ast::PolicyItem& item, Answers* into);
  bool check_condition(const ast::PolicyItem& item, Answers* into);
  bool check_order(const ast::PolicyItem& item, Answers* into);
  bool is_sure(const ast::PolicyItem& item, const Event& first, const Event& then, Breach& breach);
  std::vector<const Element*> domain(const ast::PolicyEvery& every);
  double size_of(const ast::PolicyEvery& every);
  bool bind(const ast::PolicyEvery& every, const Element& element);
  void unbind() { bound_.pop_back(); }
  const Element* bound_to(std::string_view name) const;
  Event first_of(const ast::PolicyItem& item);
  Event event(std::string_view name, bool passes);
  Event mark(std::string_view word, bool passes) const;
  Event approvals(const ast::CallExpr* call);
  std::vector<uint32_t> ends_of(const Element& element) const;
  Breach breach_at(const ast::PolicyItem& item) const;
  void keep(const ast::PolicyItem& item, const Event& first, const Event& then, Answers& into);

  const ir::Program& program_;
  eval::Evaluator& evaluator_;
  const SourceMap& sources_;
  const Plan& plan_;
  Elements elements_;
  // Of the rule that is asked:
  const PolicyRule* rule_ = nullptr;
  eval::Frame frame_;
  std::vector<Bound> bound_;
  std::vector<const ast::PolicyItem*> around_;  ///< of the one whose cases are counted
  std::map<const ast::PolicyItem*, Passed> passed_;  ///< where what comes first is the same for all
  std::map<const ast::PolicyItem*, size_t> kept_;
};

}  // namespace rollout::plan
