// A person's hand on a run: what `abort`, `pause`, `resume` and `rollback` share. What they ask is durable before
// anybody acts on it; then they wait until whoever drives the run has, or do it themselves.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "runtime/cli/session.h"
#include "runtime/exec/state.h"

namespace rollout::cli {

/// How long the driver of a run may take to see what was asked: it may be in the middle of a call.
inline constexpr int64_t max_hand_wait_ns = 30'000'000'000;
inline constexpr int64_t hand_look_ns = 300'000'000;

/// Of a run whose record or plan cannot be read: it needs a hand, unless it is the state that does not answer.
inline int unread_code(const OpError& error) { return error.retryable ? int(Environment) : int(NeedsHand); }

/// A run with its plan and its state, as of its record.
struct RunInHand {
  NamedRun named;
  Planned planned;
  std::vector<journal::Event> events;  ///< none where only the state was asked for
  exec::State state;
  const std::string& run() const { return named.run.run; }
};
/// What is wrong has been said when there is none. A promotion stands for the run that it stands in.
enum class Reads { State, Events };
std::optional<RunInHand> take_hold(const Context& context, const std::string& name, int& exit_code,
                                   Reads reads = Reads::Events);

/// What was asked of the run and its driver has not seen, in order.
Result<std::vector<journal::Request>> unseen_requests(journal::Store& store, const exec::State& state,
                                                      const std::string& run);
/// `pause by anna: an incident; no driver has seen it yet`
std::string asked_text(const journal::Request& request);
/// The state once the driver has seen all of that.
exec::State as_asked(exec::State state, const plan::Plan& plan, const std::string& run,
                     const std::vector<journal::Request>& requests);

/// Of `abort` and `rollback`, which is on record: whoever holds the locks drives the run and sees it; when nobody
/// does, this process takes the run back. `what`: `abort`.
int take_back(const Context& context, journal::Store& store, const Planned& planned, const std::string& name,
              std::string_view what);

/// Nobody has acted on `what`: who should, and how to get there by `again`.
std::string not_seen(const std::optional<effects::Holder>& driver, const std::string& name, std::string_view what,
                     std::string_view again);

/// What became of the run since: the driver has done what was asked, something else came first, or nothing yet.
enum class Reached { Not, Done, TooLate };
struct Waited {
  Reached seen = Reached::Not;
  std::optional<int> exit_code = {};  ///< of the command, which has said why
};
/// Looks until `seen` says something, or nobody drives the run (then Not, without an exit code), or it takes too long.
Waited wait_for_driver(const Context& context, const RunInHand& held, std::string_view what,
                       const std::function<Reached(const exec::State&)>& seen);

/// The object of docs/schemas/request.json.
std::string request_json(std::string_view run, const journal::Request& request, bool driven, bool in_force);

}  // namespace rollout::cli
