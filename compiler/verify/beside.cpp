#include "compiler/verify/beside.h"

#include <algorithm>
#include <map>
#include <set>

#include <fmt/format.h>

#include "compiler/eval/image.h"
#include "compiler/eval/version.h"
#include "compiler/verify/timeline.h"

namespace rollout::verify {

using plan::Plan;
using plan::none;

namespace {

/// In a state: how far the two subjects are, and what of the way back has been done.
struct State {
  uint32_t first = none, second = none;  ///< steps; none: the start
  std::string when = {};                 ///< on the way back: in words
  uint32_t fails = none;                 ///< a step whose part goes back alone for it
};

std::string_view tag_of(std::string_view image) {
  return eval::image_problem(image) ? image : eval::image_parts(image).tag;
}

/// Holds what runs against what is declared, and keeps the first state that breaks a declaration.
class Judge {
 public:
  Judge(const Plan& plan, std::vector<Finding>& findings)
      : plan_(plan), findings_(findings), meets_(plan.beside.size()), told_(plan.beside.size()) {
    for (uint32_t i = 0; i < plan.beside.size(); ++i)
      of_[{plan.beside[i].service, plan.beside[i].with}].push_back(i);
  }

  const std::map<std::pair<uint32_t, uint32_t>, std::vector<uint32_t>>& pairs() const { return of_; }

  void look(uint32_t service, const Running& own, uint32_t with, const Running& others, const State& state) {
    for (uint32_t index : of_.at({service, with}))
      if (std::find(own.begin(), own.end(), plan_.beside[index].image) != own.end())
        for (const std::string& other : others) meet(index, other, state);
  }
  /// The newer of two versions says whether it can live with the older one.
  void look_at_mix(uint32_t service, const Mix& mix) {
    for (uint32_t index : of_.at({service, service})) {
      const std::string& own = plan_.beside[index].image;
      bool there = std::find(mix.versions.begin(), mix.versions.end(), own) != mix.versions.end();
      if (!there || eval::image_problem(own)) continue;
      std::string version = plan::version_beside(false, own);
      for (const std::string& other : mix.versions) {
        std::string older = plan::version_beside(false, other);
        bool unclear = version.empty() || older.empty();
        if (own == other || (!unclear && eval::compare_versions(version, older) <= 0)) continue;
        meet(index, other, {mix.step, none, mix.when});
      }
    }
  }
  std::vector<plan::BesideFacts> facts() const {
    std::vector<plan::BesideFacts> facts;
    for (uint32_t i = 0; i < meets_.size(); ++i)
      if (!meets_[i].empty()) facts.push_back({i, {meets_[i].begin(), meets_[i].end()}});
    return facts;
  }

 private:
  void meet(uint32_t index, const std::string& other, const State& state) {
    const plan::Beside& beside = plan_.beside[index];
    bool database = plan_.services[beside.with].subject == plan::Subject::Database;
    // What nobody has looked at is held to nothing.
    if ((!database && eval::image_problem(other)) || (!beside.range && eval::image_problem(beside.image))) return;
    if (!meets_[index].insert(other).second || told_[index]) return;
    std::string version = database && other == no_schema ? "0" : plan::version_beside(database, other);
    bool self = beside.service == beside.with;
    std::string why;
    if (!beside.range) why = "it declares nothing of it";
    else if (self && plan::version_beside(false, beside.image).empty()) why = "which of them is newer is not known";
    else if (version.empty()) why = fmt::format("`{}` is no version to compare", database ? other : tag_of(other));
    else if (!plan::is_within(*beside.range, version))
      why = fmt::format("it declares {}", plan::range_text(*beside.range));
    if (why.empty()) return;
    told_[index] = true;
    findings_.push_back(finding(beside, other, database, std::move(why), state));
  }

