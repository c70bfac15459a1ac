// SHA-256 (FIPS 180-4), for the hashes of plans, of the journal and of keys. By OpenSSL's libcrypto, which takes the
// processor's own instructions where there are any; linked into the program, so that `check` loads no library for it.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include <openssl/sha.h>

namespace rollout {

class Sha256 {
 public:
  Sha256();
  void update(std::string_view bytes);
  /// All that came so far, as 32 bytes; nothing more can be added.
  std::array<uint8_t, SHA256_DIGEST_LENGTH> digest();
  /// The same as 64 digits, in lower case.
  std::string hex();

 private:
  SHA256_CTX state_;
};

}  // namespace rollout
