#include <catch2/catch.hpp>

#include <fmt/format.h>

#include "compiler/plan/plan_json.h"
#include "runtime/backend/oci_api.h"
#include "runtime/backend/sarif.h"
#include "tests/conformance/receiver.h"
#include "tests/conformance/rig.h"

namespace rollout::test {

using exec::Reading;

namespace {

constexpr const char* manifest_type = "application/vnd.oci.image.manifest.v1+json";
constexpr const char* config_type = "application/vnd.oci.image.config.v1+json";
constexpr const char* index_type = "application/vnd.oci.image.index.v1+json";
constexpr const char* no_report = "no vulnerability report is attached to shop:2.0.0";

std::string digest_of(const std::string& bytes) { return "sha256:" + plan::hash_of(bytes); }

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

/// Debian's docker-registry on a port of its own, and a service whose images are in it.
struct Registry {
  explicit Registry(const std::string& auth = "") : effects(real.all()), port(free_ports()) {
    // bcrypt of `open sesame`
    directory.write("users", "anna:$2y$05$abcdefghijklmnopqrstuupx2xBUC4954936wVIjyyPHmUBFu0wCW\n");
    std::string access = auth;
    if (const size_t at = access.find("DIRECTORY"); at != std::string::npos) access.replace(at, 9, directory.path);
    directory.write("config.yml", fmt::format("version: 0.1\nlog:\n  level: error\nstorage:\n  filesystem:\n    "
                                              "rootdirectory: {}/data\nhttp:\n  addr: 127.0.0.1:{}\n{}",
                                              directory.path, port, access));
    server = std::make_unique<Server>(
        effects, std::vector<std::string>{"/usr/bin/docker-registry", "serve", directory.path + "/config.yml"},
        directory);
    const effects::HttpRequest ping = request("GET", url() + "/v2/");
    REQUIRE(eventually(effects, 10 * second_ns, [&] { return bool(effects.http.send(ping)); }));
    plan.targets = {{"images",
                     "registry",
                     {{"url", eval::Value::of(eval::Value::Kind::Url, url())},
                      {"timeout", eval::Value::of(eval::Value::Kind::Duration, second_ns)}}}};
    plan.services = {{"shop", "", {{"ArtifactRegistry", 0, {}}}}};
  }

  std::string url() const { return fmt::format("http://127.0.0.1:{}", port); }
  effects::HttpRequest request(const std::string& method, const std::string& to, const std::string& body = "",
                               const std::string& type = "") const {
    effects::HttpRequest request;
    request.method = method;
    request.url = to;
    request.body = body;
    request.content_type = type;
    if (!credentials.empty()) request.headers = {{"Authorization", credentials}};
    return request;
  }
  void blob(const std::string& bytes) {
    auto begun = effects.http.send(request("POST", url() + "/v2/shop/blobs/uploads/"));
    REQUIRE(begun);
    REQUIRE(begun->status == 202);
    const std::string to(begun->header("location"));
    const std::string whole = to + "&digest=" + digest_of(bytes);
    auto done = effects.http.send(request("PUT", whole, bytes, "application/octet-stream"));
    REQUIRE(done);
    REQUIRE(done->status == 201);
  }
  /// A manifest with one layer of that type; its digest.
  std::string push(const std::string& reference, const std::string& layer,
                   const std::string& layer_type = "application/vnd.oci.image.layer.v1.tar") {
    blob("{}");
    blob(layer);
    std::string manifest = fmt::format(
        R"({{"schemaVersion":2,"mediaType":"{}","config":{{"mediaType":"{}","digest":"{}","size":2}},)"
        R"("layers":[{{"mediaType":"{}","digest":"{}","size":{}}}]}})",
        manifest_type, config_type, digest_of("{}"), layer_type, digest_of(layer), layer.size());
    return put(reference.empty() ? digest_of(manifest) : reference, manifest, manifest_type);
  }
  std::string put(const std::string& reference, const std::string& manifest, const std::string& type) {
    const std::string to = fmt::format("{}/v2/shop/manifests/{}", url(), reference);
    auto done = effects.http.send(request("PUT", to, manifest, type));
    REQUIRE(done);
    INFO(done->body);
    REQUIRE(done->status == 201);
    return digest_of(manifest);
  }
  /// What stands in for the referrers API: an index by the tag of the digest.
  void attach(const std::string& digest, const std::vector<std::tuple<std::string, std::string, std::string>>& all) {
    std::string entries;
    for (const auto& [type, artifact, created] : all)
      entries += fmt::format(
          R"({}{{"mediaType":"{}","digest":"{}","size":1,"artifactType":"{}",)"
          R"("annotations":{{"org.opencontainers.image.created":"{}"}}}})",
          entries.empty() ? "" : ",", manifest_type, artifact, type, created);
    put("sha256-" + digest.substr(7),
        fmt::format(R"({{"schemaVersion":2,"mediaType":"{}","manifests":[{}]}})", index_type, entries), index_type);
  }

