// ROLLOUT_CHECK states what cannot be otherwise. It is on in every build: a broken invariant in a tool
// that changes production must stop it, never let it guess. Exit code 70, "a bug in rollout".
#pragma once

namespace rollout {

[[noreturn]] void check_failed(const char* condition, const char* assumption, const char* file, int line);

}  // namespace rollout

#define ROLLOUT_CHECK(condition, assumption) \
  do {                                       \
    if (!(condition)) ::rollout::check_failed(#condition, assumption, __FILE__, __LINE__); \
  } while (false)
