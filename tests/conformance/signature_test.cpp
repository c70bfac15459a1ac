// Signatures as `cosign sign --key` attaches them to images of a real registry. They are made here by openssl: what
// counts, what does not, and what is said of it.
#include <catch2/catch.hpp>

#include <fmt/format.h>

#include "runtime/backend/cosign.h"
#include "runtime/effects/signature.h"
#include "tests/conformance/registry_rig.h"
#include "tests/conformance/signer.h"

namespace rollout::test {

using exec::Reading;

namespace {

const std::string simple_signing(backend::payload_type);

/// An image with a signature of its own, and the key `release` that is trusted.
struct Signed {
  Signed() : release(registry.effects, registry.directory, "release") {
    digest = registry.push("2.0.0", "one");
    registry.brings("shop:2.0.0");
    registry.trusts("release", release.public_key());
  }
  Layer by(const Signer& signer, const std::string& payload) const {
    return {payload, simple_signing, signer.sign(payload)};
  }
  void sign(const std::vector<Layer>& signatures) { registry.push("sha256-" + digest.substr(7) + ".sig", signatures); }
  std::string detail() { return registry.read("signatures").detail; }

  RegistryRig registry;
  Signer release;
  std::string digest;
};

}  // namespace

TEST_CASE("a signature by a trusted key for this digest counts", "[signature]") {
  Signed shop;
  CHECK(shop.registry.count("signatures") == 0);
  CHECK(shop.detail() == "no signature is attached to " + shop.digest);
  shop.sign({shop.by(shop.release, payload_for(shop.digest))});
  CHECK(shop.registry.count("signatures") == 1);
  CHECK(shop.detail().empty());
  shop.registry.brings("shop:2.0.0@" + shop.digest);
  CHECK(shop.registry.count("signatures") == 1);
  // The same key again is no second signer.
  shop.sign({shop.by(shop.release, payload_for(shop.digest)), shop.by(shop.release, payload_for(shop.digest) + " ")});
  CHECK(shop.registry.count("signatures") == 1);
  const Signer backup(shop.registry.effects, shop.registry.directory, "backup", Signer::Kind::Ed25519);
  shop.registry.trusts("backup", backup.public_key());
  shop.sign({shop.by(shop.release, payload_for(shop.digest)), shop.by(backup, payload_for(shop.digest))});
  CHECK(shop.registry.count("signatures") == 2);
}

TEST_CASE("a signature that is attached by the referrers' index counts, too", "[signature]") {
  Signed shop;
  const std::string manifest = shop.registry.push("", {shop.by(shop.release, payload_for(shop.digest))});
  shop.registry.attach(shop.digest, {{std::string(backend::signature_artifact_type), manifest, ""}});
  CHECK(shop.registry.count("signatures") == 1);
  shop.registry.attach(shop.digest, {{"application/vnd.dev.sigstore.bundle.v0.3+json", manifest, ""},
                                     {"application/vnd.cncf.notary.signature", manifest, ""}});
  CHECK(shop.registry.count("signatures") == 0);
  CHECK(shop.detail() == "what is attached as application/vnd.dev.sigstore.bundle.v0.3+json is not verified here; what "
                         "is attached as application/vnd.cncf.notary.signature is not verified here");
}

TEST_CASE("what is not verified counts as nothing, and it is said why", "[signature]") {
  Signed shop;
  const Signer other(shop.registry.effects, shop.registry.directory, "other");
  const std::string payload = payload_for(shop.digest), elsewhere = "sha256:" + std::string(64, 'a');
  SECTION("another key") {
    shop.sign({shop.by(other, payload)});
    CHECK(shop.detail() == "signature 1 was not made by the key release");
  }
  SECTION("none of several keys") {
    const Signer backup(shop.registry.effects, shop.registry.directory, "backup", Signer::Kind::Ed25519);
    shop.registry.trusts("backup", backup.public_key());
    shop.sign({shop.by(other, payload)});
    CHECK(shop.detail() == "signature 1 was made by none of the keys `release` and `backup`");
  }
  SECTION("another digest") {
    shop.sign({shop.by(shop.release, payload_for(elsewhere))});
    CHECK(shop.detail() == "signature 1 by release is for another image, " + elsewhere);
  }
  SECTION("the payload was changed") {
    const std::string genuine = payload_for(elsewhere);
    shop.sign({{payload, simple_signing, shop.release.sign(genuine)}});
    CHECK(shop.detail() == "signature 1 was not made by the key release");
  }
  SECTION("half of the signature is missing") {
    const std::string whole = shop.release.sign(payload);
    for (const std::string& cut : {whole.substr(0, whole.size() - 3), whole.substr(0, whole.size() - 1) + "!"}) {
      shop.sign({{payload, simple_signing, cut}});
      CHECK(shop.detail() == "signature 1 is malformed: its annotation is no base64");
    }
    shop.sign({{payload, simple_signing, whole.substr(0, 40)}});
    CHECK(shop.detail() == "signature 1 was not made by the key release");
    shop.sign({{payload, simple_signing, ""}});
    CHECK(shop.detail() == "signature 1 is malformed: its annotation is no base64");
  }
  SECTION("what is signed is no payload") {
    shop.sign({shop.by(shop.release, "{}")});
    CHECK(shop.detail() == "signature 1 by release is malformed: its payload is not about an image");
  }
  SECTION("a payload without end") {
    shop.sign({shop.by(shop.release, payload + std::string(backend::max_payload_bytes, ' '))});
    CHECK(shop.detail().find("signature 1 cannot be read: ") == 0);
    CHECK(shop.detail().find("answers more than 65536 bytes") != std::string::npos);
  }
  SECTION("a layer of another type") {
    shop.sign({{payload, "text/plain", shop.release.sign(payload)}});
    CHECK(shop.detail() == "no signature is attached to " + shop.digest);
  }
  CHECK(shop.registry.count("signatures") == 0);
}

TEST_CASE("of several signatures the good one counts, and the others are named", "[signature]") {
  Signed shop;
  const Signer other(shop.registry.effects, shop.registry.directory, "other");
  const std::string payload = payload_for(shop.digest);
  shop.sign({shop.by(other, payload), shop.by(shop.release, payload)});
  CHECK(shop.registry.count("signatures") == 1);
  CHECK(shop.detail() == "signature 1 was not made by the key release");
  std::vector<Layer> many(5, Layer{payload, simple_signing, "AAAA"});
  shop.sign(many);
  CHECK(shop.registry.count("signatures") == 0);
  CHECK(shop.detail().ends_with("; and 2 more"));
  many.resize(backend::max_signatures + 1, many[0]);
  shop.sign(many);
  CHECK(shop.registry.read("signatures").detail.find("has more than 50 signatures") != std::string::npos);
}

TEST_CASE("a target without a key that can be used is an error, not a signature of nobody", "[signature]") {
  Signed shop;
  shop.sign({shop.by(shop.release, payload_for(shop.digest))});
  const auto refused = [&](const std::string& key) {
    shop.registry.set("keys", {});
    shop.registry.trusts("release", key);
    const Reading reading = shop.registry.read("signatures");
    CHECK(reading.status == Reading::Status::Error);
    return reading.detail;
  };
  const std::string key = shop.release.public_key();
  CHECK(refused("-----BEGIN PUBLIC KEY-----").find("is no base64; write what stands between the lines") !=
        std::string::npos);
  CHECK(refused("AAAA").find("the key release of target images is of no use: it is no public key") == 0);
  CHECK(refused(key + "AAAA").find("is no base64") != std::string::npos);
  for (const Signer::Kind kind : {Signer::Kind::P384, Signer::Kind::Rsa}) {
    const Signer strange(shop.registry.effects, shop.registry.directory, "strange", kind);
    CHECK(refused(strange.public_key()).find("neither a key of ECDSA over P-256 nor of Ed25519") != std::string::npos);
  }
  shop.registry.set("keys", {});
  CHECK(shop.registry.read("signatures").status == Reading::Status::Error);
  CHECK(shop.detail().find("target images names no keys, so no signature could count; give it `keys = [") == 0);
}

TEST_CASE("a payload is read only where it says one thing", "[signature]") {
  const std::string digest = "sha256:" + std::string(64, 'b');
  const std::string good = payload_for(digest);
  REQUIRE(backend::signed_digest(good));
  CHECK(*backend::signed_digest(good) == digest);
  struct Row {
    std::string payload, why;
  };
  const std::string type = R"("type":"cosign container image signature")";
  const auto critical = [&](const std::string& image) {
    return R"({"critical":{)" + type + R"(,"image":)" + image + "}}";
  };
  const Row rows[] = {
      {"", "is no JSON object"},
      {"null", "is no JSON object"},
      {"[]", "is no JSON object"},
      {good.substr(0, good.size() - 1), "is no JSON object"},
      {good + "x", "is no JSON object"},
      {std::string(1, '\0') + good, "is no JSON object"},
      {"\xff" + good, "is no JSON object"},
      {std::string(100, '['), "is no JSON object"},
      {std::string(100, '{'), "is no JSON object"},
      {std::string(backend::max_payload_bytes + 1, ' '), "is longer than 65536 bytes"},
      {"{}", "is not about an image"},
      {R"({"critical":null})", "is not about an image"},
      {R"({"critical":[)" + type.substr(7) + "]}", "is not about an image"},
      {R"({"critical":{"type":"atomic container signature","image":{"docker-manifest-digest":")" + digest + "\"}}}",
       "is not about an image"},
      {R"({"critical":{"type":["cosign container image signature"]}})", "is not about an image"},
      {critical("{}"), "names no digest of an image"},
      {critical("\"" + digest + "\""), "names no digest of an image"},
      {critical(R"({"docker-manifest-digest":5})"), "names no digest of an image"},
      {critical(R"({"docker-manifest-digest":[")" + digest + "\"]}"), "names no digest of an image"},
      {critical(R"({"docker-manifest-digest":"sha256:"})"), "names no digest of an image"},
      {critical(R"({"docker-manifest-digest":")" + digest + "0\"}"), "names no digest of an image"},
      {critical(R"({"docker-manifest-digest":" )" + digest + "\"}"), "names no digest of an image"},
      {critical(R"({"docker-manifest-digest":"SHA256:)" + digest.substr(7) + "\"}"), "names no digest of an image"},
      {critical(R"({"docker-manifest-digest":"sha512:)" + digest.substr(7) + "\"}"), "names no digest of an image"},
      {critical(R"({"docker-manifest-digest":"sha256:)" + std::string(64, 'B') + "\"}"), "names no digest of an image"},
      {critical(R"({"docker-manifest-digest":")" + digest + R"(","docker-manifest-digest":")" + digest + "\"}"),
       "has a field twice"},
      {R"({"critical":{},)" + good.substr(1), "has a field twice"}};
  for (const Row& row : rows) {
    CAPTURE(row.payload.substr(0, 200));
    const Result<std::string> read = backend::signed_digest(row.payload);
    REQUIRE(!read);
    CHECK(read.error().message == row.why);
  }
  // Whatever is cut off or exchanged: it is an error, or it names the digest that stands in it.
  for (size_t at = 0; at < good.size(); ++at) {
    CHECK(!backend::signed_digest(good.substr(0, at)));
    for (const char c : {'\0', '"', '}', '{', ',', ':', '\\', '\x80', '0'}) {
      std::string changed = good;
      changed[at] = c;
      const Result<std::string> read = backend::signed_digest(changed);
      if (read) CHECK(changed.find(*read) != std::string::npos);
    }
  }
}

