// Config: reading the typed values that a plan carries for a target or a binding. The compiler has
// checked kinds and presence against the backend's declaration; a plan from elsewhere may still
// lack some, which is an error here.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "compiler/base/result.h"
#include "compiler/plan/plan.h"

namespace rollout::backend {

using Config = std::vector<std::pair<std::string, eval::Value>>;

/// The value of that name, or null when it is not given.
const eval::Value* find(const Config& config, std::string_view name);
/// A String, Path, Url or Image.
Result<std::string> text_of(const Config& config, std::string_view name, std::string_view owner);
/// An Int or a Duration.
int64_t number_of(const Config& config, std::string_view name, int64_t fallback);

/// `path` as it stands when absolute, else below `root`.
std::string resolve(const std::string& root, const std::string& path);

/// How the service uses `target`, or null.
const plan::Binding* binding_of(const plan::Service& service, uint32_t target);

/// The tag of `name:tag@digest`; `latest` when there is none.
std::string version_of(const std::string& image);

}  // namespace rollout::backend
