#include "runtime/backend/haproxy_backend.h"

#include <algorithm>
#include <cstdlib>

#include <fmt/format.h>

#include "compiler/plan/share_weights.h"
#include "runtime/backend/config.h"
#include "runtime/backend/wanted.h"

namespace rollout::backend {
namespace {

using exec::Observation;
using exec::Seen;
using plan::share_of;
using plan::share_tolerance_ppb;

constexpr int64_t default_timeout_ns = 5'000'000'000;
constexpr int64_t drain_limit_ns = 5'000'000'000;

std::string ppb_text(int64_t ppb) {
  return fmt::format("{:.4g}%", double(ppb) / double(eval::percent_one));
}

std::optional<int64_t> wanted_share(const plan::Action& action) {
  const Wanted wanted = wanted_by(action);
  if (wanted.canary.share_ppb) return wanted.canary.share_ppb;
  if (wanted.stable.share_ppb) return eval::percent_all - *wanted.stable.share_ppb;
  return std::nullopt;
}

bool holds(const std::vector<Endpoint>& endpoints, const std::string& address) {
  return std::any_of(endpoints.begin(), endpoints.end(),
                     [&](const Endpoint& one) { return one.address() == address; });
}

}  // namespace

Result<HaproxyBackend::View> HaproxyBackend::open(const plan::Plan& plan, uint32_t service) {
  const plan::Service& declared = plan.services[service];
  const plan::Binding* binding = binding_of(declared, target_);
  if (!binding)
    return settled_error(
        fmt::format("{} does not use the target {}", plan::service_text(declared), plan.targets[target_].name));
  const Result<std::string> section =
      text_of(binding->config, "backend", "the router of " + plan::service_text(declared));
  if (!section) return section.error();
  return open_section(plan, *section);
}

Result<HaproxyBackend::View> HaproxyBackend::open_section(const plan::Plan& plan, const std::string& section) {
  const plan::Target& target = plan.targets[target_];
  const Result<std::string> socket = text_of(target.config, "socket", target.name);
  if (!socket) return socket.error();
  HaproxyApi api(effects_.unix_socket, resolve(root_, *socket),
                 number_of(target.config, "timeout", default_timeout_ns));
  Result<SlotTable> table = api.read(section);
  if (!table) return table.error();
  return View{std::move(api), section, std::move(*table), 0, 0, {}, {}, {}};
}

Status HaproxyBackend::look_up_endpoints(View& view, const plan::Plan& plan,
                                         const plan::Action& action) {
  const std::optional<int64_t> share = wanted_share(action);
  if (!share)
    return settled_error(
        fmt::format("`{}` sets no share, and shares are all that HAProxy can set", action.text));
  view.canary_ppb = *share;
  view.control_ppb = wanted_by(action).control.share_ppb.value_or(0);
  return look_up_roles(view, plan, action.service);
}

Status HaproxyBackend::look_up_roles(View& view, const plan::Plan& plan, uint32_t service) {
  EndpointSource* workload = neighbours_.workload_of(plan.services[service]);
  if (!workload) {
    return settled_error(fmt::format("{} has no workload whose instances HAProxy could serve",
                                     plan::service_text(plan.services[service])));
  }
  const auto look_up = [&](plan::Role role, bool serves, std::vector<Endpoint>& out) -> Status {
    if (!serves) return Done{};
    Result<std::vector<Endpoint>> found = workload->endpoints(plan, service, role);
    if (!found) return found.error();
    out = std::move(*found);
    // What is down keeps the server it has, whose own checks keep requests from it, but gets no new one.
    std::erase_if(out, [&view](const Endpoint& endpoint) {
      const Slot* slot = view.table.at(endpoint.address());
      return !endpoint.serves && (!slot || !slot->accepts());
    });
    return Done{};
  };
  if (Status found = look_up(plan::Role::Canary, view.canary_ppb > 0, view.canary); !found) return found;
  if (Status found = look_up(plan::Role::Control, view.control_ppb > 0, view.control); !found) return found;
  return look_up(plan::Role::Stable, view.canary_ppb + view.control_ppb < eval::percent_all, view.stable);
}

bool HaproxyBackend::is_expected(const View& view, const Slot& slot) const {
  const auto parts = view.parts();
  return std::any_of(parts.begin(), parts.end(),
                     [&slot](const View::Part& part) { return holds(part.endpoints, slot.address); });
}

Result<Observation> HaproxyBackend::observe(const plan::Plan& plan, const plan::Action& action,
                                            const exec::EffectKey&) {
  if (const auto cohorts = wanted_by(action).canary.cohorts) return see_route(plan, action, *cohorts);
  Result<View> view = open(plan, action.service);
  if (!view) return view.error();
  if (Status found = look_up_endpoints(*view, plan, action); !found) return found.error();
  Observation seen = see(*view);
  if (last_pid_ != 0 && last_pid_ != view->table.pid) {
    seen.detail = fmt::format("HAProxy was reloaded (process {}, before {}): {}", view->table.pid,
                              last_pid_, seen.detail);
  }
  last_pid_ = view->table.pid;
  return seen;
}

Observation HaproxyBackend::see(View& view) {
  const Observation expected = see_expected(view);
  if (expected.seen != Seen::Present) return expected;
  std::vector<const Slot*> leaving;
  for (const Slot& slot : view.table.slots) {
    if (slot.disabled || is_expected(view, slot)) continue;
    if (slot.accepts())
      return {Seen::Absent, fmt::format("server {} still serves {}", slot.name, slot.address)};
    leaving.push_back(&slot);
  }
  const Result<std::vector<std::string>> busy = finish_draining(view, leaving);
  if (!busy) return {Seen::Underway, busy.error().message};
  if (!busy->empty())
    return {Seen::Underway, fmt::format("{} servers finish their requests", busy->size())};
  return expected;
}

Observation HaproxyBackend::see_expected(const View& view) {
  std::map<std::string_view, int64_t> sums;
  int64_t total = 0;
  for (const View::Part& part : view.parts()) {
    for (const Endpoint& endpoint : part.endpoints) {
      const Slot* slot = view.table.at(endpoint.address());
      if (!slot || !slot->accepts())
        return {Seen::Absent, fmt::format("no server serves {}", endpoint.instance)};
      if (!slot->running && endpoint.serves) {
        return {Seen::Underway, fmt::format("HAProxy's own check finds {} ({}) down",
                                            endpoint.instance, slot->address)};
      }
      total += slot->weight;
      sums[part.name] += slot->weight;
    }
  }
  if (total == 0) return {Seen::Absent, "no server has a weight"};
  for (const View::Part& part : view.parts()) {
    const int64_t share = share_of(sums[part.name], total);
    if (&part.endpoints == &view.stable || std::abs(share - part.share_ppb) <= share_tolerance_ppb) continue;
    return {Seen::Absent,
            fmt::format("the {} gets {}, not {}", part.name, ppb_text(share), ppb_text(part.share_ppb))};
  }
  const int64_t share = share_of(sums["canary"], total);
  if (share == 0) return {Seen::Present, "the canary gets no traffic"};
  std::string text = fmt::format("the canary gets {}, on {} servers", ppb_text(share), view.canary.size());
  if (view.control_ppb > 0)
    text += fmt::format(", its control {}, on {}", ppb_text(share_of(sums["control"], total)), view.control.size());
  return {Seen::Present, std::move(text)};
}

Result<std::vector<std::string>> HaproxyBackend::finish_draining(
    View& view, const std::vector<const Slot*>& slots) {
  std::vector<std::string> busy, commands;
  const int64_t now_ns = effects_.clock.monotonic_ns();
  for (const Slot* slot : slots) {
    const std::string name = view.section + "/" + slot->name;
    const int64_t since_ns = draining_since_ns_.emplace(name, now_ns).first->second;
    const bool late = now_ns - since_ns >= drain_limit_ns;
    if (slot->sessions > 0 && !late) {
      busy.push_back(slot->address);
      continue;
    }
    if (slot->sessions > 0) commands.push_back("shutdown sessions server " + name);
    commands.push_back(fmt::format("set server {} weight 0", name));
    commands.push_back(fmt::format("set server {} state maint", name));
    draining_since_ns_.erase(name);
  }
  if (!commands.empty()) {
    if (Status set = view.api.set(commands); !set) return set.error();
  }
  return busy;
}

Status HaproxyBackend::act(const plan::Plan& plan, const plan::Action& action,
                           const exec::EffectKey&) {
  if (const auto cohorts = wanted_by(action).canary.cohorts) return act_route(plan, action, *cohorts);
  Result<View> view = open(plan, action.service);
  if (!view) return view.error();
  if (Status found = look_up_endpoints(*view, plan, action); !found) return found;
  const Result<std::vector<Assigned>> assigned = assign(*view);
  if (!assigned) return assigned.error();
  if (Status added = add_routes(*view, *assigned); !added) return added;
  return set_weights(*view, *assigned);
}

Result<std::vector<HaproxyBackend::Assigned>> HaproxyBackend::assign(const View& view) {
  for (const View::Part& part : view.parts()) {
    const bool none =
        std::none_of(part.endpoints.begin(), part.endpoints.end(), [](const Endpoint& one) { return one.serves; });
    if (part.share_ppb > 0 && none) {
      return OpError{fmt::format("no {} instance runs that could serve backend {}: the share stays as it is",
                                 part.name, view.section)};
    }
  }
  const Result<plan::ShareWeights> weights =
      plan::weights_for({{view.canary_ppb, int64_t(view.canary.size())},
                         {view.control_ppb, int64_t(view.control.size())},
                         int64_t(view.stable.size())});
  if (!weights) return weights.error();
  std::vector<Assigned> out;
  std::vector<const Slot*> free;
  for (const Slot& slot : view.table.slots) {
    if (slot.disabled && slot.sessions == 0 && !is_expected(view, slot)) free.push_back(&slot);
  }
  size_t used = 0;
  const auto give = [&](const std::vector<Endpoint>& endpoints,
                        const std::vector<int>& role_weights) {
    for (size_t i = 0; i < endpoints.size(); ++i) {
      const std::string address = endpoints[i].address();
      const Slot* slot = view.table.at(address);
      if (!slot) slot = used < free.size() ? free[used] : nullptr;
      if (slot && slot->address != address) ++used;
      else if (!slot) ++used;
      if (slot) out.push_back({slot->name, address, role_weights[i], !slot->accepts()});
    }
  };
  give(view.canary, weights->canary);
  give(view.control, weights->control);
  give(view.stable, weights->stable);
  if (used > free.size()) {
    return OpError{fmt::format(
        "backend {} of HAProxy has {} server slots, {} too few for {} canary and {} stable "
        "instances beside those in use; raise the number in its `server-template`",
        view.section, view.table.slots.size(), used - free.size(), view.canary.size(),
        view.stable.size() + view.control.size())};
  }
  return out;
}

Status HaproxyBackend::add_routes(View& view, const std::vector<Assigned>& assigned) {
  std::vector<std::string> addresses, states;
  for (const Assigned& one : assigned) {
    if (!one.is_new) continue;
    const std::string name = view.section + "/" + one.slot;
    const size_t colon = one.address.rfind(':');
    addresses.push_back(fmt::format("set server {} addr {} port {}", name,
                                    one.address.substr(0, colon), one.address.substr(colon + 1)));
    states.push_back(fmt::format("set server {} weight 0", name));
    states.push_back(fmt::format("set server {} state ready", name));
    draining_since_ns_.erase(name);
  }
  if (addresses.empty()) return Done{};
  if (Status told = view.api.tell(addresses); !told) return told;
  if (Status set = view.api.set(states); !set) return set;
  Result<SlotTable> table = view.api.read(view.section);
  if (!table) return table.error();
  for (const Assigned& one : assigned) {
    const Slot* slot = table->at(one.address);
    if (!slot || slot->name != one.slot || !slot->accepts()) {
      return OpError{
          fmt::format(
              "HAProxy did not take {} as the address of server {}/{}: no traffic was given to it",
              one.address, view.section, one.slot),
          true};
    }
  }
  view.table = std::move(*table);
  return Done{};
}

Status HaproxyBackend::set_weights(View& view, const std::vector<Assigned>& assigned) {
  // What loses traffic comes first, so that nobody is given more than its share on the way.
  std::vector<std::string> lower, raise, drain;
  for (const Assigned& one : assigned) {
    const Slot* slot = view.table.at(one.address);
    if (!slot || slot->weight == one.weight) continue;
    std::vector<std::string>& list = one.weight < slot->weight ? lower : raise;
    list.push_back(fmt::format("set server {}/{} weight {}", view.section, one.slot, one.weight));
  }
  for (const Slot& slot : view.table.slots) {
    if (slot.accepts() && !is_expected(view, slot)) {
      drain.push_back(fmt::format("set server {}/{} state drain", view.section, slot.name));
    }
  }
  std::vector<std::string> commands = std::move(lower);
  commands.insert(commands.end(), raise.begin(), raise.end());
  commands.insert(commands.end(), drain.begin(), drain.end());
  if (commands.empty()) return Done{};
  if (Status set = view.api.set(commands); !set) return set;
  const Result<SlotTable> table = view.api.read(view.section);
  if (!table) return table.error();
  for (const Assigned& one : assigned) {
    const Slot* slot = table->at(one.address);
    if (!slot || slot->weight != one.weight) {
      return OpError{fmt::format("HAProxy shows weight {} for server {}/{} after it was set to {}",
                                 slot ? slot->weight : -1, view.section, one.slot, one.weight),
                     true};
    }
  }
  return Done{};
}

Result<std::vector<std::string>> HaproxyBackend::release(
    const plan::Plan& plan, uint32_t service, const std::vector<std::string>& addresses) {
  Result<View> view = open(plan, service);
  if (!view) return view.error();
  Result<std::vector<std::string>> busy = release_in(*view, addresses);
  const Result<std::optional<Routes>> routes = routes_of(plan, service);
  if (!routes) return routes.error();
  if (!busy || !*routes) return busy;
  Result<View> routed = open_section(plan, (*routes)->section);
  if (!routed) return routed.error();
  Result<std::vector<std::string>> there = release_in(*routed, addresses);
  if (!there) return there;
  busy->insert(busy->end(), there->begin(), there->end());
  return busy;
}

Result<std::vector<std::string>> HaproxyBackend::release_in(View& view, const std::vector<std::string>& addresses) {
  std::vector<std::string> commands, busy;
  std::vector<const Slot*> leaving;
  for (const std::string& address : addresses) {
    const Slot* slot = view.table.at(address);
    if (!slot || slot->disabled) {
      if (slot && slot->sessions > 0) leaving.push_back(slot);
      continue;
    }
    if (slot->accepts()) {
      commands.push_back(fmt::format("set server {}/{} state drain", view.section, slot->name));
      busy.push_back(address);
    } else {
      leaving.push_back(slot);
    }
  }
  if (!commands.empty()) {
    if (Status set = view.api.set(commands); !set) return set.error();
  }
  Result<std::vector<std::string>> draining = finish_draining(view, leaving);
  if (!draining) return draining.error();
  busy.insert(busy.end(), draining->begin(), draining->end());
  return busy;
}

}  // namespace rollout::backend
