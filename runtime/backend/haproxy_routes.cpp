// Requests of cohorts: a map that HAProxy has loaded leads from their names to a section with the canary's servers.
// They are there before the map leads to them, and the map forgets them before they go.
#include <algorithm>

#include <fmt/format.h>

#include "runtime/backend/config.h"
#include "runtime/backend/haproxy_backend.h"

namespace rollout::backend {
namespace {

using exec::Observation;
using exec::Seen;

using Entries = std::vector<std::pair<std::string, std::string>>;

bool holds(const std::vector<std::string>& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

/// The cohorts that lead to the section.
std::vector<std::string> led_to(const Entries& entries, const std::string& section) {
  std::vector<std::string> names;
  for (const auto& [cohort, value] : entries)
    if (value == section) names.push_back(cohort);
  return names;
}

/// A blank or a semicolon in a command would begin something else.
bool is_word(const std::string& name) {
  constexpr std::string_view allowed = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-.=@";
  return !name.empty() && name.find_first_not_of(allowed) == std::string::npos;
}

}  // namespace

Result<std::optional<HaproxyBackend::Routes>> HaproxyBackend::routes_of(const plan::Plan& plan, uint32_t service) {
  const plan::Binding* binding = binding_of(plan.services[service], target_);
  const eval::Value* section = binding ? find(binding->config, "routed") : nullptr;
  const eval::Value* map = binding ? find(binding->config, "cohorts") : nullptr;
  const bool given = section && map && !section->text.empty() && !map->text.empty();
  if (!given) return std::optional<Routes>();
  return std::optional(Routes{section->text, resolve(root_, map->text)});
}

Result<HaproxyBackend::Routes> HaproxyBackend::needed_routes(const plan::Plan& plan, uint32_t service) {
  Result<std::optional<Routes>> routes = routes_of(plan, service);
  if (!routes) return routes.error();
  if (*routes) return std::move(**routes);
  return settled_error(fmt::format("the router of {} has no `routed` and no `cohorts`, so nobody can be routed to its "
                                   "canary; name the section and the map of HAProxy's configuration",
                                   plan::service_text(plan.services[service])));
}

/// The section of the routed; all of it is the canary's. `any`: false where nobody is routed.
Result<HaproxyBackend::View> HaproxyBackend::open_routes(const plan::Plan& plan, uint32_t service,
                                                         const Routes& routes, bool any) {
  Result<View> view = open_section(plan, routes.section);
  if (!view || !any) return view;
  view->canary_ppb = eval::percent_all;
  if (Status found = look_up_roles(*view, plan, service); !found) return found.error();
  return view;
}

Status HaproxyBackend::act_route(const plan::Plan& plan, const plan::Action& action,
                                 const std::vector<std::string>& cohorts) {
  for (const std::string& cohort : cohorts)
    if (!is_word(cohort))
      return settled_error(fmt::format("`{}` is no name of a cohort that HAProxy could keep", cohort));
  const Result<Routes> routes = needed_routes(plan, action.service);
  if (!routes) return routes.error();
  Result<View> view = open_routes(plan, action.service, *routes, !cohorts.empty());
  if (!view) return view.error();
  const Result<Entries> entries = view->api.map(routes->map);
  if (!entries) return entries.error();
  const std::vector<std::string> there = led_to(*entries, routes->section);
  std::vector<std::string> leave, join;
  for (const std::string& cohort : there)
    if (!holds(cohorts, cohort)) leave.push_back(fmt::format("del map {} {}", routes->map, cohort));
  for (const std::string& cohort : cohorts)
    if (!holds(there, cohort)) join.push_back(fmt::format("add map {} {} {}", routes->map, cohort, routes->section));
  if (!leave.empty())
    if (Status set = view->api.set(leave); !set) return set;
  std::vector<Assigned> assigned;
  if (!cohorts.empty()) {
    Result<std::vector<Assigned>> all = assign(*view);
    if (!all) return all.error();
    assigned = std::move(*all);
  }
  if (Status added = add_routes(*view, assigned); !added) return added;
  if (Status set = set_weights(*view, assigned); !set) return set;
  return join.empty() ? Status(Done{}) : view->api.set(join);
}

Result<Observation> HaproxyBackend::see_route(const plan::Plan& plan, const plan::Action& action,
                                              const std::vector<std::string>& cohorts) {
  const Result<Routes> routes = needed_routes(plan, action.service);
  if (!routes) return routes.error();
  Result<View> view = open_routes(plan, action.service, *routes, !cohorts.empty());
  if (!view) return view.error();
  const Result<Entries> entries = view->api.map(routes->map);
  if (!entries) return entries.error();
  const std::vector<std::string> there = led_to(*entries, routes->section);
  for (const std::string& cohort : there)
    if (!holds(cohorts, cohort))
      return Observation{Seen::Absent, fmt::format("{} is still routed to the canary", cohort)};
  for (const std::string& cohort : cohorts)
    if (!holds(there, cohort)) return Observation{Seen::Absent, fmt::format("{} is not routed to the canary", cohort)};
  if (!cohorts.empty()) {
    const Observation servers = see(*view);
    if (servers.seen != Seen::Present) return servers;
    return Observation{Seen::Present, fmt::format("{} cohort{} routed to the canary, on {} servers", cohorts.size(),
                                                  cohorts.size() == 1 ? " is" : "s are", view->canary.size())};
  }
  std::vector<const Slot*> leaving;
  for (const Slot& slot : view->table.slots) {
    if (slot.disabled) continue;
    if (slot.accepts())
      return Observation{Seen::Absent, fmt::format("server {} still serves {}", slot.name, slot.address)};
    leaving.push_back(&slot);
  }
  const Result<std::vector<std::string>> busy = finish_draining(*view, leaving);
  if (!busy) return Observation{Seen::Underway, busy.error().message};
  if (!busy->empty()) return Observation{Seen::Underway, fmt::format("{} servers finish their requests", busy->size())};
  return Observation{Seen::Present, "nobody is routed to the canary"};
}

/// Where somebody is routed, those of the canary that have come or gone since.
Status HaproxyBackend::refresh_routes(const plan::Plan& plan, uint32_t service) {
  const Result<std::optional<Routes>> routes = routes_of(plan, service);
  if (!routes) return routes.error();
  if (!*routes) return Done{};
  Result<View> view = open_routes(plan, service, **routes, true);
  if (!view) return view.error();
  const Result<Entries> entries = view->api.map((*routes)->map);
  if (!entries) return entries.error();
  if (led_to(*entries, (*routes)->section).empty()) return Done{};
  const Result<std::vector<Assigned>> assigned = assign(*view);
  if (!assigned) return assigned.error();
  if (Status added = add_routes(*view, *assigned); !added) return added;
  return set_weights(*view, *assigned);
}

}  // namespace rollout::backend
