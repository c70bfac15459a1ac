// A broken invariant ends the program at once, with one message and an exit code that nothing else has.
#include <sys/wait.h>
#include <unistd.h>

#include <string>

#include <catch2/catch.hpp>

#include "compiler/base/check.h"

namespace rollout {

TEST_CASE("a bug in rollout says so and ends with 70") {
  int ends[2];
  REQUIRE(pipe(ends) == 0);
  pid_t child = fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    dup2(ends[1], STDERR_FILENO);
    ROLLOUT_CHECK(1 + 1 == 3, "sums are right");
    _exit(0);
  }
  close(ends[1]);
  std::string said(4096, '\0');
  ssize_t length = read(ends[0], said.data(), said.size());
  close(ends[0]);
  int status = 0;
  REQUIRE(waitpid(child, &status, 0) == child);
  REQUIRE(WIFEXITED(status));
  CHECK(WEXITSTATUS(status) == 70);
  said.resize(size_t(length > 0 ? length : 0));
  CHECK(said.find("this is a bug in rollout, not in your files: sums are right") != std::string::npos);
  CHECK(said.find("please report it") != std::string::npos);
}

}  // namespace rollout