  Finding finding(const plan::Beside& beside, const std::string& other, bool database, std::string why,
                  const State& state) const {
    const plan::Service &service = plan_.services[beside.service], &with = plan_.services[beside.with];
    std::string name = plan::service_text(with);
    Finding finding{Claim::Beside, {}, std::move(why)};
    finding.parts = {fmt::format("{} {}", plan::service_text(service), tag_of(beside.image)),
                     database ? fmt::format("schema {} of {}", other, name)
                              : fmt::format("{} {}", name, tag_of(other))};
    uint32_t last = state.first == none ? state.second : state.second == none ? state.first
                                                        : std::max(state.first, state.second);
    if (last != none) finding.place = plan_.steps[last].place;
    Site& site = finding.site;
    site.step = last, site.goes_back = !state.when.empty(), site.fails = state.fails;
    site.slow = beside.service == beside.with || last == none ? none
                : last == state.first                        ? beside.with
                                                              : beside.service;
    site.beside = uint32_t(&beside - plan_.beside.data()), site.other = other;
    std::string clause = database ? fmt::format("compatible with schema … of {}", with.name)
                         : beside.service == beside.with ? "compatible with >= …"
                                                         : fmt::format("compatible with >= … of {}", with.name);
    if (!beside.range) finding.advice = fmt::format("say what it can live with: `{}`", clause);
    else
      finding.advice = fmt::format("change the order of these steps, or what {} says if it can live with that",
                                   beside.source);
    return finding;
  }

  const Plan& plan_;
  std::vector<Finding>& findings_;
  std::map<std::pair<uint32_t, uint32_t>, std::vector<uint32_t>> of_;  ///< service and with: Plan::beside
  std::vector<std::set<std::string>> meets_;
  std::vector<bool> told_;
};

/// All states of two subjects that some path leads to.
class Pair {
 public:
  Pair(const Plan& plan, uint32_t service, uint32_t with, const Timeline& own, const Timeline& other, Judge& judge)
      : plan_(plan), service_(service), with_(with), own_(own), other_(other), judge_(judge),
        scope_of_(plan::scopes_of_steps(plan)) {}

  void go() {
    bound();
    uint32_t end = uint32_t(other_.positions.size());
    for (uint32_t i = 0; i < own_.positions.size(); ++i)
      for (uint32_t j = least_[i]; j < most_[i] && j < end; ++j) visit(i, j);
    go_on();
    const Running &own_hook = own_.after_hooks, &other_hook = other_.after_hooks;
    if (!other_hook.empty())
      for (const Position& position : own_.positions)
        look(position.back[0].states.back(), other_hook, {position.step, none, "after the hooks of the way back"});
    if (!own_hook.empty())
      for (const Position& position : other_.positions)
        look(own_hook, position.back[0].states.back(), {none, position.step, "after the hooks of the way back"});
  }

 private:
  /// By position of the first subject: from where and up to where, exclusive, the second one may be meanwhile.
  void bound() {
    size_t steps = plan_.steps.size();
    uint32_t end = uint32_t(other_.positions.size());
    std::vector<uint32_t> begun(steps), behind(steps, end), at(steps, none);
    for (auto [step, position] : other_.at) at[step] = position;
    for (uint32_t i = 0; i < steps; ++i) {
      for (uint32_t before : plan_.steps[i].after) begun[i] = std::max(begun[i], begun[before]);
      if (at[i] != none) begun[i] = std::max(begun[i], at[i]);
    }
    for (uint32_t i = uint32_t(steps); i-- > 0;) {
      uint32_t position = at[i];
      if (position != none && other_.positions[position].step == i) behind[i] = std::min(behind[i], position);
      for (uint32_t before : plan_.steps[i].after) behind[before] = std::min(behind[before], behind[i]);
    }
    for (uint32_t i = 0; i < own_.positions.size(); ++i) {
      uint32_t step = own_.positions[i].step;
      least_.push_back(step == none ? 0 : begun[step]);
      most_.push_back(i + 1 < own_.positions.size() ? behind[own_.positions[i + 1].step] : end);
    }
  }

  /// A way back of one scope, both ways; null: that subject stays where it is. `gone`: a step for whose failure its
  /// part has gone back before.
  void visit(uint32_t i, uint32_t j, uint32_t gone = none) {
    const Position &own = own_.positions[i], &other = other_.positions[j];
    back(own, &own.back[0], other, &other.back[0], gone);
    for (size_t k = 1; k < own.back.size(); ++k) {
      auto same = std::find_if(other.back.begin() + 1, other.back.end(),
                               [&](const BackWay& way) { return way.scope == own.back[k].scope; });
      bool both = same != other.back.end();
      if (both || may_go_back(own, own.back[k].scope, other))
        back(own, &own.back[k], other, both ? &*same : nullptr, gone);
    }
    for (size_t k = 1; k < other.back.size(); ++k)
      if (may_go_back(other, other.back[k].scope, own)) back(own, nullptr, other, &other.back[k], gone);
  }
  /// What waits for something in a scope, and is none of it, begins when that scope is over, whatever came of it.
  bool may_go_back(const Position& inside, uint32_t scope, const Position& other) {
    return other.step == none || other.step <= plan_.scopes[scope].last_step || !comes_before(inside.step, other.step);
  }

