// Literals: the text of a number with its unit, a string or a date as a Value. Exact or refused, never rounded.
#pragma once

#include <string_view>

#include "compiler/base/result.h"
#include "compiler/eval/value.h"
#include "compiler/syntax/ast.h"

namespace rollout::eval {

/// The error's message says why the text does not fit: too large, too precise, no such month.
Result<Value> parse_literal(ast::LiteralKind kind, std::string_view text);

/// A value of `kind` from text that came from outside the files, such as `--set share=5%`. Strings take no quotes.
Result<Value> parse_value(Value::Kind kind, std::string_view text);

/// Image: name, tag and optional digest; Url: http or https with a host; Path: no empty or parent parts; Version:
/// numbers and words between dots. Returns what is wrong, or nothing.
std::string text_problem(Value::Kind kind, std::string_view text);

}  // namespace rollout::eval
