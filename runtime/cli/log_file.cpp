#include "runtime/cli/log_file.h"

#include <array>

#include <fmt/format.h>

#include "compiler/base/json.h"
#include "runtime/effects/service_lock.h"

namespace rollout::cli {

namespace {

constexpr std::array<std::string_view, 4> level_names = {"debug", "info", "warn", "error"};

/// `2026-11-21T21:36:44.120Z`: of two lines of one second it is to be seen which was first.
std::string with_ms(int64_t wall_ns) {
  constexpr int64_t ns_per_ms = 1'000'000, ms_per_s = 1000;
  std::string text = effects::utc_text(wall_ns);
  text.pop_back();
  return fmt::format("{}.{:03}Z", text, wall_ns / ns_per_ms % ms_per_s);
}

}  // namespace

void LogFile::write(Level level, std::string_view kind, std::string_view run, std::string_view text) {
  json::Writer json;
  json.begin_object().field("v", 1).field("at", with_ms(effects_.clock.wall_ns()));
  json.field("level", level_names[size_t(level)]).field("by", effects::holder_text()).field("command", command_);
  if (!run.empty()) json.field("run", run);
  json.field("kind", kind).field("text", text).end_object();
  Status added = effects_.files.append(path_, json.take() + "\n");
  if (added) return;
  // Without the advice behind it, to run the command again: the command has done what it was to do.
  if (lines_lost_++ == 0) why_lost_ = added.error().message.substr(0, added.error().message.find(';'));
}

std::string LogFile::lost() const {
  if (lines_lost_ < 2) return why_lost_;
  return fmt::format("{} ({} lines)", why_lost_, lines_lost_);
}

Level level_of(const journal::Payload& what) {
  if (std::holds_alternative<journal::Sampled>(what)) return Level::Debug;
  if (const auto* e = std::get_if<journal::GateDecided>(&what))
    return e->verdict == journal::Verdict::Pass && !e->unproven ? Level::Info : Level::Warn;
  if (const auto* e = std::get_if<journal::RunEnded>(&what))
    return e->outcome == journal::Outcome::Succeeded    ? Level::Info
           : e->outcome == journal::Outcome::RolledBack ? Level::Warn
                                                        : Level::Error;
  bool speaks = std::holds_alternative<journal::StepFailed>(what) ||
                std::holds_alternative<journal::WatchFired>(what) ||
                std::holds_alternative<journal::RollbackStarted>(what) ||
                std::holds_alternative<journal::RollbackWithheld>(what) ||
                std::holds_alternative<journal::ScopeRollbackStarted>(what) ||
                std::holds_alternative<journal::AbortRequested>(what) ||
                std::holds_alternative<journal::Parked>(what) || std::holds_alternative<journal::Paused>(what) ||
                std::holds_alternative<journal::EndpointAway>(what) ||
                std::holds_alternative<journal::LineOverridden>(what);
  return speaks ? Level::Warn : Level::Info;
}

}  // namespace rollout::cli
