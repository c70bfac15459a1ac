#include "compiler/verify/recheck_looks.h"

#include <algorithm>
#include <cmath>

#include "compiler/plan/pace.h"

namespace rollout::verify {

using plan::Plan;
using plan::StepKind;
using plan::none;

namespace {

constexpr size_t most_lookers = 4;  // of one service; more of them would only be sooner

double samples_in(int64_t ns, int64_t sample_ns) {
  return std::floor(double(std::max<int64_t>(0, ns)) / double(std::max<int64_t>(1, sample_ns)));
}

class Finder {
 public:
  Finder(const Brief& brief, const Exposures& exposures, const std::vector<int64_t>& harms,
         const std::vector<std::vector<uint32_t>>& acts)
      : brief_(brief), plan_(brief.plan), exposures_(exposures), harms_(harms), acts_(acts),
        of_(plan_.conditions.size(), none), proves_(plan_.conditions.size()) {
    for (uint32_t i = 0; i < proves_.size(); ++i)
      proves_[i] = harms[plan_.conditions[i].left.signal] > 0 && shows(plan_, plan_.conditions[i]);
  }

  std::vector<std::vector<Looker>> go() {
    for (uint32_t i = 0; i < brief_.size(); ++i)
      if (brief_.steps[i].judges) judge(i);
    for (const plan::Watch& watch : plan_.watches)
      if (watch.held_ns == 0 && of_[watch.condition] == none && proves_[watch.condition]) look(watch);
    std::vector<std::vector<Looker>> all(plan_.services.size());
    for (uint32_t at : of_)
      if (at != none) all[service_of(found_[at].condition)].push_back(std::move(found_[at]));
    for (std::vector<Looker>& of : all) {
      std::stable_sort(of.begin(), of.end(), [](const Looker& a, const Looker& b) { return a.samples > b.samples; });
      if (of.size() > most_lookers) of.resize(most_lookers);
    }
    for (uint32_t signal = 0; signal < harms_.size(); ++signal) {
      std::vector<Looker>& of = all[plan_.signals[signal].service];
      auto sees = [&](const Looker& one) { return plan_.conditions[one.condition].left.signal == signal; };
      if (harms_[signal] > 0 && std::none_of(of.begin(), of.end(), sees)) of.clear();
    }
    return all;
  }

 private:
  uint32_t service_of(uint32_t condition) const {
    return plan_.signals[plan_.conditions[condition].left.signal].service;
  }
  Looker& looker(uint32_t condition, bool gate) {
    if (of_[condition] == none) of_[condition] = uint32_t(found_.size()), found_.push_back({condition, gate});
    return found_[of_[condition]];
  }

  void judge(uint32_t step) {
    for (uint32_t index : plan_.steps[step].gates) {
      const plan::Gate& gate = plan_.gates[index];
      for (uint32_t condition : gate.conditions) {
        if (!proves_[condition]) continue;
        Looker& one = looker(condition, true);
        double blocks = samples_in(plan_.steps[step].hold_ns, gate.sample_ns);
        one.samples += blocks;
        if (one.looks.empty() || one.looks.back().step != step) one.looks.push_back({step, gate.sample_ns, blocks});
      }
    }
  }

  /// A watch looks in holds and while people are asked. Another branch takes it over now and then, and a sample with
  /// it; a router that does not answer at once delays the first sample.
  void look(const plan::Watch& watch) {
    const std::vector<uint32_t>& acts = acts_[service_of(watch.condition)];
    if (acts.empty()) return;
    int64_t share = 0, routed = 0;
    bool gone = false;  // with its last action
    for (uint32_t step : acts) {
      const Change& change = brief_.steps[step].change;
      if (change.share >= 0) share = change.share;
      if (change.routed >= 0) routed = change.routed;
      gone = change.any() && share + routed == 0;
    }
    bool inside = watch.first_step <= acts.front() && (!gone || acts.back() <= watch.last_step);
    std::vector<uint32_t> own;
    if (inside && !is_nested(watch)) own = passages(brief_, watch.first_step, watch.last_step + 1);
    Looker one{watch.condition, false};
    uint32_t last = gone ? std::min(watch.last_step, acts.back()) : watch.last_step;
    for (uint32_t i = std::max(watch.first_step, acts.front()); i <= last; ++i) {
      StepKind kind = brief_.steps[i].kind;
      if (kind != StepKind::Hold && kind != StepKind::Approval) continue;
      if (own.empty() ? !exposures_.is_passage(i) : own[i - watch.first_step] != i - watch.first_step) continue;
      int64_t looked = kind == StepKind::Hold ? plan_.steps[i].hold_ns - plan::max_look_ns : 0;
      one.looks.push_back({i, watch.sample_ns, samples_in(looked, watch.sample_ns)});
      one.samples += one.looks.back().blocks;
    }
    if (!one.looks.empty()) looker(watch.condition, false) = std::move(one);
  }
  /// Whether another one stands over more than its steps, so that two holds may take turns with that one.
  bool is_nested(const plan::Watch& watch) const {
    return std::any_of(plan_.watches.begin(), plan_.watches.end(), [&](const plan::Watch& other) {
      bool around = other.first_step <= watch.first_step && watch.last_step <= other.last_step;
      return around && (other.first_step < watch.first_step || watch.last_step < other.last_step);
    });
  }

  const Brief& brief_;
  const Plan& plan_;
  const Exposures& exposures_;
  const std::vector<int64_t>& harms_;
  const std::vector<std::vector<uint32_t>>& acts_;
  std::vector<uint32_t> of_;   ///< by condition: into found_
  std::vector<bool> proves_;   ///< by condition: a harm
  std::vector<Looker> found_;
};

}  // namespace

std::vector<int64_t> harms_of(const Plan& plan) {
  std::vector<int64_t> least(plan.signals.size());
  for (const plan::Gate& gate : plan.gates) {
    if (!gate.harm_of || gate.harm_ppb <= 0) continue;
    int64_t& of = least[gate.harm_of->signal];
    of = of == 0 ? gate.harm_ppb : std::min(of, gate.harm_ppb);
  }
  return least;
}

std::vector<std::vector<Looker>> lookers_of(const Brief& brief, const Exposures& exposures,
                                            const std::vector<int64_t>& harms,
                                            const std::vector<std::vector<uint32_t>>& acts) {
  bool any = std::any_of(harms.begin(), harms.end(), [](int64_t harm) { return harm > 0; });
  if (!any) return std::vector<std::vector<Looker>>(brief.plan.services.size());
  return Finder(brief, exposures, harms, acts).go();
}

}  // namespace rollout::verify
