// Violation: what a simulated run, or promotion, has broken, and in which words that is said.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "compiler/plan/plan.h"

namespace rollout::sim {

/// The invariants of docs/architecture.md that a simulation can see broken, and what has no number there. Intent: an
/// effect without its intent in the journal. Twice: one was made again. Lost: one is recorded and is not there. Order,
/// Calendar: a step began too early. End: how it ended is not so, or not said.
enum class Rule {
  I1, I2, I4, I5, I7, I9, I10, I11, I13, I14, I16, I17, I18, Intent, Twice, Lost, Order, Calendar, End
};

inline constexpr std::array<std::string_view, 19> rule_names = {
    "I1",  "I2",  "I4",     "I5",    "I7",   "I9",    "I10",      "I11", "I13", "I14",
    "I16", "I17", "I18",    "intent", "twice", "lost", "order", "calendar", "end"};
inline std::string_view name_of(Rule rule) { return rule_names[size_t(rule)]; }

struct Violation {
  Rule rule = Rule::End;
  std::string text;             ///< for people, with the moment and the name of the rule
  uint32_t stage = plan::none;  ///< of a promotion: of the run in this stage; none: of the promotion itself
};

inline std::vector<std::string> texts_of(const std::vector<Violation>& violations) {
  std::vector<std::string> texts;
  for (const Violation& one : violations) texts.push_back(one.text);
  return texts;
}

}  // namespace rollout::sim
