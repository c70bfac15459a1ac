// What no engine can be much faster than: the same requests and as durable a record, in a bare loop without an engine.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "runtime/effects/curl_api.h"
#include "tests/bench/lane_server.h"

namespace rollout::bench {

/// Records of 256 bytes in a file that was written before, so that a sync writes no metadata.
class RawJournal {
 public:
  explicit RawJournal(const std::filesystem::path& path);
  ~RawJournal();
  /// `count` records and one fdatasync.
  bool commit(int count);

 private:
  int file_ = -1;
  int64_t at_ = 0;
};

/// One request at a time on a connection of each lane that stays open; sockets, without a library.
class RawLanes {
 public:
  explicit RawLanes(const LaneServer& server);
  ~RawLanes();
  bool send(int lane);
  bool receive(int lane);
  /// All lanes at once, and the answers of all of them.
  bool wave();

 private:
  std::vector<int> sockets_;
};

/// The same over libcurl, driven in the best way found: one call that sends all, and about one for the answers.
/// Sockets watched by epoll and handed to it one by one take as long.
class CurlLanes {
 public:
  explicit CurlLanes(const LaneServer& server);
  ~CurlLanes();
  CurlLanes(const CurlLanes&) = delete;
  CurlLanes& operator=(const CurlLanes&) = delete;
  bool wave();
  /// Each lane on its own: one commit for what has come in together. Steps a second; 0: it failed.
  double pipeline(RawJournal& journal, int steps, int requests);

 private:
  struct Lane {
    CURL* easy = nullptr;
    std::string url;
    CURLU* parsed = nullptr;  ///< once, as ours does it
    int asked = 0;
  };
  void ask(Lane& lane);
  std::vector<Lane*> answered(bool& good);
  void wait();  ///< until there is something to read, or for a tenth of a second

  std::optional<effects::CurlApi> curl_;
  CURLM* multi_ = nullptr;
  std::vector<Lane> lanes_;
};

/// Two: intent, fdatasync, `requests` requests, result, fdatasync. One: a result and the next intent share theirs.
enum class Commits { One, Two };
/// Microseconds of each step.
std::vector<double> raw_chain(RawJournal& journal, RawLanes& lanes, int steps, int requests, Commits commits);
/// The same with a lane's work on each of 20 lanes, and two commits for all of them; microseconds of each wave.
template <typename Lanes>
std::vector<double> raw_waves(RawJournal& journal, Lanes& lanes, int waves, int requests);

}  // namespace rollout::bench
