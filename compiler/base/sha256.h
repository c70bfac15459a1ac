// SHA-256 (FIPS 180-4), by the processor's own instructions where it has them. For the hashes of plans, of the journal
// and of keys; the same bytes give the same text on every machine.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace rollout {

class Sha256 {
 public:
  /// `portable`: without those instructions, for tests.
  explicit Sha256(bool portable = false);
  void update(std::string_view bytes);
  /// All that came so far, as 32 bytes; nothing more can be added.
  std::array<uint8_t, 32> digest();
  /// The same as 64 digits, in lower case.
  std::string hex();

 private:
  using State = std::array<uint32_t, 8>;
  static constexpr size_t block_bytes = 64;
  void add_blocks(const uint8_t* bytes, size_t blocks);

  State state_;
  std::array<uint8_t, block_bytes> rest_{};
  uint64_t total_ = 0;  ///< in bytes
  bool fast_;
};

}  // namespace rollout
