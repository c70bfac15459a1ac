// SimMessenger: the way to people, in a simulation. It keeps its own ledger of what was sent, and can be cut off from
// a team. For tests it is also the judge: one message never says two things.
#pragma once

#include <algorithm>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "runtime/exec/message.h"
#include "runtime/sim/crash_switch.h"
#include "runtime/sim/scenario.h"
#include "runtime/sim/violation.h"

namespace rollout::sim {

/// One message that reached its team, at least once.
struct Told {
  std::string team;
  exec::Transition transition = exec::Transition::Note;
  std::string text;
  bool operator==(const Told&) const = default;
};

class SimMessenger : public exec::Messenger {
 public:
  SimMessenger(const plan::Plan& plan, const Scenario& scenario, CrashSwitch& crash)
      : plan_(plan), scenario_(scenario), crash_(crash), lost_(scenario.unreachable.size()) {}

  void post(const exec::Message& message) override {
    if (crash_.point()) return;
    const std::string& team = plan_.channels[message.channel].team;
    const std::vector<std::string>& mute = scenario_.unreachable;
    auto muted = std::find(mute.begin(), mute.end(), team);
    bool reaches = muted == mute.end();
    if (!reaches) ++lost_[size_t(muted - mute.begin())];
    Told told{team, message.transition, exec::message_text(plan_, message, "run")};
    if (reaches) {
      auto [known, fresh] = told_.try_emplace(message.id, told);
      if (fresh) order_.push_back(told);
      else if (!(known->second == told))
        violations_.push_back({Rule::I10, "I10: message " + message.id + " says two things"});
    }
    if (crash_.point()) return;
    ended_.push_back({message.id, reaches, 1, reaches ? "" : "the simulated receiver is down"});
  }
  std::vector<exec::Delivery> collect() override {
    return crash_.dead() ? std::vector<exec::Delivery>() : std::exchange(ended_, {});
  }
  int64_t wake_ns() const override { return ended_.empty() ? INT64_MAX : 0; }
  std::vector<exec::Delivery> give_up() override { return collect(); }

  /// Another process takes over: what the last one had under way, it does not know.
  void restart() { ended_.clear(); }

  const std::vector<Told>& told() const { return order_; }
  /// As Witnessed::unreachable.
  const std::vector<int64_t>& lost() const { return lost_; }
  const std::vector<Violation>& violations() const { return violations_; }

 private:
  const plan::Plan& plan_;
  const Scenario& scenario_;
  CrashSwitch& crash_;
  std::vector<exec::Delivery> ended_;
  std::map<std::string, Told> told_;  ///< by id
  std::vector<Told> order_;
  std::vector<int64_t> lost_;
  std::vector<Violation> violations_;
};

}  // namespace rollout::sim
