// What a real HAProxy and a real PostgreSQL cannot be made to say. Neither may cost more time or memory than an honest
// answer could, and each ends in one sentence.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <functional>
#include <thread>

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include "runtime/backend/haproxy_api.h"
#include "runtime/journal/postgresql_db.h"
#include "tests/conformance/rig.h"

namespace rollout::test {

namespace {

int64_t processor_ns() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return int64_t(now.tv_sec) * second_ns + now.tv_nsec;
}

/// The runtime API of a HAProxy with so many servers, which refuses each command with one text.
struct FakeSocket : effects::UnixSocket {
  Result<std::string> ask(const std::string&, std::string_view line, int64_t, size_t) override {
    if (line.starts_with("show info")) return std::string("Pid: 7\n");
    if (line.starts_with("show servers state")) return state;
    if (line.starts_with("show stat")) return statistics;
    if (line.starts_with("show backend")) return names;
    return refusal;
  }
  void have(int servers) {
    state = "1\n# srv_name srv_addr srv_port srv_uweight srv_op_state srv_admin_state\n";
    statistics = "# pxname,svname,qcur,scur\n";
    for (int i = 0; i < servers; ++i) {
      state += fmt::format("shop{} 127.0.0.1 {} 1 2 0\n", i, i);
      statistics += fmt::format("shop,shop{},1,{}\n", i, i);
    }
  }
  std::string state, statistics, refusal, names;
};

backend::HaproxyApi api_of(FakeSocket& socket) { return backend::HaproxyApi(socket, "/run/haproxy.sock", second_ns); }

std::string number_bytes(uint64_t number, int bytes) {
  std::string out;
  for (int i = bytes; i-- > 0;) out += char(number >> (8 * i));
  return out;
}
std::string message(char kind, const std::string& body) { return kind + number_bytes(body.size() + 4, 4) + body; }
std::string row_of(int columns, const std::string& value) {
  std::string body = number_bytes(uint64_t(columns), 2);
  for (int i = 0; i < columns; ++i) body += number_bytes(value.size(), 4) + value;
  return message('D', body);
}
std::string head_of(int columns) {
  std::string body = number_bytes(uint64_t(columns), 2);
  for (int i = 0; i < columns; ++i) body += std::string("c\0", 2) + number_bytes(0, 6) + number_bytes(25, 4) +
                                            number_bytes(0xFFFF, 2) + number_bytes(0xFFFFFFFF, 4) + number_bytes(0, 2);
  return message('T', body);
}
const std::string parsed = message('1', "") + message('2', "");
const std::string finished = message('C', std::string("SELECT 1\0", 9)) + message('Z', "I");

/// Speaks as PostgreSQL does until it is asked something; then it says `answer`, and `again` for as long as anybody
/// listens.
class FakePostgres {
 public:
  FakePostgres(std::string answer, std::string again) : answer_(std::move(answer)), again_(std::move(again)) {
    listener_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    REQUIRE(bind(listener_, reinterpret_cast<sockaddr*>(&address), size) == 0);
    REQUIRE(listen(listener_, 4) == 0);
    REQUIRE(getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size) == 0);
    port_ = ntohs(address.sin_port);
    thread_ = std::thread([this] {
      while (!over_) {
        pollfd one{listener_, POLLIN, 0};
        if (poll(&one, 1, 20) > 0) serve(accept(listener_, nullptr, nullptr));
      }
    });
  }
  ~FakePostgres() {
    over_ = true;
    thread_.join();
    close(listener_);
  }
  int port() const { return port_; }

 private:
  void serve(int connection) {
    if (heard(connection) && told(connection, message('R', number_bytes(0, 4)) + message('Z', "I")) &&
        heard(connection) && told(connection, answer_))
      while (!again_.empty() && !over_ && told(connection, again_)) {}
    while (again_.empty() && !over_ && heard(connection)) {}
    close(connection);
  }
  bool heard(int connection) {
    char buffer[4096];
    for (pollfd one{connection, POLLIN, 0}; !over_;)
      if (poll(&one, 1, 20) > 0) return recv(connection, buffer, sizeof buffer, 0) > 0;
    return false;
  }
  bool told(int connection, const std::string& text) {
    for (size_t sent = 0; sent < text.size();) {
      ssize_t wrote = send(connection, text.data() + sent, text.size() - sent, MSG_NOSIGNAL);
      if (wrote <= 0) return false;
      sent += size_t(wrote);
    }
    return true;
  }

  std::string answer_, again_;
  int listener_ = -1, port_ = 0;
  std::atomic<bool> over_ = false;
  std::thread thread_;
};

/// Four million bytes of the same.
std::string large(std::string_view part) {
  std::string out;
  while (out.size() < 4'000'000) out += part;
  return out;
}

