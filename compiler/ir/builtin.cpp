#include "compiler/ir/builtin.h"

namespace rollout::ir {

namespace {

struct BuiltinRow {
  std::string_view name;
  Builtin builtin;
};
constexpr BuiltinRow builtins[] = {
    {"http", Builtin::Http}, {"running", Builtin::Running}, {"secret", Builtin::Secret}, {"weekly", Builtin::Weekly},
    {"Image", Builtin::Image},
    {"Version", Builtin::Version}, {"Url", Builtin::Url}, {"Path", Builtin::Path},
    {"Zone", Builtin::Zone}};

constexpr PartRow parts[] = {
    {TypeKind::Image, "name", Part::Name}, {TypeKind::Image, "tag", Part::Tag},
    {TypeKind::Image, "version", Part::VersionOfTag}, {TypeKind::Image, "digest", Part::Digest},
    {TypeKind::List, "length", Part::Length}, {TypeKind::List, "first", Part::First},
    {TypeKind::List, "last", Part::Last}, {TypeKind::List, "contains", Part::Contains},
    {TypeKind::Set, "length", Part::Length}, {TypeKind::Set, "contains", Part::Contains},
    {TypeKind::Map, "length", Part::Length}, {TypeKind::Map, "contains", Part::Contains},
    {TypeKind::Map, "keys", Part::Keys}, {TypeKind::Map, "values", Part::Values},
    {TypeKind::String, "is_name", Part::IsName}};

}  // namespace

std::optional<Builtin> builtin_named(std::string_view name) {
  for (const BuiltinRow& row : builtins)
    if (row.name == name) return row.builtin;
  return std::nullopt;
}

TypeKind converted_to(Builtin builtin) {
  switch (builtin) {
    case Builtin::Image: return TypeKind::Image;
    case Builtin::Version: return TypeKind::Version;
    case Builtin::Url: return TypeKind::Url;
    case Builtin::Path: return TypeKind::Path;
    case Builtin::Zone: return TypeKind::Zone;
    case Builtin::Http: case Builtin::Running: case Builtin::Weekly:
    case Builtin::Secret: break;
  }
  return TypeKind::Error;
}

std::optional<Part> part_named(TypeKind object, std::string_view name) {
  for (const PartRow& row : parts)
    if (row.object == object && row.name == name) return row.part;
  return std::nullopt;
}

std::vector<std::string_view> parts_of(TypeKind object) {
  std::vector<std::string_view> names;
  for (const PartRow& row : parts)
    if (row.object == object) names.push_back(row.name);
  return names;
}

}  // namespace rollout::ir
