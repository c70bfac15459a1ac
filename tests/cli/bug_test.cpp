// What a bug of ours leaves behind: a child process has one, this one looks at its report.
#include <csignal>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>

#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>

#include "compiler/base/check.h"
#include "runtime/effects/bug_report.h"

namespace fs = std::filesystem;

namespace rollout::cli {

namespace {

std::string text_of(const fs::path& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

struct Left {
  int exit_code = -1;
  std::string screen, report;
};

/// What is left of a child that has `bug` while it works on a file in `folder`.
Left left_of(const fs::path& folder, const std::function<void()>& bug) {
  fs::create_directories(folder);
  std::ofstream(folder / "shop.rollout") << "let a = 1\n";
  pid_t child = fork();
  if (child == 0) {
    std::FILE* screen = std::freopen((folder / "screen").c_str(), "w", stderr);
    effects::report_bugs(folder.string(), "9.8.7", {"plan", "shop.rollout", "--set", "key=hunter2", "--set=a=hunter2"});
    effects::add_to_bug_reports((folder / "shop.rollout").string());
    if (screen) bug();
    _exit(1);
  }
  Left left;
  int status = 0;
  REQUIRE(waitpid(child, &status, 0) == child);
  left.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
  left.screen = text_of(folder / "screen");
  left.report = text_of(folder / ("rollout-bug-" + std::to_string(child) + ".txt"));
  return left;
}

bool holds(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

uint64_t deep(uint64_t depth) {  // NOLINT: it is meant to run over the stack
  volatile uint64_t frame[512] = {depth};
  return frame[0] == UINT64_MAX ? 0 : deep(depth + 1) + frame[0];
}

struct Folder {
  fs::path path = fs::temp_directory_path() / ("rollout-bug-test-" + std::to_string(getpid()));
  ~Folder() {
    std::error_code ignored;
    fs::remove_all(path, ignored);
  }
};

}  // namespace

TEST_CASE("a bug leaves a report with what led to it and without the values of inputs") {
  Folder folder;
  Left left = left_of(folder.path, [] { ROLLOUT_CHECK(1 == 2, "one is two"); });
  CHECK(left.exit_code == 70);
  CHECK(holds(left.screen, "this is a bug in rollout, not in your files: one is two"));
  CHECK(holds(left.screen, "report it with " + folder.path.string() + "/rollout-bug-"));
  CHECK(holds(left.report, "rollout 9.8.7, Linux"));
  CHECK(holds(left.report, "rollout plan shop.rollout --set key=(left out) --set=a=(left out)"));
  CHECK(holds(left.report, "bug_test.cpp"));
  CHECK(holds(left.report, "== stack"));
  CHECK(holds(left.report, "shop.rollout\nlet a = 1\n"));
  CHECK_FALSE(holds(left.report, "hunter2"));
}

TEST_CASE("a crash is a bug, also where the stack is used up") {
  Folder folder;
  Left left = left_of(folder.path, [] { raise(SIGSEGV); });
  CHECK(left.exit_code == 70);
  CHECK(holds(left.report, "SIGSEGV"));
  left = left_of(folder.path, [] { _exit(int(deep(0))); });
  CHECK(left.exit_code == 70);
  CHECK(holds(left.report, "SIGSEGV"));
  left = left_of(folder.path, [] { std::terminate(); });
  CHECK(left.exit_code == 70);
  CHECK(holds(left.report, "SIGABRT"));
}

TEST_CASE("where its folder cannot be written, a report goes to /tmp") {
  Folder folder;
  pid_t child = fork();
  if (child == 0) {
    effects::report_bugs("/nowhere", "9.8.7", {});
    std::freopen("/dev/null", "w", stderr);
    raise(SIGSEGV);
    _exit(1);
  }
  int status = 0;
  REQUIRE(waitpid(child, &status, 0) == child);
  CHECK(WEXITSTATUS(status) == 70);
  fs::path report = "/tmp/rollout-bug-" + std::to_string(child) + ".txt";
  CHECK(holds(text_of(report), "SIGSEGV"));
  fs::remove(report);
}

}  // namespace rollout::cli
