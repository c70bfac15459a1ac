#include "compiler/suggest/rollout_places.h"

#include <algorithm>
#include <utility>

namespace rollout::suggest {

namespace {

std::pair<SourceId, uint32_t> begin_of(Span span) { return {span.source, span.begin}; }

}  // namespace

RolloutPlaces::RolloutPlaces(const ir::Program& program) {
  for (const ir::Rollout& rollout : program.rollouts) rollouts_.push_back(rollout.decl);
  std::sort(rollouts_.begin(), rollouts_.end(),
            [](const ast::Decl* a, const ast::Decl* b) { return begin_of(a->span) < begin_of(b->span); });
}

const ast::Decl* RolloutPlaces::decl_at(Span span) const {
  auto behind = std::upper_bound(rollouts_.begin(), rollouts_.end(), begin_of(span),
                                 [](const auto& place, const ast::Decl* one) { return place < begin_of(one->span); });
  if (behind == rollouts_.begin()) return nullptr;
  const ast::Decl* before = *std::prev(behind);
  bool within = before->span.source == span.source && span.end <= before->span.end;
  return within ? before : nullptr;
}

std::string RolloutPlaces::name_at(Span span) const {
  const ast::Decl* rollout = decl_at(span);
  return rollout == nullptr ? std::string() : std::string(rollout->name.text);
}

}  // namespace rollout::suggest
