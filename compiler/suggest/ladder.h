// Private to compiler/suggest: values that people write, from one on up or down.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "compiler/suggest/knobs.h"

namespace rollout::suggest {

/// How far a number is turned.
struct Rung {
  std::string text;   ///< `10m`
  double times = 1;   ///< how many times more, or less, than it was; never below 1
};

inline constexpr size_t max_rungs = 24;  ///< of one number in one direction

/// Round values above, or below, what is written; the nearest first.
std::vector<Rung> rungs_of(ast::LiteralKind literal, std::string_view text, bool up);
/// How many times more, or less, `to` is than `from`; nothing where one of them is no such literal.
std::optional<double> turned_by(ast::LiteralKind literal, std::string_view from, std::string_view to);
/// Of the rungs those that come before `to`.
std::vector<Rung> rungs_before(ast::LiteralKind literal, std::string_view text, std::string_view to);
/// Finer values than rungs between what is written and the rung `to`, nearer to it than any rung before; the nearest to
/// what is written first: whole percents, minutes of some hours.
std::vector<Rung> between_rungs(ast::LiteralKind literal, std::string_view text, std::string_view to);

}  // namespace rollout::suggest
