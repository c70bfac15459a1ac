#include "compiler/verify/recheck_beside.h"

#include <algorithm>
#include <map>
#include <set>

#include <fmt/format.h>

#include "compiler/eval/image.h"
#include "compiler/eval/version.h"
#include "compiler/verify/recheck_spans.h"

namespace rollout::verify {

using plan::Plan;
using plan::none;

namespace {

/// Of one subject on the path at hand.
struct Now {
  std::string stable, canary;
  uint32_t first = none, last = none;  ///< steps on it since the last commit
};

class Meets {
 public:
  Meets(const Brief& brief, std::vector<std::string>& broken)
      : brief_(brief), plan_(brief.plan), broken_(broken), passage_(passages(brief, 0, brief.size())),
        said_(brief.plan.beside.size()) {
    const Plan& plan = plan_;
    for (const plan::BesideFacts& one : plan.facts->beside)
      said_[one.beside] = {one.meets.begin(), one.meets.end()};
    for (uint32_t i = 0; i < plan.beside.size(); ++i)
      for (uint32_t subject : {plan.beside[i].service, plan.beside[i].with}) of_[subject].insert(i);
  }

  void go() {
    for (const auto& [subject, declared] : of_) now_[subject] = at_first(subject);
    for (uint32_t i = 0; i < plan_.beside.size(); ++i) hold(i), look(i, now_);
    for (uint32_t i = 0; i < plan_.steps.size(); ++i) {
      const plan::Step& step = plan_.steps[i];
      if (step.kind == plan::StepKind::Commit)
        for (auto& [subject, now] : now_) now.first = now.last = none;
      if (step.kind != plan::StepKind::Act || !of_.contains(step.action.service)) continue;
      Now& now = now_[step.action.service];
      Now before = now;
      set(step.action, now);
      if (now.stable != before.stable || now.canary != before.canary) meet_earlier(i, before);
      now.last = i;
      if (now.first == none) now.first = i;
      for (uint32_t index : of_[step.action.service]) look(index, now_), go_back(index);
    }
  }

 private:
  Now at_first(uint32_t subject) const {
    bool database = plan_.services[subject].subject == plan::Subject::Database;
    std::string what =
        plan::variable_text(plan_.services[subject], database ? plan::Variable::Schema : plan::Variable::Version,
                            database ? plan::Role::All : plan::Role::Stable);
    for (const plan::Observed& one : plan_.observed)
      if (one.what == what && !one.value.is(eval::Value::Kind::None)) return {one.value.text, {}};
    return {};
  }
  static void set(const plan::Action& action, Now& now) {
    for (const plan::Setting& setting : action.sets) {
      if (setting.variable != plan::Variable::Schema && setting.variable != plan::Variable::Version) continue;
      std::string& one = setting.role == plan::Role::Canary ? now.canary : now.stable;
      one = setting.value.is(eval::Value::Kind::None) ? "" : setting.value.text;
    }
  }

  /// What an earlier change of the other subject has left, if that change may as well come later; and on the way back.
  void meet_earlier(uint32_t step, const Now& before) {
    uint32_t subject = plan_.steps[step].action.service;
    for (uint32_t index : of_[subject]) {
      const plan::Beside& one = plan_.beside[index];
      uint32_t other = one.service == subject ? one.with : one.service;
      if (other == subject) continue;
      for (const auto& [at, left] : changes_[other]) {
        if (waits(brief_, passage_, at, step)) continue;
        std::map<uint32_t, Now> now = {{subject, now_[subject]}, {other, left}};
        look(index, now);
        // What was built upon it goes back first.
        uint32_t first = before.first == none ? step : before.first;
        if (left.first != none && waits(brief_, passage_, first, left.first)) continue;
        for (uint32_t undo : plan_.steps[step].rollback) set(plan_.undo[undo], now[subject]), look(index, now);
      }
    }
    changes_[subject].emplace_back(step, before);
  }

  /// What came last goes back first.
  void go_back(uint32_t index) {
    const plan::Beside& one = plan_.beside[index];
    std::map<uint32_t, Now> now = {{one.service, now_[one.service]}, {one.with, now_[one.with]}};
    uint32_t later = one.service;
    auto begun = [&](uint32_t subject) { return now[subject].first == none ? 0 : now[subject].first + 1; };
    if (begun(one.with) > begun(later)) later = one.with;
    for (uint32_t subject : {later, later == one.service ? one.with : one.service}) {
      if (now[subject].last == none) continue;
      for (uint32_t undo : plan_.steps[now[subject].last].rollback)
        set(plan_.undo[undo], now[subject]), look(index, now);
      now[subject].last = none;
    }
  }

  void look(uint32_t index, std::map<uint32_t, Now>& now) {
    const plan::Beside& one = plan_.beside[index];
    const Now &own = now[one.service], &with = now[one.with];
    if (own.stable != one.image && own.canary != one.image) return;
    if (!one.range && eval::image_problem(one.image)) return;  // which version it is nobody has looked at
    bool database = plan_.services[one.with].subject == plan::Subject::Database;
    for (const std::string& other : {with.stable, with.canary}) {
      std::string version = plan::version_beside(database, other), mine = plan::version_beside(false, one.image);
      bool self = one.service == one.with;
      if (version.empty() || (self && (mine.empty() || eval::compare_versions(mine, version) <= 0))) continue;
      if (!said_[index].insert(other).second) continue;
      broken_.push_back(fmt::format("the plan does not say that {} of {} meets {} of {}", one.image,
                                    plan::service_text(plan_.services[one.service]), other,
                                    plan::service_text(plan_.services[one.with])));
    }
  }
  /// What the plan says that it meets, it declares.
  void hold(uint32_t index) {
    const plan::Beside& one = plan_.beside[index];
    bool database = plan_.services[one.with].subject == plan::Subject::Database;
    for (const std::string& other : said_[index]) {
      std::string version = database && other == "none" ? "0" : plan::version_beside(database, other);
      if (one.range && !version.empty() && plan::is_within(*one.range, version)) continue;
      broken_.push_back(fmt::format("{} of {} meets {} of {}, and does not declare it", one.image,
                                    plan::service_text(plan_.services[one.service]), other,
                                    plan::service_text(plan_.services[one.with])));
    }
  }

  const Brief& brief_;
  const Plan& plan_;
  std::vector<std::string>& broken_;
  std::vector<uint32_t> passage_;
  /// By subject: by which step, and what was before.
  std::map<uint32_t, std::vector<std::pair<uint32_t, Now>>> changes_;
  std::vector<std::set<std::string>> said_;       ///< by Plan::beside
  std::map<uint32_t, std::set<uint32_t>> of_;     ///< subject: Plan::beside
  std::map<uint32_t, Now> now_;
};

}  // namespace

void recheck_beside(const Brief& brief, std::vector<std::string>& broken) {
  if (!brief.plan.beside.empty()) Meets(brief, broken).go();
}

}  // namespace rollout::verify
