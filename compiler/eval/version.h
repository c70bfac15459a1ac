// Versions: their form and their order, by the rules of Semantic Versioning 2.0.0. One to three numbers may be given,
// `1.1` is `1.1.0`; a leading `v` is allowed and means nothing. Build metadata plays no part in the order.
#pragma once

#include <optional>
#include <string_view>

#include "compiler/eval/text_problem.h"

namespace rollout::eval {

/// What is wrong with the text of a version; nothing where it is one.
std::optional<TextProblem> version_problem(std::string_view text);

/// Less than, equal or greater than zero. Total on texts without a problem: pre-releases before their release.
int compare_versions(std::string_view left, std::string_view right);

}  // namespace rollout::eval
