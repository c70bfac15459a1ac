// flag_log FOLDER: the log of a folder of flag files, as whoever serves the flags would keep it: a line for each time
// that a file was replaced, with its name. Until SIGTERM. The kernel makes one event of two that are alike and follow
// each other; so where files come from is watched, too, and no two are alike.
#include <sys/inotify.h>
#include <unistd.h>

#include <cstdio>
#include <cstring>

int main(int argc, char** argv) {
  int events = inotify_init1(IN_CLOEXEC);
  if (argc != 2 || events < 0 || inotify_add_watch(events, argv[1], IN_MOVED_FROM | IN_MOVED_TO | IN_ONLYDIR) < 0) {
    std::perror("flag_log");
    return 1;
  }
  std::setvbuf(stdout, nullptr, _IOLBF, BUFSIZ);
  std::puts("watching");
  alignas(inotify_event) char buffer[1 << 16];
  for (ssize_t got = 0; (got = read(events, buffer, sizeof buffer)) > 0;)
    for (ssize_t at = 0; at < got;) {
      inotify_event event{};
      std::memcpy(&event, buffer + at, sizeof event);
      if (event.mask & IN_Q_OVERFLOW) std::puts("overflow");
      else if (event.mask & IN_MOVED_TO) std::printf("%s\n", buffer + at + sizeof event);
      at += ssize_t(sizeof event + event.len);
    }
  return 1;
}
