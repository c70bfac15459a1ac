// The standard library's files as texts in the binary. The last entry has null pointers.
#pragma once

namespace rollout::stdlib {

struct File {
  const char* path;  ///< relative to stdlib/: `strategy/canary.rollout`
  const char* text;
};

extern const File files[];

}  // namespace rollout::stdlib
