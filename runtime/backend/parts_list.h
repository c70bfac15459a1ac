// The list of an image's parts (SBOM), as SPDX 2 or CycloneDX write it in JSON: whether it is one, of which image it
// speaks, and what stands in it. For the `registry` backend. What is said of who made it is not looked at.
// Always true: a list counts only where it names the digest of the image as that of what it describes.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "compiler/base/result.h"

namespace rollout::backend {

struct ListedPart {
  std::string name, version;
  std::string purl;                   ///< `pkg:maven/org.apache/log4j-core@2.14.1`; empty: it has none
  std::vector<std::string> licences;  ///< as written: names, or expressions of SPDX
};

/// The parts of the image with this digest; an error says why the document does not count.
Result<std::vector<ListedPart>> parts_of(std::string_view document, std::string_view digest);

/// What may not be in an image.
struct Forbidden {
  std::vector<std::string> licences;  ///< `AGPL-3.0-only`, or the beginnings of several: `AGPL-*`
  std::vector<std::string> packages;  ///< `log4j-core`, `log4j-core@2.14.1`, or a purl: `pkg:npm/left-pad`
};

/// Of a licence that may be chosen among others it counts as if it were. A part that says no licence breaks none.
bool is_forbidden(const ListedPart& part, const Forbidden& forbidden);

}  // namespace rollout::backend
