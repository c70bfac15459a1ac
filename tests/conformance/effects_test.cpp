#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <iterator>

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include "runtime/effects/connect_rule.h"
#include "runtime/effects/copies.h"
#include "runtime/effects/signals.h"
#include "tests/conformance/receiver.h"
#include "tests/conformance/rig.h"

namespace rollout::test {
namespace {

std::string read_whole(const std::string& path) {
  std::ifstream in(path);
  return {std::istreambuf_iterator<char>(in), {}};
}

}  // namespace

TEST_CASE("files are written whole, read with a bound, and their absence is no error",
          "[effects]") {
  const TempDir directory;
  const std::unique_ptr<effects::Files> files = effects::posix_files();
  const std::string path = directory.path + "/a/b/state.json";
  CHECK(!*files->read(path, 100));
  CHECK(files->make_directory(directory.path + "/a/b"));
  CHECK(files->make_directory(directory.path + "/a/b"));
  CHECK(files->write(path, "one"));
  CHECK(files->write(path, "two"));
  CHECK(**files->read(path, 100) == "two");
  CHECK(files->list(directory.path + "/a/b")->size() == 1);
  CHECK(files->tail(path, 2) == "wo");
  CHECK(files->read(path, 2).error().message.find("longer than 2 bytes") != std::string::npos);
  CHECK(files->remove(path));
  CHECK(files->remove(path));
  CHECK(files->list(directory.path + "/none")->empty());
  const Status on_file = files->make_directory("/etc/hostname/x");
  CHECK(!on_file);
}

TEST_CASE("a pipe in a file's place is refused, and nobody is waited for who might open its other end", "[effects]") {
  const TempDir directory;
  const std::unique_ptr<effects::Files> files = effects::posix_files();
  const std::string path = directory.path + "/pipe";
  REQUIRE(mkfifo(path.c_str(), 0600) == 0);
  CHECK(files->read(path, 100).error().message ==
        fmt::format("cannot read {}: it is a pipe, no regular file; put a file in its place", path));
  CHECK(files->read("/dev/zero", 100).error().message.find("it is a device, no regular file") != std::string::npos);
  CHECK(files->read(directory.path, 100).error().message.find("Is a directory") != std::string::npos);
  CHECK(files->tail(path, 100).empty());
  CHECK(files->append(path, "text").error().message ==
        fmt::format("cannot open {}: it is a pipe that nobody reads; name a file", path));
  // One that somebody reads is as good as a file, as /dev/stderr is.
  const int reader = open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
  REQUIRE(reader >= 0);
  CHECK(files->append(path, "text"));
  char buffer[8];
  CHECK(read(reader, buffer, sizeof buffer) == 4);
  close(reader);
  CHECK(files->append("/dev/null", "text"));
}

TEST_CASE("a file that cannot be written is one sentence", "[effects]") {
  const std::unique_ptr<effects::Files> files = effects::posix_files();
  const Status written = files->write("/dev/full/x", "text");
  CHECK(!written);
  CHECK(written.error().message.find("cannot create /dev/full/x") != std::string::npos);
}

TEST_CASE("a process is known by pid and start time, found by its mark, and reaped", "[effects]") {
  const TempDir directory;
  const std::unique_ptr<effects::Processes> processes = effects::posix_processes();
  effects::Launch launch;
  launch.program = "sleep";
  launch.arguments = {"60"};
  launch.environment = {{"ROLLOUT_INSTANCE", directory.path}};
  launch.directory = directory.path;
  launch.log = directory.path + "/log";
  const Result<effects::ProcessId> process = processes->start(launch);
  REQUIRE(process);
  CHECK(processes->look(*process).alive);
  CHECK(getsid(process->pid) == process->pid);
  CHECK(processes->find("ROLLOUT_INSTANCE", directory.path) ==
        std::vector<effects::ProcessId>{*process});
  CHECK(processes->find("ROLLOUT_INSTANCE", directory.path + "x").empty());
  // The same pid with another start time is another process: it is neither alive for us nor
  // signalled.
  const effects::ProcessId other{process->pid, process->start_ticks + 1};
  CHECK(!processes->look(other).alive);
  CHECK(processes->stop(other, effects::Stop::Kill));
  CHECK(processes->look(*process).alive);
  CHECK(processes->stop(*process, effects::Stop::Kill));
  effects::RealEffects real(nullptr);
  effects::Effects all = real.all();
  CHECK(eventually(all, 5 * second_ns, [&] { return !processes->look(*process).alive; }));
  CHECK(processes->look(*process).end == "was killed by signal 9 (Killed)");
  CHECK(kill(process->pid, 0) != 0);
  CHECK(processes->stop(*process, effects::Stop::Kill));
}

TEST_CASE("a process is alive until its last thread is gone, and then its port is free", "[effects]") {
  const TempDir directory;
  effects::RealEffects real(nullptr);
  effects::Effects all = real.all();
  const int port = free_ports(1);
  Server server(all, {SERVICE_PROGRAM, "--port", std::to_string(port), "--version", "1", "--first-thread-ends"},
                directory);
  REQUIRE(eventually(all, 5 * second_ns, [&] { return !all.ports.is_free(port); }));
  const auto first_thread_has_ended = [&] {
    const std::string stat = read_whole(fmt::format("/proc/{}/stat", server.process.pid));
    return stat.find(") Z ") != std::string::npos;
  };
  REQUIRE(eventually(all, 5 * second_ns, first_thread_has_ended));
  CHECK(all.processes.look(server.process).alive);
  REQUIRE(all.processes.stop(server.process, effects::Stop::Kill));
  while (all.processes.look(server.process).alive) {}
  CHECK(all.processes.look(server.process).end == "was killed by signal 9 (Killed)");
  CHECK(all.ports.is_free(port));
}

TEST_CASE("a program that cannot be started says why", "[effects]") {
  const TempDir directory;
  const std::unique_ptr<effects::Processes> processes = effects::posix_processes();
  effects::Launch launch;
  launch.log = directory.path + "/log";
  launch.program = directory.path + "/none";
  CHECK(processes->start(launch).error().message.find("there is no such file") !=
        std::string::npos);
  launch.program = "no-such-program-anywhere";
  CHECK(processes->start(launch).error().message.find("no such program in PATH") !=
        std::string::npos);
  directory.write("plain", "text");
  launch.program = directory.path + "/plain";
  CHECK(processes->start(launch).error().message.find("not an executable file") !=
        std::string::npos);
}

TEST_CASE("a child inherits none of our descriptors", "[effects]") {
  const TempDir directory;
  const std::unique_ptr<effects::Processes> processes = effects::posix_processes();
  int ends[2];
  REQUIRE(pipe(ends) == 0);
  effects::Launch launch;
  launch.program = "ls";
  launch.arguments = {"/proc/self/fd"};
  launch.log = directory.path + "/log";
  const Result<effects::ProcessId> process = processes->start(launch);
  REQUIRE(process);
  effects::RealEffects real(nullptr);
  effects::Effects all = real.all();
  CHECK(eventually(all, 5 * second_ns, [&] { return !processes->look(*process).alive; }));
  CHECK(directory.read("log") == "0\n1\n2\n3\n");  // 3 is the directory that ls itself reads
  close(ends[0]);
  close(ends[1]);
}

TEST_CASE("files are written whole, through no link, and locked for a bounded time", "[effects]") {
  const TempDir directory;
  const std::unique_ptr<effects::Files> files = effects::posix_files();
  const std::string path = directory.path + "/record";
  directory.write("other", "untouched");
  // What somebody may have planted, or a crash left behind.
  REQUIRE(symlink((directory.path + "/other").c_str(), fmt::format("{}.{}.tmp~", path, getpid()).c_str()) == 0);
  CHECK(files->write(path, "new"));
  CHECK(directory.read("record") == "new");
  CHECK(directory.read("other") == "untouched");
  CHECK(files->append(path, " line"));
  CHECK(directory.read("record") == "new line");

  const std::string lock = directory.path + "/.lock";
  Result<std::unique_ptr<effects::FileLock>> held = files->lock(lock, 0);
  REQUIRE(held);
  const Result<std::unique_ptr<effects::FileLock>> refused = files->lock(lock, second_ns / 10);
  REQUIRE(!refused);
  CHECK(refused.error().retryable);
  CHECK(refused.error().message.find(fmt::format("{}: process {} has held it", lock, getpid())) != std::string::npos);
  *held = nullptr;
  // Whoever looks again and again writes nothing each time.
  namespace fs = std::filesystem;
  const fs::file_time_type long_ago = fs::file_time_type::clock::now() - std::chrono::hours(1);
  fs::last_write_time(lock, long_ago);
  const fs::file_time_type before = fs::last_write_time(lock);
  CHECK(files->lock(lock, 0));
  CHECK(fs::last_write_time(lock) == before);
  directory.write(".lock", "process 1");
  CHECK(files->lock(lock, 0));
  CHECK(directory.read(".lock") == fmt::format("process {}", getpid()));
}

TEST_CASE("the first request to stop wakes the clock and is counted", "[effects]") {
  const effects::Signals signals;
  const std::unique_ptr<effects::Clock> clock = effects::real_clock(&signals);
  CHECK(clock->sleep_until(clock->monotonic_ns() + second_ns / 100) == effects::Woke::Time);
  CHECK(signals.interrupts() == 0);
  REQUIRE(raise(SIGINT) == 0);
  const int64_t before_ns = clock->monotonic_ns();
  CHECK(clock->sleep_until(before_ns + 10 * second_ns) == effects::Woke::Signal);
  CHECK(clock->monotonic_ns() - before_ns < second_ns);
  CHECK(signals.interrupts() == 1);
  CHECK(signals.exit_code() == 130);
  CHECK(clock->sleep_until(clock->monotonic_ns() + second_ns / 100) == effects::Woke::Time);
}

TEST_CASE("a terminal that closes asks to stop, once however often it says so", "[effects]") {
  const effects::Signals signals;
  REQUIRE(raise(SIGHUP) == 0);
  REQUIRE(raise(SIGHUP) == 0);
  CHECK(signals.interrupts() == 1);
  CHECK(signals.exit_code() == 129);
}

TEST_CASE("http: no request goes to link-local addresses or to the credentials of a cloud", "[effects]") {
  const std::unique_ptr<effects::Http> http = effects::curl_http();
  // However it is written; what counts is the address that would be connected to.
  for (const char* host : {"169.254.169.254", "2852039166", "0xA9FEA9FE", "169.254.1.1:8080", "100.100.100.200",
                           "168.63.129.16", "[fe80::1]", "[febf::1]", "[fd00:ec2::254]", "[fd20:ce::254]",
                           "[::ffff:169.254.169.254]", "[64:ff9b::a9fe:a9fe]", "[2002:a9fe:a9fe::]",
                           "anna@169.254.169.254"}) {
    CAPTURE(host);
    effects::HttpRequest request;
    request.url = fmt::format("http://{}/latest/meta-data", host);
    const Result<effects::HttpResponse> answer = http->send(request);
    REQUIRE(!answer);
    CHECK(answer.error().message.find("was not sent: it leads to ") != std::string::npos);
    CHECK(answer.error().settled);
  }
}

TEST_CASE("http: a name of this machine leads to this machine", "[effects]") {
  const auto why = [](const std::string& text, bool own) {
    sockaddr_storage storage{};
    auto* in = reinterpret_cast<sockaddr_in*>(&storage);
    auto* in6 = reinterpret_cast<sockaddr_in6*>(&storage);
    const bool four = text.find(':') == std::string::npos;
    storage.ss_family = four ? AF_INET : AF_INET6;
    void* at = four ? static_cast<void*>(&in->sin_addr) : static_cast<void*>(&in6->sin6_addr);
    REQUIRE(inet_pton(storage.ss_family, text.c_str(), at) == 1);
    return effects::why_not_connected(reinterpret_cast<sockaddr*>(&storage), four ? sizeof *in : sizeof *in6, own);
  };
  for (const char* address : {"127.0.0.1", "127.8.8.8", "::1", "::ffff:127.0.0.1"}) {
    CHECK(why(address, true).empty());
    CHECK(why(address, false).empty());
  }
  for (const char* address : {"10.0.0.1", "169.253.0.1", "192.168.1.1", "fd00:ec2::255", "fec0::1", "2001:db8::1",
                              "0.0.0.0"}) {
    CHECK(why(address, true).find("its name means this machine, and leads to ") == 0);
    CHECK(why(address, false).empty());
  }
  sockaddr strange{};
  strange.sa_family = AF_PACKET;
  CHECK(effects::why_not_connected(&strange, sizeof strange, false).find("unknown family") != std::string::npos);
}

TEST_CASE("http: answers, refusals, time-outs, bodies without end", "[effects]") {
  const TempDir directory;
  effects::RealEffects real(nullptr);
  effects::Effects all = real.all();
  const int port = free_ports();
  directory.write("metrics", std::string(5000, 'x'));
  Server server(all,
                {SERVICE_PROGRAM, "--port", std::to_string(port), "--version", "7", "--metrics",
                 directory.path + "/metrics"},
                directory);
  effects::HttpRequest request;
  request.url = fmt::format("http://127.0.0.1:{}/", port);
  REQUIRE(eventually(all, 5 * second_ns, [&] { return bool(all.http.send(request)); }));
  CHECK(all.http.send(request)->body == "7");
  request.url = fmt::format("http://127.0.0.1:{}/metrics", port);
  request.max_body = 1000;
  CHECK(all.http.send(request).error().message.find("answers more than 1000 bytes") !=
        std::string::npos);
  request.url = fmt::format("http://127.0.0.1:{}/slow", port);
  request.timeout_ns = second_ns / 10;
  const Result<effects::HttpResponse> late = all.http.send(request);
  CHECK(late.error().message.find("no answer within 100 ms") != std::string::npos);
  CHECK(late.error().retryable);
  request.url = "file:///etc/passwd";
  CHECK(!all.http.send(request));
  request.url = "http://127.0.0.1:1/";
  CHECK(all.http.send(request).error().retryable);
  const std::vector<Result<effects::HttpResponse>> both = all.http.send_all({request, request});
  CHECK(both.size() == 2);
}

TEST_CASE("http: a line in the head of an answer that does not end is said to be that", "[effects]") {
  Receiver receiver({200}, "ok", "X-Long: " + std::string(1'000'000, 'x') + "\r\n");
  const std::unique_ptr<effects::Http> http = effects::curl_http();
  effects::HttpRequest request;
  request.url = receiver.url();
  const Result<effects::HttpResponse> answer = http->send(request);
  REQUIRE(!answer);
  CHECK(answer.error().message.find(" failed: a line in the head of the answer does not end") != std::string::npos);
}

TEST_CASE("http: each request asks what it names, whatever was asked before it", "[effects]") {
  Receiver receiver([](const Received& asked) { return Answer{200, asked.head.substr(0, asked.head.find(" HTTP/"))}; });
  const std::unique_ptr<effects::Http> http = effects::curl_http();
  const std::string place = receiver.url().substr(0, receiver.url().rfind('/'));
  auto text = [](const Result<effects::HttpResponse>& answer) {
    return answer ? answer->body : "not answered: " + answer.error().message;
  };
  auto body = [&](const std::string& method, const std::string& url) { return text(http->send({method, url})); };
  for (int round = 0; round < 3; ++round) {
    CHECK(body("GET", place + "/a") == "GET /a");
    CHECK(body("POST", place + "/a?to=7") == "POST /a?to=7");
    CHECK(body("GET", "http://127.0.0.1:port/a").find("not answered") == 0);
    CHECK(body("GET", "").find("not answered") == 0);
    CHECK(body("GET", place + "/b/../c d").find("not answered") == 0);
    CHECK(body("GET", place + "/b/../c") == "GET /c");
  }
  // More than are kept parsed, some at once and then one after the other.
  auto places = [&](int from, int count) {
    std::vector<effects::HttpRequest> out;
    for (int i = from; i < from + count; ++i) out.push_back({"GET", fmt::format("{}/{}", place, i)});
    return out;
  };
  for (int from = 0; from < 600; from += 10) {
    std::vector<Result<effects::HttpResponse>> answers = http->send_all(places(from % 300, 10));
    for (int i = 0; i < 10; ++i) CHECK(text(answers[size_t(i)]) == fmt::format("GET /{}", from % 300 + i));
  }
  for (int i = 0; i < 300; ++i) CHECK(body("GET", fmt::format("{}/{}", place, i)) == fmt::format("GET /{}", i));
}

TEST_CASE("copies work side by side and hand back all they have, in their order", "[effects]") {
  constexpr size_t count = 4, bytes = 300'000;  // more than a pipe holds
  auto text_of = [](size_t copy) { return std::string(bytes, char('a' + copy)); };
  Result<std::vector<std::string>> texts = effects::in_copies(count, text_of);
  REQUIRE(texts);
  REQUIRE(texts->size() == count);
  for (size_t i = 0; i < count; ++i) CHECK(texts->at(i) == text_of(i));
  pid_t own = getpid();
  CHECK(effects::in_copies(1, [&](size_t) { return std::to_string(getpid()); })->front() == std::to_string(own));
  Result<std::vector<std::string>> ended = effects::in_copies(3, [](size_t copy) -> std::string {
    if (copy == 1) _exit(3);
    return "whole";
  });
  REQUIRE(!ended);
  CHECK(ended.error().message == "a copy of this process ended before its work was done");
}

}  // namespace rollout::test
