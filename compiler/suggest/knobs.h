// Private to compiler/suggest: the numbers of a program that a person would turn to mend a bound, and the places at
// which a gate or an approval can be added. Never what a promise is made of: budgets, harm, conditions.
#pragma once

#include <string>
#include <vector>

#include "compiler/base/source.h"
#include "compiler/ir/program.h"

namespace rollout::suggest {

/// What a number, or a place, is for. Share: a part of the traffic; Hold: how long something is judged or left alone;
/// Within: how long a rollback may take; Wait: how long a lock is waited for; Held, Samples: what a watch or a
/// condition asks for; Every: how often a gate samples; Minimum: requests that a gate asks for; Timeout: how long
/// people have to answer; Quorum: how many of them are asked; From, To: of a window; Count: instances and the like.
/// Without a number: Judge: behind a hold that no gate judges; Guard: in front of a commit; Commit: in front of what is
/// not taken back, after a judgement; Two: where an approval asks for one; Deadline: where it does not say until when;
/// Rest: at the end of waves; Close: behind a `during` that does not say what is done at close; Lanes: behind the waves
/// of a loop that does not say how many rounds may run at once; Order: no number and no place, but which step comes
/// first (moves.h).
enum class Turns {
  Share, Hold, Within, Wait, Held, Samples, Every, Minimum, Timeout, Quorum, From, To, Count, Judge, Guard, Commit,
  Two, Deadline, Rest, Close, Lanes, Order
};

struct Knob {
  Turns turns = Turns::Hold;
  Span span;
  ast::LiteralKind literal = ast::LiteralKind::Duration;
  std::string_view text;  ///< as written; empty of a place
  Span owner;  ///< of the declaration that it stands in
};

/// In the order of the files, those of the project only: the library is nobody's to change. Without values that a
/// promise is made of.
std::vector<Knob> knobs_of(const ir::Program& program, const SourceMap& sources);

}  // namespace rollout::suggest
