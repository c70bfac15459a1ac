#include <algorithm>

#include <llvm/ADT/StringSwitch.h>

#include "compiler/check/once.h"
#include "compiler/check/values.h"

namespace rollout::check {

namespace {

TypeKind kind_of(std::string_view name) {
  return llvm::StringSwitch<TypeKind>(name)
      .Case("Bool", TypeKind::Bool)
      .Case("Int", TypeKind::Int)
      .Case("Float", TypeKind::Float)
      .Case("String", TypeKind::String)
      .Case("Percent", TypeKind::Percent)
      .Case("Duration", TypeKind::Duration)
      .Case("Rate", TypeKind::Rate)
      .Case("Points", TypeKind::Points)
      .Case("Bytes", TypeKind::Bytes)
      .Case("Throughput", TypeKind::Throughput)
      .Case("Secret", TypeKind::Secret)
      .Case("Set", TypeKind::Set)
      .Case("Map", TypeKind::Map)
      .Case("Money", TypeKind::Money)
      .Case("Time", TypeKind::Time)
      .Case("Date", TypeKind::Date)
      .Case("Weekday", TypeKind::Weekday)
      .Case("Instant", TypeKind::Instant)
      .Case("Zone", TypeKind::Zone)
      .Case("Calendar", TypeKind::Calendar)
      .Case("Version", TypeKind::Version)
      .Case("Image", TypeKind::Image)
      .Case("Url", TypeKind::Url)
      .Case("Path", TypeKind::Path)
      .Case("Probe", TypeKind::Probe)
      .Case("Service", TypeKind::Service)
      .Case("Flag", TypeKind::Flag)
      .Case("Database", TypeKind::Database)
      .Case("Team", TypeKind::Team)
      .Case("Rollout", TypeKind::Rollout)
      .Case("List", TypeKind::List)
      .Case("Gate", TypeKind::Gate)
      .Case("Live", TypeKind::Live)
      .Default(TypeKind::Error);
}

const std::vector<std::string_view> type_names = {
    "Bool", "Int",  "Float", "String",  "Percent", "Points", "Duration", "Rate",    "Bytes", "Throughput",
    "Money", "Time", "Date", "Weekday", "Instant", "Zone", "Calendar",
    "Version", "Image", "Url", "Path", "Probe", "Service", "Flag", "Database", "Team", "Rollout", "List", "Set", "Map",
    "Secret", "Gate"};

}  // namespace

/// `Role` is written in `observe` alone.
bool is_type_name(std::string_view name) { return kind_of(name) != TypeKind::Error || name == "Role"; }

const Type* ValueChecker::check_type(const ast::Type* type) {
  TypeKind kind = kind_of(type->name.text);
  if (kind == TypeKind::Error) {
    std::optional<ir::Symbol> symbol = find(type->name.text);
    if (symbol && symbol->kind == ir::Ref::None) return simple(TypeKind::Error);  // declared twice: reported there
    bool record = symbol && symbol->kind == ir::Ref::Record, enumeration = symbol && symbol->kind == ir::Ref::Enum;
    if (record || enumeration) {
      const Type* declared = record ? program_.types.record(symbol->index) : program_.types.enumeration(symbol->index);
      return type->optional ? optional_of(type, declared) : declared;
    }
    std::vector<std::string_view> known = type_names;
    for (ir::Ref kind : {ir::Ref::Record, ir::Ref::Enum}) {
      if (!suggests()) break;
      for (std::string_view name : names_of(kind)) known.push_back(name);
    }
    report_unknown(type->name.span, type->name.text, "type", known);
    return simple(TypeKind::Error);
  }
  std::vector<const Type*> arguments;
  for (const ast::Type* argument : type->arguments) arguments.push_back(check_type(argument));
  bool made_of = kind == TypeKind::List || kind == TypeKind::Gate || kind == TypeKind::Set ||
                 kind == TypeKind::Secret || kind == TypeKind::Live;
  size_t wanted = kind == TypeKind::Map ? 2 : made_of ? 1 : 0;
  if (arguments.size() != wanted) {
    constexpr const char* counts[] = {"no types", "one type", "two types"};
    constexpr const char* forms[] = {"", "<String>", "<String, Percent>"};
    diagnostics_
        .report(type->span, diag::WrongTypeArguments, std::string(type->name.text), counts[wanted], arguments.size())
        .advise(fmt::format("write, for example, `{}{}`", type->name.text, forms[wanted]));
    return simple(TypeKind::Error);
  }
  const Type* result = type_of(type, kind, std::move(arguments));
  return type->optional && !result->is(TypeKind::Error) ? optional_of(type, result) : result;
}

/// Of what a function gives: the one place where `Live<T>` is written.
const Type* ValueChecker::check_result_type(const ast::Type* type) {
  if (type->name.text != "Live" || type->optional || type->arguments.size() != 1) return check_type(type);
  const Type* value = check_type(type->arguments[0]);
  return value->is(TypeKind::Error) ? value : program_.types.live(value);
}

/// The type that `kind` and its arguments make.
const Type* ValueChecker::type_of(const ast::Type* type, TypeKind kind, std::vector<const Type*> arguments) {
  if (!type->with.empty() && !ir::is_subject(kind)) {
    diagnostics_.report(type->with[0].span, diag::NoCapabilities, std::string(type->name.text))
        .advise("only services, flags and databases have capabilities: `Service with Workload`");
    return simple(TypeKind::Error);
  }
  if (kind == TypeKind::List || kind == TypeKind::Set || kind == TypeKind::Map)
    return collection_of(type, kind, std::move(arguments));
  if (kind == TypeKind::Live) {
    diagnostics_.report(type->span, diag::LiveType)
        .note("inputs, values and parameters are known when the plan is made; a live value is not")
        .advise("give the function the service, and read its signal there");
    return simple(TypeKind::Error);
  }
  if (kind == TypeKind::Secret) return program_.types.of(kind, std::move(arguments));
  if (kind == TypeKind::Gate) return program_.types.gate(arguments);
  std::vector<uint32_t> capabilities;
  bool unknown = false;  // then nobody knows what can be done with it
  for (const ast::Name& name : type->with) {
    std::optional<ir::Symbol> symbol = expect_symbol(name, ir::Ref::Capability, "capability");
    unknown |= !symbol;
    if (!symbol) continue;
    // What binds nothing says of no subject that it is for another one.
    const ast::CapabilityDecl& capability = *program_.capabilities[symbol->index].decl;
    TypeKind subject = ir::subject_kind(capability.subject);
    if (!capability.setting.text.empty() && subject != kind) {
      diagnostics_
          .report(name.span, diag::WrongKind, std::string(name.text),
                  fmt::format("a capability of a {}", ir::subject_text(subject)),
                  fmt::format("of a {}", ir::subject_text(kind)))
          .at(capability.setting.span, "bound by this setting")
          .advise(fmt::format("write `{} with {}`", text(simple(subject)), name.text));
      continue;
    }
    capabilities.push_back(symbol->index);
  }
  if (unknown) return simple(TypeKind::Error);
  std::sort(capabilities.begin(), capabilities.end());
  capabilities.erase(std::unique(capabilities.begin(), capabilities.end()), capabilities.end());
  return ir::is_subject(kind) ? program_.types.subject(kind, capabilities) : simple(kind);
}

std::vector<ir::Parameter> ValueChecker::check_parameters(llvm::ArrayRef<ast::Field> fields) {
  std::vector<ir::Parameter> parameters;
  llvm::StringMap<Span> first;
  for (const ast::Field& field : fields) {
    auto [other, fresh] = first.try_emplace(field.name.text, field.name.span);
    if (!fresh)
      diagnostics_.report(field.name.span, diag::DeclaredTwice, std::string(field.name.text))
          .at(other->second, "first declared here");
    std::vector<std::string_view> given;
    for (const ast::Name& name : field.given) given.push_back(name.text);
    parameters.push_back({field.name, check_type(field.type), field.default_value, field.where, given, module_,
                          field.deprecated});
  }
  return parameters;
}

/// A default stands for itself; a `where` sees the parameter it is about, alone, in slot 0.
void ValueChecker::check_defaults(const std::vector<ir::Parameter>& parameters) {
  Locals outer = std::exchange(locals_, {});
  for (const ir::Parameter& parameter : parameters) {
    if (parameter.default_value)
      expect(parameter.default_value, parameter.type, fmt::format("`{}`", parameter.name.text));
    if (!parameter.where) continue;
    if (parameter.default_value) keep_bound(parameter, parameter.default_value);
    keep_bound(parameter, nullptr);
    add_local(parameter.name, parameter.type);
    expect(parameter.where, simple(TypeKind::Bool), "`where`");
    locals_.clear();
  }
  locals_ = std::move(outer);
}

}  // namespace rollout::check
