// Private to compiler/suggest: in which rollout something stands, for many findings of a program with many rollouts.
#pragma once

#include <string>
#include <vector>

#include "compiler/ir/program.h"

namespace rollout::suggest {

class RolloutPlaces {
 public:
  explicit RolloutPlaces(const ir::Program& program);

  /// Null: in none of the program's.
  const ast::Decl* decl_at(Span span) const;
  /// Its name; empty: in none.
  std::string name_at(Span span) const;

 private:
  std::vector<const ast::Decl*> rollouts_;  ///< by source and beginning
};

}  // namespace rollout::suggest
