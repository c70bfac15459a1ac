// Private to compiler/suggest: whether an edit leaves what was right as it was: what is said of a text before and after
// it, compared place by place.
#pragma once

#include <map>
#include <string>
#include <tuple>
#include <vector>

#include "compiler/compile.h"

namespace rollout::suggest {

/// Of one kind, in one line of the text before the edit.
using Place = std::tuple<std::string_view, SourceId, uint32_t>;
struct Said {
  int times = 0;
  Severity severity = Severity::Error;
};
using SaidAt = std::map<Place, Said>;

Place place_of(const Diagnostic& finding, const SourceMap& sources);
/// All that is not silenced where it stands.
SaidAt said_of(const Compilation& compilation);
/// The same of a text that `edits`, in their order, have made of that of `before`, at the places of `before`.
SaidAt said_after(const Compilation& after, const SourceMap& before, const std::vector<Fix>& edits);

/// Uncovers: an error kept the proofs from being made, and what they warn of once it is gone is no harm done.
enum class Mends { No, Uncovers, Yes };
/// `at`: of the finding, whose severity is that of an error or not.
Mends mends(const SaidAt& before, const SaidAt& after, const Place& at, Severity severity);

/// By kind, wherever it is said.
std::map<std::string_view, Said> by_kind(const SaidAt& said);

}  // namespace rollout::suggest
