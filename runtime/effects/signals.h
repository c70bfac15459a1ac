// Signals: how people stop the program. One request (SIGINT, SIGTERM, or SIGHUP of a terminal that closes) is
// counted and wakes a sleeping clock, so that the run ends in order; a second one, other than SIGHUP, ends the
// process at once, which is safe because every effect has a durable intent. SIGPIPE is ignored: a closed peer is
// an error of the call, not the end of the program. At most one object of this class exists at a time.
#pragma once

namespace rollout::effects {

class Signals {
 public:
  Signals();
  ~Signals();
  Signals(const Signals&) = delete;
  Signals& operator=(const Signals&) = delete;

  /// Requests to stop since the object was made.
  int interrupts() const;
  /// 128 + number of the first signal received (129, 130, 143); 0 before any.
  int exit_code() const;
  /// Readable while a request has not been taken by `take`.
  int fd() const;
  /// Takes the pending wake-ups; true when there was one.
  bool take() const;
};

}  // namespace rollout::effects
