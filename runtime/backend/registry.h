// The backends that this program knows, by the name of their declaration in the language.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/backend/backend.h"
#include "runtime/effects/effects.h"

namespace rollout::backend {

/// Null for a name that is not known.
std::unique_ptr<Backend> make_backend(std::string_view name, uint32_t target,
                                      const std::string& root, const effects::Effects& effects,
                                      Neighbours& neighbours);
std::vector<std::string_view> backend_names();

}  // namespace rollout::backend
