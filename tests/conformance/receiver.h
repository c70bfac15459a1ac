// Receiver: a real HTTP server on loopback that takes messages, for as long as the object lives. It answers what it is
// told, keeps every request, and may be down.
#pragma once

#include <atomic>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace rollout::test {

struct Received {
  std::string head;  ///< request line and headers
  std::string body;
  /// The value of a header; empty: not there.
  std::string header(const std::string& name) const;
};

/// What is answered to one request.
struct Answer {
  int status = 200;
  std::string body;
  std::string headers = {};  ///< more lines, each with its end
  bool endless = false;      ///< the body comes in chunks, again and again, until the other side has had enough
};

class Receiver {
 public:
  /// Answers as it is told for each request.
  explicit Receiver(std::function<Answer(const Received&)> answers);
  /// The status of each answer in turn; the last one stays. 0: takes the request and answers nothing.
  /// `headers`: more lines for the head of every answer, each with its end.
  explicit Receiver(std::vector<int> statuses = {200}, std::string body = "ok", std::string headers = "");
  ~Receiver();
  Receiver(const Receiver&) = delete;
  Receiver& operator=(const Receiver&) = delete;

  std::string url() const { return "http://127.0.0.1:" + std::to_string(port_) + "/hook"; }
  std::vector<Received> received() const;

 private:
  void serve();
  void answer(int connection);

  std::function<Answer(const Received&)> answers_;
  int listener_ = -1, port_ = 0;
  std::atomic<bool> over_ = false;
  mutable std::mutex mutex_;
  std::vector<Received> received_;
  std::thread thread_;
};

}  // namespace rollout::test