TEST_CASE("no changed bit of a signature or of what is signed verifies", "[signature]") {
  const TempDir directory;
  effects::RealEffects real(nullptr);
  effects::Effects effects = real.all();
  for (const Signer::Kind kind : {Signer::Kind::P256, Signer::Kind::Ed25519}) {
    const Signer signer(effects, directory, "key", kind);
    const std::string bytes = payload_for("sha256:" + std::string(64, 'c'));
    (void)signer.sign(bytes);
    const std::string der = directory.read("key.der"), signature = directory.read("key.sig");
    REQUIRE(*effects::has_signed(der, bytes, signature));
    CHECK(!*effects::has_signed(der, bytes, ""));
    CHECK(!*effects::has_signed(der, "", signature));
    CHECK(!*effects::has_signed(der, bytes, std::string(effects::max_signature_bytes + 1, 'x')));
    for (size_t at = 0; at < signature.size(); ++at) {
      std::string changed = signature;
      changed[at] = char(changed[at] ^ 1);
      CHECK(!*effects::has_signed(der, bytes, changed));
      CHECK(!*effects::has_signed(der, bytes, signature.substr(0, at)));
    }
    for (size_t at = 0; at < bytes.size(); at += 7) {
      std::string changed = bytes;
      changed[at] = char(changed[at] ^ 1);
      CHECK(!*effects::has_signed(der, changed, signature));
    }
    for (size_t at = 0; at < der.size(); ++at) CHECK(!effects::has_signed(der.substr(0, at), bytes, signature));
  }
}

}  // namespace rollout::test
