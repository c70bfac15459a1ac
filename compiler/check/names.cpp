#include <algorithm>

#include "compiler/check/lacking.h"
#include "compiler/check/values.h"
#include "compiler/syntax/elsewhere.h"

namespace rollout::check {

namespace {

std::string_view ref_text(ir::Ref kind) {
  switch (kind) {
    case ir::Ref::Input: return "an input";
    case ir::Ref::Let: return "a value";
    case ir::Ref::Target: return "a target";
    case ir::Ref::Team: return "a team";
    case ir::Ref::Environment: return "an environment";
    case ir::Ref::Service: return "a service";
    case ir::Ref::Gate: return "a gate";
    case ir::Ref::Strategy: return "a strategy";
    case ir::Ref::Rollout: return "a rollout";
    case ir::Ref::Promotion: return "a promotion";
    case ir::Ref::Policy: return "a policy";
    case ir::Ref::Record: return "a record";
    case ir::Ref::Enum: return "an enum";
    case ir::Ref::Func: return "a function";
    case ir::Ref::Capability: return "a capability";
    case ir::Ref::Backend: return "a backend";
    case ir::Ref::Lock: return "a lock";
    case ir::Ref::None: case ir::Ref::Local: case ir::Ref::Field: case ir::Ref::Role: case ir::Ref::Signal:
    case ir::Ref::Replicas: case ir::Ref::Traffic: case ir::Ref::Action: case ir::Ref::Method: case ir::Ref::Builtin:
    case ir::Ref::Weekday: case ir::Ref::Part: case ir::Ref::Case: case ir::Ref::Property: case ir::Ref::Observed:
    case ir::Ref::Given: case ir::Ref::Past: case ir::Ref::Deviation:
    case ir::Ref::Confirm: case ir::Ref::Rehearsed:
    case ir::Ref::Open: break;
  }
  return "a name";
}

}  // namespace

std::string_view ValueChecker::kind_text(const ir::Symbol& symbol) const {
  if (symbol.kind != ir::Ref::Service) return ref_text(symbol.kind);
  switch (program_.services[symbol.index].decl->subject) {
    case ast::SubjectWord::Service: break;
    case ast::SubjectWord::Flag: return "a flag";
    case ast::SubjectWord::Database: return "a database";
  }
  return ref_text(symbol.kind);
}

std::string ValueChecker::with_article(const Type* type) const {
  std::string name = text(type);
  bool vowel = name.starts_with('I') || name.starts_with('E');
  return fmt::format("{} {}", vowel ? "an" : "a", name);
}

std::optional<ir::Symbol> ValueChecker::find(std::string_view name) const {
  const auto& scope = program_.modules[module_]->scope;
  auto found = scope.find(name);
  return found == scope.end() ? std::nullopt : std::optional(found->second);
}

std::optional<ir::Symbol> ValueChecker::expect_symbol(const ast::Name& name, ir::Ref kind, std::string_view wanted) {
  std::optional<ir::Symbol> symbol = find(name.text);
  if (symbol && symbol->kind == kind) return symbol;
  if (symbol && symbol->kind == ir::Ref::None) return std::nullopt;  // declared twice: reported there
  if (symbol) {
    diagnostics_
        .report(name.span, diag::WrongKind, std::string(name.text), std::string(kind_text(*symbol)),
                std::string(ref_text(kind)))
        .at(symbol->span, "declared here");
    return std::nullopt;
  }
  bool compare = suggests() && !was_unknown(name.text, wanted);
  report_unknown(name.span, name.text, wanted, compare ? names_of(kind) : std::vector<std::string_view>());
  return std::nullopt;
}

const std::vector<std::string_view>& ValueChecker::names_of(ir::Ref kind) const {
  auto [known, fresh] = names_.try_emplace({module_, uint32_t(kind)});
  std::vector<std::string_view>& names = known->second;
  if (!fresh) return names;
  for (const auto& entry : program_.modules[module_]->scope)
    if (entry.second.kind == kind) names.push_back(entry.first());
  std::sort(names.begin(), names.end());
  return names;
}

void ValueChecker::warn_deprecated(Span given, const ast::Name& name, const ast::Name& deprecated) {
  if (deprecated.text.size() < 2) return;
  diagnostics_
      .report(given, diag::Deprecated, std::string(name.text),
              std::string(deprecated.text.substr(1, deprecated.text.size() - 2)))
      .at(name.span, "declared here");
}

/// A name that is missing as a service is missing as a value, too; a member is another one in another thing.
static std::pair<ir::ModuleId, std::string> unknown_key(ir::ModuleId module, std::string_view name,
                                                        std::string_view what) {
  bool member = what.find(" of ") != std::string_view::npos;
  return {module, member ? fmt::format("{} {}", what, name) : std::string(name)};
}

namespace {

/// One declaration that is misspelt is one mistake, however often it is used.
void add_place(UnknownName& known, Span span) {
  if (!known.places.insert(span.begin).second) return;
  constexpr size_t most_shown = 3;
  Diagnostic& report = *known.report;
  // The edit that was suggested is made at each of them.
  if (!report.fixes.empty() && report.fixes[0].span.begin == report.span.begin) report.fix(span, report.fixes[0].text);
  size_t more = known.places.size() - 1;
  if (more <= most_shown) {
    report.at(span, "also here");
    return;
  }
  if (more == most_shown + 1) {
    known.note = report.notes.size();
    report.note({});
  }
  report.notes[known.note] =
      fmt::format("and at {} more place{}", more - most_shown, more == most_shown + 1 ? "" : "s");
}

}  // namespace

/// It was reported before, and what it may have meant was said then.
bool ValueChecker::was_unknown(std::string_view name, std::string_view what) const {
  return unknown_names_.count(unknown_key(module_, name, what)) > 0;
}

/// The report, or null where the same was said before.
void ValueChecker::hide_unknown(std::string_view name, std::string_view what, Span value) {
  auto known = unknown_names_.find(unknown_key(module_, name, what));
  if (known != unknown_names_.end()) known->second.report->hide(value);
}

Diagnostic* ValueChecker::report_unknown_once(Span span, std::string_view name, std::string_view what) {
  std::pair<ir::ModuleId, std::string> key = unknown_key(module_, name, what);
  if (auto known = unknown_names_.find(key); known != unknown_names_.end()) {
    add_place(known->second, span);
    return nullptr;
  }
  // "setting of `haproxy`" reads best as "`haproxy` has no setting …".
  size_t of = what.find(" of ");
  Diagnostic& diagnostic = of == std::string_view::npos
                               ? diagnostics_.report(span, diag::UnknownName, std::string(what), std::string(name))
                               : diagnostics_.report(span, diag::UnknownMember, std::string(what.substr(of + 4)),
                                                     std::string(what.substr(0, of)), std::string(name));
  unknown_names_[std::move(key)] = {&diagnostic, {span.begin}};
  ++unknown_;
  return &diagnostic;
}

void ValueChecker::advise_elsewhere(Diagnostic& diagnostic, std::string_view name, std::string_view what) const {
  if (what == "strategy" && !capability_with(program_, library_, TypeKind::Service, name).empty())
    diagnostic.advise(fmt::format("an action is called on what it acts on: `checkout.{}(…)`", name));
  else if (what == "strategy" || what == "name" || what.starts_with("action of "))
    if (std::string_view here = syntax::said_elsewhere(name); !here.empty()) diagnostic.advise(std::string(here));
}

void ValueChecker::report_unknown(Span span, std::string_view name, std::string_view what,
                                  std::vector<std::string_view> known) {
  bool compare = suggests();
  Diagnostic* diagnostic = report_unknown_once(span, name, what);
  if (!diagnostic || !compare || suggest_import(*diagnostic, name, what)) return;
  std::string_view near = nearest(name, known);
  if (!near.empty()) diagnostic->advise(fmt::format("did you mean `{}`?", near)).fix(span, std::string(near));
  if (near.empty()) advise_elsewhere(*diagnostic, name, what);
  if (near.empty() && what == "lock") diagnostic->advise(fmt::format("declare it: `lock {}`", name));
  if (!known.empty()) diagnostic->note(fmt::format("there {} {}", known.size() == 1 ? "is" : "are", list_of(known)));
}

uint32_t ValueChecker::add_local(const ast::Name& name, const Type* type, ir::Time time) {
  if (const Local* other = find_local(name.text))
    diagnostics_.report(name.span, diag::DeclaredTwice, std::string(name.text)).at(other->span, "first declared here");
  uint32_t slot = uint32_t(locals_.size());
  locals_.push_back({name.text, type, slot, name.span, time});
  slots_ = std::max(slots_, slot + 1);
  return slot;
}

}  // namespace rollout::check
