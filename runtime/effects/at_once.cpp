#include "runtime/effects/at_once.h"

#include <csignal>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>

#include "runtime/effects/turns.h"

namespace rollout::effects {
namespace {

constexpr int64_t longest_nap_ns = 3'600'000'000'000;  // what is added to a time stays one

/// What the thread of a task has for itself.
struct Lane {
  bool first = false;          ///< of the thread that signals are for
  std::unique_ptr<Http> http;  ///< for requests that are under way while it does something else
  std::condition_variable wake;
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

/// For a moment of the turn in the middle of an Away.
class Back {
 public:
  Back(Turn& turn, Lane* lane) : turn_(turn), lock_(turn.mutex) { turn_.lane = lane; }
  ~Back() { turn_.lane = nullptr; }
  Back(const Back&) = delete;
  Back& operator=(const Back&) = delete;

 private:
  Turn& turn_;
  std::lock_guard<std::mutex> lock_;
};

/// Who looks whether it rang is who will be woken.
struct LaneBell : Bell {
  explicit LaneBell(Turn& turn) : turn(turn) {}
  void ring() override {
    rung = true;
    if (sleeper) sleeper->wake.notify_one();
  }
  bool take() override {
    sleeper = rung ? nullptr : turn.lane;
    return std::exchange(rung, false);
  }
  Turn& turn;
  Lane* sleeper = nullptr;
  bool rung = false;
};

/// For whoever waits away from its turn: news are taken in it.
struct TurnWaker : Waker {
  TurnWaker(Waker& real, Turn& turn, Lane* lane) : real(real), turn(turn), lane(lane) {}
  int fd() override {
    const Back back(turn, lane);
    return real.fd();
  }
  bool take() override {
    const Back back(turn, lane);
    return real.take();
  }
  Waker& real;
  Turn& turn;
  Lane* lane;
};

struct LaneClock : Clock {
  LaneClock(Clock& real, Turn& turn) : real(real), turn(turn) {}
  int64_t monotonic_ns() const override { return real.monotonic_ns(); }
  int64_t wall_ns() const override { return real.wall_ns(); }
  Woke sleep_until(int64_t until_ns) override {
    if (turn.lane && !turn.lane->first) return sleep(until_ns, nullptr);
    const Away away(turn);
    return real.sleep_until(until_ns);
  }
  Woke sleep_until(int64_t until_ns, Waker& waker) override {
    if (!turn.lane) return real.sleep_until(until_ns, waker);
    if (!turn.lane->first) return sleep(until_ns, &waker);
    TurnWaker in_turn(waker, turn, turn.lane);
    const Away away(turn);
    return real.sleep_until(until_ns, in_turn);
  }
  Woke sleep(int64_t until_ns, Waker* waker) {
    Lane* lane = turn.lane;
    while (!(waker && waker->take())) {
      const int64_t left_ns = until_ns - monotonic_ns();
      if (left_ns <= 0) break;
      std::unique_lock lock(turn.mutex, std::adopt_lock);
      turn.lane = nullptr;
      lane->wake.wait_for(lock, std::chrono::nanoseconds(std::min(left_ns, longest_nap_ns)));
      turn.lane = lane;
      lock.release();
    }
    return Woke::Time;
  }
  Clock& real;
  Turn& turn;
};

/// A request is sent by a client that nobody else uses meanwhile; its connections are there for whoever is next.
struct LaneHttp : Http {
  LaneHttp(Http& real, Turn& turn) : real(real), turn(turn) {}
  Result<HttpResponse> send(const HttpRequest& request) override {
    if (!turn.lane) return real.send(request);
    return std::move(Http::send_all({request})[0]);
  }
  std::vector<Result<HttpResponse>> send_all(const std::vector<HttpRequest>& requests,
                                             const std::function<void()>& meanwhile) override {
    if (!turn.lane) return real.send_all(requests, meanwhile);
    meanwhile();  // it is our code, which runs in its turn
    std::unique_ptr<Http> http;
    if (idle.empty()) {
      http = curl_http();
    } else {
      http = std::move(idle.back());
      idle.pop_back();
    }
    std::vector<Result<HttpResponse>> answers = send_away(*http, requests);
    idle.push_back(std::move(http));
    return answers;
  }
  std::vector<Result<HttpResponse>> send_away(Http& http, const std::vector<HttpRequest>& requests) {
    const Away away(turn);
    return http.send_all(requests, [] {});
  }
  Http& mine() {
    if (!turn.lane) return real;
    if (!turn.lane->http) turn.lane->http = curl_http();
    return *turn.lane->http;
  }
  void begin(int64_t number, HttpRequest request) override { mine().begin(number, std::move(request)); }
  std::vector<HttpAnswer> collect() override { return mine().collect(); }
  Http& real;
  Turn& turn;
  std::vector<std::unique_ptr<Http>> idle;
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
  LaneSession(std::unique_ptr<Sql> sql, std::unique_ptr<SqlSession> real, Turn& turn)
      : sql(std::move(sql)), real(std::move(real)), turn(turn) {}
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
  std::unique_ptr<Sql> sql;  ///< null: of somebody who outlives it
  std::unique_ptr<SqlSession> real;
  Turn& turn;
};

struct LaneSql : Sql {
  LaneSql(Sql& real, Turn& turn) : real(real), turn(turn) {}
  Result<std::unique_ptr<SqlSession>> connect(const SqlServer& server, int64_t within_ns) override {
    std::unique_ptr<Sql> own = turn.lane ? libpq_sql() : nullptr;
    Result<std::unique_ptr<SqlSession>> session = connect_away(own ? *own : real, server, within_ns);
    if (!session) return session;
    return std::unique_ptr<SqlSession>(std::make_unique<LaneSession>(std::move(own), std::move(*session), turn));
  }
  Result<std::unique_ptr<SqlSession>> connect_away(Sql& sql, const SqlServer& server, int64_t within_ns) {
    const Away away(turn);
    return sql.connect(server, within_ns);
  }
  Sql& real;
  Turn& turn;
};

/// A file may lie on a server that does not answer.
struct LaneFiles : Files {
  LaneFiles(Files& real, Turn& turn) : real(real), turn(turn) {}
  Result<std::unique_ptr<FileLock>> lock(const std::string& path, int64_t wait_ns) override {
    const Away away(turn);
    return real.lock(path, wait_ns);
  }
  Status append(const std::string& path, std::string_view text) override {
    const Away away(turn);
    return real.append(path, text);
  }
  Result<std::optional<std::string>> read(const std::string& path, size_t max_bytes) override {
    const Away away(turn);
    return real.read(path, max_bytes);
  }
  std::string tail(const std::string& path, size_t max_bytes) override {
    const Away away(turn);
    return real.tail(path, max_bytes);
  }
  Status write(const std::string& path, std::string_view bytes) override {
    const Away away(turn);
    return real.write(path, bytes);
  }
  Status make_directory(const std::string& path) override {
    const Away away(turn);
    return real.make_directory(path);
  }
  Status remove(const std::string& path) override {
    const Away away(turn);
    return real.remove(path);
  }
  Result<std::vector<std::string>> list(const std::string& directory) override {
    const Away away(turn);
    return real.list(directory);
  }
  Files& real;
  Turn& turn;
};

/// The threads of all tasks, and what each of them waits in.
class Hall : public Turns {
 public:
  explicit Hall(const Effects& real)
      : real_(real),
        clock_(real.clock, turn_),
        http_(real.http, turn_),
        files_(real.files, turn_),
        unix_socket_(real.unix_socket, turn_),
        sql_(real.sql, turn_),
        commands_(real.commands, turn_) {}

