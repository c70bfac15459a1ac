#include "compiler/verify/pieces.h"

#include <algorithm>

#include "compiler/plan/cost.h"
#include "compiler/plan/pace.h"

namespace rollout::verify {

using plan::Back;
using plan::Forward;
using plan::Plan;
using plan::Region;
using plan::Step;
using plan::StepKind;
using plan::longer;
using plan::none;

namespace {

class Cutter {
 public:
  Cutter(const Plan& plan, const Back& back, const Forward& forward, uint32_t service)
      : plan_(plan), back_(back), forward_(forward), service_(service) {}

  std::vector<Piece> cut(const std::vector<uint32_t>& markers) const {
    std::vector<Piece> pieces;
    uint32_t last_share = none;
    Met met;
    for (uint32_t marker : markers) {
      if (!acts(marker) || !is_met(plan_.steps[marker].action)) continue;
      follow(plan_.steps[marker].action, met);
      last_share = marker;
    }
    if (last_share == none) return pieces;
    // A share that stays is exposed while whatever came after it goes back.
    if (met.all() != 0) last_share = none;
    met = {};
    int64_t share = 0, back = 0;
    Portions portions;
    for (size_t k = 0; k < markers.size(); ++k) {
      const Step& step = plan_.steps[markers[k]];
      int64_t before = share;
      if (acts(markers[k])) {
        follow(step.action, met);
        follow(step.action, portions);
        share = met.all(), back = share_back_ns(markers[k], last_share);
      }
      if (std::max(before, share) == 0) continue;
      uint32_t next = k + 1 < markers.size() ? markers[k + 1] : none;
      Piece piece{markers[k], std::max(before, share), between_ns(forward_, markers[k], next), 0, back};
      int64_t own = std::min(piece.lasts_ns, acts(markers[k]) ? cost_of(plan_, markers[k], true).worst_ns : 0);
      piece.exposes_ns = longer(full(piece.share_ppb, own), full(share, piece.lasts_ns - own));
      piece.portions = portions;
      if (!acts(markers[k])) extend(markers[k], piece);
      pieces.push_back(piece);
    }
    return pieces;
  }

 private:
  bool acts(uint32_t step) const { return plan_.steps[step].kind == StepKind::Act; }

  /// A gate that is undecided goes on sampling; with several gates one may decide while another does not.
  void extend(uint32_t index, Piece& piece) const {
    const Step& step = plan_.steps[index];
    piece.looked_ns = std::min(piece.lasts_ns, cost_of(plan_, index, false).worst_ns);
    if (!step.gates.empty()) piece.dark_ns = std::max<int64_t>(0, piece.looked_ns - step.hold_ns);
    for (uint32_t gate_index : step.gates) {
      const plan::Gate& gate = plan_.gates[gate_index];
      if (gate.fail.then == plan::Fallback::Ask)
        piece.asks_ns = longer(piece.asks_ns, plan_.approvals[gate.fail.approval].timeout_ns);
      if (step.gates.size() > 1) continue;
      piece.blind_ns = std::max({gate.no_data.hold_ns, gate.error.hold_ns, plan::settle_ns});
      piece.extends_ns = gate.undecided.hold_ns;
    }
  }

  /// Until the share is taken back, once `step` has begun: after what was built upon the service, and with what stands
  /// before it in its own list. What begins only after `last_share`, which takes it, has not begun yet; none: it stays.
  int64_t share_back_ns(uint32_t step, uint32_t last_share) const {
    int64_t most = part_ns(back_.runs[back_.run_of[step]], step, last_share);
    for (const plan::ScopeUndo& own : plan_.steps[step].scope_rollback)
      most = std::max(most, part_ns(back_.scopes[own.scope], step, last_share));
    return most;
  }
  int64_t part_ns(const Region& region, uint32_t step, uint32_t last_share) const {
    auto found = region.entry_of.find(service_);
    if (found == region.entry_of.end()) return 0;
    int64_t before = region.lock_ns;
    for (uint32_t other : region.way[found->second].after) {
      uint32_t first = region.way[other].first_step;
      uint32_t joint = first == 0 ? none : forward_.joint[first - 1];
      if (joint == none || joint < last_share) before = std::max(before, region.done_ns[other]);
    }
    const std::vector<uint32_t>& list = undo_to(plan_.steps[step], region.scope);
    size_t end = list.size();
    while (end > 0 && !is_met(plan_.undo[list[end - 1]])) --end;
    for (size_t i = 0; i < (end > 0 ? end : list.size()); ++i)
      before = longer(before, attempts_ns(plan_.undo[list[i]]));
    return before;
  }

  const Plan& plan_;
  const Back& back_;
  const Forward& forward_;
  uint32_t service_;
};

}  // namespace

int64_t full(int64_t share_ppb, int64_t ns) {
  return int64_t((__int128(share_ppb) * ns + eval::percent_all - 1) / eval::percent_all);
}

std::vector<Piece> pieces_of(const Plan& plan, const Back& back, const Forward& forward, uint32_t service,
                             const std::vector<uint32_t>& markers) {
  return Cutter(plan, back, forward, service).cut(markers);
}

}  // namespace rollout::verify
