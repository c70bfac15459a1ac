// Suggestions: of every golden case each edit that is suggested mends its finding and leaves none that was not there,
// and no number of the file that is turned by less does so: every one of them is tried here, one after another.
#include <cmath>
#include <filesystem>
#include <set>

#include <catch2/catch.hpp>
#include <fmt/format.h>

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

struct Tried {
  int edits = 0, added = 0, smaller = 0, shorter = 0;
  std::set<std::string> kinds;
};

/// Of one number: every value between what it was and what is suggested, and every other number turned by less.
void try_smaller(const fs::path& file, const Compilation& now, const Diagnostic& finding, const Suggestion& made,
                 Tried& tried) {
  const Fix& fix = made.fixes.front();
  std::vector<Knob> knobs = knobs_of(*now.program);
  auto at = std::find_if(knobs.begin(), knobs.end(), [&](const Knob& one) {
    return one.span.begin == fix.span.begin && one.span.end == fix.span.end && !one.text.empty();
  });
  if (made.fixes.size() > 1 || at == knobs.end()) {
    ++tried.added;
    return;
  }
  double chosen = 0;
  for (bool up : {false, true})
    for (const Rung& rung : rungs_of(at->literal, at->text, up))
      if (rung.text == fix.text) chosen = rung.times;
  REQUIRE(chosen > 1);
  for (const Knob& knob : knobs)
    for (bool up : {false, true}) {
      bool own = knob.span.begin == at->span.begin && knob.span.source == at->span.source;
      bool weakens = knob.turns != Turns::Share && knob.turns != Turns::Hold && knob.turns != Turns::Within;
      if (knob.text.empty() || knob.span.source != at->span.source || (weakens && !own)) continue;
      for (const Rung& rung : rungs_of(knob.literal, knob.text, up)) {
        if (rung.times >= chosen - 1e-9) continue;
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

}  // namespace

TEST_CASE("every suggestion mends its finding, and no number turned by less does") {
  Tried tried;
  for (const auto& entry : fs::recursive_directory_iterator(golden / "suggest")) {
    if (entry.path().extension() != ".rollout") continue;
    INFO(entry.path().string());
    const fs::path& file = entry.path();
    if (!can_suggest(*checked(file, {}))) continue;
    suggest([&](const Texts& texts) { return checked(file, texts); }, [](const Compilation&) { return true; }, "",
            [&](const Compilation& now, const Diagnostic& finding, const Suggestion& made) {
              if (made.path.empty()) return;
              ++tried.edits, tried.kinds.insert(std::string(finding.name));
              std::unique_ptr<Compilation> then = checked(file, {{made.path, made.after}});
              std::map<std::string_view, int> had = counted(now), has = counted(*then);
              INFO(finding.message);
              CHECK(has[finding.name] < had[finding.name]);
              if (finding.severity != Severity::Error) CHECK(mends(now, *then, finding));
              try_smaller(file, now, finding, made, tried);
            });
  }
  CHECK(tried.edits > 15);
  CHECK(tried.added > 2);
  WARN(fmt::format("{} edits of {} kinds mend what they are for; {} add something; {} numbers turned by less were "
                   "tried, {} would do",
                   tried.edits, tried.kinds.size(), tried.added, tried.smaller, tried.shorter));
}

}  // namespace rollout::suggest
