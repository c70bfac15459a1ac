// find: one function of a library that was loaded at run time. For the files that load one.
#pragma once

#include <dlfcn.h>

namespace rollout::effects {

/// Whether `library` has it.
template <typename Function>
bool find(void* library, const char* name, Function& function) {
  function = reinterpret_cast<Function>(dlsym(library, name));
  return function != nullptr;
}

}  // namespace rollout::effects
