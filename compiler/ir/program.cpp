#include "compiler/ir/program.h"

#include <algorithm>

namespace rollout::ir {

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
