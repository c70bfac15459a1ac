#include "compiler/ir/type.h"

#include <fmt/format.h>
#include <llvm/ADT/Hashing.h>

namespace rollout::ir {

namespace {

std::string_view simple_name(TypeKind kind) {
  switch (kind) {
    case TypeKind::Error: return "?";
    case TypeKind::None: return "none";
    case TypeKind::Bool: return "Bool";
    case TypeKind::Int: return "Int";
    case TypeKind::Float: return "Float";
    case TypeKind::String: return "String";
    case TypeKind::Percent: return "Percent";
    case TypeKind::Points: return "Points";
    case TypeKind::Duration: return "Duration";
    case TypeKind::Rate: return "Rate";
    case TypeKind::Bytes: return "Bytes";
    case TypeKind::Throughput: return "Throughput";
    case TypeKind::Money: return "Money";
    case TypeKind::Time: return "Time";
    case TypeKind::Date: return "Date";
    case TypeKind::Weekday: return "Weekday";
    case TypeKind::Instant: return "Instant";
    case TypeKind::Zone: return "Zone";
    case TypeKind::Version: return "Version";
    case TypeKind::Image: return "Image";
    case TypeKind::Url: return "Url";
    case TypeKind::Path: return "Path";
    case TypeKind::Probe: return "Probe";
    case TypeKind::Role: return "version of a service";
    case TypeKind::Past: return "window of the past";
    case TypeKind::Service: return "Service";
    case TypeKind::Target: return "Target";
    case TypeKind::Metrics: return "Metrics";
    case TypeKind::Team: return "Team";
    case TypeKind::Flag: return "Flag";
    case TypeKind::Database: return "Database";
    case TypeKind::Rollout: return "Rollout";
    case TypeKind::Element: return "element of a plan";
    case TypeKind::Signal: return "Signal";
    case TypeKind::List: return "List";
    case TypeKind::Set: return "Set";
    case TypeKind::Map: return "Map";
    case TypeKind::Optional: return "Optional";
    case TypeKind::Secret: return "Secret";
    case TypeKind::Record: return "record";
    case TypeKind::Enum: return "enum";
    case TypeKind::Gate: return "Gate";
    case TypeKind::Live: return "live";
    case TypeKind::Calendar: return "Calendar";
    case TypeKind::Quantiled: return "histogram";
  }
  return "?";
}

size_t hash_of(const Type& type) {
  // Thousands of records are asked for in the order of their indices: neighbours stand side by side in the table.
  if (type.is(TypeKind::Record) || type.is(TypeKind::Enum)) return (size_t(type.kind) << 32) + type.index;
  return llvm::hash_combine(type.kind, type.index,
                            llvm::hash_combine_range(type.arguments.begin(), type.arguments.end()),
                            llvm::hash_combine_range(type.capabilities.begin(), type.capabilities.end()));
}

}  // namespace

const Type* TypeTable::intern(Type type) {
  bool simple = type.arguments.empty() && type.capabilities.empty() && type.kind != TypeKind::Record &&
                type.kind != TypeKind::Enum && type.kind != TypeKind::Element;
  if (simple && simple_[size_t(type.kind)]) return simple_[size_t(type.kind)];
  size_t hash = hash_of(type);
  auto [known, end] = by_hash_.equal_range(hash);
  for (; known != end; ++known)
    if (known->second->kind == type.kind && known->second->index == type.index &&
        known->second->arguments == type.arguments && known->second->capabilities == type.capabilities)
      return known->second;
  types_.push_back(std::move(type));
  by_hash_.emplace(hash, &types_.back());
  if (simple) simple_[size_t(types_.back().kind)] = &types_.back();
  return &types_.back();
}

std::string to_text(const Type* type, const TypeNames& names) {
  if (type->is(TypeKind::Record) && type->index < names.records.size()) return std::string(names.records[type->index]);
  if (type->is(TypeKind::Enum) && type->index < names.enums.size()) return std::string(names.enums[type->index]);
  if (type->is(TypeKind::Live)) return fmt::format("live {}", to_text(type->arguments[0], names));
  if (type->is(TypeKind::Optional)) return to_text(type->arguments[0], names) + "?";
  std::string text(simple_name(type->kind));
  for (size_t i = 0; i < type->arguments.size(); ++i)
    text += fmt::format("{}{}", i ? ", " : "<", to_text(type->arguments[i], names));
  return type->arguments.empty() ? text : text + ">";
}

}  // namespace rollout::ir
