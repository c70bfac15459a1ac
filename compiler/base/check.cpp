#include "compiler/base/check.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>

namespace rollout {

namespace {

constexpr int exit_code_bug = 70;
constexpr size_t max_text = 2048;
BugHandler bug_handler = nullptr;  // set once, when the process starts

}  // namespace

void on_bug(BugHandler handler) { bug_handler = handler; }

void check_failed(const char* condition, const char* assumption, const char* file, int line) {
  char text[max_text];
  int size = std::snprintf(text, max_text, "%s\n  at %s:%d: `%s` does not hold\n", assumption, file, line, condition);
  if (bug_handler) bug_handler({text, std::min(size_t(size), max_text - 1)});
  std::fprintf(stderr,
               "rollout: this is a bug in rollout, not in your files: %s"
               "  please report it with the command line and the files that led here\n",
               text);
  std::_Exit(exit_code_bug);
}

}  // namespace rollout
