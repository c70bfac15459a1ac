// `compatible with schema 12..13 of orders from 2.0`: what the versions of a service may live beside.
#include <map>

#include "compiler/check/context.h"
#include "compiler/eval/version.h"

namespace rollout::check {

namespace {

/// Of a text without its quotes.
std::string_view bound_text(const ast::Name& bound) {
  std::string_view text = bound.text;
  return text.starts_with('"') ? text.substr(1, text.size() - 2) : text;
}

/// With what, and from which version on.
struct Beginning {
  uint32_t with;
  std::string_view from;

  bool operator<(const Beginning& other) const {
    return with != other.with ? with < other.with : eval::compare_versions(from, other.from) < 0;
  }
};

}  // namespace

bool Checker::is_bound(const ast::Name& bound) {
  if (bound.text.empty() || !eval::version_problem(bound_text(bound))) return true;
  diagnostics_.report(bound.span, diag::ExpectedFound, "a version such as `1.8` or `\"1.8.2\"`",
                      std::string(bound_text(bound)));
  return false;
}

/// Of a schema without a name the only database that the file knows is meant, of a version the service itself.
std::optional<uint32_t> Checker::lives_with(const ir::Service& service, const ast::CompatibleItem& item) {
  bool schema = !item.word.text.empty();
  ast::SubjectWord wanted = schema ? ast::SubjectWord::Database : ast::SubjectWord::Service;
  if (!item.of.text.empty()) {
    std::optional<ir::Symbol> symbol = expect_symbol(item.of, ir::Ref::Service, schema ? "database" : "service");
    if (!symbol || program_.services[symbol->index].decl->subject == wanted)
      return symbol ? std::optional(symbol->index) : std::nullopt;
    diagnostics_.report(item.of.span, diag::WrongKind, std::string(item.of.text), std::string(kind_text(*symbol)),
                        schema ? "a database" : "a service")
        .at(symbol->span, "declared here");
    return std::nullopt;
  }
  if (!schema) return uint32_t(&service - program_.services.data());
  std::vector<std::string_view> databases;
  uint32_t last = 0;
  for (std::string_view name : names_of(ir::Ref::Service)) {
    uint32_t index = find(name)->index;
    if (program_.services[index].decl->subject != ast::SubjectWord::Database) continue;
    databases.push_back(name);
    last = index;
  }
  if (databases.size() == 1) return last;
  diagnostics_
      .report(item.word.span, diag::CompatibleUnclear, std::string(service.decl->name.text),
              databases.empty() ? "there is no database here" : "there are several databases")
      .advise(fmt::format("name it: `of {}`", databases.empty() ? "orders" : databases.front()));
  return std::nullopt;
}

void Checker::check_compatible(ir::Service& service) {
  std::map<Beginning, Span> said;
  for (const ast::CompatibleItem& item : service.decl->compatible) {
    if (!item.word.text.empty() && item.word.text != "schema")
      diagnostics_.report(item.word.span, diag::ExpectedFound, "`schema` or a version", std::string(item.word.text))
          .advise("write `compatible with schema 12..13` or `compatible with >= 1.8`")
          .fix(item.word.span, "schema");
    bool bounds = is_bound(item.least) && is_bound(item.most) && is_bound(item.from);
    std::optional<uint32_t> with = lives_with(service, item);
    if (!bounds || !with) continue;
    if (!item.most.text.empty() && eval::compare_versions(bound_text(item.least), bound_text(item.most)) > 0)
      diagnostics_
          .report(join(item.least.span, item.most.span), diag::CompatibleUnclear,
                  std::string(service.decl->name.text),
                  fmt::format("{} comes after {}", bound_text(item.least), bound_text(item.most)))
          .advise("write the earlier one first");
    Beginning beginning{*with, item.from.text.empty() ? "0" : bound_text(item.from)};
    auto [first, fresh] = said.emplace(beginning, item.span);
    if (!fresh)
      diagnostics_
          .report(item.span, diag::CompatibleUnclear, std::string(service.decl->name.text), "this is said twice")
          .at(first->second, "first said here")
          .advise("leave one of them out, or say from which version on it holds: `from 2.0`");
    service.compatible.push_back({&item, *with});
  }
}

}  // namespace rollout::check
