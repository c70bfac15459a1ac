// Pages: docs/diagnostics as texts in the binary, one for each name of a diagnostic. For `rollout explain`, which
// therefore works without files and without a network. In byte order of names; the last entry has null pointers.
#pragma once

namespace rollout::cli {

struct Page {
  const char* file;  ///< `unit-mismatch.md`
  const char* text;  ///< Markdown: the name, its meaning in one line, why, a wrong and a right example, how to mend
};

extern const Page pages[];

}  // namespace rollout::cli
