// ROLLOUT_CHECK states what cannot be otherwise. It is on in every build: a broken invariant in a tool
// that changes production must stop it, never let it guess. Exit code 70, "a bug in rollout".
#pragma once

#include <string_view>

namespace rollout {

[[noreturn]] void check_failed(const char* condition, const char* assumption, const char* file, int line);

/// Who is told of a bug, in lines that end; it ends the process. Without one the text goes to stderr.
using BugHandler = void (*)(std::string_view what);
void on_bug(BugHandler handler);

}  // namespace rollout

#define ROLLOUT_CHECK(condition, assumption) \
  do {                                       \
    if (!(condition)) ::rollout::check_failed(#condition, assumption, __FILE__, __LINE__); \
  } while (false)
