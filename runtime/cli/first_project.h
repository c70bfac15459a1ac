// FirstProject: what `rollout init` writes, examples/first as texts in the binary. The last entry has null pointers.
#pragma once

namespace rollout::cli {

struct ProjectFile {
  const char* path;  ///< in the project: `.github/workflows/rollout.yml`
  const char* text;
};

extern const ProjectFile first_project[];

}  // namespace rollout::cli
