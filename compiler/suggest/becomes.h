// Private to compiler/suggest: what was proven of the thing that a finding was about, once it is mended.
#pragma once

#include "compiler/compile.h"

namespace rollout::suggest {

/// `users may meet a regression for 48s of full traffic; the budget is 1m`. Empty where no plan can be made.
/// `rollout`: empty: the file's only one, or `release`.
std::string becomes(std::string_view finding, const Compilation& compilation, const std::string& rollout);

}  // namespace rollout::suggest
