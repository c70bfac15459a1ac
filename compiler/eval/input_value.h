// Inputs: the text that came from outside, `--set region=eu`, as a value of the input's declared type.
#pragma once

#include "compiler/base/result.h"
#include "compiler/eval/value.h"
#include "compiler/ir/program.h"

namespace rollout::eval {

/// The error's message says what is expected. It never repeats the text where that may be a secret.
Result<Value> read_input(const ir::Program& program, const ir::Type* type, std::string_view text);

}  // namespace rollout::eval
