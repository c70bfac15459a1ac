// Lists of an image's parts: what counts as one, what stands in it, and how the signals of a registry count them.
#include <catch2/catch.hpp>

#include <fmt/format.h>

#include "runtime/backend/parts_list.h"
#include "tests/conformance/registry_rig.h"

namespace rollout::test {

using backend::Forbidden;
using backend::ListedPart;
using exec::Reading;

namespace {

const std::string digest = "sha256:" + std::string(64, 'a');

/// As trivy writes it: the image is named by its purl.
std::string cyclonedx(const std::string& of, const std::string& parts) {
  return fmt::format(
      R"({{"bomFormat":"CycloneDX","specVersion":"1.5","version":1,"metadata":{{"component":{{"type":"container",)"
      R"("name":"shop:2.0.0","purl":"pkg:oci/shop@sha256%3A{}?arch=amd64"}}}},"components":[{}]}})",
      of.substr(7), parts);
}

constexpr const char* left_pad = R"json({"type":"library","name":"left-pad","version":"1.3.0",
  "purl":"pkg:npm/left-pad@1.3.0","licenses":[{"license":{"id":"WTFPL"}}],"components":[
    {"type":"library","name":"inner","version":"2","licenses":[{"expression":"(MIT OR AGPL-3.0-only)"}]}]})json";
constexpr const char* zlib = R"({"type":"library","name":"zlib","licenses":[{"license":{"name":"Zlib"}}]})";

/// As syft writes it: the image is a package of its own, which the document describes.
std::string spdx(const std::string& of, const std::string& packages) {
  return fmt::format(
      R"({{"spdxVersion":"SPDX-2.3","dataLicense":"CC0-1.0","SPDXID":"SPDXRef-DOCUMENT","name":"shop",)"
      R"("documentNamespace":"https://example.net/shop","creationInfo":{{"created":"2026-11-01T00:00:00Z",)"
      R"("creators":["Tool: syft-1.0"]}},"packages":[{{"name":"shop","SPDXID":"SPDXRef-Image","versionInfo":"{}"}}{}],)"
      R"("relationships":[{{"spdxElementId":"SPDXRef-DOCUMENT","relationshipType":"DESCRIBES",)"
      R"("relatedSpdxElement":"SPDXRef-Image"}}]}})",
      of, packages);
}

constexpr const char* bash = R"(,{"name":"bash","SPDXID":"SPDXRef-bash","versionInfo":"5.2",
  "licenseConcluded":"NOASSERTION","licenseDeclared":"GPL-3.0-or-later",
  "externalRefs":[{"referenceCategory":"PACKAGE-MANAGER","referenceType":"purl",
    "referenceLocator":"pkg:deb/bash@5.2"}]})";

std::string refusal(const std::string& document) {
  auto parts = backend::parts_of(document, digest);
  return parts ? "" : parts.error().message;
}

std::string without(std::string text, const std::string& what, const std::string& with = "") {
  size_t at = text.find(what);
  REQUIRE(at != std::string::npos);
  return text.replace(at, what.size(), with);
}

eval::Value texts(const std::vector<std::string>& all) {
  eval::Value list;
  list.kind = eval::Value::Kind::List;
  for (const std::string& one : all) list.items.push_back(text(one));
  return list;
}

}  // namespace

TEST_CASE("a list of parts names what stands in it, with licences", "[registry]") {
  auto parts = backend::parts_of(cyclonedx(digest, std::string(left_pad) + "," + zlib), digest);
  REQUIRE(parts);
  REQUIRE(parts->size() == 3);
  CHECK((*parts)[0].name == "left-pad");
  CHECK((*parts)[0].purl == "pkg:npm/left-pad@1.3.0");
  CHECK((*parts)[1].name == "inner");
  CHECK((*parts)[1].licences == std::vector<std::string>{"(MIT OR AGPL-3.0-only)"});
  auto packages = backend::parts_of(spdx(digest, bash), digest);
  REQUIRE(packages);
  REQUIRE(packages->size() == 1);
  CHECK((*packages)[0].name == "bash");
  CHECK((*packages)[0].version == "5.2");
  CHECK((*packages)[0].purl == "pkg:deb/bash@5.2");
  CHECK((*packages)[0].licences == std::vector<std::string>{"GPL-3.0-or-later"});
}

