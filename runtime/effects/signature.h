// Signature: whether a public key has signed some bytes, by ECDSA over P-256 with SHA-256 or by Ed25519. For whoever
// decides by signatures. Always true: only what libcrypto verifies counts; every other kind of key is an error.
#pragma once

#include <string_view>

#include "compiler/base/result.h"

namespace rollout::effects {

inline constexpr size_t max_key_bytes = 1024;
inline constexpr size_t max_signature_bytes = 1024;

/// Refuses what is no public key of one of the two kinds; the error says what it is instead, as the end of a sentence.
Status check_public_key(std::string_view der);

/// `der`: SubjectPublicKeyInfo, as between the lines of a PEM file. `signature`: of ECDSA in DER, of Ed25519 64 bytes.
Result<bool> has_signed(std::string_view der, std::string_view bytes, std::string_view signature);

}  // namespace rollout::effects
