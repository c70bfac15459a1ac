// Types of the language, interned: equal types have equal addresses, compare pointers.
#pragma once

#include <deque>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace rollout::ir {

enum class TypeKind : uint8_t {
  Error,  ///< already reported; fits everywhere, so that one mistake gives one message
  None, Bool, Int, Float, String, Percent, Points, Duration, Rate, Bytes, Throughput, Money, Time, Date, Weekday,
  Instant, Zone, Version, Image, Url, Path,
  Probe,    ///< how readiness is asked: `http("/healthz")`
  Role,     ///< one version of a service, seen live: `s.canary`
  Past,     ///< a window of the past of a service: `s.baseline(1h)`
  Service, Target, Metrics, Team,
  Flag, Database,  ///< actions act on them, as on services
  Rollout,  ///< as policies see it: a plan with its properties
  Element,  ///< of a plan, as policies see it; index: ir::Owner
  Signal,   ///< a call of a metric source's method
  List,     ///< arguments: the element
  Set,      ///< arguments: the element, a plain value
  Map,      ///< arguments: the key, a plain value, and the value
  Optional, ///< arguments: the type of the value that may be there: `Duration?`
  Secret,   ///< arguments: what is behind the reference; only the reference is ever in a plan
  Record,   ///< index: the declaration
  Enum,     ///< index: the declaration
  Gate,     ///< arguments: the types of the parameters still open
  Live,     ///< arguments: the type of the value; exists only while the rollout runs
  Calendar, ///< when something is open
  Quantiled,  ///< a live histogram before its quantile is chosen: `s.latency`; the last
};

struct Type {
  TypeKind kind = TypeKind::Error;
  uint32_t index = 0;                  ///< of Record, Enum and Element
  std::vector<const Type*> arguments;
  std::vector<uint32_t> capabilities;  ///< of Service, Flag, Database: what it must have, ascending

  bool is(TypeKind other) const { return kind == other; }
};

class TypeTable {
 public:
  const Type* get(TypeKind kind) { return intern({kind, 0, {}, {}}); }
  /// `List<T>`, `Map<K, V>`, `T?`, `Secret<T>`, `Live<T>`: a type made of types.
  const Type* of(TypeKind kind, std::vector<const Type*> arguments) {
    return intern({kind, 0, std::move(arguments), {}});
  }
  const Type* list_of(const Type* element) { return of(TypeKind::List, {element}); }
  const Type* live(const Type* value) { return of(TypeKind::Live, {value}); }
  const Type* record(uint32_t index) { return intern({TypeKind::Record, index, {}, {}}); }
  const Type* enumeration(uint32_t index) { return intern({TypeKind::Enum, index, {}, {}}); }
  const Type* element(uint32_t owner) { return intern({TypeKind::Element, owner, {}, {}}); }
  const Type* gate(std::vector<const Type*> open) { return intern({TypeKind::Gate, 0, std::move(open), {}}); }
  const Type* service(std::vector<uint32_t> has) { return subject(TypeKind::Service, std::move(has)); }
  /// A Service, a Flag or a Database.
  const Type* subject(TypeKind kind, std::vector<uint32_t> capabilities) {
    return intern({kind, 0, {}, std::move(capabilities)});
  }

 private:
  const Type* intern(Type type);
  std::deque<Type> types_;
  std::unordered_multimap<size_t, const Type*> by_hash_;
  const Type* simple_[size_t(TypeKind::Quantiled) + 1] = {};
};

/// `a Duration`-style name without article: `Duration`, `List<Step>`, `Gate<Service>`, `live Percent`.
/// `names` name records and enums by their indices.
struct TypeNames {
  std::vector<std::string_view> records, enums;
};
std::string to_text(const Type* type, const TypeNames& names);

}  // namespace rollout::ir
