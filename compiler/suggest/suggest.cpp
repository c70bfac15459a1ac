#include "compiler/suggest/suggest.h"

#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "compiler/base/allow.h"
#include "compiler/base/fixes.h"
#include "compiler/suggest/becomes.h"
#include "compiler/suggest/candidates.h"
#include "compiler/suggest/excerpt.h"
#include "compiler/suggest/kept.h"
#include "compiler/suggest/ladder.h"
#include "compiler/suggest/rollout_places.h"

namespace rollout::suggest {

namespace {

/// The same finding in the text before and after another edit.
std::string key_of(const Diagnostic& finding, const SourceMap& sources, const std::string& rollout) {
  std::string_view line = finding.span.valid() ? sources.line_at(finding.span.source, finding.span.begin) : "";
  return fmt::format("{}\n{}\n{}\n{}", finding.name, finding.message, rollout, line);
}

/// What is read for a check, but for the library.
size_t bytes_of(const SourceMap& sources) {
  size_t bytes = 0;
  for (uint32_t i = 0; i < sources.size(); ++i)
    if (!sources.name(SourceId{i}).starts_with("std/")) bytes += sources.text(SourceId{i}).size();
  return bytes;
}

Suggestion edited(std::string path, std::string before, const std::vector<Fix>& fixes) {
  Suggestion out;
  std::optional<std::vector<Fix>> ordered = ordered_fixes(before, fixes);
  if (!ordered) return {};
  out.path = std::move(path), out.before = std::move(before);
  out.after = apply_fixes(out.before, *ordered);
  out.fixes = std::move(*ordered);
  return out;
}

class Search {
 public:
  Search(std::unique_ptr<Compilation> first, const Recheck& recheck, const FailingTests& failing_tests,
         const std::string& rollout, const OnFinding& on_finding)
      : recheck_(recheck), failing_tests_(failing_tests), rollout_(rollout), on_finding_(on_finding),
        main_(first->program->modules.back()->path), first_(std::move(first)) {
    before_ = by_kind(said_of(*first_)), had_errors_ = first_->diagnostics.has_errors();
    whole_bytes_ = bytes_of(first_->sources);
  }

  Mended go() {
    if (!run(true)) run(false);
    for (const Told& one : told_) on_finding_(one.sources, one.finding, one.made);
    if (told_.size() >= max_findings) out_.unseen = unseen();
    return std::move(out_);
  }

 private:
  struct Told {
    SourceMap sources;
    Diagnostic finding;
    Suggestion made;
  };
  struct Tried {
    Suggestion made;
    std::unique_ptr<Compilation> then;
    SaidAt said;
    Mends verdict = Mends::No;
  };

