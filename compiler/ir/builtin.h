// What the language itself brings without a declaration: functions, and the parts that values have. Tables, read by
// the checker (which names there are) and by the evaluator (what they give).
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "compiler/ir/type.h"

namespace rollout::ir {

enum class Builtin : uint32_t {
  Http,    ///< http("/healthz"): a Probe
  Running, ///< running(): a Probe that the process answers by being there
  Secret,  ///< secret("NAME"), secret(file: "run/token")
  Weekly,  ///< weekly(zone: "Europe/Stockholm", days: mon..fri, from: 09:00, to: 16:00): a Calendar
  Image, Version, Url, Path, Zone,  ///< Version("1.4.2"): a text that must have this form
};

std::optional<Builtin> builtin_named(std::string_view name);
/// The type that a conversion gives; Error for the other functions.
TypeKind converted_to(Builtin builtin);

/// A member of a plain value: `image.tag`, `steps.length`.
enum class Part : uint32_t {
  Name, Tag, VersionOfTag, Digest,       ///< of an Image
  Length, First, Last, Contains,         ///< of a List; Length and Contains of a Set and a Map too
  Keys, Values,                          ///< of a Map
  IsName,                                ///< of a String: whether a user or a host can be called so
};

struct PartRow {
  TypeKind object;
  std::string_view name;
  Part part;
};

std::optional<Part> part_named(TypeKind object, std::string_view name);
/// The names of all parts of a type, for messages.
std::vector<std::string_view> parts_of(TypeKind object);

}  // namespace rollout::ir