std::string trouble_with(std::string answer, std::string again = "") {
  FakePostgres server(std::move(answer), std::move(again));
  journal::PostgresqlDb db(effects::libpq_sql(), {"127.0.0.1", server.port(), "shop", "shop", "", "disable"});
  Result<std::vector<journal::JournalDb::Row>> rows = db.run("SELECT 1", {});
  return rows ? "none" : rows.error().message;
}

}  // namespace

TEST_CASE("HAProxy's answer is read in a time that grows as it does, and has a limit", "[hostile]") {
  FakeSocket socket;
  int64_t took_ns[2] = {INT64_MAX, INT64_MAX};
  for (int attempt = 0; attempt < 5; ++attempt)
    for (int i : {0, 1}) {
      socket.have(i == 0 ? 2'000 : 8'000);
      const int64_t before_ns = processor_ns();
      const Result<backend::SlotTable> table = api_of(socket).read("shop");
      took_ns[i] = std::min(took_ns[i], processor_ns() - before_ns);
      REQUIRE(table);
      CHECK(table->slots.back().sessions == int64_t(table->slots.size()));
    }
  CHECK(took_ns[1] < took_ns[0] * 8);
  socket.have(10'001);
  const Result<backend::SlotTable> beyond = api_of(socket).read("shop");
  REQUIRE(!beyond);
  CHECK(beyond.error().message.find("lists more than 10000 servers of `shop`") != std::string::npos);
  socket.have(1);
  for (size_t i = 0; i < size_t{8} << 20; ++i) socket.state += "a\n";
  CHECK(!api_of(socket).read("shop"));
}

TEST_CASE("what HAProxy refuses is quoted in a line, however much it says", "[hostile]") {
  FakeSocket socket;
  socket.refusal = "No such\n\nserver.\n";
  CHECK(api_of(socket).set({"set server a/b weight 1"}).error().message ==
        "HAProxy refuses `set server a/b weight 1`: No such; server.");
  for (const std::string& refusal : {large("x"), large("x\n"), large("\n") + "x"}) {
    socket.refusal = refusal;
    CHECK(api_of(socket).set({"set server a/b weight 1"}).error().message.size() < 300);
  }
  socket.state = "Can't find backend.\n";
  socket.names = large("x");
  CHECK(api_of(socket).read("shop").error().message.size() < 500);
}

TEST_CASE("a state server that answers like no PostgreSQL is named, and costs neither time nor memory", "[hostile]") {
  const std::string none = "does not say what it is";
  CHECK(trouble_with(parsed + message('C', std::string("SELECT 0\0", 9)) + message('Z', "I")).find(none) !=
        std::string::npos);
  CHECK(trouble_with(parsed + head_of(0) + finished).find(none) != std::string::npos);
  CHECK(trouble_with(parsed + head_of(1) + row_of(1, "on") + finished).find(none) != std::string::npos);
  CHECK(trouble_with(parsed + head_of(5) + row_of(5, "off") + row_of(5, "on") + finished).find(none) !=
        std::string::npos);
  // Rows without end: many small ones, and few large ones.
  const std::string endless = "and no statement asks for so much";
  const std::string small = trouble_with(parsed + head_of(1), row_of(1, "x"));
  CHECK((small.find(endless) != std::string::npos || small.find("did not answer in time") != std::string::npos));
  const std::string large = trouble_with(parsed + head_of(1), row_of(1, std::string(1'000'000, 'x')));
  CHECK((large.find(endless) != std::string::npos || large.find("did not answer in time") != std::string::npos));
  CHECK(trouble_with(parsed + message('E', std::string("SERROR\0C42P01\0M", 15) + std::string(3'000'000, 'x') +
                                               std::string(2, '\0')) + message('Z', "I"))
            .size() < 3000);
}

TEST_CASE("a state server that takes no cancellation is left in time", "[hostile]") {
  FakePostgres server(parsed, "");
  const std::unique_ptr<effects::Sql> sql = effects::libpq_sql();
  auto session = sql->connect({"127.0.0.1", server.port(), "shop", "shop", "", "disable"}, second_ns);
  REQUIRE(session);
  const auto start = std::chrono::steady_clock::now();
  const auto rows = (*session)->run("SELECT 1", {}, second_ns / 10);
  REQUIRE(!rows);
  CHECK(rows.error().message.find("did not answer in time") != std::string::npos);
  CHECK(std::chrono::steady_clock::now() - start < std::chrono::seconds(4));
}

TEST_CASE("columns and rows that a state server leaves out are empty texts", "[hostile]") {
  const journal::JournalRow row{"a"};
  CHECK(row[0] == "a");
  CHECK(row[7].empty());
  CHECK(journal::first_row({})[0].empty());
}

}  // namespace rollout::test
