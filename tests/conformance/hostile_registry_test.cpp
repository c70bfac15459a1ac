// What a real registry does not say: lists over pages, pages without end, answers of broken and of hostile servers.
// None of them may become a signature, a list of parts or a report.
#include <catch2/catch.hpp>

#include <fmt/format.h>

#include "runtime/backend/oci_api.h"
#include "tests/conformance/receiver.h"
#include "tests/conformance/registry_rig.h"

namespace rollout::test {

namespace {

const std::string image_digest = "sha256:" + std::string(64, 'd');

std::string path_of(const Received& request) {
  const size_t begin = request.head.find(' ') + 1;
  return request.head.substr(begin, request.head.find(' ', begin) - begin);
}

std::string index_of(const std::vector<std::string>& digests) {
  std::string entries;
  for (const std::string& digest : digests)
    entries += fmt::format(R"({}{{"digest":"{}","artifactType":"application/spdx+json"}})", entries.empty() ? "" : ",",
                           digest);
  return "{\"manifests\":[" + entries + "]}";
}

std::string digest_with(char digit) { return "sha256:" + std::string(64, digit); }

/// A registry that says what it is told, and what is seen of it.
struct Told {
  explicit Told(std::function<Answer(const std::string&)> answers)
      : server([answers](const Received& request) { return answers(path_of(request)); }),
        api(real.all().http, {"images", origin(), "", "", 5 * second_ns}) {}
  std::string origin() const { return server.url().substr(0, server.url().rfind('/')); }
  Result<std::vector<backend::OciArtifact>> attached() { return api.attached("shop", image_digest); }
  std::string trouble() {
    Result<std::vector<backend::OciArtifact>> found = attached();
    return found ? fmt::format("{} artifacts", found->size()) : found.error().message;
  }
  effects::RealEffects real{nullptr};
  Receiver server;
  backend::OciApi api;
};

Answer page(const std::string& body, const std::string& next) {
  return {200, body, "Link: <" + next + ">; rel=\"next\"\r\n"};
}

bool is_list(const std::string& path) { return path.find("/referrers/") != std::string::npos; }

}  // namespace

TEST_CASE("registry: a list that goes on over pages is read to its end", "[hostile]") {
  const std::string base = "/v2/shop/referrers/" + image_digest;
  Told told([&](const std::string& path) -> Answer {
    if (!is_list(path)) return {404, ""};
    if (path == base) return page(index_of({digest_with('1'), digest_with('2')}), base + "?n=2&last=2");
    if (path.ends_with("last=2")) return page(index_of({digest_with('3')}), base + "?n=2&last=3");
    return {200, index_of({digest_with('4')}), "Link: <https://example.net/terms>; rel=\"terms\"\r\n"};
  });
  const Result<std::vector<backend::OciArtifact>> found = told.attached();
  REQUIRE(found);
  REQUIRE(found->size() == 4);
  CHECK((*found)[3].digest == digest_with('4'));
}

TEST_CASE("registry: the next page is at the same registry, below the same repository", "[hostile]") {
  Receiver elsewhere;
  std::string next;
  Told told([&](const std::string& path) -> Answer {
    return is_list(path) ? page(index_of({}), next) : Answer{404, ""};
  });
  const std::string base = "/v2/shop/referrers/";
  for (const std::string& to :
       {elsewhere.url(), "http://127.0.0.1:1" + base + "x", "//example.net" + base,
        std::string("/v2/other/referrers/x"), base + "../../other/manifests/x",
        "https" + told.origin().substr(4) + base + "x", base + "a b",
        told.origin() + "@example.net" + base, std::string("file:///etc/passwd"), std::string("x")}) {
    next = to;
    CAPTURE(to);
    CHECK(told.trouble().find("which is not there") != std::string::npos);
  }
  CHECK(elsewhere.received().empty());
  next = told.origin() + base + image_digest + "?again";
  CHECK(told.trouble().find("goes on behind 20 pages") != std::string::npos);
}

TEST_CASE("registry: lists that are no lists are errors", "[hostile]") {
  std::string body;
  Told told([&](const std::string& path) -> Answer { return is_list(path) ? Answer{200, body} : Answer{404, ""}; });
  const std::string good = index_of({digest_with('1')});
  for (const std::string& bad :
       {std::string(), std::string("null"), std::string("[]"), std::string("{}"), std::string(R"({"manifests":{}})"),
        std::string(R"({"manifests":null})"), std::string(R"({"manifests":"x"})"), good.substr(0, good.size() - 1),
        good + "x", std::string("\xff\xfe"), std::string(5000, '['), "{\"a\":" + std::string(5000, '{'),
        std::string(R"({"manifests":[],"manifests":[]})"), std::string(R"({"manifests":[1]})"),
        std::string(R"({"manifests":[{"digest":5}]})"), index_of({"sha256:1"}), index_of({""}),
        index_of({"../../other/manifests/latest"}), index_of({digest_with('1') + "?x=y"}),
        index_of({"sha256:" + std::string(64, 'G')}), index_of({"\\u001b[31m" + digest_with('1')}),
        index_of(std::vector<std::string>(backend::max_attached + 1, digest_with('1')))}) {
    CAPTURE(bad.substr(0, 100));
    body = bad;
    const Result<std::vector<backend::OciArtifact>> found = told.attached();
    REQUIRE(!found);
    CHECK(found.error().message.starts_with("target images (http://127.0.0.1:"));
    CHECK(found.error().message.find('\x1b') == std::string::npos);
    CHECK(found.error().message.size() < 500);
  }
  body = good;
  CHECK(told.trouble() == "1 artifacts");
}

TEST_CASE("registry: answers without end are cut off", "[hostile]") {
  effects::RealEffects real(nullptr);
  Told told([](const std::string&) { return Answer{200, std::string(64 << 10, ' '), "", true}; });
  const int64_t before_ns = real.clock->monotonic_ns();
  CHECK(told.trouble().find(fmt::format("answers more than {} bytes", backend::max_manifest_bytes)) !=
        std::string::npos);
  const Result<std::optional<backend::OciManifest>> manifest = told.api.manifest("shop", "2.0.0");
  REQUIRE(!manifest);
  CHECK(manifest.error().message.find("answers more than") != std::string::npos);
  CHECK(real.clock->monotonic_ns() - before_ns < 10 * second_ns);
}

TEST_CASE("registry: a manifest that lies about itself is none", "[hostile]") {
  std::string body = R"({"layers":[]})";
  Told told([&](const std::string&) -> Answer { return {200, body}; });
  REQUIRE(told.api.manifest("shop", digest_of(body)));
  CHECK(told.api.manifest("shop", digest_with('e')).error().message.find("gave something else, " + digest_of(body)) !=
        std::string::npos);
  body = R"({"layers":[],"layers":[]})";
  CHECK(told.api.manifest("shop", "2.0.0").error().message.find("a field twice") != std::string::npos);
  for (const char* bad : {"5", "\"x\"", "[]", "{", "<html>"}) {
    body = bad;
    CHECK(told.api.manifest("shop", "2.0.0").error().message.find("gave what is no manifest") != std::string::npos);
  }
  // Layers of the wrong kind are no signatures; a digest of theirs is no path.
  for (const std::string& layers : {std::string("5"), std::string("{}"), std::string(R"([5,null,{"mediaType":7}])")}) {
    body = "{\"layers\":" + layers + "}";
    const auto found = told.api.signatures("shop", image_digest, {});
    REQUIRE(found);
    CHECK(found->empty());
  }
  body = fmt::format(R"({{"layers":[{{"mediaType":"{}","digest":"../manifests/x"}}]}})", backend::payload_type);
  const auto found = told.api.signatures("shop", image_digest, {});
  REQUIRE(found);
  REQUIRE(found->size() == 1);
  CHECK((*found)[0].trouble.find("which is no digest") != std::string::npos);
}

}  // namespace rollout::test
