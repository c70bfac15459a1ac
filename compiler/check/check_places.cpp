// Places: `service checkout at r in regions`, and `checkout[r]`. Places are known from the files alone, so that what a
// run locks and remembers does not depend on how it was called.
#include <algorithm>

#include "compiler/check/values.h"
#include "compiler/eval/evaluator.h"

namespace rollout::check {

namespace {

constexpr size_t max_places = 1000;     ///< of one service or target
constexpr size_t max_place_name = 63;   ///< part of file names, labels and names of instances

/// What keeps a text from naming a place; empty where nothing does.
std::string name_problem(std::string_view name) {
  if (name.empty()) return "it is empty";
  if (name.size() > max_place_name)
    return fmt::format("it has {} letters, at most {} fit", name.size(), max_place_name);
  auto alphanumeric = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
  };
  for (char c : name)
    if (!alphanumeric(c) && c != '-' && c != '_' && c != '.')
      return "it takes letters, digits, `-`, `_` and `.`";
  return alphanumeric(name.front()) ? "" : "it begins with a letter or a digit";
}

/// Where the places are written down, one after the other; null where they are computed.
const ast::ListExpr* written_places(const ir::Program& program, const ir::Places& places) {
  const ast::Expr* range = places.decl->range;
  const ir::ExprInfo& known = program.info(places.module, range);
  if (known.ref == ir::Ref::Let) range = program.lets[known.index].decl->value;
  return range->kind == ast::ExprKind::List ? static_cast<const ast::ListExpr*>(range) : nullptr;
}

void decide_names(const ir::Places& places, const std::vector<eval::Value>& all, const ast::ListExpr* written,
                  Diagnostics& diagnostics) {
  llvm::StringMap<std::string_view> seen;
  for (size_t i = 0; i < all.size(); ++i) {
    std::string_view name = eval::place_name(places, all[i]);
    std::string problem = name_problem(name);
    auto [other, fresh] = seen.try_emplace(llvm::StringRef(name).lower(), name);
    if (!fresh)
      problem = other->second == name ? "two places have it" : fmt::format("there is `{}`", other->second);
    bool own = written && i < written->items.size();
    Span span = own ? written->items[i]->span : places.decl->range->span;
    if (!problem.empty()) diagnostics.report(span, diag::BadPlace, std::string(name), problem);
  }
}

}  // namespace

const ir::Places& ValueChecker::places_of(const ir::Symbol& symbol) const {
  bool service = symbol.kind == ir::Ref::Service;
  return service ? program_.services[symbol.index].places : program_.targets[symbol.index].places;
}

/// The service or target that an expression names, by its bare name.
std::optional<ir::Symbol> ValueChecker::placed(const ast::Expr* expr) const {
  if (expr->kind != ast::ExprKind::Name) return std::nullopt;
  std::string_view name = static_cast<const ast::NameExpr*>(expr)->name;
  std::optional<ir::Symbol> symbol = find_local(name) ? std::nullopt : find(name);
  bool placed = symbol && (symbol->kind == ir::Ref::Service || symbol->kind == ir::Ref::Target);
  return placed ? symbol : std::nullopt;
}

const Type* ValueChecker::type_of_one(const ir::Symbol& symbol) {
  if (symbol.kind == ir::Ref::Target)
    return simple(program_.targets[symbol.index].decl->metrics ? TypeKind::Metrics : TypeKind::Target);
  // What it can do is not known while a setting of it is wrong: that was said.
  if (diagnostics_.has_errors() && lacks_binding(program_.services[symbol.index])) return simple(TypeKind::Error);
  std::vector<uint32_t> has;
  for (const ir::Binding& binding : program_.services[symbol.index].bindings) has.push_back(binding.capability);
  std::sort(has.begin(), has.end());
  return program_.types.subject(ir::subject_kind(program_.services[symbol.index].decl->subject), std::move(has));
}

/// `at r in regions`, wherever it is first needed.
void ValueChecker::check_places(ir::Places& places, std::string_view whose) {
  if (!places.decl || places.type) return;
  places.type = simple(TypeKind::Error);
  Place outer = leave_for(places.module);
  const ast::Expr* range = places.decl->range;
  const Type* list = check_expr(range);
  if (list->is(TypeKind::List)) places.type = list->arguments[0];
  bool named = places.type->is(TypeKind::String) || list->is(TypeKind::Error);
  if (places.type->is(TypeKind::Record)) {
    const std::vector<ir::Parameter>& fields = program_.records[places.type->index].fields;
    auto name = std::find_if(fields.begin(), fields.end(), [](const ir::Parameter& field) {
      return field.name.text == "name" && field.type->is(TypeKind::String);
    });
    named = name != fields.end();
    places.name_field = uint32_t(name - fields.begin());
  }
  if (list->is(TypeKind::Live)) {
    report_live(range, fmt::format("`at {} in`", places.decl->variable.text), "a list of places");
    places.type = simple(TypeKind::Error);
  } else if (!named) {
    diagnostics_.report(range->span, diag::WrongType, fmt::format("`at {} in`", places.decl->variable.text),
                        "a list of places", text(list))
        .advise("a place is a text, or a record with a field `name: String`");
    places.type = simple(TypeKind::Error);
  } else if (info(range).time != ir::Time::Constant) {
    diagnostics_.report(range->span, diag::PlacesLate, std::string(whose))
        .note("locks, history and tests know a service by its places, however it is called")
        .advise("write them as a list in a file, and choose among them in the rollout: `for r in regions where …`");
    places.type = simple(TypeKind::Error);
  }
  return_to(std::move(outer));
}

