// Private to recheck: whether what a plan says of its gates and of its calendar is so. Own code, as recheck.cpp: a week
// minute by minute, steps one by one, and each power at the number that the plan names, and a little below it.
#pragma once

#include <string>
#include <vector>

#include "compiler/judge/sight.h"
#include "compiler/verify/recheck_brief.h"

namespace rollout::verify {

/// Of the traffic, or of a flag's users.
struct Shares {
  double canary = 0, control = 0, mirrored = 0, routed = 0;
  auto operator<=>(const Shares&) const = default;
};
void follow(const plan::Action& action, Shares& shares);

/// Whether the condition, of a gate or of a watch, can prove that its signal got worse.
bool shows(const plan::Plan& plan, const plan::Condition& condition);

/// What the condition is to see in samples of `sample_ns` over `hold_ns`.
judge::Sight sight_of(const plan::Plan& plan, const plan::Condition& condition, int64_t sample_ns, int64_t hold_ns,
                      Shares shares);
/// What one sample brings when the version fails `rise` more of its requests.
judge::Growth growth_of(const judge::Sight& sight, double rise);

void recheck_sight(const Brief& brief, std::vector<std::string>& broken);

/// `starts`: by which time after its start a run has begun its last step, and the same where people answer at once.
void recheck_start(const plan::Plan& plan, int64_t begun_ns, int64_t answered_ns, std::vector<std::string>& broken);

}  // namespace rollout::verify
