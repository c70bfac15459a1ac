#include "runtime/backend/backend.h"

#include <fmt/format.h>

namespace rollout::backend {

Status Backend::admit(const plan::Plan&, uint32_t, int64_t) {
  return Done{};
}

std::vector<std::string> Backend::tend(const plan::Plan&, uint32_t, int64_t) {
  return {};
}

Result<std::optional<std::vector<plan::ObservedMigration>>> Backend::migrations(const plan::Plan&, uint32_t) {
  return std::optional<std::vector<plan::ObservedMigration>>();
}

Result<std::optional<std::string>> Backend::digest(const plan::Plan&, uint32_t, std::string_view) {
  return std::optional<std::string>();
}

Result<std::optional<std::string>> Backend::label(const plan::Plan&, std::string_view) {
  return std::optional<std::string>();
}

Result<std::string> Backend::cannot_start(const plan::Plan&, uint32_t, std::string_view) {
  return std::string();
}

Result<ServiceState> Backend::state(const plan::Plan& plan, uint32_t service) {
  return OpError{fmt::format("what runs of {} is not known: its backend runs no instances",
                             plan::service_text(plan.services[service]))};
}

exec::Reading Backend::read(const plan::Plan& plan, const plan::Term& term) {
  exec::Reading reading;
  reading.status = exec::Reading::Status::Error;
  reading.detail =
      fmt::format("the target does not measure `{}`", plan.signals[term.signal].method);
  return reading;
}

}  // namespace rollout::backend
