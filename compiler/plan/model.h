// Private to compiler/plan: what the planner believes of the world while it walks a rollout: the value of each model
// variable at the start and now. From the difference it derives the rollback of every step, service by service.
#pragma once

#include <vector>

#include "compiler/plan/plan.h"

namespace rollout::plan {

/// `variable(service, role)`.
struct Place {
  uint32_t service = 0;  ///< index into Plan::services
  Variable variable = Variable::Version;
  Role role = Role::Canary;
  bool operator==(const Place&) const = default;
};

/// An undo action that belongs to one compensable step. The `step` counts as Model::Cell::touched does.
struct Compensation {
  uint32_t undo = none;
  size_t step = 0;
};

class Model {
 public:
  eval::Value now(Place place) const;
  /// Whether anything was ever said of it.
  bool knows(Place place) const { return find(place) != nullptr; }
  eval::Value at_start(Place place) const;
  /// What it was when the run began; a commit changes only what the way back leads to.
  eval::Value at_origin(Place place) const;
  /// From here on the way back, of one service or of all, leads to what is so now.
  void commit(uint32_t service);
  void commit();
  void start_with(Place place, eval::Value value);
  /// Takes over what is so of the service in `other`, as the start; false: that is the start there, too.
  bool enter(const Model& other, uint32_t service);
  void set(Place place, eval::Value value);

  struct Cell {
    Place place;
    eval::Value start, before, current;  ///< before: in front of the step at hand
    size_t touched = 0;                  ///< the step that first set it, from 1; 0: none did
    bool moved = false;                  ///< `current` was set in the step at hand
    eval::Value origin = {};             ///< as `start`, before any commit
  };
  /// Begins the next step, which acts on `service`.
  void next_step(uint32_t service);
  /// What differs from the start before or after the service's step at hand, last touched first.
  std::vector<const Cell*> to_undo(uint32_t service) const;
  /// The service's step at hand is compensable: the undo action with this index takes it back.
  void compensate(uint32_t service, uint32_t undo);
  /// The undo actions of compensable steps since the last commit, each with its step, last first.
  std::vector<Compensation> compensations(uint32_t service) const;
  /// Grows whenever a version or a number of instances gets another value; shares change with every phase.
  size_t changes(uint32_t service) const { return services_[service].changes; }

 private:
  /// Few cells each, so they are looked through.
  struct Service {
    std::vector<Cell> cells;
    std::vector<Compensation> taken_back_by;  ///< in the order of the steps
    size_t changes = 0;
  };
  Service& service(uint32_t index);
  const Cell* find(Place place) const;
  Cell& cell(Place place);
  std::vector<Service> services_;
  size_t step_ = 0;
};

/// The last derived rollback of a service. It stays the same as long as the same places differ from the start,
/// except where a version has changed that an action copies.
struct Derived {
  std::vector<Place> places;
  size_t changes = 0;
  std::vector<uint32_t> order;
};

/// The traffic of a control of so many instances, of `replicas` of the stable version, beside a canary with this share.
int64_t control_share_ppb(int64_t canary_ppb, int64_t instances, int64_t replicas);

/// No version, no instances, no share, nobody: however it is written.
bool is_at_rest(const eval::Value& value);

/// What a variable is when nothing was said: no version, no instances, no share.
eval::Value resting_value(Variable variable);

}  // namespace rollout::plan