  ~Hall() override {
    if (first_.first) hand_on();
    {
      const std::lock_guard lock(turn_.mutex);
      over_ = true;
    }
    there_is_work_.notify_all();
    for (std::thread& thread : threads_) thread.join();
  }

  /// For the thread that begins tasks and goes on beside them.
  void take_first() {
    first_.first = true;
    turn_.mutex.lock();
    turn_.lane = &first_;
  }

  Effects effects() override {
    return {clock_,       http_,       files_, real_.processes, unix_socket_,
            real_.ports, sql_, commands_, first_.first ? this : nullptr};
  }
  std::unique_ptr<Bell> bell() override { return std::make_unique<LaneBell>(turn_); }

  void begin(std::function<void()> task) override {
    tasks_.push_back(std::move(task));
    if (tasks_.size() > idle_) start_thread();
    else there_is_work_.notify_one();
  }

  /// Waits until `count` of them, begun here, have ended; `meanwhile` is called when all of them wait.
  void run(size_t count, const std::function<void()>& task, const std::function<void()>& meanwhile) {
    Lane* lane = turn_.lane;
    std::unique_lock lock = lane ? std::unique_lock(turn_.mutex, std::adopt_lock) : std::unique_lock(turn_.mutex);
    std::condition_variable all_begun, all_ended;
    size_t begun = 0, ended = 0;
    for (size_t i = 0; i < count; ++i)
      begin([&] {
        if (++begun == count) all_begun.notify_one();
        task();
        if (++ended == count) all_ended.notify_one();
      });
    turn_.lane = nullptr;
    all_begun.wait(lock, [&] { return begun == count; });
    turn_.lane = lane;
    meanwhile();
    turn_.lane = nullptr;
    all_ended.wait(lock, [&] { return ended == count; });
    turn_.lane = lane;
    if (lane) lock.release();
  }