  /// `apart`: each rollout first by itself. False: the whole file then says something that no part of it has said.
  bool run(bool apart) {
    out_ = {}, told_.clear(), given_up_.clear(), change_.clear(), now_ = nullptr, attempts_ = 0, apart_ = false;
    bytes_ = own_share * whole_bytes_, allowed_ = max_tried_bytes;
    outline_ = std::make_unique<Outline>(*first_);
    for (const std::string& rollout : apart ? rollouts() : std::vector<std::string>()) {
      if (told_.size() >= max_findings) break;
      begin(rollout);
      mend_all();
    }
    begin({});
    if (apart_ && out_.mended > 0 && !is_right(*now_, change_)) return false;
    mend_all();
    return true;
  }
  void mend_all() {
    while (const Diagnostic* finding = told_.size() < max_findings ? next() : nullptr) mend(*finding);
  }
  /// Those with findings, in their order.
  std::vector<std::string> rollouts() const {
    std::vector<std::string> names;
    std::set<std::string> known = {""};
    const RolloutPlaces places(*first_->program);
    for (const Diagnostic* one : first_->diagnostics.sorted()) {
      if (!is_mendable(*one) || is_allowed(*one, first_->sources)) continue;
      std::string of = places.name_at(one->span);
      bool asked = rollout_.empty() || of == rollout_;
      if (asked && known.insert(of).second) names.push_back(std::move(of));
    }
    return names;
  }
  /// To look at what is said of this rollout; empty: of all of the file.
  void begin(const std::string& rollout) {
    unit_ = rollout;
    std::optional<Excerpt> excerpt;
    if (!rollout.empty()) excerpt = outline_->of(text_of(main_), rollout);
    cost_ = each_check + whole_bytes_;
    bool whole = now_ && !excerpt_ && !excerpt;  // and so it stays
    excerpt_.reset();
    if (excerpt) cost_ -= excerpt->blank - excerpt->blank / blank_share, excerpt_ = std::move(excerpt->text);
    apart_ |= excerpt_.has_value();
    if (out_.texts.empty() && !excerpt_) now_ = first_.get();
    else if (!whole) look_at(recheck_(texts_with({}, {}))), bytes_ += cost_;
    failing_.reset();
  }
  void look_at(std::unique_ptr<Compilation> made) { edited_ = std::move(made), now_ = edited_.get(); }
  std::string text_of(const std::string& path) const {
    if (auto edited = out_.texts.find(path); edited != out_.texts.end()) return edited->second;
    for (uint32_t i = 0; i < first_->sources.size(); ++i)
      if (first_->sources.name(SourceId{i}) == path) return std::string(first_->sources.text(SourceId{i}));
    return {};
  }
  /// As they are checked now, with one more of them edited.
  Texts texts_with(const std::string& path, const std::string& text) const {
    Texts texts = out_.texts;
    if (excerpt_) texts[main_] = *excerpt_;
    if (!path.empty()) texts[path] = text;
    return texts;
  }

  const Diagnostic* next() const {
    const RolloutPlaces places(*now_->program);
    for (const Diagnostic* one : now_->diagnostics.sorted())
      if (is_open(*one, places)) return one;
    return nullptr;
  }
  size_t unseen() const {
    const RolloutPlaces places(*now_->program);
    std::vector<const Diagnostic*> said = now_->diagnostics.sorted();
    auto opens = [&](const Diagnostic* one) { return is_open(*one, places); };
    return size_t(std::count_if(said.begin(), said.end(), opens));
  }
  /// Asked about, and nothing was tried against it in vain.
  bool is_open(const Diagnostic& finding, const RolloutPlaces& places) const {
    if (!is_mendable(finding) || is_allowed(finding, now_->sources)) return false;
    std::string of = places.name_at(finding.span);
    bool asked = rollout_.empty() || of.empty() || of == rollout_;
    return asked && (unit_.empty() || of == unit_) && !given_up_.contains(key_of(finding, now_->sources, of));
  }

  bool is_spent() const { return attempts_ > 0 && bytes_ + cost_ > allowed_; }

  Tried attempt(const Diagnostic& finding, const SaidAt& before, const Candidate& candidate) {
    SourceId source = candidate.fixes.front().span.source;
    Tried tried{edited(std::string(now_->sources.name(source)), std::string(now_->sources.text(source)),
                       candidate.fixes)};
    if (tried.made.path.empty()) return tried;
    bytes_ += cost_, ++tried_, ++attempts_;
    tried.then = recheck_(texts_with(tried.made.path, tried.made.after));
    tried.said = said_after(*tried.then, now_->sources, tried.made.fixes);
    tried.verdict = mends(before, tried.said, place_of(finding, now_->sources), finding.severity);
    return tried;
  }
  /// What is of no other rollout is nobody else's; the rest the whole file says.
  bool spares_others(const Tried& tried) {
    const auto& fixes = tried.made.fixes;
    if (!excerpt_ || std::all_of(fixes.begin(), fixes.end(),
                                 [&](const Fix& fix) { return outline_->is_within(unit_, fix.span); }))
      return true;
    Suggestion whole = edited(tried.made.path, text_of(tried.made.path), fixes);
    Texts texts = out_.texts;
    texts[whole.path] = whole.after;
    bytes_ += each_check + whole_bytes_;
    std::map<std::string_view, int> change = change_;
    count_change(before_said_, tried.said, change);
    return is_right(*recheck_(texts), change);
  }
  bool keeps_tests(const Compilation& then) {
    if (!failing_) failing_ = failing_tests_(*now_);
    std::set<std::string> failing = failing_tests_(then);
    return std::includes(failing_->begin(), failing_->end(), failing.begin(), failing.end());
  }

