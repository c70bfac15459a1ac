#include <catch2/catch.hpp>

#include <fmt/format.h>

#include "runtime/backend/oci_api.h"
#include "runtime/backend/sarif.h"
#include "tests/conformance/receiver.h"
#include "tests/conformance/registry_rig.h"

namespace rollout::test {

using exec::Reading;

namespace {

constexpr const char* no_report = "no vulnerability report is attached to shop:2.0.0";

/// A report with one finding for each score; an empty one has none.
std::string sarif(const std::vector<std::string>& scores) {
  std::string rules, results;
  for (const std::string& score : scores) {
    const std::string comma = rules.empty() ? "" : ",";
    const std::string severity = score.empty() ? "{}" : fmt::format(R"({{"security-severity":"{}"}})", score);
    rules += fmt::format(R"({}{{"id":"CVE-{}","properties":{}}})", comma, score, severity);
    results += fmt::format(R"({}{{"ruleId":"CVE-{}","level":"error"}})", comma, score);
  }
  return fmt::format(
      R"({{"version":"2.1.0","runs":[{{"tool":{{"driver":{{"name":"trivy","rules":[{}]}}}},"results":[{}]}}]}})", rules,
      results);
}

}  // namespace

TEST_CASE("registry: a tag is resolved to the digest of its manifest, and again when it moves", "[registry]") {
  RegistryRig registry;
  registry.brings("shop:2.0.0");
  CHECK(registry.refusal().find("shop:2.0.0 is not in the registry: it answered HTTP 404") != std::string::npos);
  const std::string first = registry.push("2.0.0", "one");
  auto found = registry.digests();
  REQUIRE(found);
  REQUIRE(found->size() == 1);
  CHECK((*found)[0].image == "shop:2.0.0");
  CHECK((*found)[0].digest == first);
  CHECK((*found)[0].source == "target images");
  const std::string second = registry.push("2.0.0", "two");
  REQUIRE(second != first);
  found = registry.digests();
  REQUIRE(found);
  CHECK((*found)[0].digest == second);
}

TEST_CASE("registry: an image that names a registry is asked of that one alone", "[registry]") {
  RegistryRig registry;
  const std::string digest = registry.push("2.0.0", "one");
  registry.brings(fmt::format("127.0.0.1:{}/shop:2.0.0", registry.port));
  auto found = registry.digests();
  REQUIRE(found);
  CHECK((*found)[0].digest == digest);
  registry.brings("ghcr.io/acme/shop:2.0.0");
  CHECK(registry.refusal() ==
        fmt::format("ghcr.io/acme/shop:2.0.0 is an image of ghcr.io, but target images is 127.0.0.1:{}; bind the "
                    "service to the registry of its image",
                    registry.port));
  registry.plan.targets[0].config.emplace_back("named", test::text("docker.io"));
  registry.brings("docker.io/shop:2.0.0");
  CHECK(registry.digests());
}

TEST_CASE("registry: it says which versions it has no more, and of what it is not asked nothing", "[registry]") {
  RegistryRig registry;
  registry.brings("shop:2.0.0");
  const std::string digest = registry.push("1.4.0", "old");
  auto why = [&](const std::string& image) {
    auto world = backend::LiveWorld::open(registry.plan, registry.directory.path, registry.effects);
    REQUIRE(world);
    return (*world)->cannot_start({{0, image}}).at(0);
  };
  CHECK(why("shop:1.4.0") == "");
  CHECK(why("shop:1.4.0@" + digest) == "");
  CHECK(why("shop:1.3.0") == "registry images has no shop 1.3.0, or its token may not read it");
  // The tag is there, and means another image by now.
  registry.push("1.4.0", "new");
  const std::string never = "sha256:" + std::string(64, '0');
  CHECK(why("shop:1.4.0@" + never).starts_with("registry images has no shop " + never + ", or "));
  // Who gives no answer says nothing, and neither does another registry than that of the image.
  CHECK(why("ghcr.io/acme/shop:1.0.0") == "");
  registry.server.reset();
  CHECK(why("shop:1.3.0") == "");
}

TEST_CASE("registry: vulnerabilities are those of the newest report", "[registry]") {
  RegistryRig registry;
  const std::string digest = registry.push("2.0.0", "one"), type = "application/sarif+json";
  registry.brings("shop:2.0.0");
  CHECK(registry.read("high_vulnerabilities").status == Reading::Status::NoData);
  CHECK(registry.read("high_vulnerabilities").detail == no_report);
  const std::string old = registry.push("", {Layer{sarif({"9.8", "7.5", "5.0", ""}), type}});
  const std::string now = registry.push("", {Layer{sarif({"6.9", "3.1"}), type}});
  registry.attach(digest, {{type, old, "2026-11-01T00:00:00Z"}});
  CHECK(registry.count("critical_vulnerabilities") == 2);
  CHECK(registry.count("high_vulnerabilities") == 3);
  CHECK(registry.count("medium_vulnerabilities") == 4);
  registry.attach(digest, {{type, now, "2026-11-20T00:00:00Z"}, {type, old, "2026-11-01T00:00:00Z"}});
  CHECK(registry.count("high_vulnerabilities") == 0);
  CHECK(registry.count("medium_vulnerabilities") == 1);
  // A report of another image says nothing of this one.
  const std::string layer = sarif({});
  const std::string of_other = fmt::format(
      R"({{"schemaVersion":2,"mediaType":"{0}","config":{{"mediaType":"{1}","digest":"{2}","size":2}},"layers":)"
      R"([{{"mediaType":"{3}","digest":"{4}","size":{5}}}],"subject":{{"mediaType":"{0}","digest":"{6}","size":1}}}})",
      "application/vnd.oci.image.manifest.v1+json", "application/vnd.oci.image.config.v1+json", digest_of("{}"), type,
      digest_of(layer), layer.size(), old);
  registry.push("", {Layer{layer, type}});
  registry.attach(digest, {{type, registry.put(digest_of(of_other), of_other,
                                               "application/vnd.oci.image.manifest.v1+json"),
                            "2026-11-21T00:00:00Z"}});
  CHECK(registry.read("high_vulnerabilities").detail.find("gave an artifact of another image, " + old) !=
        std::string::npos);
  const std::string broken = registry.push("", {Layer{"not a report", type}});
  registry.attach(digest, {{type, broken, "2026-11-21T00:00:00Z"}});
  CHECK(registry.read("high_vulnerabilities").status == Reading::Status::Error);
}

TEST_CASE("registry: a password is given where it is asked for, and never where it would be read", "[registry]") {
  RegistryRig registry("auth:\n  htpasswd:\n    realm: shop\n    path: DIRECTORY/users\n");
  registry.credentials = "Basic YW5uYTpvcGVuIHNlc2FtZQ==";  // anna, open sesame
  const std::string digest = registry.push("2.0.0", "one");
  registry.brings("shop:2.0.0");
  CHECK(registry.refusal().find("it wants a token; give the target a `token`") != std::string::npos);
  registry.directory.write("token", "open sesame\n");
  registry.plan.targets[0].config.emplace_back("user", test::text("anna"));
  registry.plan.targets[0].config.emplace_back(
      "token", eval::Value::of(eval::Value::Kind::Secret, std::string("file:token")));
  auto found = registry.digests();
  REQUIRE(found);
  CHECK((*found)[0].digest == digest);
  registry.directory.write("token", "let me in\n");
  CHECK(registry.refusal().find("answered HTTP 401") != std::string::npos);
  CHECK(registry.refusal().find("let me in") == std::string::npos);
}

TEST_CASE("registry: a token comes from the service that the registry names, and goes nowhere else", "[registry]") {
  Receiver tokens({200}, R"({"token":"for-shop"})");
  RegistryRig registry(fmt::format("auth:\n  silly:\n    realm: {}\n    service: images\n", tokens.url()));
  registry.credentials = "Bearer any";
  const std::string digest = registry.push("2.0.0", "one");
  registry.brings("shop:2.0.0");
  auto found = registry.digests();
  REQUIRE(found);
  CHECK((*found)[0].digest == digest);
  REQUIRE(tokens.received().size() == 1);
  CHECK(tokens.received()[0].head.starts_with("GET /hook?service=images&scope=repository%3Ashop%3Apull HTTP/1.1"));
  CHECK(tokens.received()[0].header("Authorization").empty());
  registry.directory.write("token", "open sesame");
  registry.plan.targets[0].config.emplace_back("user", test::text("anna"));
  registry.plan.targets[0].config.emplace_back(
      "token", eval::Value::of(eval::Value::Kind::Secret, std::string("file:token")));
  // What is secret goes only where the target says that it may.
  const std::string origin = tokens.url().substr(0, tokens.url().rfind('/'));
  CHECK(registry.refusal().find(fmt::format("write `token_service = \"{}\"`", origin)) != std::string::npos);
  CHECK(tokens.received().size() == 1);
  registry.set("token_service", eval::Value::of(eval::Value::Kind::Url, origin + "/"));
  REQUIRE(registry.digests());
  CHECK(tokens.received()[1].header("Authorization") == "Basic YW5uYTpvcGVuIHNlc2FtZQ==");
}

TEST_CASE("registry: where it sends us on for a blob, no token goes, and the bytes are looked at", "[registry]") {
  effects::RealEffects real{nullptr};
  const std::string report = sarif({});
  const std::string manifest = fmt::format(R"({{"layers":[{{"digest":"{}"}}]}})", digest_of(report));
  Receiver store({200}, report), other({200}, "something else");
  auto fetch = [&](const std::string& to, const std::string& user) {
    // A challenge first; the answer to it is the token itself.
    Receiver registry({401, 200, 307}, manifest, "WWW-Authenticate: Basic realm=\"shop\"\r\nLocation: " + to + "\r\n");
    const std::string url = registry.url().substr(0, registry.url().rfind('/'));
    backend::OciApi api(real.all().http, {"images", url, user, "open sesame", second_ns});
    Result<std::string> found = api.content_of("shop", {"", digest_of(manifest), ""}, "");
    CHECK(registry.received().at(1).header("Authorization") == "Basic YW5uYTpvcGVuIHNlc2FtZQ==");
    return found ? *found : found.error().message;
  };
  CHECK(fetch(store.url(), "anna") == report);
  REQUIRE(store.received().size() == 1);
  CHECK(store.received()[0].header("Authorization").empty());
  CHECK(fetch(other.url(), "anna").find("gave bytes with another digest") != std::string::npos);
  CHECK(fetch("http://store.example.net/blob", "anna").find("sent us on to a place without TLS") != std::string::npos);
}

TEST_CASE("registry: it is not asked in the clear, but on this machine", "[registry]") {
  RegistryRig registry;
  registry.brings("shop:2.0.0");
  registry.plan.targets[0].config[0].second.text = "http://registry.example.net";
  CHECK(registry.refusal().find("write `https://…`") != std::string::npos);
}

TEST_CASE("registry: one that is away, slow or something else is an error that says so", "[registry]") {
  RegistryRig registry;
  registry.brings("shop:2.0.0");
  Receiver silent(std::vector<int>{0}), other({200}), broken({500});
  auto ask = [&](const std::string& url) {
    registry.plan.targets[0].config[0].second.text = url.substr(0, url.rfind('/'));
    return registry.refusal();
  };
  CHECK(ask(silent.url()).find("gave no answer within 1000 ms") != std::string::npos);
  CHECK(ask(other.url()).find("gave what is no manifest: `ok`; check `url`") != std::string::npos);
  CHECK(ask(broken.url()).find("answered HTTP 500") != std::string::npos);
  CHECK(ask(fmt::format("http://127.0.0.1:{}/", free_ports())).find("failed: ") != std::string::npos);
}

TEST_CASE("sarif: what was not looked for is no report", "[registry]") {
  CHECK(backend::findings_from(sarif({}), 0).operator*() == 0);
  CHECK(!backend::findings_from(R"({"version":"2.1.0","runs":[{"tool":{"driver":{}}}]})", 0));
  CHECK(!backend::findings_from(R"({"version":"2.1.0","runs":[]})", 0));
  CHECK(!backend::findings_from("[]", 0));
  const std::string unrated = R"({"version":"2.1.0","runs":[{"results":[{"ruleId":"a"},{"kind":"pass"}]}]})";
  CHECK(*backend::findings_from(unrated, 7) == 1);
}

}  // namespace rollout::test