  /// The plan brings this image.
  void brings(const std::string& name) {
    plan::Step step;
    step.action.service = 0;
    step.action.sets = {{plan::Variable::Version, plan::Role::Canary, test::image(name)}};
    plan.steps = {step};
    plan.observed = {{fmt::format("digest({})", name), {}, "", plan::Recheck::Recorded}};
  }
  Result<std::vector<plan::ObservedDigest>> digests() {
    auto world = backend::LiveWorld::open(plan, directory.path, effects);
    REQUIRE(world);
    return (*world)->digests();
  }
  std::string refusal() {
    auto found = digests();
    return found ? "" : found.error().message;
  }
  Reading read(const std::string& signal) {
    plan.signals = {{0, signal, 0, signal, {}, plan::Evidence::Value, eval::Value::Kind::Int}};
    auto world = backend::LiveWorld::open(plan, directory.path, effects);
    REQUIRE(world);
    return (*world)->sample(plan, {{0, plan::Role::All, 0}})[0];
  }
  double count(const std::string& signal) {
    const Reading reading = read(signal);
    INFO(reading.detail);
    REQUIRE(reading.status == Reading::Status::Ok);
    return reading.value;
  }

  TempDir directory;
  effects::RealEffects real{nullptr};
  effects::Effects effects;
  plan::Plan plan;
  int port;
  std::string credentials;
  std::unique_ptr<Server> server;
};

}  // namespace

TEST_CASE("registry: a tag is resolved to the digest of its manifest, and again when it moves", "[registry]") {
  Registry registry;
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
  Registry registry;
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

TEST_CASE("registry: what is attached counts by its type, by index and by the tags of cosign", "[registry]") {
  Registry registry;
  const std::string digest = registry.push("2.0.0", "one");
  registry.brings("shop:2.0.0");
  CHECK(registry.count("signatures") == 0);
  CHECK(registry.count("sboms") == 0);
  CHECK(registry.read("high_vulnerabilities").status == Reading::Status::NoData);
  CHECK(registry.read("high_vulnerabilities").detail == no_report);
  const std::string tag = "sha256-" + digest.substr(7);
  registry.push(tag + ".sig", "payload", "application/vnd.dev.cosign.simplesigning.v1+json");
  CHECK(registry.count("signatures") == 1);
  registry.push(tag + ".sbom", "bom", "application/vnd.cyclonedx+json");
  CHECK(registry.count("sboms") == 1);
  const std::string signature = registry.push("", "bundle"), bom = registry.push("", "spdx");
  registry.attach(digest, {{"application/vnd.dev.sigstore.bundle.v0.3+json", signature, ""},
                           {"application/spdx+json", bom, ""},
                           {"text/html", bom, ""}});
  CHECK(registry.count("signatures") == 2);
  CHECK(registry.count("sboms") == 2);
  registry.brings("shop:2.0.0@" + digest);
  CHECK(registry.count("signatures") == 2);
}

TEST_CASE("registry: vulnerabilities are those of the newest report", "[registry]") {
  Registry registry;
  const std::string digest = registry.push("2.0.0", "one"), type = "application/sarif+json";
  registry.brings("shop:2.0.0");
  const std::string old = registry.push("", sarif({"9.8", "7.5", "5.0", ""}), type);
  const std::string now = registry.push("", sarif({"6.9", "3.1"}), type);
  registry.attach(digest, {{type, old, "2026-11-01T00:00:00Z"}});
  CHECK(registry.count("critical_vulnerabilities") == 2);
  CHECK(registry.count("high_vulnerabilities") == 3);
  CHECK(registry.count("medium_vulnerabilities") == 4);
  registry.attach(digest, {{type, now, "2026-11-20T00:00:00Z"}, {type, old, "2026-11-01T00:00:00Z"}});
  CHECK(registry.count("high_vulnerabilities") == 0);
  CHECK(registry.count("medium_vulnerabilities") == 1);
  const std::string broken = registry.push("", "not a report", type);
  registry.attach(digest, {{type, broken, "2026-11-21T00:00:00Z"}});
  CHECK(registry.read("high_vulnerabilities").status == Reading::Status::Error);
}

TEST_CASE("registry: a password is given where it is asked for, and never where it would be read", "[registry]") {
  Registry registry("auth:\n  htpasswd:\n    realm: shop\n    path: DIRECTORY/users\n");
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
  Registry registry(fmt::format("auth:\n  silly:\n    realm: {}\n    service: images\n", tokens.url()));
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
    Result<std::string> found = api.content_of("shop", {"", digest_of(manifest), ""});
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
  Registry registry;
  registry.brings("shop:2.0.0");
  registry.plan.targets[0].config[0].second.text = "http://registry.example.net";
  CHECK(registry.refusal().find("write `https://…`") != std::string::npos);
}

TEST_CASE("registry: one that is away, slow or something else is an error that says so", "[registry]") {
  Registry registry;
  registry.brings("shop:2.0.0");
  Receiver silent({0}), other({200}), broken({500});
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
