// What happened to a promotion that is carried out, as data: where it stands, and which run was made in which
// environment. What happened in a run stands in the run's own events. Closed and versioned as those are.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "compiler/base/result.h"
#include "runtime/journal/event.h"

namespace rollout::journal {

/// One environment, and how long it is left alone before the next is entered.
struct PromotedStage {
  std::string environment;
  int64_t soak_ns = 0;
};

/// A name, and the text that belongs to it for the whole promotion.
struct Fixed {
  std::string name, text;
  bool operator==(const Fixed&) const = default;
};

struct PromotionBegun {
  std::string promotion, rollout;  ///< their names in the file
  std::string file;                ///< its path in the project
  std::vector<PromotedStage> stages;
  std::vector<Fixed> inputs;       ///< as they were given
  std::vector<Fixed> sources;      ///< of every file that was read, its SHA-256
  std::string holder;
  std::string by = {};             ///< who began it, the author of its runs; empty: whoever enters an environment
  bool accept_held = false;        ///< they let versions through that were found bad, whoever drives it
  std::string acts_on = {};        ///< what its first environment acts on: tells projects of one state apart
};

/// Another process took over.
struct PromotionResumed {
  std::string holder;
};

/// Recorded in one commit with the run, so that no environment is ever entered twice. No run: what runs there is what
/// the plan would bring.
struct StageEntered {
  uint32_t stage = 0;
  std::string run;
  std::string plan_hash;
  std::vector<Fixed> digests;  ///< that this plan found behind the tags of its images; later plans take them over
};

/// Its run has ended. `wall_ns`: when; the soak counts from there, whoever watched.
struct StageEnded {
  uint32_t stage = 0;
  Outcome outcome = Outcome::Parked;
  int64_t wall_ns = 0;
  std::string detail;
};

/// From here on no environment is entered. The run of the one it stands in has been asked to go back.
struct PromotionAborted {
  int64_t request = 0;  ///< id in the mailbox
  std::string by;
  std::string reason;
};

/// A promotion that had ended goes back after all: what it has brought is taken back, the last environment first.
struct PromotionReopened {
  std::string by;
  std::string reason;
};
/// The way back of one environment's run has ended. RolledBack: it is as it was.
struct StageTakenBack {
  uint32_t stage = 0;
  Outcome outcome = Outcome::Parked;
  std::string detail;
};

/// Stopped: one environment ended otherwise than well, or did not go back. Superseded: another run has changed an
/// environment since. RolledBack: all that it had brought has been taken back.
enum class PromotionOutcome { Succeeded, Stopped, Aborted, Superseded, RolledBack };
struct PromotionEnded {
  PromotionOutcome outcome = PromotionOutcome::Stopped;
  std::string detail;
};

using PromotionPayload =
    std::variant<PromotionBegun, PromotionResumed, StageEntered, StageEnded, PromotionAborted, PromotionEnded,
                 PromotionReopened, StageTakenBack>;
struct PromotionEvent {
  int64_t wall_ns = 0;
  PromotionPayload what;
};

/// One line of JSON, and back; refuses what a newer version wrote.
std::string encode(const PromotionEvent& event);
Result<PromotionEvent> decode_promotion(std::string_view line);

/// `stage_entered`: the event's name in JSON.
std::string_view name_of(const PromotionPayload& what);
std::string_view word(PromotionOutcome outcome);

/// What a store's list says of one.
struct PromotionInfo {
  std::string name;       ///< `p3`, given by the store
  std::string promotion;  ///< as declared
  std::string file;
  int64_t created_wall_ns = 0;
  std::optional<PromotionOutcome> outcome;  ///< none: not ended
  std::string acts_on = {};                 ///< as of PromotionBegun
  int64_t events = 0;
  std::string open_run = {};                ///< the run that it stands in, whose mailbox an abort goes to as well
};

/// Of a run: which stage of which promotion it carries out.
struct StageOf {
  std::string promotion;  ///< `p3`
  int64_t known = 0;      ///< events of it that the caller has read or written
  uint32_t stage = 0;
  std::vector<Fixed> digests;
  int64_t claim = 0;  ///< Claims::token of the process that drives the promotion
};

/// What the process that drives the promotions of this name and file, of one project, claims.
std::string promotion_claim(std::string_view promotion, std::string_view file, std::string_view acts_on);
inline std::string promotion_claim(const PromotionBegun& begun) {
  return promotion_claim(begun.promotion, begun.file, begun.acts_on);
}
inline std::string promotion_claim(const PromotionInfo& info) {
  return promotion_claim(info.promotion, info.file, info.acts_on);
}

/// What services a promotion acts on, as PromotionBegun has it: their identities, or as many as fit and a hash of all.
std::string acts_on_text(std::vector<std::string> services);
/// How a store's row holds the file of a promotion, and back.
std::string file_cell(const PromotionBegun& begun);
void read_file_cell(std::string_view cell, PromotionInfo& info);
/// Whether a name is one that a store gives to promotions; runs have others.
bool is_promotion(std::string_view name);

/// Whether the event says that all is done: what an abort on record forbids.
inline bool ends_well(const PromotionEvent& event) {
  const PromotionEnded* ended = std::get_if<PromotionEnded>(&event.what);
  return ended != nullptr && ended->outcome == PromotionOutcome::Succeeded;
}

}  // namespace rollout::journal
