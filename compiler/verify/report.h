// Findings as diagnostics, at the places in the sources that the plan names.
#pragma once

#include "compiler/base/diagnostics.h"
#include "compiler/base/source.h"
#include "compiler/verify/proofs.h"

namespace rollout::verify {

/// `rollout`: where a finding is shown that has no place of its own. `replay`: the command that shows one happen, up to
/// its id: `rollout simulate shop.rollout release`.
void report(const std::vector<Finding>& findings, const SourceMap& sources, Span rollout, const std::string& replay,
            Diagnostics& diagnostics);

/// What stands in the line that `place`, `release.rollout:12`, names; nothing where there is none.
Span span_of(const SourceMap& sources, std::string_view place);

}  // namespace rollout::verify
