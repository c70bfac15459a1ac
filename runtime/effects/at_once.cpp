#include "runtime/effects/at_once.h"

#include <csignal>

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <thread>

namespace rollout::effects {
namespace {

/// What the thread of a task has for itself.
struct Lane {
  std::unique_ptr<Http> http;
  std::unique_ptr<Sql> sql;
};

/// Who holds it runs our code.
struct Turn {
  std::mutex mutex;
  Lane* lane = nullptr;  ///< of the task that has it; null: it is no task
};

/// While this exists, others have their turn. Outside of a task it does nothing.
class Away {
 public:
  explicit Away(Turn& turn) : turn_(turn), lane_(turn.lane) {
    if (!lane_) return;
    turn_.lane = nullptr;
    turn_.mutex.unlock();
  }
  ~Away() {
    if (!lane_) return;
    turn_.mutex.lock();
    turn_.lane = lane_;
  }
  Away(const Away&) = delete;
  Away& operator=(const Away&) = delete;

 private:
  Turn& turn_;
  Lane* lane_;
};

struct LaneHttp : Http {
  LaneHttp(Http& real, Turn& turn) : real(real), turn(turn) {}
  Http& mine() { return turn.lane ? *turn.lane->http : real; }
  Result<HttpResponse> send(const HttpRequest& request) override {
    Http& http = mine();
    const Away away(turn);
    return http.send(request);
  }
  std::vector<Result<HttpResponse>> send_all(const std::vector<HttpRequest>& requests) override {
    Http& http = mine();
    const Away away(turn);
    return http.send_all(requests);
  }
  void begin(int64_t number, HttpRequest request) override { mine().begin(number, std::move(request)); }
  std::vector<HttpAnswer> collect() override { return mine().collect(); }
  Http& real;
  Turn& turn;
};

struct LaneCommands : Commands {
  LaneCommands(Commands& real, Turn& turn) : real(real), turn(turn) {}
  Result<CommandEnd> run(const CommandLine& line) override {
    const Away away(turn);
    return real.run(line);
  }
  Commands& real;
  Turn& turn;
};

struct LaneUnixSocket : UnixSocket {
  LaneUnixSocket(UnixSocket& real, Turn& turn) : real(real), turn(turn) {}
  Result<std::string> ask(const std::string& path, std::string_view line, int64_t timeout_ns,
                          size_t max_bytes) override {
    const Away away(turn);
    return real.ask(path, line, timeout_ns, max_bytes);
  }
  UnixSocket& real;
  Turn& turn;
};

/// May be used by another thread later, but never by two.
struct LaneSession : SqlSession {
  LaneSession(std::unique_ptr<SqlSession> real, Turn& turn) : real(std::move(real)), turn(turn) {}
  Result<std::vector<SqlRow>> run(const std::string& statement, const std::vector<std::string>& parameters,
                                  int64_t within_ns) override {
    const Away away(turn);
    return real->run(statement, parameters, within_ns);
  }
  Status start(const std::string& script) override { return real->start(script); }
  Result<bool> has_ended() override { return real->has_ended(); }
  void cancel() override { real->cancel(); }
  int socket() const override { return real->socket(); }
  Result<bool> was_notified() override { return real->was_notified(); }
  std::unique_ptr<SqlSession> real;
  Turn& turn;
};

struct LaneSql : Sql {
  LaneSql(Sql& real, Turn& turn) : real(real), turn(turn) {}
  Result<std::unique_ptr<SqlSession>> connect(const SqlServer& server, int64_t within_ns) override {
    Result<std::unique_ptr<SqlSession>> session = connect_real(server, within_ns);
    if (!session) return session;
    return std::unique_ptr<SqlSession>(std::make_unique<LaneSession>(std::move(*session), turn));
  }
  Result<std::unique_ptr<SqlSession>> connect_real(const SqlServer& server, int64_t within_ns) {
    Sql& sql = turn.lane ? *turn.lane->sql : real;
    const Away away(turn);
    return sql.connect(server, within_ns);
  }
  Sql& real;
  Turn& turn;
};

struct LaneFiles : Files {
  LaneFiles(Files& real, Turn& turn) : real(real), turn(turn) {}
  Result<std::unique_ptr<FileLock>> lock(const std::string& path, int64_t wait_ns) override {
    const Away away(turn);
    return real.lock(path, wait_ns);
  }
  Status append(const std::string& path, std::string_view text) override { return real.append(path, text); }
  Result<std::optional<std::string>> read(const std::string& path, size_t max_bytes) override {
    return real.read(path, max_bytes);
  }
  std::string tail(const std::string& path, size_t max_bytes) override { return real.tail(path, max_bytes); }
  Status write(const std::string& path, std::string_view bytes) override { return real.write(path, bytes); }
  Status make_directory(const std::string& path) override { return real.make_directory(path); }
  Status remove(const std::string& path) override { return real.remove(path); }
  Result<std::vector<std::string>> list(const std::string& directory) override { return real.list(directory); }
  Files& real;
  Turn& turn;
};

class Threads : public AtOnce {
 public:
  Threads(const Effects& real, size_t most)
      : real_(real),
        most_(most),
        http_(real.http, turn_),
        files_(real.files, turn_),
        unix_socket_(real.unix_socket, turn_),
        sql_(real.sql, turn_),
        commands_(real.commands, turn_) {}

  ~Threads() override {
    {
      const std::lock_guard lock(turn_.mutex);
      over_ = true;
    }
    there_is_work_.notify_all();
    for (std::thread& thread : threads_) thread.join();
  }

  Effects effects() override {
    return {real_.clock, http_, files_, real_.processes, unix_socket_, real_.ports, sql_, commands_};
  }

  void run(std::vector<std::function<void()>> tasks) override {
    if (tasks.size() == 1) return tasks.front()();
    std::unique_lock lock(turn_.mutex);
    tasks_ = std::move(tasks);
    next_ = ended_ = 0;
    start_threads();
    there_is_work_.notify_all();
    all_done_.wait(lock, [&] { return ended_ == tasks_.size(); });
    tasks_.clear();
    next_ = 0;
  }

 private:
  /// Signals are for the thread that the program began with.
  void start_threads() {
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    while (threads_.size() < std::min(most_, tasks_.size())) threads_.emplace_back([this] { work(); });
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
  }

  void work() {
    Lane mine{curl_http(), libpq_sql()};
    std::unique_lock lock(turn_.mutex);
    while (true) {
      there_is_work_.wait(lock, [&] { return over_ || next_ < tasks_.size(); });
      if (over_) return;
      turn_.lane = &mine;
      tasks_[next_++]();
      turn_.lane = nullptr;
      if (++ended_ == tasks_.size()) all_done_.notify_one();
    }
  }

  Effects real_;
  size_t most_;
  Turn turn_;
  LaneHttp http_;
  LaneFiles files_;
  LaneUnixSocket unix_socket_;
  LaneSql sql_;
  LaneCommands commands_;

  std::condition_variable there_is_work_, all_done_;
  std::vector<std::function<void()>> tasks_;
  size_t next_ = 0, ended_ = 0;
  bool over_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace

std::unique_ptr<AtOnce> threads_at_once(const Effects& real, size_t most) {
  return std::make_unique<Threads>(real, most);
}

}  // namespace rollout::effects
