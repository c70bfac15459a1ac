#include "tests/conformance/registry_rig.h"

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include "compiler/plan/plan_json.h"

namespace rollout::test {

namespace {

constexpr const char* manifest_type = "application/vnd.oci.image.manifest.v1+json";
constexpr const char* config_type = "application/vnd.oci.image.config.v1+json";
constexpr const char* index_type = "application/vnd.oci.image.index.v1+json";

}  // namespace

std::string digest_of(const std::string& bytes) { return "sha256:" + plan::hash_of(bytes); }

RegistryRig::RegistryRig(const std::string& auth) : effects(real.all()), port(free_ports()) {
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

effects::HttpRequest RegistryRig::request(const std::string& method, const std::string& to, const std::string& body,
                                          const std::string& type) const {
  effects::HttpRequest request;
  request.method = method;
  request.url = to;
  request.body = body;
  request.content_type = type;
  if (!credentials.empty()) request.headers = {{"Authorization", credentials}};
  return request;
}

void RegistryRig::blob(const std::string& bytes) {
  auto begun = effects.http.send(request("POST", url() + "/v2/shop/blobs/uploads/"));
  REQUIRE(begun);
  REQUIRE(begun->status == 202);
  const std::string to(begun->header("location"));
  const std::string whole = to + "&digest=" + digest_of(bytes);
  auto done = effects.http.send(request("PUT", whole, bytes, "application/octet-stream"));
  REQUIRE(done);
  REQUIRE(done->status == 201);
}

std::string RegistryRig::push(const std::string& tag, const std::vector<Layer>& layers,
                              const std::string& config) {
  blob(config);
  std::string list;
  for (const Layer& layer : layers) {
    blob(layer.bytes);
    const std::string signature =
        layer.signature.empty()
            ? ""
            : fmt::format(R"(,"annotations":{{"dev.cosignproject.cosign/signature":"{}"}})", layer.signature);
    list += fmt::format(R"({}{{"mediaType":"{}","digest":"{}","size":{}{}}})", list.empty() ? "" : ",", layer.type,
                        digest_of(layer.bytes), layer.bytes.size(), signature);
  }
  const std::string manifest = fmt::format(
      R"({{"schemaVersion":2,"mediaType":"{}","config":{{"mediaType":"{}","digest":"{}","size":{}}},"layers":[{}]}})",
      manifest_type, config_type, digest_of(config), config.size(), list);
  return put(tag.empty() ? digest_of(manifest) : tag, manifest, manifest_type);
}

std::string RegistryRig::put(const std::string& reference, const std::string& manifest, const std::string& type) {
  const std::string to = fmt::format("{}/v2/shop/manifests/{}", url(), reference);
  auto done = effects.http.send(request("PUT", to, manifest, type));
  REQUIRE(done);
  INFO(done->body);
  REQUIRE(done->status == 201);
  return digest_of(manifest);
}

void RegistryRig::attach(const std::string& digest,
                         const std::vector<std::tuple<std::string, std::string, std::string>>& all) {
  std::string entries;
  for (const auto& [type, artifact, created] : all)
    entries += fmt::format(R"({}{{"mediaType":"{}","digest":"{}","size":1,"artifactType":"{}",)"
                           R"("annotations":{{"org.opencontainers.image.created":"{}"}}}})",
                           entries.empty() ? "" : ",", manifest_type, artifact, type, created);
  put("sha256-" + digest.substr(7),
      fmt::format(R"({{"schemaVersion":2,"mediaType":"{}","manifests":[{}]}})", index_type, entries), index_type);
}

void RegistryRig::brings(const std::string& name) {
  plan::Step step;
  step.action.service = 0;
  step.action.sets = {{plan::Variable::Version, plan::Role::Canary, test::image(name)}};
  plan.steps = {step};
  plan.observed = {{fmt::format("digest({})", name), {}, "", plan::Recheck::Recorded}};
}

void RegistryRig::set(const std::string& name, eval::Value value) {
  for (auto& [key, known] : plan.targets[0].config)
    if (key == name) {
      known = std::move(value);
      return;
    }
  plan.targets[0].config.emplace_back(name, std::move(value));
}

void RegistryRig::trusts(const std::string& name, const std::string& key) {
  eval::Value keys;
  for (const auto& [known, value] : plan.targets[0].config)
    if (known == "keys") keys = value;
  keys.kind = eval::Value::Kind::Map;
  keys.items.push_back(text(name));
  keys.items.push_back(text(key));
  set("keys", std::move(keys));
}

Result<std::vector<plan::ObservedDigest>> RegistryRig::digests() {
  auto world = backend::LiveWorld::open(plan, directory.path, effects);
  REQUIRE(world);
  return (*world)->digests();
}

std::string RegistryRig::refusal() {
  auto found = digests();
  return found ? "" : found.error().message;
}

exec::Reading RegistryRig::read(const std::string& signal) {
  plan.signals = {{0, signal, 0, signal, {}, plan::Evidence::Value, eval::Value::Kind::Int}};
  auto world = backend::LiveWorld::open(plan, directory.path, effects);
  REQUIRE(world);
  return (*world)->sample(plan, {{0, plan::Role::All, 0}})[0];
}

double RegistryRig::count(const std::string& signal) {
  const exec::Reading reading = read(signal);
  INFO(reading.detail);
  REQUIRE(reading.status == exec::Reading::Status::Ok);
  return reading.value;
}

}  // namespace rollout::test
