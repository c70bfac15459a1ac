// Private to recheck: whether what a plan says of a harm is enough, whenever a regression begins. Nothing is searched
// for: each span is held against what the plan says, as a whole first, and is cut only where that is not enough, at
// last into samples. So the plan may say more, and nothing less than what holds at every moment. Shares no code with
// the proofs.
#pragma once

#include <llvm/ADT/SmallVector.h>

#include "compiler/verify/recheck_looks.h"

namespace rollout::verify {

/// A regression of one signal, and all who look at it. Spans must be asked about in their order.
class Harm {
 public:
  Harm(const plan::Plan& plan, const std::vector<Span>& spans, uint32_t signal, int64_t harm_ppb,
       const std::vector<Looker>& lookers);

  /// Whether users meet one that begins in span `k` for no longer than `most`.
  bool keeps(size_t k, int64_t most);
  /// After keeps(): how long a proof of one that begins with the span takes; nothing: nobody looks, or never.
  std::optional<int64_t> detects(size_t k) const;

 private:
  struct Proof {
    size_t span = 0;
    int64_t after = 0;  ///< since its beginning
  };
  struct Seen {
    bool looks = false;
    int64_t sample = 1;
    double blocks = 0, mean = 0, spread = 0;
    bool operator==(const Seen&) const = default;
  };
  struct View {
    bool gate = true;
    double needed = 0, sure = 0;
    std::vector<Seen> at;                 ///< by span
    std::vector<double> means, spreads;   ///< before each span
    size_t reached = 0;                   ///< where the last proof came: a later regression is not proven before
    std::optional<Proof> fresh = {};      ///< of the span at hand: of what begins with it,
    int64_t steady = 0, ends = 0;         ///< as soon for all that begins until then; and where its samples end

    std::optional<Proof> proof(size_t k, int64_t from);
  };
  View view_of(const plan::Plan& plan, const Looker& looker, double rise) const;
  int64_t alone(const View& view, size_t k) const;
  void sum();
  int64_t enter(View& view, size_t k) const;
  using Cuts = llvm::SmallVector<int64_t, 10>;
  bool is_alike(size_t k, size_t other) const;
  bool is_settled(size_t k, int64_t most);
  bool within(size_t k, int64_t from, int64_t to, int64_t most);
  bool all_within(size_t k, const Cuts& cuts, int64_t most);
  int64_t soonest(size_t k, int64_t from, int64_t to);
  int64_t met(const View& view, size_t k, int64_t from, const std::optional<Proof>& proof) const;
  int64_t seen(const View& view, const Proof& proof) const;

  const std::vector<Span>& spans_;
  std::vector<View> views_;
  std::vector<int64_t> longest_;          ///< by span: how long it lasts before it alone proves what was there before
  std::vector<bool> cut_;                 ///< by span: which is less than it may last
  std::vector<int64_t> met_, passed_;     ///< before each span
  std::vector<int64_t> peak_;             ///< before each span: what is met where one of those before proves it
  std::vector<int64_t> later_back_;
  std::vector<uint32_t> streak_;          ///< by span: how many from it on are each as the second one before
  /// Of the last two spans that were kept: with what, and how far the proofs reached that were asked for.
  struct Kept {
    int64_t most = -1;
    size_t reach = 0;
    std::vector<std::optional<Proof>> fresh = {};  ///< by view
  };
  Kept kept_[2];
  int64_t spared_ = 0;  ///< of the span at hand: the rest of it, where what begins late is to be proven in the next
};

}  // namespace rollout::verify
