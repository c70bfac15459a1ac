#include <cerrno>
#include <cstring>
#include <filesystem>

#include "runtime/cli/cli.h"
#include "runtime/effects/bug_report.h"
#include "runtime/effects/signals.h"
#include "runtime/effects/size_limit.h"

namespace rollout::cli {

namespace {

/// The effects of this machine, made when the first command asks for them.
struct Lazy {
  std::unique_ptr<effects::Signals> signals;
  std::unique_ptr<effects::RealEffects> real;

  effects::Effects get() {
    if (!real) {
      signals = std::make_unique<effects::Signals>();
      real = std::make_unique<effects::RealEffects>(signals.get());
    }
    return real->all();
  }
};

}  // namespace

int run_process(const std::vector<std::string>& args) {
  effects::outlive_size_limit();
  Lazy lazy;
  Env env;
  int lost = 0;
  env.out = [&lost](std::string_view text) {
    if (!effects::write_output(text) && lost == 0) lost = errno;
  };
  // A reader that has enough (`rollout status | head`) is no failure.
  env.output_error = [&lost] { return lost == 0 || lost == EPIPE ? "" : std::string(std::strerror(lost)); };
  env.err = [](std::string_view text) { effects::write_errors(text); };
  env.read_line = effects::read_input_line;
  env.variable = effects::environment;
  std::error_code failed;
  env.directory = std::filesystem::current_path(failed).string();
  env.terminals = effects::look_at_terminals();
  env.screen = effects::look_at_screen;
  env.effects = [&lazy] { return lazy.get(); };
  env.interrupts = [&lazy] { return lazy.signals ? lazy.signals->interrupts() : 0; };
  env.interrupt_code = [&lazy] { return lazy.signals ? lazy.signals->exit_code() : 0; };
  if (failed) {
    env.err("rollout: the working directory cannot be read: " + failed.message() + "\n");
    return 6;
  }
  effects::report_bugs(env.directory, ROLLOUT_VERSION, args);
  return run(env, args);
}

}  // namespace rollout::cli
