#include "compiler/ir/program.h"

#include <algorithm>

namespace rollout::ir {

bool calls_actions(const Program& program, const Called& called) {
  std::vector<bool> seen(program.strategies.size());
  std::vector<const Called*> open = {&called};
  while (!open.empty()) {
    const Called& one = *open.back();
    open.pop_back();
    if (one.actions) return true;
    for (uint32_t strategy : one.strategies) {
      if (!seen[strategy]) open.push_back(&program.strategies[strategy].called);
      seen[strategy] = true;
    }
  }
  return false;
}

TypeNames Program::type_names() const {
  TypeNames names;
  for (const Record& record : records) names.records.push_back(record.decl->name.text);
  for (const Enum& declared : enums) names.enums.push_back(declared.decl->name.text);
  return names;
}

std::vector<std::pair<std::string_view, uint32_t>> Program::visible_environments() const {
  std::vector<std::pair<std::string_view, uint32_t>> visible;
  if (modules.empty()) return visible;
  for (const auto& entry : modules.back()->scope)
    if (entry.second.kind == Ref::Environment) visible.emplace_back(entry.first(), entry.second.index);
  std::sort(visible.begin(), visible.end(), [](const auto& a, const auto& b) { return a.second < b.second; });
  return visible;
}

}  // namespace rollout::ir
