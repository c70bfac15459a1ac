#include "compiler/plan/older_plan.h"

namespace rollout::plan {

namespace {

using json::Node;

bool same_scalar(const Node& was, const Node& now) {
  return was.boolean == now.boolean && was.integer == now.integer && was.number == now.number &&
         was.string == now.string;
}

/// What plans once said and say no longer: a hold had a way back of its own.
bool is_gone(std::string_view member) { return member == "rollback"; }

/// Whether the two say the same, as far as both say something; `other`: where one says more, the first such place.
bool agrees(const Node& was, const Node& now, const std::string& path, std::string& other) {
  if (was.kind != now.kind || was.items.size() != now.items.size()) return false;
  for (size_t i = 0; i < was.items.size(); ++i)
    if (!agrees(was.items[i], now.items[i], path + "[" + std::to_string(i) + "]", other)) return false;
  std::string prefix = path.empty() ? "" : path + ".";
  for (const auto& [name, value] : was.fields) {
    const Node* found = now.find(name);
    if (found == nullptr && !is_gone(name)) return false;
    if (found != nullptr && !agrees(value, *found, prefix + name, other)) return false;
    if (found == nullptr && other.empty()) other = prefix + name;
  }
  for (const auto& [name, value] : now.fields)
    if (other.empty() && was.find(name) == nullptr) other = prefix + name;
  return same_scalar(was, now);
}

}  // namespace

std::string where_older(const Node& was, const Node& now) {
  std::string other;
  return agrees(was, now, "", other) ? other : "";
}

}  // namespace rollout::plan
