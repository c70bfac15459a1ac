#include "compiler/check/circles.h"

#include <algorithm>

namespace rollout::check {

namespace {

using CircleKind = DiagnosticKind<std::string, std::string>;

class CircleSearch {
 public:
  CircleSearch(std::vector<ast::Name> names, const CircleKind& kind, const std::vector<Call>& calls,
               Diagnostics& diagnostics)
      : names_(std::move(names)), kind_(kind), calls_(names_.size()), diagnostics_(diagnostics),
        depths_(names_.size()) {
    for (const Call& call : calls) calls_[call.from].push_back(&call);
  }

  void search_all() {
    for (uint32_t i = 0; i < names_.size(); ++i)
      if (search(i)) return;
  }

 private:

  /// True when something was found and reported.
  bool search(uint32_t from) {
    if (depths_[from]) return false;
    path_.push_back(from);
    size_t depth = 1;
    for (const Call* call : calls_[from]) {
      auto start = std::find(path_.begin(), path_.end(), call->to);
      if (start != path_.end()) return report_circle(size_t(start - path_.begin()), *call);
      bool too_deep = path_.size() > max_made_of || depths_[call->to] > max_made_of;
      if (too_deep) diagnostics_.report(call->span, diag::TooDeep, int(max_made_of));
      if (too_deep || search(call->to)) return true;
      depth = std::max(depth, depths_[call->to] + 1);
    }
    path_.pop_back();
    depths_[from] = depth;
    return false;
  }

  bool report_circle(size_t start, const Call& call) {
    const ast::Name& name = names_[call.to];
    std::string circle;
    for (size_t i = start; i < path_.size(); ++i)
      circle += fmt::format("{} → ", names_[path_[i]].text);
    diagnostics_.report(call.span, kind_, std::string(name.text), circle + std::string(name.text))
        .at(name.span, "declared here");
    return true;
  }

  std::vector<ast::Name> names_;
  const CircleKind& kind_;
  std::vector<std::vector<const Call*>> calls_;  ///< by who calls
  Diagnostics& diagnostics_;
  std::vector<size_t> depths_;  ///< how deep each strategy's calls go; 0: not known yet
  std::vector<uint32_t> path_;
};

}  // namespace

void check_strategy_circles(const ir::Program& program, const std::vector<Call>& calls, Diagnostics& diagnostics) {
  std::vector<ast::Name> names;
  for (const ir::Strategy& strategy : program.strategies) names.push_back(strategy.decl->name);
  CircleSearch(std::move(names), diag::StrategyCircle, calls, diagnostics).search_all();
}

void check_policy_circles(const ir::Program& program, const std::vector<Call>& calls, Diagnostics& diagnostics) {
  std::vector<ast::Name> names;
  for (const ir::Policy& policy : program.policies) names.push_back(policy.decl->name);
  CircleSearch(std::move(names), diag::PolicyCircle, calls, diagnostics).search_all();
}

void check_func_circles(const ir::Program& program, const std::vector<Call>& calls, Diagnostics& diagnostics) {
  std::vector<ast::Name> names;
  for (const ir::Func& func : program.funcs) names.push_back(func.decl->name);
  CircleSearch(std::move(names), diag::FuncCircle, calls, diagnostics).search_all();
}

}  // namespace rollout::check
