// Messages: what people are told of a run, made of its journal. For the driver, which sends them, and for views.
// Always true: one transition makes one message a team, with the same id however often its event is folded.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "compiler/plan/plan.h"
#include "runtime/journal/event.h"

namespace rollout::exec {

/// Those of a scope are of one part alone: the run goes on, or says what follows in a message of its own.
enum class Transition {
  Note, Started, Waiting, Escalated, RollingBack, Parked, Succeeded, RolledBack,
  ScopeRollingBack, ScopeRolledBack, ScopeStuck, Paused, Unpaused
};

/// `waiting`: the transition's name in JSON.
std::string_view name_of(Transition transition);

struct Message {
  std::string id;  ///< within the run: number of the event, and the team: `12/sre`
  uint32_t channel = plan::none;  ///< index into Plan::channels
  Transition transition = Transition::Note;
  std::string text;
  bool answer = false;  ///< somebody is asked: the message ends with how to answer
  int64_t wall_ns = 0;
};

/// What `event`, the journal's `number`th, makes known, and to whom.
std::vector<Message> messages_of(const plan::Plan& plan, const journal::Event& event, int64_t number);

/// The whole text, for somebody who sees nothing else.
std::string message_text(const plan::Plan& plan, const Message& message, std::string_view run);

/// How one message ended.
struct Delivery {
  std::string id;
  bool delivered = false;
  int attempts = 0;
  std::string detail;  ///< why it was not
};

/// Carries messages while the run goes on. No call waits for anybody.
class Messenger {
 public:
  virtual ~Messenger() = default;
  virtual void post(const Message& message) = 0;
  /// Those that have ended since the last call, each once.
  virtual std::vector<Delivery> collect() = 0;
  /// When `collect` is to be called next, on the monotonic clock; INT64_MAX: nothing is under way.
  virtual int64_t wake_ns() const = 0;
  /// Nothing is tried any more: all that is under way has failed.
  virtual std::vector<Delivery> give_up() = 0;
};

}  // namespace rollout::exec
