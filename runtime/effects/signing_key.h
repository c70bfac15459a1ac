// SigningKey: an Ed25519 key in a file, and what it signs. For the record of a project. Always true: the private part
// stands in its file alone, which nobody but its owner may read, and in no message.
#pragma once

#include <string>
#include <string_view>

#include "compiler/base/result.h"

namespace rollout::effects {

class SigningKey {
 public:
  /// A PEM file as `openssl genpkey -algorithm ed25519` writes it. Refused when others than its owner may read it.
  static Result<SigningKey> read(const std::string& path);
  ~SigningKey();
  SigningKey(SigningKey&&) = default;
  SigningKey& operator=(SigningKey&&) = default;

  /// 64 bytes.
  Result<std::string> sign(std::string_view bytes) const;
  /// Of its public part; as has_signed wants it.
  const std::string& public_der() const { return public_der_; }

 private:
  SigningKey() = default;
  std::string seed_, public_der_;
};

/// A new key: the private part into `path`, which must not be there, and the public one into `path`.pub.
Status make_signing_key(const std::string& path);
/// The public part, from a PEM file.
Result<std::string> read_public_key(const std::string& path);
/// `3f6a…`, 16 digits: what names a key to people. It is no secret.
std::string name_of_key(std::string_view public_der);

}  // namespace rollout::effects