/// `checkout["eu-1"]`, `checkout[r]`; a list of places gives the list of the services there.
const Type* ValueChecker::at_place(const ast::IndexExpr* index, const ir::Symbol& symbol) {
  std::string_view name = static_cast<const ast::NameExpr*>(index->object)->name;
  bool service = symbol.kind == ir::Ref::Service;
  check_places(service ? program_.services[symbol.index].places : program_.targets[symbol.index].places, name);
  const ir::Places& places = places_of(symbol);
  const Type* one = type_of_one(symbol);
  info(index->object) = {one, symbol.kind, symbol.index, 0};
  const Type* at = check_expr(index->index, places.decl ? places.type : nullptr);
  if (!places.decl) {
    Span brackets = {index->span.source, index->object->span.end, index->span.end};
    diagnostics_.report(brackets, diag::NoPlaces, std::string(name))
        .at(symbol.span, "declared without places")
        .advise(fmt::format("write `{}`", name))
        .fix(brackets, "");
    return simple(TypeKind::Error);
  }
  info(index).ref = symbol.kind;
  info(index).index = symbol.index;
  bool many = at->is(TypeKind::List);
  const Type* wanted = many ? at->arguments[0] : at;
  if (places.type->is(TypeKind::Error)) return places.type;
  if (!wanted->is(TypeKind::String) && !fits(wanted, places.type)) {
    bool texts = places.type->is(TypeKind::String);
    diagnostics_.report(index->index->span, diag::WrongType, fmt::format("`{}[…]`", name),
                        texts ? "the name of a place" : fmt::format("{} or its name", with_article(places.type)),
                        text(at))
        .advise("name the place as its list has it, such as `[\"eu-1\"]`, or give one of the list");
    return simple(TypeKind::Error);
  }
  return many ? program_.types.list_of(one) : one;
}

/// Names the places, as far as they can be known here.
const Type* ValueChecker::report_without_place(const ast::NameExpr* name, const ir::Symbol& symbol) {
  const ir::Places& places = places_of(symbol);
  if (places.type && places.type->is(TypeKind::Error)) return places.type;
  Diagnostics ignored;
  eval::Evaluator constants(program_, std::vector<eval::Value>(program_.inputs.size()), ignored);
  std::vector<std::string_view> known;
  if (places.type)
    for (const eval::Value& place : constants.places(places)) known.push_back(eval::place_name(places, place));
  Diagnostic& diagnostic =
      diagnostics_.report(name->span, diag::PlaceMissing, std::string(name->name)).at(symbol.span, "declared here");
  if (!known.empty()) diagnostic.note(fmt::format("there {} {}", known.size() == 1 ? "is" : "are", list_of(known)));
  diagnostic.advise(fmt::format("write `{0}[\"{1}\"]`, or `{0}[{2}]` where `{2}` is one of them", name->name,
                                known.empty() ? "…" : known.front(), places.decl->variable.text));
  return simple(TypeKind::Error);
}

/// In one environment; null: as the files have them.
void ValueChecker::decide_places(const ir::Environment* environment) {
  eval::Evaluator constants(program_, std::vector<eval::Value>(program_.inputs.size()), diagnostics_);
  if (environment) constants.enter(*environment);
  size_t known = diagnostics_.size();
  auto decide = [&](const ir::Places& places, std::string_view whose) {
    if (!places.decl) return;
    size_t errors = diagnostics_.errors();
    const std::vector<eval::Value>& all = constants.places(places);
    if (diagnostics_.errors() != errors) return;
    if (all.empty() || all.size() > max_places) {
      diagnostics_.report(places.decl->range->span, diag::PlacesCount, std::string(whose), max_places, all.size());
      return;
    }
    // What is written down is not what the environment puts in its place.
    decide_names(places, all, environment ? nullptr : written_places(program_, places), diagnostics_);
  };
  for (const ir::Target& target : program_.targets) decide(target.places, target.decl->name.text);
  for (const ir::Service& service : program_.services) decide(service.places, service.decl->name.text);
  if (environment) diagnostics_.note_since(known, fmt::format("in environment `{}`", environment->decl->name.text));
}

}  // namespace rollout::check
