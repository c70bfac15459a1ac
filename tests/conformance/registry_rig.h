// RegistryRig: Debian's docker-registry on a port of its own, and a service whose images are in it. For the tests of
// the `registry` backend.
#pragma once

#include <memory>
#include <string>
#include <tuple>
#include <vector>

#include "tests/conformance/rig.h"

namespace rollout::test {

std::string digest_of(const std::string& bytes);

struct Layer {
  std::string bytes;
  std::string type = "application/vnd.oci.image.layer.v1.tar";
  std::string signature = "";  ///< the annotation of cosign
};

struct RegistryRig {
  /// `auth`: that part of its configuration, in which DIRECTORY stands for the folder of the test.
  explicit RegistryRig(const std::string& auth = "");

  std::string url() const { return "http://127.0.0.1:" + std::to_string(port); }
  /// A manifest with these layers by a tag, or by its digest where that is empty; its digest.
  std::string push(const std::string& tag, const std::vector<Layer>& layers, const std::string& config = "{}");
  std::string push(const std::string& tag, const std::string& layer) { return push(tag, {Layer{layer}}); }
  std::string put(const std::string& reference, const std::string& manifest, const std::string& type);
  /// What stands in for the referrers API: an index by the tag of the digest. Each with its type, digest and time.
  void attach(const std::string& digest, const std::vector<std::tuple<std::string, std::string, std::string>>& all);

  /// The plan brings this image.
  void brings(const std::string& name);
  /// Trusts a key by a name.
  void trusts(const std::string& name, const std::string& key);
  void set(const std::string& name, eval::Value value);
  Result<std::vector<plan::ObservedDigest>> digests();
  /// Why there are no digests; empty: there are.
  std::string refusal();
  exec::Reading read(const std::string& signal);
  /// Of a reading that must be there.
  double count(const std::string& signal);

  TempDir directory;
  effects::RealEffects real{nullptr};
  effects::Effects effects;
  plan::Plan plan;
  int port;
  std::string credentials;  ///< of the test itself
  std::unique_ptr<Server> server;

 private:
  effects::HttpRequest request(const std::string& method, const std::string& to, const std::string& body = "",
                               const std::string& type = "") const;
  void blob(const std::string& bytes);
};

}  // namespace rollout::test
