// Labels of images, of a real registry: of the version that comes and of the one that runs.
#include <catch2/catch.hpp>
#include <fmt/format.h>

#include "tests/conformance/registry_rig.h"

namespace rollout::test {

namespace {

std::string config(const std::string& label) {
  return fmt::format(R"({{"os":"linux","config":{{"Labels":{{"rollout.compatible-with":"{}"}}}}}})", label);
}

/// By image: what the labels say.
std::vector<std::pair<std::string, std::string>> labels(RegistryRig& registry, const std::string& runs) {
  std::vector<plan::ObservedService> seen(1);
  seen[0].service = "shop";
  if (!runs.empty()) seen[0].stable = test::image(runs);
  auto digests = registry.digests();
  REQUIRE(digests);
  auto world = backend::LiveWorld::open(registry.plan, registry.directory.path, registry.effects);
  REQUIRE(world);
  auto found = (*world)->labels(seen, *digests);
  REQUIRE(found);
  std::vector<std::pair<std::string, std::string>> all;
  for (const plan::ObservedLabel& one : *found) {
    CHECK(one.source == "target images");
    all.emplace_back(one.image, one.text);
  }
  return all;
}

}  // namespace

TEST_CASE("registry: labels are read of the image that comes and of the one that runs", "[registry]") {
  RegistryRig registry;
  const std::string old = registry.push("1.9.0", {Layer{"one"}}, config("schema 12 of orders"));
  const std::string fresh = registry.push("2.0.0", {Layer{"two"}}, config("schema 12..13 of orders, >= 1.8"));
  registry.brings("shop:2.0.0");
  registry.plan.beside = {{0, "shop:2.0.0", 0, std::nullopt, {}}};
  const std::string runs = "shop:1.9.0@" + old, comes = "shop:2.0.0@" + fresh;
  using Labels = std::vector<std::pair<std::string, std::string>>;
  const std::string label = "schema 12..13 of orders, >= 1.8";
  CHECK(labels(registry, runs) == Labels{{runs, "schema 12 of orders"}, {comes, label}});
  CHECK(labels(registry, "shop:1.9.0@" + digest_of("gone")) == Labels{{comes, label}});
  CHECK(labels(registry, "ghcr.io/acme/shop:1.0.0") == Labels{{comes, label}});
  registry.plan.beside.clear();  // nothing is declared, so nothing is asked
  CHECK(labels(registry, runs).empty());
}

TEST_CASE("registry: of an index the label of its first image counts, and an image may have none", "[registry]") {
  RegistryRig registry;
  const std::string amd = registry.push("", {Layer{"amd64"}}, config(">= 1.8"));
  registry.put("2.0.0",
               fmt::format(R"({{"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[)"
                           R"({{"mediaType":"application/vnd.oci.image.manifest.v1+json","digest":"{}","size":1}}]}})",
                           amd),
               "application/vnd.oci.image.index.v1+json");
  registry.brings("shop:2.0.0");
  registry.plan.beside = {{0, "shop:2.0.0", 0, std::nullopt, {}}};
  auto found = labels(registry, "");
  REQUIRE(found.size() == 1);
  CHECK(found[0].second == ">= 1.8");
  registry.push("2.0.0", "plain");
  CHECK(labels(registry, "").empty());
}

}  // namespace rollout::test
