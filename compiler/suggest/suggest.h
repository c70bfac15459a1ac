// Suggest: for each broken bound of a file the shortest edit that mends it, found by trying: every candidate is judged
// by the whole compiler. For the command `suggest`. Pure: files come through the callback; nothing is written.
// Always true: after a suggestion no place has a finding that it did not have, but for warnings that an error hid, and
// no test of the file fails that passed.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>

#include "compiler/compile.h"

namespace rollout::suggest {

inline constexpr size_t max_findings = 20;    ///< that are looked at in one file
/// Of texts that are tried, with `each_check` for the library every time, and without what a tried rollout has nothing
/// to do with; less by `own_share` times the file itself: the longer it is, the fewer edits, but one at least. One
/// finding gets half of what is left.
inline constexpr size_t max_tried_bytes = size_t{2} << 20;
inline constexpr size_t each_check = size_t{4} << 10;
inline constexpr size_t own_share = 4;
inline constexpr size_t max_tested = 30;      ///< edits that mend one finding, whose tests are run

/// By path in the project: texts that stand in for those of the files.
using Texts = std::map<std::string, std::string>;
/// The file with everything that `check` says of it.
using Recheck = std::function<std::unique_ptr<Compilation>(const Texts&)>;
/// The tests of the file that fail, by name.
using FailingTests = std::function<std::set<std::string>(const Compilation&)>;

struct Suggestion {
  std::string path;              ///< of the file that is changed; empty: nothing helps
  std::string before, after;     ///< its whole text
  std::vector<Fix> fixes;        ///< in the texts as they were before it
  std::string becomes;           ///< what the bound is then
  std::string_view why = {};     ///< none is tried; else empty
  size_t tried = 0;              ///< edits
  size_t breaks_tests = 0;       ///< of these: they would mend it, and a test fails with them
  bool stopped = false;          ///< a limit was reached before all were tried
};

/// Called for each finding, in the order in which they are looked at; what mends one stands when the next is looked at.
/// The sources are those before the edit, of what is not about this rollout without the text.
using OnFinding = std::function<void(const SourceMap&, const Diagnostic&, const Suggestion&)>;

struct Mended {
  Texts texts;                  ///< with all suggestions made: those that they change
  size_t mended = 0, left = 0;  ///< findings
  size_t unseen = 0;            ///< findings behind the first `max_findings`
};

/// `first`: the file as it is. `rollout`: only findings of this one; empty: of all. The file has no other errors: see
/// `can_suggest`.
Mended suggest(std::unique_ptr<Compilation> first, const Recheck& recheck, const FailingTests& failing_tests,
               const std::string& rollout, const OnFinding& on_finding);

/// Whether every error in the file is of a bound.
bool can_suggest(const Compilation& compilation);

}  // namespace rollout::suggest