TEST_CASE("what is no list of the parts of this image is refused, and it is said why", "[registry]") {
  const std::string good = cyclonedx(digest, zlib), packages = spdx(digest, bash);
  const std::string other = "sha256:" + std::string(64, 'b');
  CHECK(refusal(good).empty());
  CHECK(refusal(packages).empty());
  CHECK(refusal("bom").find("it is no list of parts: it is no JSON") == 0);
  CHECK(refusal("{}") == "it is no list of parts: it is neither SPDX 2 nor CycloneDX");
  CHECK(refusal(R"({"bomFormat":"CycloneDX","bomFormat":"x"})") == "it is no list of parts: it has a field twice");
  CHECK(refusal(without(good, R"("specVersion":"1.5",)")) == "it is no list of parts: its `specVersion` is not 1.x");
  CHECK(refusal(without(good, R"("type":"container",)")) ==
        "it is no list of parts: `metadata.component` does not say what it describes");
  CHECK(refusal(without(good, "components\"", "parts\"")) == "it is no list of parts: it has no `components`");
  CHECK(refusal(without(good, R"("name":"zlib",)")) == "it is no list of parts: a component has no name or no type");
  CHECK(refusal(cyclonedx(other, zlib)) == "what it describes is not named as " + digest);
  // A part that is named so is not the image.
  CHECK(refusal(cyclonedx(other, without(zlib, "zlib", digest))) == "what it describes is not named as " + digest);
  CHECK(refusal(spdx(other, bash)) == "what it describes is not named as " + digest);
  CHECK(refusal(without(packages, "DESCRIBES", "CONTAINS")) == "what it describes is not named as " + digest);
  CHECK(refusal(without(packages, R"("dataLicense":"CC0-1.0",)")) ==
        "it is no list of parts: SPDX asks for `dataLicense`");
  CHECK(refusal(without(packages, "Tool: syft-1.0\"]", "\"]")).empty());
  CHECK(refusal(without(packages, "[\"Tool: syft-1.0\"]", "[]")).find("when and by what it was created") !=
        std::string::npos);
  CHECK(refusal(without(packages, R"("name":"bash",)")) ==
        "it is no list of parts: a package has no name or no SPDXID");
}

TEST_CASE("parts are forbidden by name, by version, by purl and by licence", "[registry]") {
  const ListedPart part{"left-pad", "1.3.0", "pkg:npm/left-pad@1.3.0", {"(MIT OR agpl-3.0-only WITH x)"}};
  auto by_package = [&](const char* text) { return backend::is_forbidden(part, Forbidden{{}, {text}}); };
  auto by_licence = [&](const char* text) { return backend::is_forbidden(part, Forbidden{{text}, {}}); };
  for (const char* text : {"left-pad", "left-pad@1.3.0", "pkg:npm/left-pad", "pkg:npm/left-pad@1.3.0"})
    CHECK(by_package(text));
  for (const char* text : {"left", "left-pad@1.3", "pkg:npm/left", "npm/left-pad", ""}) CHECK_FALSE(by_package(text));
  for (const char* text : {"AGPL-3.0-only", "AGPL-*", "mit"}) CHECK(by_licence(text));
  for (const char* text : {"GPL-*", "AGPL-3.0", "OR x", ""}) CHECK_FALSE(by_licence(text));
}

TEST_CASE("registry: lists of parts count where they are lists of this image's parts", "[registry]") {
  RegistryRig registry;
  const std::string image = registry.push("2.0.0", "one"), type = "application/spdx+json";
  registry.brings("shop:2.0.0");
  CHECK(registry.count("sboms") == 0);
  CHECK(registry.read("components").status == Reading::Status::NoData);
  CHECK(registry.read("components").detail == "no list of parts is attached to shop:2.0.0");
  // By the tag of cosign.
  registry.push("sha256-" + image.substr(7) + ".sbom",
                {Layer{cyclonedx(image, left_pad), "application/vnd.cyclonedx+json"}});
  CHECK(registry.count("sboms") == 1);
  CHECK(registry.count("components") == 2);
  CHECK(registry.count("forbidden_components") == 0);
  registry.set("forbidden_licences", texts({"AGPL-*"}));
  registry.set("forbidden_packages", texts({"pkg:npm/left-pad"}));
  CHECK(registry.count("forbidden_components") == 2);
  CHECK(registry.read("forbidden_components").detail == "left-pad, inner");
  // By an index; the newest is asked for its parts.
  const std::string good = registry.push("", {Layer{spdx(image, bash), type}});
  const std::string other = registry.push("", {Layer{spdx(digest, bash), type}});
  const std::string text = registry.push("", {Layer{"SPDXVersion: SPDX-2.3", "text/spdx"}});
  registry.attach(image, {{type, good, "2026-11-20T00:00:00Z"},
                          {type, other, "2026-11-21T00:00:00Z"},
                          {"text/spdx", text, "2026-11-22T00:00:00Z"},
                          {"text/html", good, ""}});
  CHECK(registry.count("sboms") == 2);
  CHECK(registry.count("components") == 1);
  CHECK(registry.count("forbidden_components") == 0);
  const std::string doubts = registry.read("sboms").detail;
  CHECK(doubts.find("the list of parts " + other + " does not count: what it describes is not named as " + image) !=
        std::string::npos);
  CHECK(doubts.find("a list of parts as text/spdx is not read: attach SPDX 2 or CycloneDX as JSON") !=
        std::string::npos);
  registry.brings("shop:2.0.0@" + image);
  CHECK(registry.count("sboms") == 2);
}

}  // namespace rollout::test
