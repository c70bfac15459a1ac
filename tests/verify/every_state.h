// EveryState: all states that a plan can be in, by enumeration: any set of the steps that may begin is under way, each
// with its effect there or not, and from there back in every order that the way back allows. For oracles on small
// plans; it shares no code with the proofs.
#pragma once

#include <cstdint>
#include <functional>
#include <set>
#include <vector>

#include "compiler/plan/way_back.h"

namespace rollout::verify {

template <typename World>
class EveryState {
 public:
  using Set = std::function<void(const plan::Action&, World&)>;
  using Look = std::function<void(const World&)>;
  /// `set`: what an action does to the world; `look` is called with each state, with some of them more than once.
  EveryState(const plan::Plan& plan, Set set, Look look) : plan_(plan), set_(std::move(set)), look_(std::move(look)) {}

  void from(const World& first) { forward(std::vector<bool>(plan_.steps.size()), first); }

 private:
  /// `done`: steps with their effect.
  void forward(const std::vector<bool>& done, const World& world) {
    if (!seen_.insert(done).second) return;
    std::vector<uint32_t> ready;
    for (uint32_t i = 0; i < done.size(); ++i) {
      bool free = !done[i];
      for (uint32_t before : plan_.steps[i].after) free &= done[before];
      if (free) ready.push_back(i);
    }
    for (uint32_t begun = 0; begun < (1u << ready.size()); ++begun)
      for (uint32_t there = begun;; there = (there - 1) & begun) {
        underway(done, ready, begun, there, world);
        if (there == 0) break;
      }
    for (uint32_t step : ready) {
      std::vector<bool> next = done;
      next[step] = true;
      World now = world;
      set_(plan_.steps[step].action, now);
      forward(next, now);
    }
  }
  /// `begun`, `there`: bits over `ready`.
  void underway(std::vector<bool> done, const std::vector<uint32_t>& ready, uint32_t begun, uint32_t there,
                World now) {
    for (size_t k = 0; k < ready.size(); ++k) {
      if (begun >> k & 1) done[ready[k]] = true;
      if (there >> k & 1) set_(plan_.steps[ready[k]].action, now);
    }
    plan::WayBack way = plan::way_back(plan_, done);
    back(way, std::vector<size_t>(way.size()), now);
  }
  void back(const plan::WayBack& way, const std::vector<size_t>& at, const World& world) {
    look_(world);
    for (size_t k = 0; k < way.size(); ++k) {
      const std::vector<uint32_t>& list = plan::undo_of(plan_, way[k]);
      bool free = at[k] < list.size();
      for (uint32_t before : way[k].after) free &= at[before] == plan::undo_of(plan_, way[before]).size();
      if (!free) continue;
      World now = world;
      set_(plan_.undo[list[at[k]]], now);
      std::vector<size_t> next = at;
      ++next[k];
      back(way, next, now);
    }
  }

  const plan::Plan& plan_;
  Set set_;
  Look look_;
  std::set<std::vector<bool>> seen_;
};

}  // namespace rollout::verify