  /// Whether the farthest turns of its numbers leave the finding: then it is in vain to turn them by less.
  bool is_vain(uint32_t group, const Tries& tries, const Diagnostic& finding) {
    if (group == UINT32_MAX) return false;
    if (auto known = vain_.find(group); known != vain_.end()) return known->second;
    if (is_vain(tries.groups[group].inside, tries, finding)) return vain_[group] = true;
    if (is_spent()) return false;
    Tried far = attempt(finding, before_said_, tries.groups[group].farthest);
    const Place at = place_of(finding, now_->sources);
    auto stays = far.said.find(at);
    return vain_[group] = stays != far.said.end() && stays->second.times >= before_said_[at].times;
  }

  void mend(const Diagnostic& finding) {
    vain_.clear(), tried_ = 0, tested_ = 0, breaks_ = 0;
    std::map<uint32_t, size_t> failed;  // by group
    Tried best;
    Tries tries;
    allowed_ = bytes_ + (max_tried_bytes - std::min(max_tried_bytes, bytes_)) / 2;
    bool stopped = is_spent();
    if (!stopped) before_said_ = said_of(*now_), tries = tries_for(*now_, finding);
    Candidate chosen;
    for (const Candidate& candidate : tries.candidates) {
      stopped = is_spent() || tested_ >= max_tested;
      if (stopped) break;
      if (failed[candidate.group] >= before_probe && is_vain(candidate.group, tries, finding)) continue;
      Tried tried = attempt(finding, before_said_, candidate);
      ++failed[candidate.group];
      if (!is_better(tried, best)) continue;
      best = std::move(tried), chosen = candidate;
      if (best.verdict == Mends::Yes) break;
    }
    if (best.then) shorten(finding, chosen, best);
    tell(finding, best, stopped);
  }
  bool is_better(const Tried& tried, const Tried& best) {
    if (tried.verdict == Mends::No || (tried.verdict == Mends::Uncovers && best.then)) return false;
    if (!spares_others(tried)) return false;
    ++tested_;
    bool keeps = keeps_tests(*tried.then);
    breaks_ += !keeps;
    return keeps;
  }

  /// Each of its numbers is turned back as far as the finding stays away: to an earlier rung, then between two of them.
  void shorten(const Diagnostic& finding, Candidate chosen, Tried& best) {
    if (chosen.group == UINT32_MAX) return;
    for (Fix& fix : chosen.fixes) {
      std::string text(now_->sources.text(fix.span));
      if (chosen.fixes.size() > 1) turn_back(finding, chosen, fix, rungs_before(chosen.literal, text, fix.text), best);
      turn_back(finding, chosen, fix, between_rungs(chosen.literal, text, fix.text), best);
    }
  }
  void turn_back(const Diagnostic& finding, Candidate& chosen, Fix& fix, const std::vector<Rung>& rungs, Tried& best) {
    size_t low = 0, high = rungs.size();  // what stands at `high`, or at first behind all, mends it
    while (low < high && !is_spent() && tested_ < max_tested) {
      size_t middle = low + (high - low) / 2;
      std::string last = std::exchange(fix.text, rungs[middle].text);
      Tried tried = attempt(finding, before_said_, chosen);
      if (tried.verdict == best.verdict && is_better(tried, {})) {
        best = std::move(tried), high = middle;
      } else {
        fix.text = std::move(last), low = middle + 1;
      }
    }
  }

