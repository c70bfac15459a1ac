// Effects: all ways to the outside world in one value, handed to whoever needs some of them.
// References only; the owner is RealEffects, or a test.
#pragma once

#include <memory>

#include "runtime/effects/clock.h"
#include "runtime/effects/command.h"
#include "runtime/effects/files.h"
#include "runtime/effects/http.h"
#include "runtime/effects/ports.h"
#include "runtime/effects/process.h"
#include "runtime/effects/sql.h"
#include "runtime/effects/unix_socket.h"

namespace rollout::effects {

class Turns;

struct Effects {
  Clock& clock;
  Http& http;
  Files& files;
  Processes& processes;
  UnixSocket& unix_socket;
  Ports& ports;
  Sql& sql;
  Commands& commands;
  Turns* turns = nullptr;  ///< of those who wait in them; null: the caller is alone
};

/// The effects of this machine.
struct RealEffects {
  explicit RealEffects(const Signals* signals)
      : clock(real_clock(signals)),
        http(curl_http()),
        files(posix_files()),
        processes(posix_processes()),
        unix_socket(posix_unix_socket()),
        ports(posix_ports()),
        sql(libpq_sql()),
        commands(posix_commands()) {}

  Effects all() const { return {*clock, *http, *files, *processes, *unix_socket, *ports, *sql, *commands}; }

  std::unique_ptr<Clock> clock;
  std::unique_ptr<Http> http;
  std::unique_ptr<Files> files;
  std::unique_ptr<Processes> processes;
  std::unique_ptr<UnixSocket> unix_socket;
  std::unique_ptr<Ports> ports;
  std::unique_ptr<Sql> sql;
  std::unique_ptr<Commands> commands;
};

}  // namespace rollout::effects
