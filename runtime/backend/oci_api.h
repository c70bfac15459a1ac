// OciApi: what a registry that speaks the OCI distribution API says of an image and of what is attached to it. For the
// `registry` backend; changes nothing.
// Always true: a digest is computed from the bytes that came, never believed; a secret is sent to the registry, to the
// token service that the target names and to nobody else, and never in the clear but to this machine itself.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "compiler/base/json.h"
#include "compiler/base/result.h"
#include "runtime/backend/cosign.h"
#include "runtime/effects/http.h"

namespace rollout::backend {

inline constexpr size_t max_manifest_bytes = size_t{4} << 20;  ///< as the specification bounds them
inline constexpr size_t max_report_bytes = size_t{8} << 20;
inline constexpr size_t max_attached = 1000;  ///< artifacts of one image
inline constexpr size_t max_pages = 20;       ///< on which they are listed

/// Where a registry is and who asks it.
struct OciAccess {
  std::string target;  ///< its name in the plan, for messages
  std::string url;     ///< `https://ghcr.io`, without a slash at its end
  std::string user;    ///< empty: `token` is sent as it is
  std::string token;   ///< empty: none
  int64_t timeout_ns = 0;
  std::string token_service = {};  ///< another place that the token may go to, to be exchanged; empty: none
};

struct OciManifest {
  std::string digest;
  json::Node content;
};

/// Something that is attached to an image, such as a signature.
struct OciArtifact {
  std::string type;     ///< its artifact or media type
  std::string digest;   ///< of its manifest; empty: attached in the way of cosign, as a layer
  std::string created;  ///< RFC 3339, as it says itself; empty: it says nothing
  std::string layer = {};  ///< of its bytes, where they are a layer
};

class OciApi {
 public:
  OciApi(effects::Http& http, OciAccess access) : http_(http), access_(std::move(access)) {}

  /// `reference`: a tag or a digest, which the bytes must then have. Nothing: there is none.
  Result<std::optional<OciManifest>> manifest(const std::string& repository, const std::string& reference);
  /// What the configuration of the image says under `name`; nothing: there is no image, or it has no such label. Of an
  /// index the first image counts: all of its platforms are one version.
  Result<std::optional<std::string>> label(const std::string& repository, const std::string& reference,
                                           std::string_view name);
  /// By the referrers API, page by page; where the registry has none, by the tag that stands in for it; and the lists
  /// of parts by the tag of cosign.
  Result<std::vector<OciArtifact>> attached(const std::string& repository, const std::string& digest);
  /// What `cosign sign` has attached, by its tag and among `attached`. Nothing is verified yet.
  Result<std::vector<CosignSignature>> signatures(const std::string& repository, const std::string& digest,
                                                  const std::vector<OciArtifact>& attached);
  /// The bytes of an artifact that is attached to the image with that digest: of its only layer.
  Result<std::string> content_of(const std::string& repository, const OciArtifact& artifact,
                                 const std::string& digest);

 private:
  Result<effects::HttpResponse> ask(const std::string& repository, const std::string& path, size_t max_body);
  Result<std::string> authorization(const std::string& repository, std::string_view challenge);
  Result<std::string> fetch_token(const std::string& repository, std::string_view challenge);
  Result<std::string> blob(const std::string& repository, const std::string& digest, size_t max_bytes);
  Status add_index(const json::Node& index, std::vector<OciArtifact>& found) const;
  Status add_layers(const std::string& repository, const std::string& tag, std::vector<OciArtifact>& found);
  Result<bool> add_pages(const std::string& repository, const std::string& digest, std::vector<OciArtifact>& found);
  Result<std::string> next_page(const std::string& repository, std::string_view link) const;
  Status add_signatures(const std::string& repository, const std::string& reference,
                        std::vector<CosignSignature>& found);
  OpError unusable(std::string_view what, std::string_view why) const;

  effects::Http& http_;
  OciAccess access_;
  std::map<std::string, std::string> authorized_;  ///< repository → what its challenge was answered with
};

}  // namespace rollout::backend
