#include "compiler/ir/program.h"

namespace rollout::ir {

std::vector<std::string_view> Program::record_names() const {
  std::vector<std::string_view> names;
  for (const Record& record : records) names.push_back(record.decl->name.text);
  return names;
}

}  // namespace rollout::ir
