// Suggest: for each broken bound of a file the smallest edit that mends it, found by trying: every candidate is judged
// by the whole compiler. For the command `suggest`. Pure: files come through the callback; nothing is written.
// Always true: a suggestion leaves no more findings of any kind than there were, but for warnings that an error hid,
// and breaks no test of the file.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>

#include "compiler/compile.h"

namespace rollout::suggest {

inline constexpr size_t max_findings = 20;    ///< that are looked at in one file
inline constexpr size_t max_checks = 2'000;   ///< of the file by the whole compiler, for all of them
inline constexpr size_t max_checked_bytes = size_t{4} << 20;  ///< of edited texts, in all of these

inline constexpr size_t max_tested = 30;      ///< edits that mend one finding, whose tests are run

/// By path in the project: texts that stand in for those of the files.
using Texts = std::map<std::string, std::string>;
/// The file with everything that `check` says of it.
using Recheck = std::function<std::unique_ptr<Compilation>(const Texts&)>;
/// Whether all tests of the file pass that passed before anything was edited.
using KeepsTests = std::function<bool(const Compilation&)>;

struct Suggestion {
  std::string path;              ///< of the file that is changed; empty: nothing helps
  std::string before, after;     ///< its whole text
  std::vector<Fix> fixes;        ///< in the texts as they were before it
  std::string becomes;           ///< what the bound is then
  std::string_view why = {};     ///< none is tried; else empty
  size_t tried = 0;              ///< candidates
  size_t breaks_tests = 0;       ///< of these: they would mend it, and a test fails with them
  bool stopped = false;          ///< a limit was reached before all were tried
};

/// Called for each finding, in the order in which they are looked at; what mends one stands when the next is looked at.
using OnFinding = std::function<void(const Compilation&, const Diagnostic&, const Suggestion&)>;

struct Mended {
  std::unique_ptr<Compilation> compilation;  ///< with all suggestions made
  Texts texts;                               ///< what they change
  size_t mended = 0, left = 0;               ///< findings
  size_t unseen = 0;                         ///< findings behind the first `max_findings`
};

/// `rollout`: only findings of this one; empty: of all. The file has no other errors: see `can_suggest`.
Mended suggest(const Recheck& recheck, const KeepsTests& keeps_tests, const std::string& rollout,
               const OnFinding& on_finding);

/// Whether every error in the file is of a bound.
bool can_suggest(const Compilation& compilation);

}  // namespace rollout::suggest
