// References of images, `registry/name:tag@digest`, by the grammar of the OCI distribution specification. The tag is
// always given: it is the version that people read. A digest pins what the tag meant.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "compiler/eval/text_problem.h"

namespace rollout::eval {

struct ImageParts {
  std::string_view registry;  ///< `ghcr.io`; empty: not named
  std::string_view name;      ///< with its registry: `ghcr.io/acme/shop`
  std::string_view tag;       ///< `1.4.2`
  std::string_view digest;    ///< `sha256:…`; empty: not pinned
};

/// The parts of a text without a problem.
ImageParts image_parts(std::string_view text);

/// What is wrong with the text of an image; nothing where it is one.
std::optional<TextProblem> image_problem(std::string_view text);

}  // namespace rollout::eval
