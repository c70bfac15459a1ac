// Coverage: which ways through the plans of the tested rollouts their tests have walked: phases, what each gate may
// come to, answers of people, ways back, what follows a failure. For `test --coverage`. A way is known by its words, so
// that plans with other inputs add to the same picture.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "compiler/base/json.h"
#include "compiler/plan/plan.h"
#include "runtime/cli/style.h"
#include "runtime/sim/simulate.h"

namespace rollout::cli {

/// One way that a run may take.
struct Way {
  std::string phase;  ///< empty: of the run as a whole
  std::string what;   ///< `gate healthy(checkout)`, `approve by 2 of sre`, `phase`
  std::string how;    ///< `fails`, `rejected`, `is entered`
  std::string place;  ///< where it is written; may be empty
  bool walked = false;
};

/// Of one rollout, in one environment, as one file knows it.
struct Walks {
  std::string file, rollout;  ///< `release in production`
  std::vector<Way> ways;  ///< in the order of the plan
  size_t runs = 0;
  std::map<std::string, size_t> index = {};  ///< of `ways`, by their words

  void add(const Way& way);
  void walk(std::string_view phase, std::string_view what, std::string_view how);
  size_t walked() const;
};

class Coverage {
 public:
  /// What follows belongs to this file.
  void enter(std::string file) { file_ = std::move(file); }
  /// Whether it has plans of this rollout of the file.
  bool knows(std::string_view rollout) const;
  /// What there is to walk.
  void add_plan(const plan::Plan& plan);
  /// What one run of it walked.
  void add_run(const plan::Plan& plan, const sim::SimResult& result);

  /// How much of each was walked, and what was not.
  std::string text(const Style& style) const;
  /// A flowchart of each; what was not walked is dashed and red.
  std::string mermaid() const;
  /// The field `coverage` of docs/schemas/tests.json.
  void write(json::Writer& json) const;

 private:
  Walks& walks_of(const plan::Plan& plan);
  std::vector<Walks> all_;
  std::string file_;
};

}  // namespace rollout::cli
