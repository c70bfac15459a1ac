// A driver of local instances that is stopped or killed in the middle of a call, and the one that takes over from it.
#include <catch2/catch.hpp>

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>

#include "compiler/base/json.h"
#include "tests/conformance/rig.h"

namespace rollout::test {
namespace {

/// Stops this process where it is about to start an instance: everything is on record, and nothing runs.
class StopsBeforeStart : public effects::Processes {
 public:
  explicit StopsBeforeStart(effects::Processes& real) : real_(real) {}
  Result<effects::ProcessId> start(const effects::Launch& launch) override {
    raise(SIGSTOP);
    return real_.start(launch);
  }
  effects::Life look(effects::ProcessId process) override { return real_.look(process); }
  Status stop(effects::ProcessId process, effects::Stop how) override { return real_.stop(process, how); }
  std::vector<effects::ProcessId> find(std::string_view variable, std::string_view value) override {
    return real_.find(variable, value);
  }

 private:
  effects::Processes& real_;
};

/// A process that acts with generation 1 and is stopped in the middle of it. Its exit code: whether the act succeeded.
pid_t stopped_in_an_act(Rig& rig) {
  pid_t child = fork();
  if (child == 0) {
    StopsBeforeStart processes(rig.effects.processes);
    effects::Effects effects{rig.effects.clock,       rig.effects.http,  rig.effects.files, processes,
                             rig.effects.unix_socket, rig.effects.ports, rig.effects.sql,   rig.effects.commands};
    auto world = backend::LiveWorld::open(rig.plan, rig.directory.path, effects);
    _exit(world && (*world)->act(rig.deploy("shop:1.1", 1), rig.key(1)) ? 0 : 1);
  }
  int status = 0;
  REQUIRE(waitpid(child, &status, WUNTRACED) == child);
  REQUIRE(WIFSTOPPED(status));
  return child;
}

/// The rig with the example shop, which says in its log that it serves.
struct Shop : Rig {
  Shop() {
    set_workload("command",
                 eval::Value::list({text(SHOP_DIRECTORY "/shop-${version}"), text("--port"), text("${port}")}));
  }
};

int starts(const Rig& rig) {
  int count = 0;
  for (const auto& file : std::filesystem::directory_iterator(rig.directory.path + "/run")) {
    std::string name = file.path().filename().string();
    if (!name.ends_with(".log")) continue;
    std::string log = rig.directory.read("run/" + name);
    for (size_t at = log.find("serving on"); at != std::string::npos; at = log.find("serving on", at + 1)) ++count;
  }
  return count;
}

}  // namespace

TEST_CASE("who takes over from a process that is stopped in an act starts nothing twice", "[local]") {
  Shop rig;
  pid_t stopped = stopped_in_an_act(rig);
  const auto world = rig.world();
  Status early = world->act(rig.deploy("shop:1.1", 1), rig.key(2));
  kill(stopped, SIGCONT);
  int status = 0;
  waitpid(stopped, &status, 0);
  REQUIRE(!early);
  CHECK(early.error().retryable);
  CHECK(early.error().message.find("process " + std::to_string(stopped)) != std::string::npos);
  CHECK(WEXITSTATUS(status) == 0);
  CHECK(rig.carry_out(*world, rig.deploy("shop:1.1", 1), rig.key(2)).seen == exec::Seen::Present);
  CHECK(starts(rig) == 1);
}

TEST_CASE("who takes over from a process that was killed in an act is not kept out", "[local]") {
  Shop rig;
  pid_t killed = stopped_in_an_act(rig);
  kill(killed, SIGKILL);
  waitpid(killed, nullptr, 0);
  CHECK(rig.carry_out(*rig.world(), rig.deploy("shop:1.1", 1), rig.key(2)).seen == exec::Seen::Present);
  CHECK(starts(rig) == 1);
}

TEST_CASE("what was started is known again by whoever knows its directory by another path", "[local]") {
  Shop rig;
  CHECK(rig.carry_out(*rig.world(), rig.deploy("shop:1.1", 1), rig.key(1)).seen == exec::Seen::Present);
  // The process that started it was killed before it could write down the pid.
  std::string text = rig.directory.read("run/checkout.json");
  Result<json::Node> state = json::parse(text);
  REQUIRE(state);
  std::string pid = "\"pid\":" + std::to_string((*state)["instances"].items[0]["pid"].as_int());
  text.replace(text.find(pid), pid.size(), "\"pid\":0");
  rig.directory.write("run/checkout.json", text);

  TempDir elsewhere;
  std::string link = elsewhere.path + "/project";
  std::filesystem::create_directory_symlink(rig.directory.path, link);
  auto world = backend::LiveWorld::open(rig.plan, link, rig.effects);
  REQUIRE(world);
  CHECK(rig.carry_out(**world, rig.deploy("shop:1.1", 1), rig.key(2)).seen == exec::Seen::Present);
  CHECK(starts(rig) == 1);
  CHECK(rig.directory.read("run/checkout.json").find(pid) != std::string::npos);
}

}  // namespace rollout::test
