// Cosign: which of the keys that a target trusts have signed an image. For the `registry` backend. A signature is what
// `cosign sign --key` attaches: a payload that names the digest, and the signature of its bytes.
// Always true: a payload is read only after a trusted key has verified its bytes; what is not verified does not count.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "compiler/base/result.h"
#include "runtime/backend/config.h"

namespace rollout::backend {

inline constexpr std::string_view payload_type = "application/vnd.dev.cosign.simplesigning.v1+json";
inline constexpr std::string_view signature_artifact_type = "application/vnd.dev.cosign.artifact.sig.v1+json";
inline constexpr std::string_view signature_annotation = "dev.cosignproject.cosign/signature";
inline constexpr size_t max_payload_bytes = size_t{64} << 10;
inline constexpr size_t max_signatures = 50;  ///< of one image
inline constexpr size_t max_keys = 20;        ///< of one target

/// A public key that a target names: `keys = ["release": "MFkwEwYH…"]`.
struct TrustedKey {
  std::string name, der;
};

/// A signature as it is attached to an image.
struct CosignSignature {
  std::string payload;    ///< the bytes that are signed; their digest was looked at
  std::string signature;  ///< base64, as the annotation has it
  std::string trouble;    ///< why there is no payload; empty: there is one
};

/// `sha256:` and 64 digits, as every digest here.
bool is_sha256(std::string_view digest);

/// Refuses a target without keys: then no signature could count.
Result<std::vector<TrustedKey>> trusted_keys(const Config& config, std::string_view target);

/// The digest of the image that a payload is about. The error is the end of a sentence.
Result<std::string> signed_digest(std::string_view payload);

/// Who has signed an image, and what speaks against the signatures that do not count.
struct Signers {
  std::vector<std::string> keys;    ///< names, each once
  std::vector<std::string> doubts;  ///< `signature 2 was made by none of the keys release and backup`
};
Result<Signers> signers_of(std::string_view digest, const std::vector<CosignSignature>& signatures,
                           const std::vector<TrustedKey>& keys);

/// The doubts in one line; empty: there are none.
std::string doubts_text(const Signers& signers);

}  // namespace rollout::backend
