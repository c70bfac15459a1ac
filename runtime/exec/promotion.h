// A promotion that is carried out, or taken back: what it does next, as a pure function over its record, and the loop
// that does it. For `apply`, `rollback` and simulations, which hand in how an environment is entered and how its run is
// driven. Always true: an environment is entered at most once, after the one before it has ended well and was left
// alone for its soak, and never behind an abort; what goes back does so from the last environment to the first.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "runtime/effects/clock.h"
#include "runtime/journal/store.h"

namespace rollout::exec {

/// The fold of a promotion's events.
struct PromotionState {
  struct Stage {
    bool entered = false;
    std::string run;  ///< empty: nothing had to be changed
    std::string plan_hash;
    int64_t entered_wall_ns = 0;
    std::optional<journal::StageEnded> ended;
    std::optional<journal::StageTakenBack> taken_back;
  };
  journal::PromotionBegun begun;
  int64_t began_wall_ns = 0, wall_ns = 0;  ///< of the first event and of the last one
  std::vector<Stage> stages;
  std::vector<journal::Fixed> digests;     ///< behind the tags of images, as the first plan found them
  std::optional<journal::PromotionAborted> aborted;
  std::optional<journal::PromotionReopened> reopened;  ///< from here on it only goes back
  std::optional<journal::PromotionEnded> ended;
};
void fold(PromotionState& state, const journal::PromotionEvent& event);
PromotionState fold_all(const std::vector<journal::PromotionEvent>& events);

struct EnterStage {
  uint32_t stage = 0;
};
struct DriveStage {
  uint32_t stage = 0;
};
/// Of one that was reopened.
struct TakeBackStage {
  uint32_t stage = 0;
};
/// Leave it alone.
struct Soak {
  uint32_t stage = 0;
  int64_t until_wall_ns = 0;
};
struct EndPromotion {
  journal::PromotionEnded end;
};
/// It has ended.
struct PromotionOver {};
using PromotionCommand = std::variant<EnterStage, DriveStage, TakeBackStage, Soak, EndPromotion, PromotionOver>;
PromotionCommand next_command(const PromotionState& state, int64_t wall_ns);

/// The stage that is taken back next: the last one whose run has brought something and was not taken back; nothing:
/// all of them were.
std::optional<uint32_t> next_to_take_back(const PromotionState& state);
/// The stage that it stands in: the last one that was entered, or the first.
uint32_t stage_of(const PromotionState& state);
/// `production`, `staging and production`; empty: every environment was entered.
std::string not_entered(const PromotionState& state);

/// What entering an environment came to.
struct Entrance {
  /// Refused: for as long as nobody changes something.
  enum class Kind { Entered, Unchanged, Closed, Refused };
  Kind kind = Kind::Entered;
  std::string plan_hash;          ///< of Unchanged
  std::string why;                ///< of Closed and Refused: what does not let it begin, for people
  int64_t opens_wall_ns = 0;      ///< of Closed: when to try again
};

class PromotionHands {
 public:
  virtual ~PromotionHands() = default;
  /// Makes the plan from what is there now and, where it changes something, its run, by one call of Store::create with
  /// `stage`. An error leaves the promotion where it is.
  virtual Result<Entrance> enter(const PromotionState& state, journal::StageOf stage) = 0;
  /// Drives the stage's run as far as it goes: its own journal says whether it has ended.
  virtual Status drive(const PromotionState& state, uint32_t stage) = 0;
  /// Drives the way back of what the stage's run has brought; nothing: it was stopped on the way, and goes on later.
  virtual Result<std::optional<journal::StageTakenBack>> take_back(const PromotionState& state, uint32_t stage) = 0;
};

class PromotionListener {
 public:
  virtual ~PromotionListener() = default;
  /// For each event once, in order, after it is durable.
  virtual void on_event(const journal::PromotionEvent& event, const PromotionState& state) = 0;
  /// It waits from here on: why, and until when at the least.
  virtual void on_wait(const PromotionState&, const std::string&, int64_t) {}
  virtual void on_trouble(const std::string&) {}
};

struct PromotionSurroundings {
  effects::Clock& clock;
  journal::Store& store;
  PromotionHands& hands;
  PromotionListener& listener;
  std::function<int()> interrupts;
  std::string holder;
  int64_t poll_ns = 500'000'000;  ///< how often a wait looks for an abort
};

/// Stopped: the run of the stage has stopped and has not ended; it can be resumed.
enum class PromotionStop { Ended, Interrupted, Stopped };
struct PromotionDriven {
  PromotionStop stop = PromotionStop::Ended;
  PromotionState state;
};

/// An error leaves the promotion where its record says; the same call goes on from there.
Result<PromotionDriven> drive_promotion(const std::string& promotion, PromotionSurroundings surroundings);

}  // namespace rollout::exec
