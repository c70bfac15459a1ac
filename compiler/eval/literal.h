// Literals: the text of a number with its unit, a string or a date as a Value. Exact or refused, never rounded.
#pragma once

#include <optional>
#include <string_view>

#include "compiler/base/result.h"
#include "compiler/eval/text_problem.h"
#include "compiler/eval/value.h"
#include "compiler/syntax/ast.h"

namespace rollout::eval {

/// The error's message says why the text does not fit: too large, too precise, no such month.
Result<Value> parse_literal(ast::LiteralKind kind, std::string_view text);

/// A value of `kind` from text that came from outside the files, such as `--set share=5%`. Strings take no quotes.
Result<Value> parse_value(Value::Kind kind, std::string_view text);

/// Image and Version: see their headers; Url: http or https with a host; Path: does not leave the project.
/// Returns what is wrong and where, or nothing.
std::optional<TextProblem> text_problem(Value::Kind kind, std::string_view text);

/// Where a secret is found: `env:NAME` or `file:PATH`. Returns what is wrong, without repeating the text: somebody may
/// have given the secret itself.
std::string secret_problem(std::string_view text);

}  // namespace rollout::eval