  /// What was built upon the other goes back first, and the other one waits for it.
  void back(const Position& own, const BackWay* own_way, const Position& other, const BackWay* other_way,
            uint32_t gone) {
    uint32_t first = own_way ? own_way->first : none, second = other_way ? other_way->first : none;
    size_t own_count = own_way ? own_way->states.size() : 1, other_count = other_way ? other_way->states.size() : 1;
    bool own_waits = first != none && second != none && comes_before(first, second);
    bool other_waits = first != none && second != none && comes_before(second, first);
    for (size_t k = 0; k < own_count; ++k)
      for (size_t l = 0; l < other_count; ++l) {
        if ((own_waits && k > 0 && l + 1 < other_count) || (other_waits && l > 0 && k + 1 < own_count)) continue;
        const Running& a = k > 0 ? own_way->states[k] : own.now;
        const Running& b = l > 0 ? other_way->states[l] : other.now;
        State state{own.step, other.step, k + l > 0 ? "on the way back from there" : "", gone};
        if (k + l > 0 && own_way && own_way->scope != none) state.fails = own.step;
        else if (k + l > 0 && other_way && other_way->scope != none) state.fails = other.step;
        look(a, b, state);
      }
  }

  /// A part that has gone back alone stays so while the others go on, but for what needs it.
  void go_on() {
    for (uint32_t scope = 0; scope < plan_.scopes.size(); ++scope) {
      if (!plan::goes_on(plan_.scopes[scope])) continue;
      uint32_t i = first_inside(own_, scope), j = first_inside(other_, scope);
      if ((i == none) == (j == none)) continue;  // both went back, or none did
      if (i != none)
        for (uint32_t later = least_[i]; later < other_.positions.size(); ++later) {
          if (begins_without(other_.positions[later], scope)) visit(i - 1, later, own_.positions[i].step);
        }
      else
        for (uint32_t later = 0; later < own_.positions.size(); ++later)
          if (most_[later] > j && begins_without(own_.positions[later], scope))
            visit(later, j - 1, other_.positions[j].step);
    }
  }
  bool begins_without(const Position& position, uint32_t scope) const {
    return position.step == none || !plan::needs(plan_, scope_of_[position.step], scope);
  }
  uint32_t first_inside(const Timeline& line, uint32_t scope) const {
    const plan::UndoScope& of = plan_.scopes[scope];
    auto inside = std::find_if(line.positions.begin(), line.positions.end(), [&](const Position& one) {
      return one.step != none && one.step >= of.first_step && one.step <= of.last_step;
    });
    return inside == line.positions.end() ? none : uint32_t(inside - line.positions.begin());
  }

  /// Whether the later step can only begin when the earlier one is done.
  bool comes_before(uint32_t earlier, uint32_t later) {
    if (earlier >= later) return false;
    auto [known, fresh] = order_.try_emplace({earlier, later});
    if (!fresh) return known->second;
    std::vector<bool> waits(later - earlier + 1);
    waits[later - earlier] = true;
    for (uint32_t i = later; i > earlier; --i)
      for (uint32_t before : plan_.steps[i].after)
        if (waits[i - earlier] && before >= earlier) waits[before - earlier] = true;
    return known->second = waits[0];
  }
  void look(const Running& own, const Running& other, const State& state) {
    judge_.look(service_, own, with_, other, state);
  }

  const Plan& plan_;
  uint32_t service_, with_;
  const Timeline &own_, &other_;
  Judge& judge_;
  const std::vector<uint32_t> scope_of_;
  std::vector<uint32_t> least_, most_;
  std::map<std::pair<uint32_t, uint32_t>, bool> order_;
};

}  // namespace

void prove_beside(const Plan& plan, plan::Facts& facts, std::vector<Finding>& findings) {
  if (plan.beside.empty()) return;
  Timelines lines(plan);
  Judge judge(plan, findings);
  for (const auto& [pair, indices] : judge.pairs()) {
    const Timeline& own = lines.of(pair.first);
    if (pair.first != pair.second) {
      Pair(plan, pair.first, pair.second, own, lines.of(pair.second), judge).go();
      continue;
    }
    for (const Mix& mix : own.mixes) judge.look_at_mix(pair.first, mix);
  }
  facts.beside = judge.facts();
}

}  // namespace rollout::verify
