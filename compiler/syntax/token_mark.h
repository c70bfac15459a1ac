// Private to compiler/syntax: what a token is for, as the formatter wants to know it and only the reader does: a byte
// for each, where a parse tree would take hundreds.
#pragma once

#include <cstdint>
#include <vector>

namespace rollout::syntax {

/// Columns that neighbouring lines share: the `=` of settings, the `proven` of conditions and the like.
enum class Column : uint8_t { None, Setting, Signal, Effect, Certainty, Limits, Phase };

struct TokenMark {
  bool item : 1 = false;     ///< begins a declaration, a statement, a clause, a setting
  bool operand : 1 = false;  ///< a bracket that begins a value, where others follow one
  bool prefix : 1 = false;   ///< a sign, not an operator between two values
  bool angle : 1 = false;    ///< a bracket of a type
  bool soft : 1 = false;     ///< a line that is too long may be broken before it
  Column column : 3 = Column::None;
};

/// By index of Tokens::visible().
using TokenMarks = std::vector<TokenMark>;

}  // namespace rollout::syntax
