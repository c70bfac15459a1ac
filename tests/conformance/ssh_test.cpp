// The ssh backend against a real sshd of this machine, started by the test for the user who runs it, on a port of
// 127.0.0.1, with keys of its own.
#include <algorithm>
#include <filesystem>

#include <catch2/catch.hpp>

#include <pwd.h>
#include <unistd.h>

#include <fmt/format.h>

#include "runtime/backend/ssh_line.h"
#include "tests/conformance/rig.h"

namespace rollout::test {

using exec::Seen;

namespace {

namespace fs = std::filesystem;

eval::Value number(int64_t value) { return eval::Value::of(eval::Value::Kind::Int, value); }
eval::Value path(std::string value) { return eval::Value::of(eval::Value::Kind::Path, std::move(value)); }
eval::Value seconds(int64_t value) { return eval::Value::of(eval::Value::Kind::Duration, value * second_ns); }

/// An sshd, a target whose key and host key fit it, and the service `edge` at one host.
struct Fleet {
  Fleet() : real(nullptr), effects(real.all()), port(free_ports()) {
    for (const char* key : {"host_key", "user_key", "other_key"}) keygen(key);
    fs::copy_file(fs::path(directory.path) / "user_key.pub", fs::path(directory.path) / "authorized");
    fs::copy_file(AGENT_PROGRAM, directory.path + "/agent");
    directory.write("known_hosts", known_host("host_key"));
    directory.write("sshd_config",
                    fmt::format("Port {0}\nListenAddress 127.0.0.1\nHostKey {1}/host_key\nPidFile none\nUsePAM no\n"
                                "AuthorizedKeysFile {1}/authorized\nStrictModes no\nPasswordAuthentication no\n"
                                "KbdInteractiveAuthentication no\nPermitRootLogin prohibit-password\nMaxStartups 100\n",
                                port, directory.path));
    // What Debian's own start of the server does for root.
    if (geteuid() == 0) fs::create_directories("/run/sshd");
    server = std::make_unique<Server>(
        effects, std::vector<std::string>{"/usr/sbin/sshd", "-D", "-e", "-f", directory.path + "/sshd_config"},
        directory);
    plan.targets = {{"machines", "ssh",
                     {{"user", text(own_name())},
                      {"identity", path("user_key")},
                      {"known_hosts", path("known_hosts")},
                      {"agent", path(directory.path + "/agent")},
                      {"timeout", seconds(10)}}}};
    plan::Service edge;
    edge.name = "edge";
    edge.place = "ams-1";
    edge.bindings = {{"HostFleet", 0, {{"host", text("127.0.0.1")}, {"port", number(port)}}}};
    plan.services = {edge};
    REQUIRE(eventually(effects, 10 * second_ns, [&] {
      const Result<backend::ServiceState> state = world()->observe_service(0);
      return state && state->unreached.empty();
    }));
  }
  void keygen(const std::string& name) {
    const Result<effects::CommandEnd> made = effects.commands.run(
        {"ssh-keygen", {"-q", "-t", "ed25519", "-N", "", "-f", directory.path + "/" + name}, 10 * second_ns, 4096});
    REQUIRE(made);
    REQUIRE(made->code == 0);
  }
  std::string known_host(const std::string& key) const {
    return fmt::format("[127.0.0.1]:{} {}", port, directory.read(key + ".pub"));
  }
  static std::string own_name() {
    const passwd* entry = getpwuid(geteuid());
    REQUIRE(entry != nullptr);
    return entry->pw_name;
  }
  std::unique_ptr<backend::LiveWorld> world() {
    auto made = backend::LiveWorld::open(plan, directory.path, effects);
    REQUIRE(made);
    return std::move(*made);
  }
  plan::Action sets(plan::Variable variable, eval::Value value) const {
    plan::Action action;
    action.capability = "HostFleet";
    action.service = action.target = 0;
    action.text = "change edge[ams-1]";
    plan::Role role = variable == plan::Variable::Version ? plan::Role::Stable : plan::Role::All;
    action.sets = {{variable, role, std::move(value)}};
    return action;
  }
  plan::Action replace(const std::string& tag) const { return sets(plan::Variable::Version, image(tag)); }
  plan::Action drain(bool on) const { return sets(plan::Variable::Drained, eval::Value::boolean(on)); }
  exec::EffectKey key(int64_t generation) const { return {"r1", generation, 4, false, 1}; }
  Seen look(const plan::Action& action, int64_t generation = 1) {
    const Result<exec::Observation> seen = world()->observe(action, key(generation));
    INFO((seen ? "" : seen.error().message));
    REQUIRE(seen);
    return seen->seen;
  }
  OpError trouble(const plan::Action& action) {
    const Result<exec::Observation> seen = world()->observe(action, key(1));
    REQUIRE(!seen);
    return seen.error();
  }
  eval::Value& config(const std::string& name) {
    for (auto& [key, value] : plan.targets[0].config)
      if (key == name) return value;
    return plan.services[0].bindings[0].config[name == "host" ? 0 : 1].second;
  }

