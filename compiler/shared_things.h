// Shared things: what a service, flag or database acts on in the world, by a key that is the same however it is
// written, whoever asks for it and by whatever name the files know it. For Neighbours.
#pragma once

#include <string>
#include <vector>

#include "compiler/ir/program.h"
#include "compiler/plan/plan.h"

namespace rollout {

/// Something that only runs under one lock may change.
struct Thing {
  std::string key;
  std::string what;      ///< for messages: `traffic`, `schema`
  bool divided = false;  ///< others may have parts of it, as long as they are divided, too
};

/// A target as the world knows it. How long something may take says nothing of what it is, nor does who asks, and a
/// secret is not shown. `root`: of the project, in front of relative paths; empty: they stay as they are.
std::string system_of(const plan::Target& target, const std::string& root);

/// What the plan's service acts on by this binding; nothing where the capability only reads.
std::vector<Thing> things_of(const ir::Program& program, const plan::Plan& plan, const plan::Service& service,
                             const plan::Binding& binding, const std::string& root);

/// A path without `.`, `..` and doubled slashes: `./run//shop/` and `run/shop` are one. What links mean is not looked
/// at.
std::string clean_path(std::string_view written, const std::string& root);

}  // namespace rollout
