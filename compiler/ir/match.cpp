#include "compiler/ir/match.h"

#include <llvm/ADT/StringMap.h>

namespace rollout::ir {

Match match_arguments(const std::vector<Parameter>& parameters, llvm::ArrayRef<ast::Argument> arguments, size_t first) {
  Match match;
  match.values.resize(parameters.size());
  constexpr size_t many = 16;
  llvm::StringMap<size_t> names;
  for (size_t i = first; i < parameters.size() && parameters.size() > many; ++i)
    names.try_emplace(parameters[i].name.text, i);
  auto index_of = [&](std::string_view label) {
    if (parameters.size() > many) {
      auto found = names.find(label);
      return found == names.end() ? parameters.size() : found->second;
    }
    size_t index = first;
    while (index < parameters.size() && parameters[index].name.text != label) ++index;
    return index;
  };
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
      index = index_of(argument.label.text);
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
