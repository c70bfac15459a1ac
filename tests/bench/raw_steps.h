// What no engine can be much faster than: the same requests and as durable a record, in a bare loop without an engine.
#pragma once

#include <filesystem>
#include <memory>
#include <vector>

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

/// Microseconds of each step: record, fdatasync, `requests` requests, record, fdatasync.
std::vector<double> raw_chain(RawJournal& journal, RawLanes& lanes, int steps, int requests);
/// The same with a lane's work on each of 20 lanes, and two commits for all of them; microseconds of each wave.
std::vector<double> raw_waves(RawJournal& journal, RawLanes& lanes, int waves, int requests);
/// 20 lanes over libcurl, each on its own: one commit for what has come in together. Steps a second.
double raw_pipeline(RawJournal& journal, const LaneServer& server, int steps, int requests);

}  // namespace rollout::bench