  void tell(const Diagnostic& finding, Tried& best, bool stopped) {
    std::string of = RolloutPlaces(*now_->program).name_at(finding.span);
    Suggestion made;
    if (best.then) made = edited(best.made.path, text_of(best.made.path), best.made.fixes);
    made.tried = tried_, made.breaks_tests = breaks_, made.stopped = stopped, made.why = why_not(finding);
    if (best.then) made.becomes = becomes(finding.name, *best.then, of);
    told_.push_back({now_->sources, finding, made});
    if (!best.then) {
      given_up_.insert(key_of(finding, now_->sources, of));
      ++out_.left;
      return;
    }
    ++out_.mended;
    count_change(before_said_, best.said, change_);
    if (made.path == main_)
      for (auto fix = made.fixes.rbegin(); fix != made.fixes.rend(); ++fix)
        outline_->grow(fix->span.begin, int64_t(fix->text.size()) - (int64_t(fix->span.end) - fix->span.begin));
    whole_bytes_ += made.after.size(), whole_bytes_ -= made.before.size();
    if (excerpt_ && made.path == main_) excerpt_ = std::move(best.made.after);
    out_.texts[made.path] = std::move(made.after);
    look_at(std::move(best.then));
    failing_.reset();
  }

  static void count_change(const SaidAt& before, const SaidAt& after, std::map<std::string_view, int>& change) {
    for (const auto& [kind, said] : by_kind(before)) change[kind] -= said.times;
    for (const auto& [kind, said] : by_kind(after)) change[kind] += said.times;
  }
  /// Whether the whole file says no more than what the parts of it have led to.
  bool is_right(const Compilation& whole, const std::map<std::string_view, int>& change) const {
    for (const auto& [kind, now] : by_kind(said_of(whole))) {
      auto had = before_.find(kind);
      auto changed = change.find(kind);
      int expected = (had == before_.end() ? 0 : had->second.times) + (changed == change.end() ? 0 : changed->second);
      if (now.times > expected && (!had_errors_ || now.severity == Severity::Error)) return false;
    }
    return true;
  }

  static constexpr size_t blank_share = 256;  ///< blanks are passed in so much less time than what is read
  static constexpr size_t before_probe = 2;   ///< of a group: then it is asked whether its farthest turn would do

  const Recheck& recheck_;
  const FailingTests& failing_tests_;
  const std::string& rollout_;
  const OnFinding& on_finding_;
  const std::string main_;  ///< the path of the file that was asked for
  std::unique_ptr<Compilation> first_;
  std::map<std::string_view, Said> before_;  ///< anything was edited
  bool had_errors_ = false;
  size_t whole_bytes_ = 0;

  Mended out_;
  std::vector<Told> told_;
  std::set<std::string> given_up_;
  std::map<std::string_view, int> change_;  ///< in how often something is said, by kind
  std::unique_ptr<Outline> outline_;
  size_t bytes_ = 0, allowed_ = 0, attempts_ = 0;
  bool apart_ = false;  ///< something was tried in a part of the file

  // What is looked at: this rollout, or all of the file.
  std::string unit_;
  std::optional<std::string> excerpt_;
  std::unique_ptr<Compilation> edited_;  ///< it, unless it is the first
  const Compilation* now_ = nullptr;
  std::optional<std::set<std::string>> failing_;
  size_t cost_ = 0;

  // Of one finding.
  SaidAt before_said_;
  std::map<uint32_t, bool> vain_;
  size_t tried_ = 0, tested_ = 0, breaks_ = 0;
};

}  // namespace

Mended suggest(std::unique_ptr<Compilation> first, const Recheck& recheck, const FailingTests& failing_tests,
               const std::string& rollout, const OnFinding& on_finding) {
  return Search(std::move(first), recheck, failing_tests, rollout, on_finding).go();
}

bool can_suggest(const Compilation& compilation) {
  for (const Diagnostic* one : compilation.diagnostics.sorted())
    if (one->severity == Severity::Error && !is_mendable(*one)) return false;
  return true;
}

}  // namespace rollout::suggest
