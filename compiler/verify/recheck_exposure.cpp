#include "compiler/verify/recheck_exposure.h"

#include <algorithm>

#include <fmt/format.h>

#include "compiler/verify/recheck_harm.h"

namespace rollout::verify {

using plan::Plan;
using plan::StepKind;
using plan::none;

namespace {

class Recheck {
 public:
  Recheck(const Brief& brief, const Walked& walked, std::vector<std::string>& broken)
      : brief_(brief), plan_(brief.plan), facts_(*plan_.facts), broken_(broken), exposures_(brief, walked),
        acts_(plan_.services.size()), said_(plan_.services.size()), detects_(plan_.phases.size()),
        met_(plan_.phases.size()) {}

  void go() {
    for (uint32_t i = 0; i < brief_.size(); ++i)
      if (brief_.steps[i].kind == StepKind::Act) acts_[brief_.steps[i].service].push_back(i);
    for (const plan::ExposureFacts& one : facts_.exposure) said_[one.service] = &one;
    harms_ = harms_of(plan_);
    std::vector<std::vector<Looker>> lookers = lookers_of(brief_, exposures_, harms_, acts_);
    for (uint32_t service = 0; service < plan_.services.size(); ++service) {
      std::vector<Span> spans = exposures_.spans_of(service, acts_[service], false);
      check_unseen(service, spans);
      if (!said_[service]) continue;
      bool looked_at = !lookers[service].empty();
      if (looked_at != said_[service]->harm_ns.has_value()) {
        broken_.push_back(fmt::format("the plan says wrongly whether a regression of {} is seen", text_of(service)));
      } else if (looked_at) check_harm(service, lookers[service]);
    }
    compare_phases();
  }

 private:
  std::string text_of(uint32_t service) const { return plan::service_text(plan_.services[service]); }

  /// All of the path at its worst time, and the way back from its worst point.
  void check_unseen(uint32_t service, const std::vector<Span>& spans) {
    int64_t unseen = 0, before = 0;
    for (const Span& span : spans) {
      before = plus(before, span.exposes);
      unseen = std::max(unseen, plus(before, span.back));
    }
    if (!said_[service] && unseen > 0)
      broken_.push_back(fmt::format("the plan does not say what users meet of {}", text_of(service)));
    if (!said_[service]) return;
    auto wrong = [&](int64_t says, std::string_view how) {
      broken_.push_back(fmt::format("the plan says users meet {} for {} of full traffic at most; it is {}{}",
                                    text_of(service), eval::duration_text(says), eval::duration_text(unseen), how));
    };
    if (said_[service]->unseen_ns != unseen) wrong(said_[service]->unseen_ns, "");
    int64_t harm = said_[service]->harm_ns.value_or(0);
    if (harm > unseen) wrong(harm, ", even if nobody sees it");
  }

  void check_harm(uint32_t service, const std::vector<Looker>& lookers) {
    std::vector<uint32_t> looked, marks;
    for (const Looker& one : lookers)
      for (const Look& look : one.looks) looked.push_back(look.step);
    std::sort(looked.begin(), looked.end());
    looked.erase(std::unique(looked.begin(), looked.end()), looked.end());
    std::set_union(acts_[service].begin(), acts_[service].end(), looked.begin(), looked.end(),
                   std::back_inserter(marks));
    std::vector<Span> spans = exposures_.spans_of(service, marks, true);
    std::vector<Harm> harms;
    for (uint32_t signal = 0; signal < harms_.size(); ++signal)
      if (harms_[signal] > 0 && plan_.signals[signal].service == service)
        harms.emplace_back(plan_, spans, signal, harms_[signal], lookers);
    const plan::ExposureFacts& says = *said_[service];
    bool kept = true, begins = *says.harm_ns == 0;
    for (size_t k = 0; k < spans.size(); ++k) {
      uint32_t phase = brief_.steps[spans[k].step].phase;
      int64_t most = *says.harm_ns < says.unseen_ns ? *says.harm_ns : INT64_MAX;
      if (phase != none) most = std::min(most, facts_.phases[phase].harm_ns.value_or(INT64_MAX)), met_[phase] = true;
      for (Harm& harm : harms)
        if (!harm.keeps(k, most) && kept) kept = false, tell(service, spans[k].step);
      detect(harms, k, phase);
      begins = begins || (spans[k].step == says.harm_step && most >= *says.harm_ns);
    }
    if (!begins)
      broken_.push_back(fmt::format("the plan says wrongly with which step a regression of {} is at its worst",
                                    text_of(service)));
  }
  void tell(uint32_t service, uint32_t step) {
    broken_.push_back(fmt::format("users may meet more of {} than the plan says, if a regression begins with `{}`",
                                  text_of(service), plan_.steps[step].text));
  }

  /// A span counts whose regression is proven whatever signal shows it.
  void detect(const std::vector<Harm>& harms, size_t k, uint32_t phase) {
    int64_t takes = 0;
    for (const Harm& harm : harms) {
      std::optional<int64_t> one = harm.detects(k);
      if (!one) return;
      takes = std::max(takes, *one);
    }
    detects_all_ = std::max(detects_all_.value_or(0), takes);
    if (phase != none && !detects_[phase]) detects_[phase] = takes;
  }

  void compare_phases() {
    auto text = [](std::optional<int64_t> ns) { return ns ? eval::duration_text(*ns) : "nothing"; };
    for (size_t i = 0; i < plan_.phases.size(); ++i) {
      const plan::PhaseFacts& says = facts_.phases[i];
      if (says.detect_ns != detects_[i])
        broken_.push_back(fmt::format("the plan says a regression is proven in phase `{}` after {}; it is {}",
                                      plan_.phases[i].name, text(says.detect_ns), text(detects_[i])));
      if (says.harm_ns.has_value() != met_[i])
        broken_.push_back(fmt::format("the plan says wrongly whether users meet a regression in phase `{}` until it "
                                      "is proven",
                                      plan_.phases[i].name));
    }
    if (facts_.detect_ns != detects_all_)
      broken_.push_back(fmt::format("the plan says a regression is proven after {} at most; it is {}",
                                    text(facts_.detect_ns), text(detects_all_)));
  }

  const Brief& brief_;
  const Plan& plan_;
  const plan::Facts& facts_;
  std::vector<std::string>& broken_;
  Exposures exposures_;
  std::vector<std::vector<uint32_t>> acts_;        ///< by service, in order
  std::vector<const plan::ExposureFacts*> said_;   ///< by service
  std::vector<int64_t> harms_;                     ///< by signal
  std::vector<std::optional<int64_t>> detects_;    ///< by phase
  std::vector<bool> met_;                          ///< by phase: a regression may begin in it
  std::optional<int64_t> detects_all_;
};

}  // namespace

void recheck_exposure(const Brief& brief, const Walked& walked, std::vector<std::string>& broken) {
  Recheck(brief, walked, broken).go();
}

}  // namespace rollout::verify
