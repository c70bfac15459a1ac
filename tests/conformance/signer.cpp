#include "tests/conformance/signer.h"

#include <catch2/catch.hpp>
#include <fmt/format.h>
#include <llvm/Support/Base64.h>

namespace rollout::test {

namespace {

std::vector<std::string> algorithm(Signer::Kind kind) {
  switch (kind) {
    case Signer::Kind::P256: return {"EC", "-pkeyopt", "ec_paramgen_curve:P-256"};
    case Signer::Kind::P384: return {"EC", "-pkeyopt", "ec_paramgen_curve:P-384"};
    case Signer::Kind::Ed25519: return {"ED25519"};
    case Signer::Kind::Rsa: return {"RSA", "-pkeyopt", "rsa_keygen_bits:2048"};
  }
  return {};
}

}  // namespace

Signer::Signer(effects::Effects& effects, const TempDir& directory, const std::string& name, Kind kind)
    : effects_(effects), directory_(directory), name_(name), kind_(kind) {
  std::vector<std::string> make = {"genpkey", "-out", file(".key"), "-algorithm"};
  for (const std::string& word : algorithm(kind)) make.push_back(word);
  openssl(make);
  openssl({"pkey", "-in", file(".key"), "-pubout", "-outform", "DER", "-out", file(".der")});
}

void Signer::openssl(const std::vector<std::string>& arguments) const {
  const Result<effects::CommandEnd> end = effects_.commands.run({"openssl", arguments, 20 * second_ns, 4096});
  REQUIRE(end);
  INFO(end->errors);
  REQUIRE(end->code == 0);
}

std::string Signer::public_key() const { return llvm::encodeBase64(directory_.read(name_ + ".der")); }

std::string Signer::sign(const std::string& bytes) const {
  directory_.write(name_ + ".payload", bytes);
  if (kind_ == Kind::Ed25519)
    openssl({"pkeyutl", "-sign", "-rawin", "-inkey", file(".key"), "-in", file(".payload"), "-out", file(".sig")});
  else
    openssl({"dgst", "-sha256", "-sign", file(".key"), "-out", file(".sig"), file(".payload")});
  return llvm::encodeBase64(directory_.read(name_ + ".sig"));
}

std::string payload_for(const std::string& digest) {
  return fmt::format(R"({{"critical":{{"identity":{{"docker-reference":"registry.example.net/shop"}},)"
                     R"("image":{{"docker-manifest-digest":"{}"}},"type":"cosign container image signature"}},)"
                     R"("optional":null}})",
                     digest);
}

}  // namespace rollout::test
