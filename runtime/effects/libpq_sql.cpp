#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>

#include <fmt/format.h>

#include "runtime/effects/libpq_api.h"
#include "runtime/effects/loopback.h"
#include "runtime/effects/peer_certificate.h"
#include "runtime/effects/sql.h"

namespace rollout::effects {
namespace {

constexpr int cancel_text_bytes = 256;
constexpr int64_t cancel_ns = 2'000'000'000;  // to ask for the end of a statement: then the connection is closed anyway
constexpr timespec cancel_look{0, 5'000'000};
constexpr size_t max_error_bytes = 2000;
constexpr size_t max_answer_bytes = size_t{320} << 20;  // the largest plan is one column of a row
constexpr const char* system_authorities = "/etc/ssl/certs/ca-certificates.crt";
constexpr const char* no_authorities = "/nonexistent";  // libpq then verifies nothing

int64_t monotonic_ns() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return int64_t(now.tv_sec) * 1'000'000'000 + now.tv_nsec;
}

/// Whether the socket was ready before `deadline_ns`.
bool wait_for(int socket, short events, int64_t deadline_ns) {
  const int64_t left_ms = std::max<int64_t>(0, (deadline_ns - monotonic_ns()) / 1'000'000);
  pollfd one{socket, events, 0};
  const int ready = poll(&one, 1, int(std::min<int64_t>(left_ms, 60'000)));
  // A signal asks the program to stop in order: what was asked of the server is waited for.
  if (ready < 0 && errno == EINTR) return wait_for(socket, events, deadline_ns);
  return ready > 0;
}

/// libpq waits until the server has taken a cancellation, for as long as that likes: a child does so, and has an end.
void cancel_in_time(const LibpqApi& api, PGcancel* request) {
  const pid_t child = fork();
  if (child == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);  // it has our files open, and with them our locks
    char text[cancel_text_bytes];
    _exit(api.cancel(request, text, sizeof text) ? 0 : 1);
  }
  if (child < 0) return;
  for (const int64_t end_ns = monotonic_ns() + cancel_ns; monotonic_ns() < end_ns; nanosleep(&cancel_look, nullptr))
    if (waitpid(child, nullptr, WNOHANG) == child) return;
  kill(child, SIGKILL);
  while (waitpid(child, nullptr, 0) < 0 && errno == EINTR) {}
}

/// One line, without the `ERROR:` in front and the new line at the end, and no longer than anybody reads.
std::string one_line(std::string_view text) {
  std::string out;
  for (const char c : text.substr(0, max_error_bytes)) out += c == '\n' || c == '\t' ? ' ' : c;
  while (out.ends_with(' ')) out.pop_back();
  return out.starts_with("ERROR:  ") ? out.substr(8) : out;
}

/// Whether the same statement may succeed later without anybody changing it (PostgreSQL, appendix A): the connection,
/// a conflict of transactions, resources, an operator's stop, a server that has become a standby, or its disk.
bool may_pass_later(std::string_view sqlstate) {
  for (std::string_view group : {"08", "40", "53", "57P", "58", "25006"})
    if (sqlstate.substr(0, group.size()) == group) return true;
  return false;
}

class LibpqSession : public SqlSession {
 public:
  LibpqSession(const LibpqApi& api, PGconn* connection, std::string where)
      : api_(api), connection_(connection), where_(std::move(where)) {
    // Notices are for a person at a terminal; libpq would print them there.
    if (connection_) api_.set_notice_processor(connection_, [](void*, const char*) {}, nullptr);
  }
  ~LibpqSession() override {
    if (connection_) api_.finish(connection_);
  }
  LibpqSession(const LibpqSession&) = delete;
  LibpqSession& operator=(const LibpqSession&) = delete;

  Status open(int64_t deadline_ns) {
    for (PostgresPollingStatusType next = PGRES_POLLING_WRITING; connection_;) {
      if (api_.status(connection_) == CONNECTION_BAD || next == PGRES_POLLING_FAILED) return lost("cannot connect to");
      if (next == PGRES_POLLING_OK) return Done{};
      const short events = next == PGRES_POLLING_READING ? POLLIN : POLLOUT;
      if (!wait_for(api_.socket(connection_), events, deadline_ns))
        return OpError{fmt::format("cannot connect to {}: it does not answer", where_), true};
      next = api_.connect_poll(connection_);
    }
    return OpError{"cannot connect: there is no memory", true};
  }

  Result<std::vector<SqlRow>> run(const std::string& statement, const std::vector<std::string>& parameters,
                                  int64_t within_ns) override {
    std::vector<const char*> values;
    for (const std::string& parameter : parameters) values.push_back(parameter.c_str());
    const int sent = api_.send_query_params(connection_, statement.c_str(), int(values.size()), nullptr, values.data(),
                                            nullptr, nullptr, 0);
    if (!sent) return lost("cannot ask");
    // Row by row, so that an answer without end is noticed before it fills the memory.
    api_.set_single_row_mode(connection_);
    const int64_t deadline_ns = monotonic_ns() + within_ns;
    while (true) {
      Result<bool> ended = has_ended();
      if (!ended) return ended.error();
      if (*ended) return std::move(rows_);
      const OpError late{fmt::format("{} did not answer in time", where_), true};
      // Who talks on without end may not take a cancellation either, and libpq waits until it is taken.
      if (monotonic_ns() >= deadline_ns) return close(), late;
      if (!wait_for(api_.socket(connection_), POLLIN, deadline_ns)) return cancel(), late;
    }
  }

  Status start(const std::string& script) override {
    if (!api_.send_query(connection_, script.c_str())) return lost("cannot ask");
    api_.set_single_row_mode(connection_);
    return Done{};
  }

  Result<bool> has_ended() override {
    if (!connection_) return lost("was asked after its end:");
    if (!api_.consume_input(connection_)) return lost("the connection was lost to");
    while (!api_.is_busy(connection_)) {
      PGresult* result = api_.get_result(connection_);
      if (!result) {
        if (failed_.empty()) return true;
        OpError error = settled_error(std::exchange(failed_, {}));
        error.retryable = may_pass_later(sqlstate_);
        error.settled = !error.retryable;
        return error;
      }
      read(result);
      api_.clear(result);
      if (copies_) {
        cancel();
        return settled_error("it copies from or to the client, which nobody is here");
      }
      if (rows_.size() > max_sql_rows || bytes_ > max_answer_bytes) {
        close();
        return settled_error(fmt::format(
            "{} answers with more than {} rows or {} bytes, and no statement asks for so much", where_, max_sql_rows,
            max_answer_bytes));
      }
    }
    return false;
  }

  void cancel() override {
    if (!connection_) return;
    if (PGcancel* request = api_.get_cancel(connection_)) {
      cancel_in_time(api_, request);
      api_.free_cancel(request);
    }
    close();
  }

  int socket() const override { return connection_ ? api_.socket(connection_) : -1; }

  Result<bool> was_notified() override {
    if (!connection_ || !api_.consume_input(connection_)) return lost("the connection was lost to");
    bool any = false;
    while (PGnotify* notice = api_.notifies(connection_)) {
      api_.free_memory(notice);
      any = true;
    }
    return any;
  }

 private:
  void close() {
    api_.finish(connection_);
    connection_ = nullptr;
  }

  OpError lost(std::string_view what) const {
    const std::string why = connection_ ? one_line(api_.error_message(connection_)) : "it is closed";
    return OpError{fmt::format("{} {}: {}", what, where_, why), true};
  }

  void read(PGresult* result) {
    const ExecStatusType status = api_.result_status(result);
    copies_ = status == PGRES_COPY_IN || status == PGRES_COPY_OUT || status == PGRES_COPY_BOTH;
    if (status == PGRES_FATAL_ERROR || status == PGRES_BAD_RESPONSE) {
      failed_ = one_line(api_.result_error_message(result));
      const char* state = api_.result_error_field(result, PG_DIAG_SQLSTATE);
      sqlstate_ = state ? state : "";
    }
    // The rows of one statement come one by one, and behind them what ends it, without a row.
    if (!amid_rows_) rows_.clear(), bytes_ = 0;
    amid_rows_ = status == PGRES_SINGLE_TUPLE;
    if (!amid_rows_) return;
    SqlRow& row = rows_.emplace_back();
    const int columns = api_.nfields(result);
    for (int column = 0; column < columns; ++column) {
      bytes_ += size_t(api_.getlength(result, 0, column)) + sizeof(SqlRow::value_type);
      if (api_.getisnull(result, 0, column)) row.emplace_back();
      else row.emplace_back(api_.getvalue(result, 0, column));
    }
  }

  const LibpqApi& api_;
  PGconn* connection_;
  std::string where_;
  std::string failed_;  ///< what the server said of the statement that it stopped at
  std::string sqlstate_;  ///< its code of five characters
  std::vector<SqlRow> rows_;
  size_t bytes_ = 0;        ///< of rows_
  bool amid_rows_ = false;  ///< more of the same statement may come
  bool copies_ = false;
};

/// How a session is begun. Empty files: as libpq finds them.
struct Terms {
  std::string sslmode, authorities;
};

Terms terms_of(const SqlServer& server) {
  const bool near = is_this_machine(server.host) && server.sslrootcert.empty();
  Terms terms{server.sslmode, server.sslrootcert};
  if (terms.sslmode.empty()) terms.sslmode = near ? "prefer" : "verify-full";
  const char* named = std::getenv("PGSSLROOTCERT");
  if (terms.authorities.empty() && named) terms.authorities = named;
  if (terms.authorities.empty() && !near) terms.authorities = system_authorities;
  return terms;
}

PGconn* begin(const LibpqApi& api, const SqlServer& server, const Terms& terms) {
  const std::string port = std::to_string(server.port);
  const std::pair<const char*, const std::string&> settings[] = {
      {"host", server.host},       {"port", port},           {"dbname", server.database},
      {"user", server.user},       {"password", server.password}, {"sslmode", terms.sslmode},
      {"sslcert", server.sslcert}, {"sslkey", server.sslkey}, {"sslrootcert", terms.authorities}};
  std::vector<const char*> names = {"application_name"}, values = {"rollout"};
  for (const auto& [name, value] : settings) {
    names.push_back(name);
    values.push_back(value.empty() ? nullptr : value.c_str());
  }
  names.push_back(nullptr);
  values.push_back(nullptr);
  return api.connect_start(names.data(), values.data(), 0);
}

/// What a person should do about a certificate that libpq did not believe; empty: the error was another. Asks the
/// server once more and believes what it shows, but tells it nothing: it ends before anything is sent inside.
std::string certificate_advice(const LibpqApi& api, const SqlServer& server, const std::string& error,
                               int64_t deadline_ns) {
  if (error.find("does not match host name") != std::string::npos)
    return "; name the server as its certificate does, or give it one for this name";
  if (error.find("certificate verify failed") == std::string::npos) return {};
  PGconn* connection = begin(api, server, {"require", no_authorities});
  PostgresPollingStatusType next = PGRES_POLLING_WRITING;
  const auto has_shown = [&] {
    return api.ssl_in_use(connection) && has_shown_certificate(api.ssl_struct(connection, "OpenSSL"));
  };
  while (connection && !has_shown() && next != PGRES_POLLING_FAILED && next != PGRES_POLLING_OK) {
    if (!wait_for(api.socket(connection), next == PGRES_POLLING_READING ? POLLIN : POLLOUT, deadline_ns)) break;
    next = api.connect_poll(connection);
  }
  std::string why;
  if (connection && has_shown())
    why = why_not_believed(api.ssl_struct(connection, "OpenSSL"), terms_of(server).authorities);
  if (connection) api.finish(connection);
  return why.empty() ? why : "; " + why;
}

class LibpqSql : public Sql {
 public:
  Result<std::unique_ptr<SqlSession>> connect(const SqlServer& server, int64_t within_ns) override {
    if (!api_) api_ = load_libpq();
    if (!*api_) return api_->error();
    const std::string where = fmt::format("database {} at {}:{}", server.database, server.host, server.port);
    const int64_t deadline_ns = monotonic_ns() + within_ns;
    auto session = std::make_unique<LibpqSession>(**api_, begin(**api_, server, terms_of(server)), where);
    if (Status open = session->open(deadline_ns); !open) {
      OpError error = open.error();
      error.message += certificate_advice(**api_, server, error.message, deadline_ns);
      return error;
    }
    return std::unique_ptr<SqlSession>(std::move(session));
  }

 private:
  std::optional<Result<LibpqApi>> api_;
};

}  // namespace

std::unique_ptr<Sql> libpq_sql() { return std::make_unique<LibpqSql>(); }

}  // namespace rollout::effects
