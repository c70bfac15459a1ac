#include "compiler/ir/match.h"

#include <algorithm>
#include <optional>

#include <llvm/ADT/DenseSet.h>

namespace rollout::ir {

const ast::Expr* Match::value(size_t parameter) const {
  auto found = std::lower_bound(given.begin(), given.end(), parameter,
                                [](const Given& one, size_t wanted) { return one.parameter < wanted; });
  return found != given.end() && found->parameter == parameter ? found->argument->value : nullptr;
}

ParameterTable::ParameterTable(const std::vector<Parameter>& parameters) {
  for (size_t i = 0; i < parameters.size(); ++i) {
    places.try_emplace(parameters[i].name.text, i);
    if (!parameters[i].default_value) required.push_back(i);
  }
}

Match match_arguments(const std::vector<Parameter>& parameters, llvm::ArrayRef<ast::Argument> arguments, size_t first,
                      const ParameterTable* table) {
  Match match;
  std::optional<ParameterTable> own;
  // A table costs as much as to look through the parameters for a few labels.
  if (!table && parameters.size() > many_parameters && arguments.size() > many_parameters)
    table = &own.emplace(parameters);
  auto index_of = [&](std::string_view label) {
    size_t index = first;
    if (table) {
      auto found = table->places.find(label);
      return found == table->places.end() || found->second < first ? parameters.size() : found->second;
    }
    while (index < parameters.size() && parameters[index].name.text != label) ++index;
    return index;
  };
  auto stop = [&](Match::Problem problem, const ast::Argument& culprit) {
    match.problem = problem;
    match.culprit = &culprit;
    return match;
  };
  size_t next = first;
  llvm::DenseSet<size_t> labelled;
  for (const ast::Argument& argument : arguments) {
    size_t index = next;
    if (argument.label.text.empty()) {
      if (!labelled.empty()) return stop(Match::Problem::PositionalAfterLabel, argument);
      if (next >= parameters.size()) return stop(Match::Problem::TooMany, argument);
      ++next;
    } else {
      index = index_of(argument.label.text);
      if (index == parameters.size()) return stop(Match::Problem::UnknownLabel, argument);
      if (index < next || !labelled.insert(index).second) return stop(Match::Problem::Twice, argument);
    }
    match.given.push_back({index, &argument});
  }
  std::sort(match.given.begin(), match.given.end(),
            [](const Match::Given& left, const Match::Given& right) { return left.parameter < right.parameter; });
  return match;
}

std::vector<Parameter> weekly_parameters(const Type* zone, const Type* days, const Type* time) {
  return {{{"zone", {}}, zone, nullptr, nullptr, {}},
          {{"days", {}}, days, nullptr, nullptr, {}},
          {{"from", {}}, time, nullptr, nullptr, {}},
          {{"to", {}}, time, nullptr, nullptr, {}}};
}

}  // namespace rollout::ir
