#include "runtime/effects/signals.h"

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <cerrno>

#include "compiler/base/check.h"

namespace rollout::effects {
namespace {

// A signal handler reaches nothing but globals; these are the only ones of the runtime.
volatile sig_atomic_t interrupt_count = 0;
volatile sig_atomic_t first_signal = 0;
volatile sig_atomic_t wake_write_fd = -1;
int wake_read_fd = -1;
struct sigaction old_hup, old_int, old_term, old_pipe;

void on_signal(int number) {
  const int saved = errno;
  if (interrupt_count > 0) {
    // A terminal that closes says so more than once: the kernel does, and the shell.
    if (number == SIGHUP) return;
    static const char text[] =
        "\nstopped at once; the journal is complete, the run can be resumed\n";
    [[maybe_unused]] ssize_t ignored = write(STDERR_FILENO, text, sizeof text - 1);
    _exit(128 + number);
  }
  interrupt_count = 1;
  first_signal = number;
  const char byte = 1;
  [[maybe_unused]] ssize_t ignored = write(wake_write_fd, &byte, 1);
  errno = saved;
}

}  // namespace

Signals::Signals() {
  ROLLOUT_CHECK(wake_read_fd < 0, "signals are handled in one place");
  int ends[2];
  ROLLOUT_CHECK(pipe2(ends, O_CLOEXEC | O_NONBLOCK) == 0,
                "two file descriptors are to be had at start");
  wake_read_fd = ends[0];
  wake_write_fd = ends[1];
  interrupt_count = 0;
  first_signal = 0;
  struct sigaction action {};
  action.sa_handler = on_signal;
  action.sa_flags = SA_RESTART;
  sigemptyset(&action.sa_mask);
  sigaction(SIGINT, &action, &old_int);
  // `nohup` has asked to live on without a terminal.
  sigaction(SIGHUP, nullptr, &old_hup);
  if (old_hup.sa_handler != SIG_IGN) sigaction(SIGHUP, &action, nullptr);
  sigaction(SIGTERM, &action, &old_term);
  struct sigaction ignore {};
  ignore.sa_handler = SIG_IGN;
  sigaction(SIGPIPE, &ignore, &old_pipe);
}

Signals::~Signals() {
  sigaction(SIGINT, &old_int, nullptr);
  sigaction(SIGHUP, &old_hup, nullptr);
  sigaction(SIGTERM, &old_term, nullptr);
  sigaction(SIGPIPE, &old_pipe, nullptr);
  close(wake_read_fd);
  close(wake_write_fd);
  wake_read_fd = -1;
  wake_write_fd = -1;
}

int Signals::interrupts() const {
  return interrupt_count;
}

int Signals::exit_code() const {
  return first_signal == 0 ? 0 : 128 + first_signal;
}

int Signals::fd() const {
  return wake_read_fd;
}

bool Signals::take() const {
  char bytes[16];
  bool any = false;
  while (read(wake_read_fd, bytes, sizeof bytes) > 0) any = true;
  return any;
}

}  // namespace rollout::effects
