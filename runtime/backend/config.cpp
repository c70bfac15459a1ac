#include "runtime/backend/config.h"

#include <fmt/format.h>

namespace rollout::backend {

const eval::Value* find(const Config& config, std::string_view name) {
  for (const auto& [key, value] : config) {
    if (key == name) return value.is(eval::Value::Kind::None) ? nullptr : &value;
  }
  return nullptr;
}

Result<std::string> text_of(const Config& config, std::string_view name, std::string_view owner) {
  const eval::Value* value = find(config, name);
  if (!value || value->text.empty())
    return settled_error(fmt::format("{} has no `{}`: give it one and plan again", owner, name));
  return value->text;
}

int64_t number_of(const Config& config, std::string_view name, int64_t fallback) {
  const eval::Value* value = find(config, name);
  return value ? value->number : fallback;
}

std::string resolve(const std::string& root, const std::string& path) {
  if (path.starts_with('/')) return path;
  return root.ends_with('/') ? root + path : root + "/" + path;
}

const plan::Binding* binding_of(const plan::Service& service, uint32_t target) {
  for (const plan::Binding& binding : service.bindings) {
    if (binding.target == target) return &binding;
  }
  return nullptr;
}

std::string version_of(const std::string& image) {
  const std::string name = image.substr(0, image.find('@'));
  const size_t colon = name.rfind(':');
  const size_t slash = name.rfind('/');
  if (colon == std::string::npos || (slash != std::string::npos && colon < slash)) return "latest";
  return name.substr(colon + 1);
}

}  // namespace rollout::backend