 private:
  void hand_on() {
    turn_.lane = nullptr;
    turn_.mutex.unlock();
  }

  /// Signals are for the thread that the program began with.
  void start_thread() {
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    threads_.emplace_back([this] { work(); });
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
  }

  void work() {
    Lane mine;
    std::unique_lock lock(turn_.mutex);
    while (true) {
      ++idle_;
      there_is_work_.wait(lock, [&] { return over_ || !tasks_.empty(); });
      --idle_;
      if (over_) return;
      std::function<void()> task = std::move(tasks_.front());
      tasks_.pop_front();
      turn_.lane = &mine;
      task();
      task = nullptr;
      mine.http.reset();
      turn_.lane = nullptr;
    }
  }

  Effects real_;
  Turn turn_;
  Lane first_;
  LaneClock clock_;
  LaneHttp http_;
  LaneFiles files_;
  LaneUnixSocket unix_socket_;
  LaneSql sql_;
  LaneCommands commands_;

  std::condition_variable there_is_work_;
  std::deque<std::function<void()>> tasks_;
  size_t idle_ = 0;  ///< threads without a task
  bool over_ = false;
  std::vector<std::thread> threads_;
};

class Threads : public AtOnce {
 public:
  /// `own`: null where others have their turns, too.
  Threads(std::unique_ptr<Hall> own, Hall& hall, size_t most) : own_(std::move(own)), hall_(hall), most_(most) {}
  Effects effects() override { return hall_.effects(); }
  void run(std::vector<std::function<void()>> tasks, const std::function<void()>& meanwhile) override {
    if (tasks.size() <= 1) {
      meanwhile();
      for (const std::function<void()>& task : tasks) task();
      return;
    }
    size_t next = 0;
    auto take = [&] {
      while (next < tasks.size()) tasks[next++]();
    };
    hall_.run(std::min(most_, tasks.size()), take, meanwhile);
  }

 private:
  std::unique_ptr<Hall> own_;
  Hall& hall_;
  size_t most_;
};

struct SharedSql : Sql {
  explicit SharedSql(Sql& sql) : sql(sql) {}
  Result<std::unique_ptr<SqlSession>> connect(const SqlServer& server, int64_t within_ns) override {
    return sql.connect(server, within_ns);
  }
  Sql& sql;
};

}  // namespace

std::unique_ptr<Sql> shared_sql(Turns& turns) { return std::make_unique<SharedSql>(turns.effects().sql); }

std::unique_ptr<Turns> take_turns(const Effects& real) {
  auto hall = std::make_unique<Hall>(real);
  hall->take_first();
  return hall;
}

std::unique_ptr<AtOnce> threads_at_once(const Effects& real, size_t most) {
  std::unique_ptr<Hall> own = real.turns ? nullptr : std::make_unique<Hall>(real);
  Hall& hall = own ? *own : static_cast<Hall&>(*real.turns);  // there is no other kind
  return std::make_unique<Threads>(std::move(own), hall, most);
}

}  // namespace rollout::effects
