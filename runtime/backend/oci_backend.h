// The `registry` backend: what a tag means, and what is attached to an image. Keeps no state and changes nothing.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "runtime/backend/backend.h"
#include "runtime/backend/oci_api.h"
#include "runtime/backend/parts_list.h"
#include "runtime/effects/effects.h"

namespace rollout::backend {

class OciBackend : public Backend {
 public:
  /// `target`: index into Plan::targets. `root`: the project root, absolute.
  OciBackend(uint32_t target, std::string root, const effects::Effects& effects, Neighbours&)
      : target_(target), root_(std::move(root)), effects_(effects) {}

  Result<exec::Observation> observe(const plan::Plan& plan, const plan::Action& action,
                                    const exec::EffectKey& key) override;
  Status act(const plan::Plan& plan, const plan::Action& action, const exec::EffectKey& key) override;
  Result<std::optional<std::string>> digest(const plan::Plan& plan, uint32_t service,
                                            std::string_view image) override;
  /// An image that is not there any more, or of another registry, says nothing.
  Result<std::optional<std::string>> label(const plan::Plan& plan, std::string_view image) override;
  Result<std::string> cannot_start(const plan::Plan& plan, uint32_t service, std::string_view image) override;
  /// Of the image that the plan brings to the service, else of the one that it found there.
  exec::Reading read(const plan::Plan& plan, const plan::Term& term) override;

 private:
  /// The registry, and an image in it.
  struct Asked {
    OciApi api;
    std::string repository, tag;
  };
  Result<Asked> open(const plan::Plan& plan, std::string_view image);
  Result<std::string> digest_of(Asked& asked, std::string_view image);
  /// What is attached to the image of a service: all signals of one moment are read from one answer.
  struct Look {
    std::string image, digest;
    std::vector<OciArtifact> attached;
    int64_t at_ns = 0;
  };
  Result<const Look*> look(Asked& asked, const std::string& image);
  Result<exec::Reading> count(const plan::Plan& plan, const plan::Signal& signal);
  Result<exec::Reading> signers(Asked& asked, const plan::Target& target, const Look& seen);
  /// The lists of parts that are attached to an image, as far as they count.
  struct Lists {
    std::string of;                    ///< by what they and the image are known: the same bytes are read once
    int64_t count = 0;
    std::vector<ListedPart> newest;    ///< parts of the newest one
    std::vector<std::string> doubts;   ///< why others do not count
  };
  Result<const Lists*> lists(Asked& asked, const Look& seen);
  Result<exec::Reading> parts(Asked& asked, const plan::Target& target, const Look& seen, std::string_view signal);
  Result<exec::Reading> vulnerabilities(Asked& asked, const Look& seen, double least_score);

  std::optional<Look> last_;
  std::optional<Lists> lists_;
  uint32_t target_;
  std::string root_;
  effects::Effects effects_;
};

}  // namespace rollout::backend
