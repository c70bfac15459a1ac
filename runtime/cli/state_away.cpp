#include "runtime/cli/state_away.h"

#include <fmt/format.h>

namespace rollout::cli {

void StateAway::note(const OpError* error, bool says) {
  bool was_away = is_away();
  if (error != nullptr) {
    if (!was_away) since_wall_ns_ = context_.env.effects().clock.wall_ns();
    why_ = error->message;
    if (says && !was_away) context_.fail(Ok, text());
    return;
  }
  if (!was_away) return;
  int64_t away_ns = context_.env.effects().clock.wall_ns() - *since_wall_ns_;
  since_wall_ns_.reset();
  if (says) context_.fail(Ok, fmt::format("the state is back, after {}", short_duration(away_ns)));
}

std::string StateAway::text() const {
  if (!is_away()) return {};
  return fmt::format("the state is away since {}, and nothing new is known: {}", effects::utc_text(*since_wall_ns_),
                     one_line(why_));
}

}  // namespace rollout::cli
