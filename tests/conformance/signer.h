// Signer: a key pair made by the openssl of this machine, which signs as cosign does. For the tests of the registry.
#pragma once

#include <string>

#include "tests/conformance/rig.h"

namespace rollout::test {

class Signer {
 public:
  enum class Kind { P256, Ed25519, P384, Rsa };
  /// Its files are in `directory`.
  Signer(effects::Effects& effects, const TempDir& directory, const std::string& name, Kind kind = Kind::P256);

  /// What stands between the lines of its PEM file, in one line.
  std::string public_key() const;
  /// The signature of `bytes`, as cosign's annotation has it.
  std::string sign(const std::string& bytes) const;

 private:
  void openssl(const std::vector<std::string>& arguments) const;
  std::string file(const std::string& end) const { return directory_.path + "/" + name_ + end; }

  effects::Effects& effects_;
  const TempDir& directory_;
  std::string name_;
  Kind kind_;
};

/// The payload that cosign signs for an image.
std::string payload_for(const std::string& digest);

}  // namespace rollout::test
