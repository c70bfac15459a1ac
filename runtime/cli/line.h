// The line: whether the runs of a project may go forward at all. For the commands that stop and start it, for those
// that begin runs, and for the views.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "runtime/journal/store.h"

namespace rollout::cli {

/// Who has stopped it, and why; nothing: it moves.
Result<std::optional<journal::Request>> stopped_line(journal::Store& store);
std::optional<journal::Request> line_stop(const std::vector<journal::Request>& requests);

/// `the line is stopped since … by …: …`
std::string line_text(const journal::Request& stop);

/// Refused while it is stopped.
Status check_line(journal::Store& store);

}  // namespace rollout::cli
