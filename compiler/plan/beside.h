// Beside: what a version of a service lives beside, as its image's label or the service itself declares it: schemas of
// databases, versions of other services, other versions of its own service. For the planner, which collects it, and
// for the proof that no state of a run holds what is not declared.
// Always true: bounds are versions without a problem (compiler/eval/version.h), and both are part of the range.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "compiler/base/result.h"

namespace rollout::plan {

/// The label of an image: what stands behind `compatible with` in a file, several of them between commas.
inline constexpr std::string_view compatible_label = "rollout.compatible-with";
inline constexpr size_t max_label_bytes = 4096;

/// An empty bound is none.
struct Range {
  std::string least, most;
  bool operator==(const Range&) const = default;
};

/// `12..13`, `>= 1.8`, `13`.
std::string range_text(const Range& range);
bool is_within(const Range& range, std::string_view version);

/// What one version says of one other subject.
struct Beside {
  uint32_t service = 0;        ///< index into Plan::services
  std::string image;           ///< its version, as the plan names it
  uint32_t with = 0;           ///< index into Plan::services; `service` itself: versions that are older
  std::optional<Range> range;  ///< nothing: it declares nothing of it, or nobody has looked which version it is
  std::string source;          ///< `shop.rollout:12`, `its label`
};

/// One part of a label: `schema 12..13 of orders`.
struct LabelPart {
  bool schema = false;
  Range range;
  std::string of;  ///< empty: not named
};

/// The error says what of the label is no such part.
Result<std::vector<LabelPart>> read_label(std::string_view text);

/// The number of a schema: 13 of `V13__add_currency`, 2.1 of `V2_1__split`; empty: the name of the migration has none.
std::string schema_number(std::string_view migration);

/// The version that ranges are about: of a database the number of its schema, of a service the tag of its image.
/// Empty: what it is has no number, or is not known.
std::string version_beside(bool database, std::string_view text);

}  // namespace rollout::plan
