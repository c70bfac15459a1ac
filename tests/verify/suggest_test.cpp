// Suggestions: of every golden case each edit that is suggested mends its finding and leaves none that was not there,
// and no number of the file that is turned by less does so: every one of them is tried here, one after another. Some
// case has an edit against each kind of finding that edits can mend, and against every other kind a reason.
#include <cmath>
#include <filesystem>
#include <set>

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include "compiler/suggest/candidates.h"
#include "compiler/suggest/knobs.h"
#include "compiler/suggest/ladder.h"
#include "compiler/suggest/suggest.h"
#include "tests/sim/read_text.h"

namespace rollout::suggest {

namespace {

namespace fs = std::filesystem;
using sim_test::read_text;

const fs::path golden = ROLLOUT_GOLDEN;

std::unique_ptr<Compilation> checked(const fs::path& file, const Texts& texts) {
  auto load = [&](const std::string& path) {
    if (auto known = texts.find(path); known != texts.end()) return Result<std::string>(known->second);
    for (fs::path folder = file.parent_path(); folder != golden.parent_path(); folder = folder.parent_path())
      if (fs::exists(folder / path)) return read_text(folder / path);
    return Result<std::string>(OpError{"there is no " + path});
  };
  std::unique_ptr<Compilation> made = compile(file.filename().string(), load);
  check_plans(*made);
  return made;
}

std::map<std::string_view, int> counted(const Compilation& of) {
  std::map<std::string_view, int> counts;
  for (const Diagnostic* one : of.diagnostics.sorted()) ++counts[one->name];
  return counts;
}

int said(const Compilation& of, const Diagnostic& finding) {
  int times = 0;
  for (const Diagnostic* one : of.diagnostics.sorted())
    times += one->name == finding.name && one->message == finding.message;
  return times;
}

/// This finding is gone, and no other kind has more.
bool mends(const Compilation& before, const Compilation& after, const Diagnostic& finding) {
  std::map<std::string_view, int> had = counted(before), has = counted(after);
  if (has[finding.name] >= had[finding.name] || said(after, finding) >= said(before, finding)) return false;
  return std::all_of(has.begin(), has.end(), [&](const auto& one) { return one.second <= had[one.first]; });
}

std::string turned(std::string text, Span span, const std::string& to) {
  return text.replace(span.begin, span.end - span.begin, to);
}

/// A number in another line, or one that is turned the less wanted way, counts as turned so many times more.
constexpr double elsewhere = 4;

struct Tried {
  int edits = 0, added = 0, smaller = 0, shorter = 0;
  std::set<std::string> kinds, untried;
};

/// Of one number: every value between what it was and what is suggested, and every other number turned by less.
void try_smaller(const fs::path& file, const Compilation& now, const Diagnostic& finding, const Suggestion& made,
                 Tried& tried) {
  const Fix& fix = made.fixes.front();
  std::vector<Knob> knobs = knobs_of(*now.program, now.sources);
  auto at = std::find_if(knobs.begin(), knobs.end(), [&](const Knob& one) {
    return one.span.begin == fix.span.begin && one.span.end == fix.span.end && !one.text.empty();
  });
  if (made.fixes.size() > 1 || at == knobs.end()) {
    ++tried.added;
    return;
  }
  double chosen = turned_by(at->literal, at->text, fix.text).value_or(0);
  REQUIRE(chosen > 1);
  std::vector<Rung> finer = between_rungs(at->literal, at->text, fix.text);
  for (const Knob& knob : knobs)
    for (bool up : {false, true}) {
      bool own = knob.span.begin == at->span.begin && knob.span.source == at->span.source;
      bool weakens = knob.turns != Turns::Share && knob.turns != Turns::Hold && knob.turns != Turns::Within;
      if (knob.text.empty() || knob.span.source != at->span.source || (weakens && !own)) continue;
      std::vector<Rung> less = rungs_of(knob.literal, knob.text, up);
      if (own) less.insert(less.end(), finer.begin(), finer.end());
      for (const Rung& rung : less) {
        if (rung.times >= (own ? chosen : chosen / elsewhere) - 1e-9) continue;
        ++tried.smaller;
        Texts texts{{made.path, turned(made.before, knob.span, rung.text)}};
        bool shorter = mends(now, *checked(file, texts), finding);
        INFO(finding.message << ": `" << fix.text << "` is suggested, and " << knob.text << " → " << rung.text
                             << " would do");
        CHECK(!shorter);
        tried.shorter += shorter;
      }
    }
}

std::vector<fs::path> cases() {
  std::vector<fs::path> files;
  for (const char* folder : {"suggest", "plan/beside"})
    for (const auto& entry : fs::recursive_directory_iterator(golden / folder))
      if (entry.path().extension() == ".rollout" && can_suggest(*checked(entry.path(), {})))
        files.push_back(entry.path());
  return files;
}

void try_case(const fs::path& file, Tried& tried) {
  Texts so_far;
  auto look = [&](const SourceMap&, const Diagnostic& finding, const Suggestion& made) {
    INFO(finding.message);
    if (made.path.empty()) {
      CHECK((made.tried > 0 || !made.why.empty()));
      if (!made.why.empty()) tried.untried.insert(std::string(finding.name));
      return;
    }
    ++tried.edits, tried.kinds.insert(std::string(finding.name));
    std::unique_ptr<Compilation> now = checked(file, so_far);
    so_far[made.path] = made.after;
    std::unique_ptr<Compilation> then = checked(file, so_far);
    std::map<std::string_view, int> had = counted(*now), has = counted(*then);
    CHECK(has[finding.name] < had[finding.name]);
    if (finding.severity != Severity::Error) CHECK(mends(*now, *then, finding));
    try_smaller(file, *now, finding, made, tried);
  };
  auto no_tests = [](const Compilation&) { return std::set<std::string>(); };
  suggest(checked(file, {}), [&](const Texts& texts) { return checked(file, texts); }, no_tests, "", look);
}

}  // namespace

TEST_CASE("every suggestion mends its finding, and no number turned by less does") {
  Tried tried;
  for (const fs::path& file : cases()) {
    INFO(file.string());
    try_case(file, tried);
  }
  for (std::string_view kind : looked_at(true)) {
    INFO(kind << " has no case with an edit");
    CHECK(tried.kinds.contains(std::string(kind)));
  }
  for (std::string_view kind : looked_at(false)) {
    INFO(kind << " has no case that says why there is no edit");
    CHECK((tried.untried.contains(std::string(kind)) || kind == diag::NotProven.name));
  }
  CHECK(tried.added > 2);
  WARN(fmt::format("{} edits of {} kinds mend what they are for; {} add something; {} numbers turned by less were "
                   "tried, {} would do",
                   tried.edits, tried.kinds.size(), tried.added, tried.smaller, tried.shorter));
}

}  // namespace rollout::suggest
