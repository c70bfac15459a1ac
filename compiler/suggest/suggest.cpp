#include "compiler/suggest/suggest.h"

#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "compiler/base/allow.h"
#include "compiler/base/fixes.h"
#include "compiler/suggest/becomes.h"
#include "compiler/suggest/candidates.h"

namespace rollout::suggest {

namespace {

using Counts = std::map<std::string_view, std::pair<Severity, int>>;  // by name of the diagnostic

Counts counts_of(const Compilation& compilation) {
  Counts counts;
  for (const Diagnostic* one : compilation.diagnostics.sorted())
    if (!is_allowed(*one, compilation.sources)) ++counts.try_emplace(one->name, one->severity, 0).first->second.second;
  return counts;
}

/// How often just this is said.
int said(const Compilation& compilation, const Diagnostic& finding) {
  int times = 0;
  for (const Diagnostic* one : compilation.diagnostics.sorted())
    times += one->name == finding.name && one->message == finding.message && !is_allowed(*one, compilation.sources);
  return times;
}

enum class Mends { No, Uncovers, Yes };

/// An error keeps the proofs from being made: what they say once it is gone is no harm done by the edit.
Mends mends(const Counts& before, const Counts& after, const Diagnostic& finding) {
  auto count = [](const Counts& counts, std::string_view name) {
    auto found = counts.find(name);
    return found == counts.end() ? 0 : found->second.second;
  };
  if (count(after, finding.name) >= count(before, finding.name)) return Mends::No;
  Mends verdict = Mends::Yes;
  for (const auto& [name, now] : after) {
    if (now.second <= count(before, name)) continue;
    if (finding.severity != Severity::Error || now.first == Severity::Error) return Mends::No;
    verdict = Mends::Uncovers;
  }
  return verdict;
}

/// The same finding in the text before and after another edit.
std::string key_of(const Diagnostic& finding, const SourceMap& sources) {
  std::string_view line = finding.span.valid() ? sources.line_at(finding.span.source, finding.span.begin) : "";
  return fmt::format("{}\n{}\n{}", finding.name, finding.message, line);
}

class Search {
 public:
  Search(const Recheck& recheck, const KeepsTests& keeps_tests, const std::string& rollout, const OnFinding& on_finding)
      : recheck_(recheck), keeps_tests_(keeps_tests), rollout_(rollout), on_finding_(on_finding) {}

  Mended go() {
    out_.compilation = recheck_({});
    for (size_t i = 0; i < max_findings; ++i) {
      const Diagnostic* finding = next();
      if (finding == nullptr) break;
      mend(*finding);
    }
    if (out_.mended + out_.left == max_findings) out_.unseen = unmended();
    return std::move(out_);
  }

 private:
  const Diagnostic* next() const {
    for (const Diagnostic* one : out_.compilation->diagnostics.sorted())
      if (is_open(*one)) return one;
    return nullptr;
  }
  size_t unmended() const {
    std::vector<const Diagnostic*> said = out_.compilation->diagnostics.sorted();
    return size_t(std::count_if(said.begin(), said.end(), [&](const Diagnostic* one) { return is_open(*one); }));
  }
  /// Asked about, and nothing was tried against it in vain.
  bool is_open(const Diagnostic& finding) const {
    const Compilation& now = *out_.compilation;
    if (!is_mendable(finding) || is_allowed(finding, now.sources)) return false;
    std::string of = rollout_.empty() ? "" : rollout_of(*now.program, finding.span);
    return (of.empty() || of == rollout_) && !given_up_.contains(key_of(finding, now.sources));
  }

  bool is_spent() const { return checks_ >= max_checks || bytes_ >= max_checked_bytes; }

  void mend(const Diagnostic& finding) {
    const Compilation& now = *out_.compilation;
    Suggestion best;
    best.why = why_not(finding);
    std::unique_ptr<Compilation> then;
    Counts before = counts_of(now);
    size_t tested = 0, breaks = 0;
    best.stopped = is_spent();
    for (const Candidate& candidate : best.stopped ? std::vector<Candidate>() : candidates_for(now, finding)) {
      best.stopped = is_spent() || tested >= max_tested;
      if (best.stopped) break;
      Suggestion made = edited(now, candidate);
      if (made.path.empty()) continue;
      ++checks_, bytes_ += made.after.size(), made.tried = ++best.tried;
      Texts texts = out_.texts;
      texts[made.path] = made.after;
      std::unique_ptr<Compilation> checked = recheck_(texts);
      if (said(*checked, finding) >= said(now, finding)) continue;
      Mends verdict = mends(before, counts_of(*checked), finding);
      if (verdict == Mends::No || (verdict == Mends::Uncovers && then)) continue;
      ++tested;
      if (!keeps_tests_(*checked)) {
        ++breaks;
        continue;
      }
      best = std::move(made), then = std::move(checked);
      if (verdict == Mends::Yes) break;
    }
    if (then) best.becomes = becomes(finding.name, *then, rollout_of(*now.program, finding.span));
    best.breaks_tests = breaks;
    on_finding_(now, finding, best);
    if (!then) {
      given_up_.insert(key_of(finding, now.sources));
      ++out_.left;
      return;
    }
    ++out_.mended;
    out_.texts[best.path] = std::move(best.after);
    out_.compilation = std::move(then);
  }

  static Suggestion edited(const Compilation& now, const Candidate& candidate) {
    Suggestion out;
    SourceId source = candidate.fixes.front().span.source;
    out.before = now.sources.text(source);
    std::optional<std::vector<Fix>> ordered = ordered_fixes(out.before, candidate.fixes);
    if (!ordered) return {};
    out.path = now.sources.name(source);
    out.after = apply_fixes(out.before, *ordered);
    out.fixes = std::move(*ordered);
    return out;
  }

  const Recheck& recheck_;
  const KeepsTests& keeps_tests_;
  const std::string& rollout_;
  const OnFinding& on_finding_;
  Mended out_;
  std::set<std::string> given_up_;
  size_t checks_ = 0, bytes_ = 0;
};

}  // namespace

Mended suggest(const Recheck& recheck, const KeepsTests& keeps_tests, const std::string& rollout,
               const OnFinding& on_finding) {
  return Search(recheck, keeps_tests, rollout, on_finding).go();
}

bool can_suggest(const Compilation& compilation) {
  for (const Diagnostic* one : compilation.diagnostics.sorted())
    if (one->severity == Severity::Error && !is_mendable(*one)) return false;
  return true;
}

}  // namespace rollout::suggest