  TempDir directory;
  effects::RealEffects real;
  effects::Effects effects;
  int port;
  std::unique_ptr<Server> server;
  plan::Plan plan;
};

}  // namespace

TEST_CASE("a host is replaced, drained and taken over by ssh", "[ssh]") {
  Fleet fleet;
  CHECK(fleet.look(fleet.replace("edge:1")) == Seen::Absent);
  CHECK(fleet.world()->act(fleet.replace("edge:1"), fleet.key(1)));
  CHECK(fleet.look(fleet.replace("edge:1")) == Seen::Present);
  CHECK(fleet.look(fleet.replace("edge:2")) == Seen::Absent);
  Result<backend::ServiceState> state = fleet.world()->observe_service(0);
  REQUIRE(state);
  CHECK(state->stable_image == "edge:1");
  CHECK(state->generation == 1);
  CHECK(fleet.look(fleet.drain(false)) == Seen::Present);
  CHECK(fleet.world()->act(fleet.drain(true), fleet.key(1)));
  CHECK(fleet.look(fleet.drain(true)) == Seen::Present);
  CHECK(fleet.world()->observe_service(0)->state == eval::Value::boolean(true));
  CHECK(fleet.world()->act(fleet.sets(plan::Variable::Version, {}), fleet.key(2)));
  CHECK(fleet.look(fleet.sets(plan::Variable::Version, {})) == Seen::Present);
  CHECK(!fleet.world()->observe_service(0)->stable_image);
  // An earlier run may not act any more.
  const Status late = fleet.world()->act(fleet.replace("edge:1"), fleet.key(1));
  REQUIRE(!late);
  CHECK(late.error().refused);
  CHECK(late.error().message.find("a later run has taken over: generation 2 is here") != std::string::npos);
  CHECK(fleet.directory.read("calls").find("[replace][edge[ams-1]][edge:1][1][r1/g1/step4/a1]") != std::string::npos);
}

TEST_CASE("what an agent is at, and what has failed there, is seen", "[ssh]") {
  Fleet fleet;
  CHECK(fleet.world()->act(fleet.replace("slow"), fleet.key(1)));
  CHECK(fleet.look(fleet.replace("slow")) == Seen::Underway);
  CHECK(fleet.look(fleet.replace("slow")) == Seen::Present);
  CHECK(fleet.world()->act(fleet.replace("bad"), fleet.key(1)));
  const Result<exec::Observation> failed = fleet.world()->observe(fleet.replace("bad"), fleet.key(1));
  REQUIRE(failed);
  CHECK(failed->seen == Seen::Failed);
  CHECK(failed->detail == "the unit did not start");
  // Of another effect it is what runs that counts.
  CHECK(fleet.look(fleet.replace("bad"), 2) == Seen::Absent);
}

TEST_CASE("an agent may say that it does not have a version any more", "[ssh]") {
  Fleet fleet;
  auto why = [&](const std::string& image) { return fleet.world()->cannot_start({{0, image}}).at(0); };
  CHECK(why("edge:1") == "");
  CHECK(why("edge:lost") == "host 127.0.0.1 does not have it any more");
  // One that knows nothing of the question, or gives no answer, says nothing.
  fleet.directory.write("says", R"({"generation":0,"ready":true,"drained":false,"busy":false})");
  CHECK(why("edge:lost") == "");
  fleet.directory.write("says", R"({"generation":0,"ready":true,"drained":false,"busy":false,"has":"no"})");
  CHECK(why("edge:lost") == "");
  fleet.server.reset();
  CHECK(why("edge:lost") == "");
}

TEST_CASE("every argument reaches the agent as it is", "[ssh]") {
  Fleet fleet;
  const std::string nasty = "a'b \"c\" $(touch pwned) `touch pwned`; touch pwned & | > x \\ * ~ é";
  CHECK(fleet.world()->act(fleet.replace(nasty), fleet.key(1)));
  CHECK(fleet.directory.read("calls").find("[" + nasty + "]") != std::string::npos);
  CHECK(!fs::exists(fleet.directory.path + "/pwned"));
  const Status refused = fleet.world()->act(fleet.replace("two\nlines"), fleet.key(1));
  REQUIRE(!refused);
  CHECK(refused.error().settled);
  CHECK(refused.error().message == "an argument for 127.0.0.1 is no line of at most 1024 bytes");
}

TEST_CASE("hosts that cannot be reached, or are not who they say, say so", "[ssh]") {
  Fleet fleet;
  SECTION("nobody listens") {
    fleet.config("port") = number(free_ports());
    const OpError error = fleet.trouble(fleet.replace("edge:1"));
    CHECK(error.message.find("cannot be reached by ssh: ssh: connect to host 127.0.0.1 port") != std::string::npos);
    CHECK(error.retryable);
    CHECK_FALSE(error.settled);
  }
  SECTION("another host key") {
    fleet.directory.write("known_hosts", fleet.known_host("other_key"));
    const OpError error = fleet.trouble(fleet.replace("edge:1"));
    CHECK(error.message.find("Host key verification failed.; look at `identity` and `known_hosts`") !=
          std::string::npos);
    CHECK(error.settled);
  }
  SECTION("an unknown host is not trusted") {
    fleet.directory.write("known_hosts", "");
    CHECK(fleet.trouble(fleet.replace("edge:1")).settled);
    CHECK(fleet.directory.read("known_hosts").empty());
  }
  SECTION("a key that the host does not know") {
    fleet.config("identity") = path("other_key");
    const OpError error = fleet.trouble(fleet.replace("edge:1"));
    CHECK(error.message.find("Permission denied (publickey)") != std::string::npos);
    CHECK(error.settled);
  }
  SECTION("no agent there") {
    fleet.config("agent") = path("/nowhere/agent");
    CHECK(fleet.trouble(fleet.replace("edge:1")).message.find("ended with code 127 at `state`") != std::string::npos);
  }
  SECTION("a name that would be an option") {
    fleet.config("host") = text("-oProxyCommand=touch pwned");
    CHECK(fleet.trouble(fleet.replace("edge:1")).message ==
          "`-oProxyCommand=touch pwned` is no name of a host for ssh");
  }
  CHECK(!fs::exists(fleet.directory.path + "/pwned"));
}

TEST_CASE("a host that gives no answer is out of reach when it is looked at for a plan", "[ssh]") {
  Fleet fleet;
  const auto unreached = [&] {
    const Result<backend::ServiceState> state = fleet.world()->observe_service(0);
    REQUIRE(state);
    CHECK(!state->stable_image);
    return state->unreached;
  };
  CHECK(unreached().empty());
  fleet.config("agent") = path("/nowhere/agent");
  CHECK(unreached().find("ended with code 127 at `state`") != std::string::npos);
  fleet.directory.write("known_hosts", "");
  CHECK(unreached().find("Host key verification failed") != std::string::npos);
  fleet.config("port") = number(free_ports());
  CHECK(unreached().find("cannot be reached by ssh: ssh: connect to host 127.0.0.1 port") != std::string::npos);
  // What the file says wrongly is no host that is down.
  fleet.config("host") = text("-oProxyCommand=touch pwned");
  const Result<backend::ServiceState> wrong = fleet.world()->observe_service(0);
  REQUIRE(!wrong);
  CHECK(wrong.error().message == "`-oProxyCommand=touch pwned` is no name of a host for ssh");
}

TEST_CASE("an answer that is not what an agent says is none", "[ssh]") {
  Fleet fleet;
  const std::string good = R"({"generation":1,"version":"edge:1","ready":true,"drained":false,"busy":false})";
  fleet.directory.write("says", good);
  CHECK(fleet.look(fleet.replace("edge:1")) == Seen::Present);
  const auto without = [&](const std::string& part, const std::string& instead) {
    std::string text = good;
    REQUIRE(text.find(part) != std::string::npos);
    return text.replace(text.find(part), part.size(), instead);
  };
  struct Row {
    std::string says, why;
  };
  const std::string none = "answered no JSON object";
  const Row rows[] = {
      {"", none},
      {"null", none},
      {"[]", none},
      {"{", none},
      {good.substr(0, good.size() - 1), none},
      {good + good, none},
      {std::string(70'000, '['), none},
      {"{\"a\":" + std::string(5000, '{'), none},
      {"{\"detail\":\"" + std::string(backend::max_answer_bytes, 'x') + "\"," + good.substr(1), none},
      {"\xff\xfe", none},
      {"{}", "with no `generation`"},
      {without("\"edge:1\"", "5"), "with a `version` of the wrong kind"},
      {without("\"edge:1\"", "[\"edge:1\"]"), "with a `version` of the wrong kind"},
      {without("\"ready\":true", "\"ready\":\"true\""), "with a `ready` of the wrong kind"},
      {without("\"ready\":true,", ""), "with no `ready`"},
      {without("\"drained\":false", "\"drained\":0"), "with a `drained` of the wrong kind"},
      {without("\"busy\":false", "\"busy\":null"), "with no `busy`"},
      {without(":1,", ":-1,"), "with a `generation` below zero"},
      {without(":1,", ":1.5,"), "with a `generation` of the wrong kind"},
      {without(":1,", ":99999999999999999999,"), none},
      {without(":1,", ":9999999999999999999,"), "with a `generation` of the wrong kind"},
      {without("{", "{\"version\":\"edge:9\","), "with a field twice"},
      {without("{", "{\"failed\":true,"), "with a `failed` of the wrong kind"},
      {without("{", "{\"effect\":{},"), "with a `effect` of the wrong kind"}};
  for (const Row& row : rows) {
    CAPTURE(row.says.substr(0, 100));
    fleet.directory.write("says", row.says);
    const OpError error = fleet.trouble(fleet.replace("edge:1"));
    CHECK(error.message.find(row.why) != std::string::npos);
    CHECK(error.message.size() < 600);
    CHECK(fleet.world()->observe_service(0)->unreached == error.message);
  }
}

TEST_CASE("an agent that hangs or says nothing is no answer", "[ssh]") {
  Fleet fleet;
  fleet.config("timeout") = seconds(1);
  fleet.plan.services[0].place.clear();
  fleet.plan.services[0].name = "hangs";
  const int64_t before_ns = fleet.effects.clock.monotonic_ns();
  CHECK(fleet.trouble(fleet.replace("edge:1")).message.find("ssh had not ended within 1000ms and was killed") !=
        std::string::npos);
  CHECK(fleet.effects.clock.monotonic_ns() - before_ns < 5 * second_ns);
  fleet.plan.services[0].name = "floods";
  CHECK(fleet.trouble(fleet.replace("edge:1")).message.find("was killed") != std::string::npos);
  CHECK(fleet.effects.clock.monotonic_ns() - before_ns < 10 * second_ns);
  fleet.config("timeout") = seconds(10);
  fleet.plan.services[0].name = "mute";
  CHECK(fleet.trouble(fleet.replace("edge:1")).message.find("answered no JSON object to `state`") != std::string::npos);
}

TEST_CASE("twenty slow hosts take the time of one, and one that hangs holds up no longer than itself", "[ssh]") {
  constexpr size_t hosts = 20;
  Fleet fleet;
  for (size_t i = 1; i <= hosts; ++i) {
    fleet.plan.services.push_back(fleet.plan.services[0]);
    fleet.plan.services[i].name = i == 7 ? "hangs" : fmt::format("naps-{}", i);
    fleet.plan.services[i].place = "";
  }
  auto world = fleet.world();
  std::vector<plan::Action> actions(hosts, fleet.drain(false));
  std::vector<exec::Errand> errands;
  for (size_t i = 0; i < hosts; ++i) {
    actions[i].service = uint32_t(i + 1);
    errands.push_back({actions[i], fleet.key(1)});
  }
  REQUIRE(world->at_once() >= hosts);
  const int64_t began_ns = fleet.effects.clock.monotonic_ns();
  int64_t meanwhile_ns = 0;
  const auto seen = world->observe_all(
      errands, [&] { meanwhile_ns = fleet.effects.clock.monotonic_ns() - began_ns; });
  const int64_t took_ns = fleet.effects.clock.monotonic_ns() - began_ns;
  REQUIRE(seen.size() == hosts);
  for (size_t i = 0; i < hosts; ++i) {
    INFO(i << ": " << (seen[i] ? seen[i]->detail : seen[i].error().message));
    CHECK(bool(seen[i]) == (i + 1 != 7));
  }
  // One after the other they take a minute.
  CHECK(took_ns >= 3 * second_ns);
  CHECK(meanwhile_ns > 0);
  CHECK(meanwhile_ns < 3 * second_ns);  // while all of them were waited for
  CHECK(took_ns < 20 * second_ns);
  // The same for what changes something, and each did it once.
  const std::vector<Status> acted = world->act_all(errands);
  CHECK(std::count_if(acted.begin(), acted.end(), [](const Status& one) { return bool(one); }) == hosts - 1);
  const std::string calls = fleet.directory.read("calls");
  for (size_t i = 1; i <= hosts; ++i) {
    if (i == 7) continue;  // the agent that hangs writes nothing down
    const std::string call = fmt::format("[undrain][naps-{}]", i);
    const size_t first = calls.find(call);
    CHECK(first != std::string::npos);
    CHECK(calls.find(call, first + 1) == std::string::npos);
  }
}

}  // namespace rollout::test
