#include "compiler/verify/sight.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>
#include <tuple>

#include <fmt/format.h>

#include "compiler/verify/totality.h"
#include "compiler/verify/watchers.h"

namespace rollout::verify {

using plan::Gate;
using plan::Plan;
using plan::Step;
using plan::StepKind;
using plan::none;

namespace {

constexpr double ppb = 1e9;
constexpr double most_times = 1e6;  ///< the hold, or the share, that would see the harm, at most
constexpr double enough = 1.01;     ///< it is found to 1%

/// What a gate sees in one hold.
struct Seen {
  int64_t rise_ppb = eval::percent_all;  ///< the smallest; 100%: none at all
  bool harm = false;                     ///< whether the declared harm is seen
};

/// The smallest number of times, up to `most`, that does; nothing: none does.
template <typename Does>
std::optional<double> smallest_times(double most, Does does) {
  double low = 1, high = 1;
  while (!does(high)) {
    if (high >= most) return std::nullopt;
    low = high, high = std::min(2 * high, most);
  }
  while (high / low > enough) {
    double middle = std::sqrt(low * high);
    (does(middle) ? high : low) = middle;
  }
  return high;
}

class Sights {
 public:
  Sights(const Plan& plan, plan::Facts& facts, std::vector<Finding>& findings)
      : plan_(plan), facts_(facts), findings_(findings), portions_(plan.services.size()) {}

  void go() {
    for (const Step& step : plan_.steps) {
      if (step.kind == StepKind::Act) follow(step.action, portions_[step.action.service]);
      if (step.kind != StepKind::Hold) continue;
      for (uint32_t gate : step.gates) look(step, gate);
    }
  }

 private:
  void look(const Step& step, uint32_t index) {
    const Gate& gate = plan_.gates[index];
    if (gate.harm_ppb <= 0 || !gate.harm_of) return;
    std::vector<uint32_t> proofs;
    for (uint32_t condition : gate.conditions)
      if (proves(gate, plan_.conditions[condition])) proofs.push_back(condition);
    if (proofs.empty()) return;
    Portions portions = portions_[plan_.signals[gate.harm_of->signal].service];
    // Gates that differ in other conditions only see the same.
    auto [known, fresh] = known_.try_emplace({proofs, gate.sample_ns, gate.harm_ppb, step.hold_ns, portions});
    if (fresh) known->second = seen_in(gate, proofs, step, portions);
    tell(gate, step, proofs, known->second, portions);
  }

  /// How much of a rise is seen: of a canary its share of what the whole service shows, where one has traffic.
  static double dilution_at(const plan::Condition& condition, Portions portions) {
    return portions.all_is_one() ? 1 : dilution_of(condition, portions.canary_ppb);
  }

  /// A hold is over when all of its gates have passed: what another one of them sees does not get through.
  bool another_sees(const Gate& gate, const Step& step, Portions portions) {
    return std::any_of(step.gates.begin(), step.gates.end(), [&](uint32_t index) {
      const Gate& other = plan_.gates[index];
      return std::any_of(other.conditions.begin(), other.conditions.end(), [&](uint32_t condition) {
        return &other != &gate && proves(gate, plan_.conditions[condition]) &&
               judge::sees(sight_of(other, plan_.conditions[condition], samples_in(step, other), portions),
                           double(gate.harm_ppb) / ppb);
      });
    });
  }

  /// It does not pass without proof that the version is not worse by `harm`, whatever is rejected.
  bool needs_proof(const Gate& gate, Portions portions) const {
    return std::any_of(gate.conditions.begin(), gate.conditions.end(), [&](uint32_t index) {
      const plan::Condition& condition = plan_.conditions[index];
      bool same = condition.kind == plan::ConditionKind::Require && condition.proven_ppb > 0 &&
                  condition.left.signal == gate.harm_of->signal && condition.left.role != plan::Role::Stable;
      bool beside = condition.right || condition.baseline != none;
      double bound = (beside ? condition.factor : 0) * assumed_rate + condition.offset / ppb;
      return same && bound <= assumed_rate + dilution_at(condition, portions) * double(gate.harm_ppb) / ppb;
    });
  }

  bool proves(const Gate& gate, const plan::Condition& condition) const {
    const plan::Service& service = plan_.services[plan_.signals[gate.harm_of->signal].service];
    return condition.left.signal == gate.harm_of->signal && service.traffic_uhz > 0 && can_prove(plan_, condition);
  }

  judge::Sight sight_of(const Gate& gate, const plan::Condition& condition, double blocks, Portions portions) {
    auto [known, fresh] = claimed_.try_emplace(&condition);
    if (fresh) known->second = claimed_of(plan_, condition);
    const Claimed& claimed = known->second;
    return {claimed.hypothesis, traffic_of(plan_, condition, gate.sample_ns, portions), blocks, claimed.needed,
            claimed.power, dilution_at(condition, portions)};
  }
  bool sees_harm(const Gate& gate, const std::vector<uint32_t>& proofs, double blocks, Portions portions) {
    return std::any_of(proofs.begin(), proofs.end(), [&](uint32_t condition) {
      return judge::sees(sight_of(gate, plan_.conditions[condition], blocks, portions), double(gate.harm_ppb) / ppb);
    });
  }

