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
  std::string key;   ///< of the whole in front of that of its parts: lines of setting and value
  std::string what;  ///< for messages: `traffic`, `schema`
};

/// A target as the world knows it, by those settings of it that identify it, else by all of them. How long something
/// may take says nothing of what it is, and a secret is not shown. `root`: of the project, in front of relative paths;
/// empty: they stay as they are.
std::string system_of(const ir::Program& program, const plan::Target& target, const std::string& root);

/// What the plan's service acts on by this binding: all that its backend is `identified by`, or else what it is called
/// and given there. Nothing where the capability only reads.
std::vector<Thing> things_of(const ir::Program& program, const plan::Plan& plan, const plan::Service& service,
                             const plan::Binding& binding, const std::string& root);

/// A path without `.`, `..` and doubled slashes: `./run//shop/` and `run/shop` are one. What links mean is not looked
/// at.
std::string clean_path(std::string_view written, const std::string& root);

}  // namespace rollout
