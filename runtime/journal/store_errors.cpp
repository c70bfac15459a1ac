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

OpError damaged_run(std::string_view run, std::string_view what) {
  return {
      fmt::format("the journal of run {} is damaged ({}); it will not be continued, other runs are "
                  "not affected",
                  run, what)};
}

}  // namespace rollout::journal
