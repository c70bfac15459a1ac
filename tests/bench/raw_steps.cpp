#include "tests/bench/raw_steps.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <string_view>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

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

std::vector<double> raw_chain(RawJournal& journal, RawLanes& lanes, int steps, int requests, Commits commits) {
  std::vector<double> out;
  for (int step = 0; step < steps; ++step) {
    int64_t begin = now_ns();
    bool good = journal.commit(commits == Commits::One ? 2 : 1);
    for (int i = 0; i < requests; ++i) good = good && lanes.send(0) && lanes.receive(0);
    if (commits == Commits::Two) good = good && journal.commit(1);
    if (!good) return {};
    out.push_back(us(now_ns() - begin));
  }
  return out;
}

template <typename Lanes>
std::vector<double> raw_waves(RawJournal& journal, Lanes& lanes, int waves, int requests) {
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

template std::vector<double> raw_waves(RawJournal&, RawLanes&, int, int);
template std::vector<double> raw_waves(RawJournal&, CurlLanes&, int, int);

CurlLanes::CurlLanes(const LaneServer& server) : lanes_(size_t(lane_count)) {
  static const Result<effects::CurlApi> curl = effects::load_curl();
  if (!curl) return;
  curl_ = *curl;
  multi_ = curl_->multi_init();
  for (int i = 0; i < lane_count; ++i) {
    Lane& lane = lanes_[size_t(i)];
    lane.url = server.url(i);
    lane.easy = curl_->easy_init();
    lane.parsed = curl_->url();
    curl_->url_set(lane.parsed, CURLUPART_URL, lane.url.c_str(), 0);
    curl_->easy_setopt(lane.easy, CURLOPT_CURLU, lane.parsed);
    curl_->easy_setopt(lane.easy, CURLOPT_WRITEFUNCTION, drop);
    curl_->easy_setopt(lane.easy, CURLOPT_PRIVATE, &lane);
    curl_->easy_setopt(lane.easy, CURLOPT_NOPROXY, "*");
    curl_->easy_setopt(lane.easy, CURLOPT_NOSIGNAL, 1L);
  }
}

CurlLanes::~CurlLanes() {
  if (!curl_) return;
  for (Lane& lane : lanes_) {
    curl_->multi_remove_handle(multi_, lane.easy);
    curl_->easy_cleanup(lane.easy);
    curl_->url_cleanup(lane.parsed);
  }
  curl_->multi_cleanup(multi_);
}

void CurlLanes::ask(Lane& lane) { curl_->multi_add_handle(multi_, lane.easy); }

std::vector<CurlLanes::Lane*> CurlLanes::answered(bool& good) {
  int running = 0, left = 0;
  curl_->multi_perform(multi_, &running);
  std::vector<Lane*> out;
  while (const CURLMsg* message = curl_->multi_info_read(multi_, &left)) {
    if (message->msg != CURLMSG_DONE) continue;
    Lane* lane = nullptr;
    curl_->easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &lane);
    good = good && message->data.result == CURLE_OK;
    curl_->multi_remove_handle(multi_, lane->easy);
    out.push_back(lane);
  }
  return out;
}

void CurlLanes::wait() { curl_->multi_poll(multi_, nullptr, 0, poll_ms, nullptr); }

bool CurlLanes::wave() {
  bool good = curl_.has_value();
  if (good)
    for (Lane& lane : lanes_) ask(lane);
  for (size_t done = 0; good && done < lanes_.size();) {
    done += answered(good).size();
    if (done < lanes_.size()) wait();
  }
  return good;
}

double CurlLanes::pipeline(RawJournal& journal, int steps, int requests) {
  if (!curl_) return 0;
  bool good = journal.commit(lane_count);
  int64_t begin = now_ns();
  for (Lane& lane : lanes_) ask(lane);
  int done = 0;
  while (good && done < steps) {
    std::vector<Lane*> over;
    for (Lane* lane : answered(good)) {
      if (++lane->asked % requests == 0) over.push_back(lane);
      else ask(*lane);
    }
    if (over.empty()) wait();
    else good = good && journal.commit(2 * int(over.size()));
    for (Lane* lane : over) ask(*lane);
    done += int(over.size());
  }
  double seconds = double(now_ns() - begin) / 1e9;
  for (Lane& lane : lanes_) curl_->multi_remove_handle(multi_, lane.easy);
  return good ? double(done) / seconds : 0;
}

}  // namespace rollout::bench
