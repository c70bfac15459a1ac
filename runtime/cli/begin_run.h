// Beginning a run: what must hold before its first event, and asking a person. For `apply` of a rollout and of each
// environment of a promotion.
#pragma once

#include <optional>
#include <string_view>

#include "runtime/cli/session.h"

namespace rollout::cli {

/// True when a person said yes. Only asked where there is one.
bool ask(const Context& context, std::string_view question);
bool somebody_is_there(const Context& context);

/// `--detach`: says that a worker drives the run or promotion.
int leave_to_workers(const Context& context, const std::string& name);

/// For what goes wrong before the first effect.
int fail_unchanged(const Context& context, const OpError& error);

/// What the plan observed is still so, and everything that it needs is there.
Status check_world(const Context& context, const Planned& planned);

/// Why the plan may not begin now, and when it may; nothing where it may. A plan that waits for its calendar may.
struct NotNow {
  std::string why;
  std::optional<int64_t> opens_wall_ns;
};
std::optional<NotNow> not_now(const plan::Plan& plan, int64_t wall_ns);

/// Refused while a version that the plan brings is held, unless a person lets it through: then what it is.
Result<std::string> check_versions(const Context& context, const plan::Plan& plan, journal::Store& store,
                                   bool accept_held = false);

/// Says of what runs now, and the plan would go back to, what no run of the record has brought well, and what could not
/// be started again.
Status tell_unproven(const Context& context, const Planned& planned, journal::Store* store);

/// Who gives the command. Taken at their word, as who approves is.
std::string author_of(const Context& context);

/// How a run comes to begin, for its record.
struct Beginning {
  std::optional<journal::StageOf> stage = {};  ///< of a promotion
  std::string replaces = {};                   ///< the run that was taken back for it
  std::string reason = {};                     ///< of a hot fix
  std::string by = {};                         ///< its author; empty: who gives the command
  bool accept_held = false;                    ///< as if the command said so
};

/// Makes the run of the session's plan, after a last look; nothing was changed where it fails.
Result<journal::RunInfo> begin_run(Session& session, Beginning beginning);

}  // namespace rollout::cli
