// What runs of one subject, from change to change: which versions of a service are there at
// once, or the schema of a database; forward, and on the way back from each point.
// Always true: a position stands for steps of one subject after which the same runs and the same way leads back.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "compiler/plan/plan.h"

namespace rollout::verify {

/// Versions or schemas that are there at once, each once.
using Running = std::vector<std::string>;
/// Of a database that no migration has touched.
inline constexpr std::string_view no_schema = "none";

/// One way back of the subject. What is there before it, then after each of its actions, whether or not the step in
/// which the run stands has taken effect.
struct BackWay {
  uint32_t scope = plan::none;  ///< to whose entry it leads; none: to the start, or to the last commit
  uint32_t first = plan::none;  ///< the first step that it takes back; none: there is nothing to take back
  std::vector<Running> states;
  bool operator==(const BackWay&) const = default;
};

struct Position {
  uint32_t step = plan::none;  ///< the first of its steps; none: before all steps
  Running now;
  std::vector<BackWay> back;   ///< that of the whole run first, then by scope, inner ones first
};

/// Versions of one service that are there at the same time.
struct Mix {
  Running versions;
  uint32_t step = plan::none;
  std::string when;  ///< in words where it is not the way forward
};

struct Timeline {
  std::vector<Position> positions;  ///< at least one
  std::vector<std::pair<uint32_t, uint32_t>> at;  ///< each step of the subject, and each commit, with its position
  std::vector<Mix> mixes;
  Running after_hooks;  ///< what the hooks of the way back leave; empty: none acts on it
};

class Timelines {
 public:
  explicit Timelines(const plan::Plan& plan);
  const Timeline& of(uint32_t subject);

 private:
  const plan::Plan& plan_;
  std::vector<uint32_t> scope_of_;
  std::vector<std::vector<uint32_t>> steps_;  ///< by subject
  std::vector<uint32_t> commits_;
  std::map<std::string_view, const eval::Value*> observed_;
  std::map<uint32_t, Timeline> lines_;
};

}  // namespace rollout::verify
