// Neighbours: what the plans of one project say of the same things, so that two declarations that cannot both be so,
// and rollouts that could wait for each other, are found. For `check`, which keeps one for each project.
// Always true: what was seen before is looked up and not gone through; only a new pair of locks is followed further.
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "compiler/compile.h"
#include "compiler/lock_orders.h"
#include "compiler/shared_quota.h"

namespace rollout {

class Neighbours {
 public:
  /// Before the plans of a program: where it declares what.
  void enter(const ir::Program& program);
  /// Reports what this plan of the program does not share with those before it: a service, flag or database that is
  /// declared otherwise, two that are one thing in the world, locks that are taken in a circle, instances that do not
  /// fit together.
  void look(const plan::Plan& plan, const ir::Program& program, const SourceMap& sources, Diagnostics& diagnostics);

 private:
  /// A declaration that a program has by some name.
  struct Declared {
    const ir::Service* service = nullptr;
    std::string file;  ///< its path in the project
  };
  struct Seen {
    std::string identity;  ///< what locks and history know it by: `production/checkout[eu]`
    Span span;             ///< of its name, in the sources that were looked at then
    std::string file;      ///< as of Declared
    std::string place;     ///< `shop.rollout:12`
    std::string facts;     ///< all that backends are told of it
  };

  const Declared* declared(const plan::Plan& plan, const plan::Service& service, const ir::Program& program) const;
  bool look_at_thing(const plan::Plan& plan, const plan::Binding& binding, const plan::Service& service,
                     const ir::Program& program, const Seen& seen, Diagnostics& diagnostics);

  std::map<std::string, std::vector<Declared>> declared_;        ///< of the program that was entered, by name
  std::map<std::string, Seen> identities_;                       ///< by identity
  std::map<std::string, Seen> things_;                           ///< by what they are in the world
  LockOrders locks_;
  SharedQuota quotas_;
};

/// As check_plans() of one file, beside the plans of the project's other files.
void check_plans(Compilation& compilation, const std::vector<std::pair<std::string, std::string>>& inputs,
                 const FindMigrations& migrations, Neighbours& neighbours, const WhenDone& when_done = {});

}  // namespace rollout
