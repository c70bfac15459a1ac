#include "runtime/exec/frontier.h"

#include <bit>

namespace rollout::exec {

StepSet::StepSet(size_t limit) {
  do {
    limit = (limit + 63) / 64;
    levels_.emplace_back(limit == 0 ? 1 : limit);
  } while (limit > 1);
}

void StepSet::insert(uint32_t step) {
  for (std::vector<uint64_t>& level : levels_) {
    uint64_t& word = level[step / 64];
    bool had_any = word != 0;
    word |= uint64_t{1} << (step % 64);
    if (had_any) return;
    step /= 64;
  }
}

void StepSet::erase(uint32_t step) {
  for (std::vector<uint64_t>& level : levels_) {
    uint64_t& word = level[step / 64];
    word &= ~(uint64_t{1} << (step % 64));
    if (word != 0) return;
    step /= 64;
  }
}

// Up until a word has something behind `step`, then down along the first bit of each.
uint32_t StepSet::next(uint32_t step) const {
  size_t level = 0;
  for (;; ++level, step = step / 64 + 1) {
    if (level == levels_.size() || step / 64 >= levels_[level].size()) return plan::none;
    uint64_t rest = levels_[level][step / 64] >> (step % 64);
    if (rest == 0) continue;
    step += uint32_t(std::countr_zero(rest));
    break;
  }
  while (level-- > 0) step = step * 64 + uint32_t(std::countr_zero(levels_[level][step]));
  return step;
}

uint32_t StepSet::next_outside(const StepSet& other, uint32_t step) const {
  const std::vector<uint64_t>&words = levels_[0], &others = other.levels_[0];
  uint64_t from = ~uint64_t{0} << (step % 64);
  for (size_t i = step / 64; i < words.size(); ++i, from = ~uint64_t{0}) {
    uint64_t rest = words[i] & from & ~(i < others.size() ? others[i] : 0);
    if (rest != 0) return uint32_t(i * 64) + uint32_t(std::countr_zero(rest));
  }
  return plan::none;
}

Frontier::Frontier(const std::vector<plan::Step>& steps)
    : first_(steps.size() + 1),
      waiting_(steps.size()),
      pending_(steps.size()),
      ready_(steps.size()),
      underway_(steps.size()),
      failed_(steps.size()) {
  for (const plan::Step& step : steps)
    for (uint32_t before : step.after) ++first_[before + 1];
  for (size_t i = 0; i < steps.size(); ++i) first_[i + 1] += first_[i];
  after_.resize(first_.back());
  std::vector<uint32_t> filled(first_.begin(), first_.end() - 1);
  for (uint32_t i = 0; i < steps.size(); ++i) {
    for (uint32_t before : steps[i].after) after_[filled[before]++] = i;
    waiting_[i] = uint32_t(steps[i].after.size());
    pending_.insert(i);
    if (waiting_[i] == 0) ready_.insert(i);
  }
}

StepSet* Frontier::set_of(StepStatus status) {
  switch (status) {
    case StepStatus::Pending: return &pending_;
    case StepStatus::Begun:
    case StepStatus::Pausing: return &underway_;
    case StepStatus::Failed: return &failed_;
    case StepStatus::Done: break;
  }
  return nullptr;
}

void Frontier::move(uint32_t step, StepStatus from, StepStatus to) {
  if (StepSet* set = set_of(from)) set->erase(step);
  if (StepSet* set = set_of(to)) set->insert(step);
  bool was_done = from == StepStatus::Done, is_done = to == StepStatus::Done;
  for (uint32_t i = first_[step]; was_done != is_done && i < first_[step + 1]; ++i) {
    uint32_t next = after_[i];
    waiting_[next] += was_done ? 1 : -1;
    if (waiting_[next] > 0) ready_.erase(next);
    else if (pending_.contains(next)) ready_.insert(next);
  }
  if (to == StepStatus::Pending && waiting_[step] == 0) ready_.insert(step);
  else ready_.erase(step);
}

}  // namespace rollout::exec