  Seen seen_in(const Gate& gate, const std::vector<uint32_t>& proofs, const Step& step, Portions portions) {
    Seen out;
    double blocks = samples_in(step, gate);
    for (uint32_t condition : proofs)
      if (auto rise = judge::smallest_rise(sight_of(gate, plan_.conditions[condition], blocks, portions)))
        out.rise_ppb = std::min(out.rise_ppb, int64_t(std::ceil(*rise * ppb)));
    out.harm = sees_harm(gate, proofs, blocks, portions);
    return out;
  }

  void tell(const Gate& gate, const Step& step, const std::vector<uint32_t>& proofs, const Seen& seen,
            Portions portions) {
    int64_t share_ppb = portions.canary_ppb;
    if (step.phase != none) {
      std::optional<int64_t>& sees = facts_.phases[step.phase].sees_ppb;
      sees = std::max(sees.value_or(0), seen.rise_ppb);
    }
    if (seen.harm || needs_proof(gate, portions) || another_sees(gate, step, portions)) return;
    if (told_.size() >= max_findings || !told_.insert({step.place, gate.text}).second) return;
    double blocks = std::max(1.0, samples_in(step, gate)), most_share = ppb / double(std::max<int64_t>(1, share_ppb));
    auto hold = smallest_times(most_times, [&](double times) {
      return sees_harm(gate, proofs, std::ceil(blocks * times), portions);
    });
    auto share = smallest_times(most_share, [&](double times) {
      Portions larger = portions;
      larger.canary_ppb = int64_t(double(share_ppb) * times);
      return share_ppb > 0 && sees_harm(gate, proofs, blocks, larger);
    });
    int64_t hold_ns = hold ? int64_t(std::ceil(blocks * *hold)) * gate.sample_ns : 0;
    std::string advice = hold ? fmt::format("hold for {}", eval::duration_text(hold_ns)) : "";
    int64_t needed_ppb = share ? int64_t(double(share_ppb) * *share) : 0;
    if (share) advice += fmt::format("{}shift {}", hold ? ", or " : "", percent_up(needed_ppb));
    if (advice.empty()) advice = "declare the traffic that the service has, or a larger `harm`";
    findings_.push_back({Claim::Power, step.place, {}, step.hold_ns, hold_ns, {},
                         {gate.text, percent_up(seen.rise_ppb), eval::percent_text(gate.harm_ppb)}, std::move(advice)});
    Site& site = findings_.back().site;
    site.step = uint32_t(&step - plan_.steps.data()), site.gate = uint32_t(&gate - plan_.gates.data());
  }

  /// Three digits, rounded up.
  static std::string percent_up(int64_t share_ppb) {
    int64_t unit = 1;
    while (share_ppb / unit >= 1000) unit *= 10;
    return eval::percent_text((share_ppb + unit - 1) / unit * unit);
  }

  const Plan& plan_;
  plan::Facts& facts_;
  std::vector<Finding>& findings_;
  std::vector<Portions> portions_;  ///< by service
  std::map<std::tuple<std::vector<uint32_t>, int64_t, int64_t, int64_t, Portions>, Seen> known_;
  std::map<const plan::Condition*, Claimed> claimed_;
  std::set<std::pair<std::string, std::string>> told_;
};

/// Evidence is gathered over the whole run and may be looked at any time, so each condition errs once at most.
std::optional<int64_t> false_alarm_ppb(const Plan& plan) {
  std::vector<bool> judges(plan.conditions.size());
  for (const Step& step : plan.steps)
    if (step.kind == StepKind::Hold)
      for (uint32_t gate : step.gates)
        for (uint32_t condition : plan.gates[gate].conditions) judges[condition] = true;
  for (const plan::Watch& watch : plan.watches) judges[watch.condition] = true;
  int64_t sum = 0;
  bool any = false;
  for (uint32_t i = 0; i < judges.size(); ++i) {
    const plan::Condition& condition = plan.conditions[i];
    if (!judges[i] || condition.kind == plan::ConditionKind::Require || condition.proven_ppb <= 0) continue;
    any = true;
    sum = std::min(eval::percent_all, sum + eval::percent_all - condition.proven_ppb);
  }
  return any ? std::optional(sum) : std::nullopt;
}

}  // namespace

void prove_sight(const Plan& plan, plan::Facts& facts, std::vector<Finding>& findings) {
  facts.false_alarm_ppb = false_alarm_ppb(plan);
  Sights(plan, facts, findings).go();
}

}  // namespace rollout::verify
