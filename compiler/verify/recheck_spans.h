// Private to recheck: the time for which users may meet a service, cut where something acts on it or looks at it.
// Shares no code with the proofs: it walks through the changes of a share.
#pragma once

#include <map>

#include "compiler/plan/way_back.h"
#include "compiler/verify/recheck_gates.h"
#include "compiler/verify/recheck_time.h"

namespace rollout::verify {

/// So much of a time as full traffic, rounded up.
Time part_of(Time share_ppb, Time ns);

/// Of the steps [first, end): the last one up to each that all of them pass, counted from `first`; none: there is none.
std::vector<uint32_t> passages(const Brief& brief, uint32_t first, uint32_t end);

/// Whether `later` begins only when `earlier` is over. `last`: the passages of all steps.
bool waits(const Brief& brief, const std::vector<uint32_t>& last, uint32_t earlier, uint32_t later);

/// From one step that acts on the service, or at which it is looked at, to the next of them.
struct Span {
  uint32_t step = plan::none;
  int64_t share = 0, exposes = 0, lasts = 0;
  int64_t back = 0;     ///< what users still meet if the run goes back in it
  Shares shares;
  int64_t looked = 0;   ///< how long a hold, or a question to people, lasts itself
  int64_t dark = 0;     ///< how much of that may come without evidence
  int64_t asks = 0;     ///< how long people may think about a verdict
  int64_t blind = 0, extends = 0;  ///< by which one gate prolongs it, without evidence and with too little of it
};

class Exposures {
 public:
  Exposures(const Brief& brief, const Walked& walked);
  /// `marks`: steps that act on the service or look at it. `seen`: what watchers see is wanted, too.
  std::vector<Span> spans_of(uint32_t service, const std::vector<uint32_t>& marks, bool seen);
  /// Whether it waits for everything before it, and everything after waits for it.
  bool is_passage(uint32_t step) const { return passage_[step] == step; }

 private:
  /// What goes back together: between two commits, or in a scope.
  struct Part {
    plan::WayBack way;
    std::vector<int64_t> done;  ///< by entry of the way
    std::map<uint32_t, uint32_t> entry_of;  ///< by service
    int64_t lock = 0;
  };
  void look(Span& span) const;
  int64_t between(uint32_t from, uint32_t to) const;
  /// The last step that all ways to both lead through; none: there is none.
  uint32_t fork_of(uint32_t a, uint32_t b) const;
  int64_t back_of(uint32_t step, uint32_t service, uint32_t last_share);
  int64_t waits_of(uint32_t service, uint32_t scope, uint32_t from, uint32_t last_share);
  const Part& part_of_scope(uint32_t scope, uint32_t from);

  const Brief& brief_;
  const plan::Plan& plan_;
  const Walked& walked_;
  std::vector<uint32_t> passage_;
  std::vector<uint32_t> through_;  ///< by step: the last one before it that all ways to it lead through
  std::vector<uint32_t> from_;     ///< by step: the last commit up to it, or the first step
  uint32_t known_from_ = plan::none;  ///< of the service at hand: how long it waits on the way back to there
  int64_t known_waits_ = 0;
  std::map<std::pair<uint32_t, uint32_t>, Part> parts_;
};

}  // namespace rollout::verify
