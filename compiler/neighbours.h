// Neighbours: what the plans of one project say of the same things, so that two declarations that cannot both be so,
// and rollouts that could wait for each other, are found. For `check`, which keeps one for all files that it is given.
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

/// Where the files of a project are, and the state that its runs share: only what has one state has one set of locks.
struct Home {
  std::string root;   ///< in front of relative paths; empty: they stay as they are
  std::string state;  ///< the same for all who share it
};

class Neighbours {
 public:
  /// Before the plans of a program: where it declares what.
  void enter(const ir::Program& program, const Home& home = {});
  /// Reports what this plan of the program does not share with those before it: a service, flag or database that is
  /// declared otherwise, two that are one thing in the world, locks that are taken in a circle, instances that do not
  /// fit together. Of plans whose runs share no state only whether they act on one thing.
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
    std::string state;     ///< as of Home
  };
  /// What the rollouts of one state do to each other.
  struct Runs {
    LockOrders locks;
    SharedQuota quotas;
  };

  const Declared* declared(const plan::Plan& plan, const plan::Service& service, const ir::Program& program) const;
  void look_at_things(const plan::Plan& plan, const plan::Service& service, const ir::Program& program,
                      const Seen& seen, Diagnostics& diagnostics);
  const Seen* other_of(const std::string& key, const Seen& seen) const;
  static void report(const Seen& other, const Seen& seen, const std::string& what, const std::string& target,
                     Diagnostics& diagnostics);

  Home home_;                                                    ///< of the program that was entered
  std::map<std::string, std::vector<Declared>> declared_;        ///< of this program, by name
  std::map<std::pair<std::string, std::string>, Seen> identities_;  ///< by state and identity
  std::map<std::pair<std::string, std::string>, Seen> alike_;       ///< the same, the identity in small letters
  std::map<std::string, Seen> things_;                              ///< by what they are in the world
  std::map<std::string, Runs> runs_;                             ///< by state
};

/// As check_plans() of one file, beside the plans of the project's other files.
void check_plans(Compilation& compilation, const std::vector<std::pair<std::string, std::string>>& inputs,
                 const FindMigrations& migrations, Neighbours& neighbours, const Home& home,
                 const WhenDone& when_done = {});

}  // namespace rollout
