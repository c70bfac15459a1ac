#include <execinfo.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>

#include "compiler/base/check.h"
#include "runtime/effects/bug_report.h"

namespace rollout::effects {
namespace {

constexpr size_t max_files = 64, max_path = 1024, max_head = 16 << 10, max_text = 1 << 20, max_work = 64;
constexpr int max_frames = 64;
constexpr unsigned max_seconds = 2;

// A signal handler reaches nothing but globals, and must not ask for memory: a crash may have broken the heap.
char head[max_head];  // version, system and command line
size_t head_size = 0;
char file_names[2][max_path];  // where the report goes, the better one first
char paths[max_files][max_path];
size_t path_count = 0;
char note_name[max_path];  // empty: nobody wants to know
thread_local char work[max_work];
char work_alone[max_work];
alignas(16) char signal_stack[64 << 10];  // the usual one may be what ran over

void put(int fd, std::string_view text) {
  while (!text.empty()) {
    ssize_t done = write(fd, text.data(), text.size());
    if (done <= 0) return;
    text.remove_prefix(size_t(done));
  }
}

void put_file(int fd, const char* path) {
  put(fd, "\n== ");
  put(fd, path);
  put(fd, "\n");
  int file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (file < 0) return put(fd, "(cannot be read any more)\n");
  char text[4096];
  size_t total = 0;
  for (ssize_t got; total < max_text && (got = read(file, text, sizeof text)) > 0; total += size_t(got))
    put(fd, {text, size_t(got)});
  close(file);
}

/// A signal that somebody sends may meet any thread.
std::string_view work_now() { return work[0] != '\0' ? work : work_alone; }

void write_note() {
  int fd = note_name[0] == '\0' || work_now().empty()
               ? -1
               : open(note_name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (fd < 0) return;
  put(fd, work_now());
  close(fd);
}

/// The name of the file that was written; null: there is none.
const char* write_report(std::string_view what) {
  for (const char* name : file_names) {
    int fd = open(name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0) continue;
    put(fd, {head, head_size});
    put(fd, what);
    if (!work_now().empty()) put(fd, "\n== met while it worked on\n"), put(fd, work_now());
    put(fd, "\n== stack\n");
    void* frames[max_frames];
    backtrace_symbols_fd(frames, backtrace(frames, max_frames), fd);
    for (size_t i = 0; i < path_count; ++i) put_file(fd, paths[i]);
    close(fd);
    return name;
  }
  return nullptr;
}

[[noreturn]] void end_with_report(std::string_view what) {
  alarm(max_seconds);  // where even this hangs
  write_note();
  put(STDERR_FILENO, "rollout: this is a bug in rollout, not in your files: ");
  put(STDERR_FILENO, what);
  if (const char* name = write_report(what)) {
    put(STDERR_FILENO, "  report it with ");
    put(STDERR_FILENO, name);
    put(STDERR_FILENO, "; look through it first: it holds the command line and the .rollout files that were read\n");
  } else {
    put(STDERR_FILENO, "  report it with the command line and the .rollout files that led here\n");
  }
  put(STDERR_FILENO, "  a run that was under way has kept its state: `rollout status` says how it stands\n");
  _exit(bug_exit_code);
}

void on_crash(int number) {
  signal(number, SIG_DFL);  // another one ends the process as the system does
  switch (number) {
    case SIGSEGV: end_with_report("it reached for memory that is not there (SIGSEGV)\n");
    case SIGBUS: end_with_report("it reached for memory that is not there (SIGBUS)\n");
    case SIGFPE: end_with_report("it computed what has no result (SIGFPE)\n");
    case SIGILL: end_with_report("it ran into an instruction that this machine does not know (SIGILL)\n");
    default: end_with_report("it gave up (SIGABRT)\n");
  }
}

/// `--set image=…`: the names of inputs, not what they are set to.
std::string without_value(const std::vector<std::string>& args, size_t i) {
  size_t equals = args[i].find('=', args[i].starts_with("--set=") ? 6 : 0);
  bool set = args[i].starts_with("--set=") || (i > 0 && args[i - 1] == "--set");
  return set && equals != std::string::npos ? args[i].substr(0, equals) + "=(left out)" : args[i];
}

template <size_t N>
void keep(char (&place)[N], std::string_view text) {
  size_t size = std::min(text.size(), N - 1);
  std::memcpy(place, text.data(), size);
  place[size] = '\0';
}

}  // namespace

void report_bugs(const std::string& directory, std::string_view version, const std::vector<std::string>& args) {
  utsname system{};
  uname(&system);
  std::string text = "rollout ";
  text.append(version).append(", ").append(system.sysname).append(" ").append(system.release).append(" ");
  text.append(system.machine).append("\n== command line\nrollout");
  for (size_t i = 0; i < args.size(); ++i) text.append(" ").append(without_value(args, i));
  text += "\n== what went wrong\n";
  head_size = std::min(text.size(), max_head);
  std::memcpy(head, text.data(), head_size);
  std::string name = "/rollout-bug-" + std::to_string(getpid()) + ".txt";
  keep(file_names[0], directory + name);
  keep(file_names[1], "/tmp" + name);
  on_bug(end_with_report);
  stack_t stack{};
  stack.ss_sp = signal_stack;
  stack.ss_size = sizeof signal_stack;
  sigaltstack(&stack, nullptr);
  struct sigaction action {};
  action.sa_handler = on_crash;
  action.sa_flags = SA_ONSTACK | SA_NODEFER;
  sigemptyset(&action.sa_mask);
  for (int number : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT}) sigaction(number, &action, nullptr);
}

void work_on(std::string_view what) { keep(work, what); }
void work_on_alone(std::string_view what) { keep(work_alone, what); }
void note_bugs_in(const std::string& path) { keep(note_name, path + std::to_string(getpid())); }

void add_to_bug_reports(std::string_view path) {
  if (path_count < max_files) keep(paths[path_count++], path);
}

}  // namespace rollout::effects
