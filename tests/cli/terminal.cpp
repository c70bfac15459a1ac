#include "tests/cli/terminal.h"

#include <cstdlib>
#include <fstream>

#include <catch2/catch.hpp>

#include "compiler/compile.h"
#include "compiler/plan/plan_json.h"
#include "compiler/plan/planner.h"

namespace rollout::cli_test {

namespace {

namespace fs = std::filesystem;

struct TestClock : effects::Clock {
  explicit TestClock(Terminal& of) : terminal(of), now_ns(of.clock_ns) {}
  int64_t monotonic_ns() const override { return now_ns; }
  int64_t wall_ns() const override { return now_ns; }
  effects::Woke sleep_until(int64_t until_ns) override {
    ++terminal.sleeps;
    terminal.while_asleep();
    if (terminal.interrupts > 0) return effects::Woke::Signal;
    terminal.slept_ns += std::max<int64_t>(0, until_ns - now_ns);
    now_ns = std::max(now_ns, until_ns);
    return effects::Woke::Time;
  }
  Terminal& terminal;
  int64_t now_ns;
};

}  // namespace

Terminal::Terminal(const std::string& text) : text_(text) {
  std::string pattern = (fs::temp_directory_path() / "rollout-cli-XXXXXX").string();
  directory_ = mkdtemp(pattern.data());
  fs::create_directories(directory_ / "state");
  std::ofstream(directory_ / "release.rollout") << text;
  auto store = journal::SqliteStore::open((directory_ / "state/rollout.db").string());
  REQUIRE(store);
  store_ = std::move(*store);
}

Terminal::~Terminal() { fs::remove_all(directory_); }

int Terminal::type(const std::vector<std::string>& words) {
  said.clear();
  effects::RealEffects real(nullptr);
  TestClock clock(*this);
  cli::Env env;
  env.out = env.err = [this](std::string_view text) { said += text; };
  env.read_line = [this] { return asked ? std::optional(asked()) : std::nullopt; };
  env.variable = [this](std::string_view name) -> std::optional<std::string> {
    if (name == "TERM") return term;
    if (name == "NO_COLOR") return "1";
    return std::nullopt;
  };
  env.screen = [this] { return screen; };
  env.directory = directory_.string();
  env.effects = [&] {
    effects::Effects all = real.all();
    return effects::Effects{clock, all.http, all.files, all.processes, all.unix_socket, all.ports, all.sql,
                            all.commands};
  };
  env.interrupts = [this] { return interrupts; };
  env.terminals.output = on_screen || asked;
  env.terminals.input = bool(asked);
  env.output_error = [this] { return output_error; };
  env.interrupt_code = [this] { return interrupts > 0 ? 130 : 0; };
  return cli::run(env, words);
}

std::string Terminal::begin(const std::string& rollout, const std::string& environment) {
  auto compilation = compile("release.rollout", [&](const std::string&) -> Result<std::string> { return text_; });
  plan::Request request;
  request.rollout = rollout;
  request.environment = environment;
  request.snapshot.offline = false;
  auto plan = plan::make_plan(*compilation->program, request, compilation->sources, compilation->diagnostics);
  REQUIRE(plan);
  std::string bytes = plan::to_json(*plan);
  journal::NewRun run{rollout, bytes, plan::hash_of(bytes), {}, "somebody", 1};
  for (const plan::Service& service : plan->services) run.services.push_back(plan::identity_of(*plan, service));
  auto made = store_->create(run);
  REQUIRE(made);
  return made->run;
}

effects::ServiceLock Terminal::lock(const std::string& service) {
  auto lock = effects::ServiceLock::take((directory_ / "state/locks").string(), service, "them@there, process 1");
  REQUIRE(lock);
  return std::move(*lock);
}

bool says(const Terminal& terminal, std::string_view text) {
  INFO(terminal.said);
  bool said = terminal.said.find(text) != std::string::npos;
  CHECK(said);
  return said;
}

}  // namespace rollout::cli_test
