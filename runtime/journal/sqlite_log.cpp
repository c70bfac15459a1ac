#include "runtime/journal/sqlite_log.h"

#include <cstring>
#include <fstream>
#include <vector>

namespace rollout::journal {

namespace {

// sqlite.org/walformat.html: numbers of the log have the highest byte first; the sums are over words in the order of
// bytes that the lowest bit of the magic number says.
constexpr uint32_t magic = 0x377f0682;
constexpr size_t header_bytes = 32, summed_of_header = 24, page_size_at = 8, salts_at = 16, salt_bytes = 8;
constexpr size_t frame_bytes = 24, summed_of_frame = 8, commit_at = 4, frame_salts_at = 8, frame_sums_at = 16;
constexpr uint32_t least_page = 512, largest_page = 65536;

// The index is in the order of bytes of the machine: a header twice, and how far the log was brought into the file.
constexpr size_t index_header_bytes = 48, is_made_at = 12, frames_at = 16, index_salts_at = 32, brought_at = 96;
constexpr size_t index_bytes = brought_at + 4;

uint32_t number_at(const std::string& bytes, size_t at, bool big = true) {
  uint32_t value = 0;
  for (size_t i = 0; i < 4; ++i) value = value << 8 | uint8_t(bytes[big ? at + i : at + 3 - i]);
  return value;
}

struct Sums {
  uint32_t first = 0, second = 0;
  bool big = false;
  void add(const std::string& bytes, size_t size) {
    for (size_t at = 0; at + 8 <= size; at += 8) {
      first += number_at(bytes, at, big) + second;
      second += number_at(bytes, at + 4, big) + first;
    }
  }
  bool are(const std::string& bytes, size_t at) const {
    return number_at(bytes, at) == first && number_at(bytes, at + 4) == second;
  }
};

bool read(std::ifstream& in, std::string& into, size_t size) {
  into.resize(size);
  return bool(in.read(into.data(), std::streamsize(size)));
}

/// Its header, if it has one, and the sums behind it.
std::optional<Sums> read_header(std::ifstream& in, std::string& header) {
  if (!read(in, header, header_bytes) || (number_at(header, 0) & ~1U) != magic) return std::nullopt;
  Sums sums{0, 0, (number_at(header, 0) & 1U) != 0};
  sums.add(header, summed_of_header);
  if (!sums.are(header, summed_of_header)) return std::nullopt;
  return sums;
}

/// How many frames there are up to the last commit that fits.
uint32_t frames_in(std::ifstream& in, const std::string& header, Sums sums) {
  const uint32_t page_size = number_at(header, page_size_at);
  if (page_size < least_page || page_size > largest_page) return 0;
  std::string frame, page;
  uint32_t committed = 0;
  for (uint32_t count = 1; read(in, frame, frame_bytes) && read(in, page, page_size); ++count) {
    if (frame.compare(frame_salts_at, salt_bytes, header, salts_at, salt_bytes) != 0) break;
    sums.add(frame, summed_of_frame);
    sums.add(page, page_size);
    if (!sums.are(frame, frame_sums_at)) break;
    if (number_at(frame, commit_at) != 0) committed = count;
  }
  return committed;
}

}  // namespace

bool has_log(const std::string& path) {
  std::ifstream in(path + "-wal", std::ios::binary);
  std::string header;
  return read_header(in, header).has_value();
}

std::optional<LostFrames> lost_frames(const std::string& path) {
  std::ifstream index_file(path + "-shm", std::ios::binary), log(path + "-wal", std::ios::binary);
  std::string index, header;
  if (!read(index_file, index, index_bytes)) return std::nullopt;
  const bool whole = index.compare(0, index_header_bytes, index, index_header_bytes, index_header_bytes) == 0;
  if (!whole || index[is_made_at] == 0) return std::nullopt;
  uint32_t were = 0, brought = 0;
  std::memcpy(&were, index.data() + frames_at, sizeof were);
  std::memcpy(&brought, index.data() + brought_at, sizeof brought);
  uint32_t there = 0;
  if (std::optional<Sums> sums = read_header(log, header)) {
    if (index.compare(index_salts_at, salt_bytes, header, salts_at, salt_bytes) != 0) return std::nullopt;
    there = frames_in(log, header, *sums);
  }
  // What a log of older pages lays over newer ones is worse than no log.
  if (there >= were || (there == 0 && brought >= were)) return std::nullopt;
  return LostFrames{there, were};
}

}  // namespace rollout::journal
