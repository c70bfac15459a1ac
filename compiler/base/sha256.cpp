// OpenSSL 3 would rather have EVP, which loads providers and configuration before it hashes the first byte.
#define OPENSSL_SUPPRESS_DEPRECATED
#include "compiler/base/sha256.h"

namespace rollout {

Sha256::Sha256() { SHA256_Init(&state_); }

void Sha256::update(std::string_view bytes) { SHA256_Update(&state_, bytes.data(), bytes.size()); }

std::array<uint8_t, SHA256_DIGEST_LENGTH> Sha256::digest() {
  std::array<uint8_t, SHA256_DIGEST_LENGTH> out{};
  SHA256_Final(out.data(), &state_);
  return out;
}

std::string Sha256::hex() {
  std::string out;
  out.reserve(2 * SHA256_DIGEST_LENGTH);
  for (uint8_t byte : digest()) {
    out += "0123456789abcdef"[byte >> 4];
    out += "0123456789abcdef"[byte & 15];
  }
  return out;
}

}  // namespace rollout
