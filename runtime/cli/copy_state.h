// Copying a whole state into a file. For `backup`, and for `prune --export`.
#pragma once

#include <string>

#include "runtime/cli/command.h"
#include "runtime/journal/sql_store.h"

namespace rollout::cli {

/// The file that is meant by what was typed in the folder of the command.
std::string copy_path(const Context& context, const std::string& typed);

/// An error when something has that name already: nothing is replaced.
Status check_no_copy(const Context& context, const std::string& typed);

/// Writes the backup `typed`: what it holds was read again and found whole, and it is durable.
Result<journal::Carried> copy_state(const Context& context, journal::SqlStore& store, const std::string& typed);

}  // namespace rollout::cli
