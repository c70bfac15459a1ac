#include "runtime/backend/oci_api.h"

#include <fmt/format.h>
#include <llvm/ADT/StringRef.h>
#include <llvm/Support/Base64.h>

#include "compiler/base/visible.h"
#include "compiler/plan/plan_json.h"
#include "runtime/effects/loopback.h"

namespace rollout::backend {
namespace {

using effects::HttpRequest;
using effects::HttpResponse;
using json::Node;

constexpr size_t max_token_bytes = size_t{64} << 10;

/// All kinds of manifests; a registry that is not told so turns them into older ones, which have other digests.
constexpr std::string_view manifest_types =
    "application/vnd.oci.image.index.v1+json, application/vnd.oci.image.manifest.v1+json, "
    "application/vnd.docker.distribution.manifest.list.v2+json, application/vnd.docker.distribution.manifest.v2+json";

/// `realm` of `Bearer realm="https://…",service="…"`.
std::string challenge_part(std::string_view challenge, std::string_view name) {
  const size_t begin = challenge.find(fmt::format("{}=\"", name));
  if (begin == std::string_view::npos) return {};
  const std::string_view rest = challenge.substr(begin + name.size() + 2);
  return std::string(rest.substr(0, rest.find('"')));
}

bool is_scheme(std::string_view challenge, std::string_view scheme) {
  return llvm::StringRef(challenge).startswith_insensitive(fmt::format("{} ", scheme));
}

std::string basic(const OciAccess& access) {
  return "Basic " + llvm::encodeBase64(fmt::format("{}:{}", access.user, access.token));
}

/// `sha256-abc…`: how tags name what is attached to a digest.
std::string tag_of(std::string digest) {
  if (const size_t colon = digest.find(':'); colon != std::string::npos) digest[colon] = '-';
  return digest;
}

}  // namespace

OpError OciApi::unusable(std::string_view what, std::string_view why) const {
  return OpError{fmt::format("target {} ({}) was asked for {}, and {}", access_.target, access_.url, what, why)};
}

/// Once without a token, if none is known, and once with what the registry asks for.
Result<HttpResponse> OciApi::ask(const std::string& repository, const std::string& path, size_t max_body) {
  if (!effects::is_private(access_.url))
    return settled_error(fmt::format("target {} would ask {} in the clear, so anybody on the way could say what a tag "
                                     "means; write `https://…`",
                                     access_.target, access_.url));
  HttpRequest request;
  request.url = fmt::format("{}/v2/{}/{}", access_.url, repository, path);
  request.timeout_ns = access_.timeout_ns;
  request.max_body = max_body;
  for (const bool again : {false, true}) {
    request.headers = {{"Accept", std::string(manifest_types)}};
    if (const auto known = authorized_.find(repository); known != authorized_.end())
      request.headers.emplace_back("Authorization", known->second);
    Result<HttpResponse> answer = http_.send(request);
    if (!answer) return OpError{answer.error().message, answer.error().retryable};
    if (answer->status != 401 || again) return answer;
    Result<std::string> authorized = authorization(repository, answer->header("www-authenticate"));
    if (!authorized) return authorized.error();
    authorized_[repository] = std::move(*authorized);
  }
  return unusable(path, "it was asked twice");
}

/// The answer to a challenge, as the header has it.
Result<std::string> OciApi::authorization(const std::string& repository, std::string_view challenge) {
  if (is_scheme(challenge, "Basic") && !access_.token.empty()) return basic(access_);
  if (!is_scheme(challenge, "Bearer"))
    return unusable(repository, access_.token.empty() ? "it wants a token; give the target a `token`"
                                                      : "it answered HTTP 401 and does not say what it wants");
  if (access_.user.empty() && !access_.token.empty()) return "Bearer " + access_.token;
  return fetch_token(repository, challenge);
}

/// From the service that the challenge names; without a token of our own, as anybody.
Result<std::string> OciApi::fetch_token(const std::string& repository, std::string_view challenge) {
  const std::string realm = challenge_part(challenge, "realm"), service = challenge_part(challenge, "service");
  if (!effects::is_private(realm))
    return unusable(repository, fmt::format("it names a token service without TLS: `{}`", quoted_of(realm)));
  const std::string_view origin = effects::origin_of(realm);
  const bool named = origin == effects::origin_of(access_.url) || origin == effects::origin_of(access_.token_service);
  if (!access_.token.empty() && !named)
    return unusable(repository, fmt::format("it sends us on for a token to `{}`, which the target does not name; if "
                                            "the token may go there, write `token_service = \"{}\"`",
                                            quoted_of(realm), quoted_of(origin)));
  HttpRequest request;
  request.url = fmt::format("{}{}service={}&scope={}", realm, realm.find('?') == std::string::npos ? '?' : '&',
                            effects::url_encode(service),
                            effects::url_encode(fmt::format("repository:{}:pull", repository)));
  request.timeout_ns = access_.timeout_ns;
  request.max_body = max_token_bytes;
  if (!access_.token.empty()) request.headers = {{"Authorization", basic(access_)}};
  const Result<HttpResponse> answer = http_.send(request);
  if (!answer) return OpError{answer.error().message, answer.error().retryable};
  if (answer->status != 200)
    return unusable(repository, fmt::format("its token service {} answered HTTP {}; check `user` and `token`", realm,
                                            answer->status));
  const Result<Node> said = json::parse(answer->body);
  const std::string_view either = said ? (*said)["token"].as_string((*said)["access_token"].as_string()) : "";
  if (either.empty() || either.find_first_of("\r\n") != std::string_view::npos)
    return unusable(repository, fmt::format("its token service {} gave no token", realm));
  return fmt::format("Bearer {}", either);
}

Result<std::optional<OciManifest>> OciApi::manifest(const std::string& repository, const std::string& reference) {
  const std::string what = fmt::format("{} {}", repository, reference);
  const Result<HttpResponse> answer = ask(repository, "manifests/" + reference, max_manifest_bytes);
  if (!answer) return answer.error();
  if (answer->status == 404) return std::optional<OciManifest>();
  if (answer->status != 200)
    return unusable(what, fmt::format("answered HTTP {}: {}", answer->status, quoted_of(answer->body)));
  OciManifest found{"sha256:" + plan::hash_of(answer->body), {}};
  if (reference.starts_with("sha256:") && reference != found.digest)
    return unusable(what, fmt::format("gave something else, {}; ask whoever runs it", found.digest));
  Result<Node> content = json::parse(answer->body);
  if (!content || !content->is(Node::Kind::Object))
    return unusable(what, fmt::format("gave what is no manifest: `{}`; check `url`", quoted_of(answer->body)));
  if (json::has_twice(*content)) return unusable(what, "gave a manifest that has a field twice");
  found.content = std::move(*content);
  return std::optional(std::move(found));
}

Result<std::optional<std::string>> OciApi::label(const std::string& repository, const std::string& reference,
                                                 std::string_view name) {
  Result<std::optional<OciManifest>> found = manifest(repository, reference);
  if (!found) return found.error();
  if (*found && (*found)->content["manifests"].is(Node::Kind::Array)) {
    const std::vector<Node>& platforms = (*found)->content["manifests"].items;
    if (platforms.empty()) return std::optional<std::string>();
    const std::string first(platforms[0]["digest"].as_string());
    if (!is_sha256(first)) return unusable(reference, "gave an index whose first image has no digest");
    found = manifest(repository, first);
    if (!found) return found.error();
  }
  if (!*found || !(*found)->content["config"].is(Node::Kind::Object)) return std::optional<std::string>();
  const Result<std::string> text =
      blob(repository, std::string((*found)->content["config"]["digest"].as_string()), max_manifest_bytes);
  if (!text) return text.error();
  const Result<Node> config = json::parse(*text);
  if (!config) return unusable(reference, "gave a configuration that is no JSON");
  const Node& label = (*config)["config"]["Labels"][name];
  if (!label.is(Node::Kind::String)) return std::optional<std::string>();
  return std::optional(std::string(label.as_string()));
}

Status OciApi::add_index(const Node& index, std::vector<OciArtifact>& found) const {
  const Node& manifests = index["manifests"];
  if (!manifests.is(Node::Kind::Array)) return unusable("what is attached", "gave what is no index of manifests");
  if (json::has_twice(index)) return unusable("what is attached", "gave an index that has a field twice");
  for (const Node& one : manifests.items) {
    const std::string_view type = one["artifactType"].as_string(one["mediaType"].as_string());
    const Node& created = one["annotations"]["org.opencontainers.image.created"];
    const std::string_view digest = one["digest"].as_string();
    if (!is_sha256(digest))
      return unusable("what is attached", fmt::format("names `{}`, which is no digest", quoted_of(digest)));
    found.push_back({std::string(type), std::string(digest), std::string(created.as_string())});
    if (found.size() > max_attached)
      return unusable("what is attached", fmt::format("names more than {} artifacts", max_attached));
  }
  return Done{};
}

Status OciApi::add_layers(const std::string& repository, const std::string& tag, std::vector<OciArtifact>& found) {
  const Result<std::optional<OciManifest>> manifest = this->manifest(repository, tag);
  if (!manifest) return manifest.error();
  if (!*manifest) return Done{};
  for (const Node& layer : (*manifest)->content["layers"].items)
    found.push_back({std::string(layer["mediaType"].as_string()), "", "", std::string(layer["digest"].as_string())});
  return Done{};
}

/// Where the next page is, below the repository; empty: this was the last one. Only the registry itself is followed.
Result<std::string> OciApi::next_page(const std::string& repository, std::string_view link) const {
  while (!link.empty()) {
    const size_t begin = link.find('<'), end = link.find('>', begin == std::string_view::npos ? 0 : begin);
    if (begin == std::string_view::npos || end == std::string_view::npos) break;
    const std::string_view rest = link.substr(end + 1), own = rest.substr(0, rest.find('<'));
    const bool is_next = llvm::StringRef(own).contains("rel=\"next\"") || llvm::StringRef(own).contains("rel=next");
    std::string to(link.substr(begin + 1, end - begin - 1));
    link = rest.substr(own.size());
    if (!is_next) continue;
    if (to.starts_with('/') && !to.starts_with("//")) to = std::string(effects::origin_of(access_.url)) + to;
    const std::string here = fmt::format("{}/v2/{}/", access_.url, repository);
    const bool plain = to.find("..") == std::string::npos && to.find_first_of(" \t\r\n\\#") == std::string::npos;
    if (!to.starts_with(here + "referrers/") || !plain)
      return unusable("what is attached",
                      fmt::format("says that it goes on at `{}`, which is not there", quoted_of(to)));
    return to.substr(here.size());
  }
  return std::string();
}

/// False where the registry has no such API.
Result<bool> OciApi::add_pages(const std::string& repository, const std::string& digest,
                               std::vector<OciArtifact>& found) {
  std::string path = "referrers/" + digest;
  for (size_t page = 0; page < max_pages; ++page) {
    const Result<HttpResponse> answer = ask(repository, path, max_manifest_bytes);
    if (!answer) return answer.error();
    if (page == 0 && answer->status == 404) return false;
    if (answer->status != 200)
      return unusable("what is attached to " + digest, fmt::format("answered HTTP {}", answer->status));
    const Result<Node> index = json::parse(answer->body);
    if (!index) return unusable("what is attached to " + digest, "gave what is no JSON");
    if (Status read = add_index(*index, found); !read) return read.error();
    Result<std::string> next = next_page(repository, answer->header("link"));
    if (!next) return next.error();
    if (next->empty()) return true;
    path = std::move(*next);
  }
  return unusable("what is attached to " + digest, fmt::format("goes on behind {} pages", max_pages));
}

Result<std::vector<OciArtifact>> OciApi::attached(const std::string& repository, const std::string& digest) {
  std::vector<OciArtifact> found;
  const Result<bool> listed = add_pages(repository, digest, found);
  if (!listed) return listed.error();
  if (!*listed) {
    const Result<std::optional<OciManifest>> index = manifest(repository, tag_of(digest));
    if (!index) return index.error();
    if (Status read = *index ? add_index((*index)->content, found) : Done{}; !read) return read.error();
  }
  if (Status read = add_layers(repository, tag_of(digest) + ".sbom", found); !read) return read.error();
  return found;
}

/// A signature that cannot be read is a signature that does not count; a registry that is away is another matter.
Status OciApi::add_signatures(const std::string& repository, const std::string& reference,
                              std::vector<CosignSignature>& found) {
  const Result<std::optional<OciManifest>> manifest = this->manifest(repository, reference);
  if (!manifest && manifest.error().retryable) return manifest.error();
  if (!manifest) found.push_back({"", "", manifest.error().message});
  if (!manifest || !*manifest) return Done{};
  for (const Node& layer : (*manifest)->content["layers"].items) {
    if (layer["mediaType"].as_string() != payload_type) continue;
    if (found.size() == max_signatures)
      return unusable(reference,
                      fmt::format("has more than {} signatures; remove those of other keys", max_signatures));
    Result<std::string> payload = blob(repository, std::string(layer["digest"].as_string()), max_payload_bytes);
    if (!payload && payload.error().retryable) return payload.error();
    std::string signature(layer["annotations"][signature_annotation].as_string());
    if (payload) found.push_back({std::move(*payload), std::move(signature), ""});
    else found.push_back({"", std::move(signature), payload.error().message});
  }
  return Done{};
}

Result<std::vector<CosignSignature>> OciApi::signatures(const std::string& repository, const std::string& digest,
                                                        const std::vector<OciArtifact>& attached) {
  std::vector<CosignSignature> found;
  if (Status read = add_signatures(repository, tag_of(digest) + ".sig", found); !read) return read.error();
  for (const OciArtifact& one : attached) {
    if (one.type != signature_artifact_type) continue;
    if (Status read = add_signatures(repository, one.digest, found); !read) return read.error();
  }
  return found;
}

Result<std::string> OciApi::content_of(const std::string& repository, const OciArtifact& artifact,
                                       const std::string& digest) {
  if (!artifact.layer.empty()) return blob(repository, artifact.layer, max_report_bytes);
  const Result<std::optional<OciManifest>> manifest = this->manifest(repository, artifact.digest);
  if (!manifest) return manifest.error();
  const Node* layers = *manifest ? (*manifest)->content.find("layers") : nullptr;
  if (!layers || layers->items.size() != 1)
    return unusable(artifact.digest, "gave an artifact that is not one file");
  const Node& subject = (*manifest)->content["subject"];
  if (!subject.is(Node::Kind::Null) && subject["digest"].as_string() != digest)
    return unusable(artifact.digest, fmt::format("gave an artifact of another image, {}; attach that of {}",
                                                 quoted_of(subject["digest"].as_string("of none")), digest));
  return blob(repository, std::string(layers->items[0]["digest"].as_string()), max_report_bytes);
}

/// A registry may send us on to where it stores blobs; nothing secret goes there.
Result<std::string> OciApi::blob(const std::string& repository, const std::string& digest, size_t max_bytes) {
  if (!is_sha256(digest)) return unusable(repository, fmt::format("names `{}`, which is no digest", quoted_of(digest)));
  Result<HttpResponse> answer = ask(repository, "blobs/" + digest, max_bytes);
  if (!answer) return answer.error();
  if (answer->status == 301 || answer->status == 302 || answer->status == 307 || answer->status == 308) {
    HttpRequest elsewhere;
    elsewhere.url = answer->header("location");
    elsewhere.timeout_ns = access_.timeout_ns;
    elsewhere.max_body = max_bytes;
    if (!effects::is_private(elsewhere.url)) return unusable(digest, "sent us on to a place without TLS");
    answer = http_.send(elsewhere);
    if (!answer) return OpError{answer.error().message, answer.error().retryable};
  }
  if (answer->status != 200) return unusable(digest, fmt::format("answered HTTP {}", answer->status));
  if ("sha256:" + plan::hash_of(answer->body) != digest) return unusable(digest, "gave bytes with another digest");
  return std::move(answer->body);
}

}  // namespace rollout::backend
