// Sql: sessions with a PostgreSQL server, each one connection. For backends that change databases. Nothing here blocks
// longer than it is told to; what a session has not committed when it ends, the server takes back.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "compiler/base/result.h"

namespace rollout::effects {

inline constexpr size_t max_sql_rows = 10'000;

/// Where a session leads. But for this machine itself the server must speak TLS and, unless `sslmode` says otherwise,
/// prove its name, by an authority of this machine's (/etc/ssl/certs/ca-certificates.crt) or of the file that
/// `sslrootcert` or PGSSLROOTCERT names.
struct SqlServer {
  std::string host;  ///< a name, an address, or the directory of a unix socket
  int port = 5432;
  std::string database;
  std::string user;
  std::string password;  ///< empty: none is given, and libpq looks for one (PGPASSFILE, PGSERVICE, PGPASSWORD)
  std::string sslmode = {};  ///< as of libpq; empty: `verify-full`, and `prefer` on this machine
  std::string sslrootcert = {};  ///< file of the authorities; empty: as above
  std::string sslcert = {}, sslkey = {};  ///< files by which we prove our own name; empty: as libpq finds them
};

using SqlRow = std::vector<std::optional<std::string>>;  ///< NULL: nothing

class SqlSession {
 public:
  virtual ~SqlSession() = default;
  /// One statement with `$1` and so on; an error is what the server said, or that it did not answer in time.
  virtual Result<std::vector<SqlRow>> run(const std::string& statement, const std::vector<std::string>& parameters,
                                          int64_t within_ns) = 0;
  /// Sends a script of any number of statements and returns at once.
  virtual Status start(const std::string& script) = 0;
  /// Whether the script that was started has ended; an error is what stopped it. Does not wait.
  virtual Result<bool> has_ended() = 0;
  /// Asks the server to stop the script, and closes the connection.
  virtual void cancel() = 0;
  /// Readable when the server may have said something by itself; negative: it never will.
  virtual int socket() const { return -1; }
  /// Whether it has notified this session (LISTEN) since this was asked last; an error: the connection was lost.
  virtual Result<bool> was_notified() { return false; }
};

class Sql {
 public:
  virtual ~Sql() = default;
  virtual Result<std::unique_ptr<SqlSession>> connect(const SqlServer& server, int64_t within_ns) = 0;
};

/// By libpq, which is loaded when it is first needed.
std::unique_ptr<Sql> libpq_sql();

}  // namespace rollout::effects
