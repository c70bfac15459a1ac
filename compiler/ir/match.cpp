#include "compiler/ir/match.h"

namespace rollout::ir {

Match match_arguments(const std::vector<Parameter>& parameters, llvm::ArrayRef<ast::Argument> arguments, size_t first) {
  Match match;
  match.values.resize(parameters.size());
  auto stop = [&](Match::Problem problem, const ast::Argument& culprit) {
    match.problem = problem;
    match.culprit = &culprit;
    return match;
  };
  size_t next = first;
  bool labelled = false;
  for (const ast::Argument& argument : arguments) {
    size_t index = next;
    if (argument.label.text.empty()) {
      if (labelled) return stop(Match::Problem::PositionalAfterLabel, argument);
      if (next >= parameters.size()) return stop(Match::Problem::TooMany, argument);
      ++next;
    } else {
      labelled = true;
      for (index = first; index < parameters.size(); ++index)
        if (parameters[index].name.text == argument.label.text) break;
      if (index == parameters.size()) return stop(Match::Problem::UnknownLabel, argument);
      if (match.values[index]) return stop(Match::Problem::Twice, argument);
    }
    match.values[index] = argument.value;
  }
  return match;
}

std::vector<Parameter> weekly_parameters(const Type* zone, const Type* days, const Type* time) {
  return {{{"zone", {}}, zone, nullptr, nullptr, {}},
          {{"days", {}}, days, nullptr, nullptr, {}},
          {{"from", {}}, time, nullptr, nullptr, {}},
          {{"to", {}}, time, nullptr, nullptr, {}}};
}

}  // namespace rollout::ir
