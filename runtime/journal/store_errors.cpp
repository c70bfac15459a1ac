#include "runtime/journal/store_errors.h"

#include <fmt/format.h>

#include "runtime/journal/words.h"

namespace rollout::journal {

OpError no_such_run(std::string_view run) {
  return {fmt::format("there is no run {} in this state; `rollout status` lists the runs", run)};
}

OpError plan_already_run(std::string_view run) {
  return {
      fmt::format("this plan was already applied as run {}; make a new plan from what is there now",
                  run),
      false, true};
}

OpError driven_by_another(std::string_view run) {
  return {
      fmt::format(
          "another process has recorded events of run {}; this one stops without a further effect",
          run),
      false, true};
}

OpError run_has_ended(std::string_view run, Outcome outcome) {
  return {fmt::format("run {} has ended already ({}); nothing was requested", run,
                      spoken(outcome)),
          false, true};
}

OpError run_was_pruned(const Pruned& pruned) {
  return {fmt::format("{}; `rollout audit {}` says what is left", pruned_text(pruned), pruned.run), false, true};
}

OpError no_such_promotion(std::string_view name) {
  return {fmt::format("there is no promotion {} in this state; `rollout status` lists what there is", name)};
}

OpError promotion_has_ended(std::string_view name, PromotionOutcome outcome) {
  return {fmt::format("promotion {} has ended already ({}); nothing was requested", name, word(outcome)), false, true};
}

OpError promotion_aborted(std::string_view name) {
  return {fmt::format("promotion {} was aborted; no further environment is entered", name), false, true};
}

OpError damaged_run(std::string_view run, std::string_view what) {
  return {
      fmt::format("the journal of run {} is damaged ({}); it will not be continued, other runs are "
                  "not affected",
                  run, what)};
}

OpError damaged_promotion(std::string_view name, std::string_view what) {
  return settled_error(
      fmt::format("the journal of promotion {} is damaged ({}); it will not be continued, and another may begin; its "
                  "runs are not affected",
                  name, what));
}

}  // namespace rollout::journal
