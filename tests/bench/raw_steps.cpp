#include "tests/bench/raw_steps.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <string_view>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "runtime/effects/curl_api.h"
#include "tests/bench/figures.h"

namespace rollout::bench {

namespace {

constexpr size_t record_bytes = 256;
constexpr int64_t journal_bytes = int64_t{64} << 20;
constexpr std::string_view question = "GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n";
constexpr int poll_ms = 100;

double us(int64_t ns) { return double(ns) / 1e3; }

size_t drop(char*, size_t size, size_t count, void*) { return size * count; }

}  // namespace

RawJournal::RawJournal(const std::filesystem::path& path) {
  file_ = open(path.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  std::string zeros(1 << 20, '\0');
  for (int64_t at = 0; at < journal_bytes; at += int64_t(zeros.size()))
    if (write(file_, zeros.data(), zeros.size()) < 0) return;
  fsync(file_);
}

RawJournal::~RawJournal() { close(file_); }

bool RawJournal::commit(int count) {
  std::string records(record_bytes * size_t(count), 'r');
  if (at_ + int64_t(records.size()) > journal_bytes) at_ = 0;
  bool written = pwrite(file_, records.data(), records.size(), at_) == ssize_t(records.size());
  at_ += int64_t(records.size());
  return written && fdatasync(file_) == 0;
}

RawLanes::RawLanes(const LaneServer& server) {
  for (int lane = 0; lane < lane_count; ++lane) {
    sockets_.push_back(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(uint16_t(server.port(lane)));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int on = 1;
    setsockopt(sockets_.back(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    // One that is not connected shows at the first send.
    (void)connect(sockets_.back(), reinterpret_cast<sockaddr*>(&address), sizeof address);
  }
}

RawLanes::~RawLanes() {
  for (int socket : sockets_) close(socket);
}

bool RawLanes::send(int lane) {
  return write(sockets_[size_t(lane)], question.data(), question.size()) == ssize_t(question.size());
}

bool RawLanes::receive(int lane) {
  char text[1024];
  return read(sockets_[size_t(lane)], text, sizeof text) > 0;
}

bool RawLanes::wave() {
  bool good = true;
  for (int lane = 0; lane < lane_count; ++lane) good = send(lane) && good;
  for (int lane = 0; lane < lane_count; ++lane) good = good && receive(lane);
  return good;
}

std::vector<double> raw_chain(RawJournal& journal, RawLanes& lanes, int steps, int requests) {
  std::vector<double> out;
  for (int step = 0; step < steps; ++step) {
    int64_t begin = now_ns();
    bool good = journal.commit(1);
    for (int i = 0; i < requests; ++i) good = good && lanes.send(0) && lanes.receive(0);
    if (!good || !journal.commit(1)) return {};
    out.push_back(us(now_ns() - begin));
  }
  return out;
}

std::vector<double> raw_waves(RawJournal& journal, RawLanes& lanes, int waves, int requests) {
  std::vector<double> out;
  for (int wave = 0; wave < waves; ++wave) {
    int64_t begin = now_ns();
    bool good = journal.commit(lane_count);
    for (int i = 0; i < requests; ++i) good = good && lanes.wave();
    if (!good || !journal.commit(lane_count)) return {};
    out.push_back(us(now_ns() - begin));
  }
  return out;
}

double raw_pipeline(RawJournal& journal, const LaneServer& server, int steps, int requests) {
  static const Result<effects::CurlApi> curl = effects::load_curl();
  if (!curl) return 0;
  CURLM* multi = curl->multi_init();
  struct Lane {
    CURL* easy = nullptr;
    std::string url;
    int asked = 0;
  };
  std::vector<Lane> lanes{size_t(lane_count)};
  for (int i = 0; i < lane_count; ++i) {
    Lane& lane = lanes[size_t(i)];
    lane.url = server.url(i);
    lane.easy = curl->easy_init();
    curl->easy_setopt(lane.easy, CURLOPT_URL, lane.url.c_str());
    curl->easy_setopt(lane.easy, CURLOPT_WRITEFUNCTION, drop);
    curl->easy_setopt(lane.easy, CURLOPT_PRIVATE, &lane);
    curl->easy_setopt(lane.easy, CURLOPT_NOPROXY, "*");
    curl->easy_setopt(lane.easy, CURLOPT_NOSIGNAL, 1L);
    curl->multi_add_handle(multi, lane.easy);
  }
  bool good = journal.commit(lane_count);
  int64_t begin = now_ns();
  for (int done = 0; good && done < steps;) {
    int running = 0, left = 0;
    curl->multi_perform(multi, &running);
    std::vector<Lane*> over;
    while (const CURLMsg* message = curl->multi_info_read(multi, &left)) {
      if (message->msg != CURLMSG_DONE) continue;
      Lane* lane = nullptr;
      curl->easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &lane);
      good = good && message->data.result == CURLE_OK;
      curl->multi_remove_handle(multi, lane->easy);
      if (++lane->asked % requests == 0) over.push_back(lane);
      else curl->multi_add_handle(multi, lane->easy);
    }
    if (!over.empty()) good = good && journal.commit(2 * int(over.size()));
    for (Lane* lane : over) curl->multi_add_handle(multi, lane->easy);
    done += int(over.size());
    if (over.empty()) curl->multi_poll(multi, nullptr, 0, poll_ms, nullptr);
  }
  double seconds = double(now_ns() - begin) / 1e9;
  for (Lane& lane : lanes) {
    curl->multi_remove_handle(multi, lane.easy);
    curl->easy_cleanup(lane.easy);
  }
  curl->multi_cleanup(multi);
  return good ? double(steps) / seconds : 0;
}

}  // namespace rollout::bench
