#include "compiler/ir/program.h"

namespace rollout::ir {

TypeNames Program::type_names() const {
  TypeNames names;
  for (const Record& record : records) names.records.push_back(record.decl->name.text);
  for (const Enum& declared : enums) names.enums.push_back(declared.decl->name.text);
  return names;
}

}  // namespace rollout::ir
