#include "runtime/cli/report_formats.h"

#include <fmt/format.h>

#include "compiler/base/fixes.h"
#include "compiler/base/json.h"
#include "compiler/plan/plan_json.h"

namespace rollout::cli {

namespace {

std::string_view level_of(const Diagnostic& diagnostic) {
  return diagnostic.severity == Severity::Error ? "error" : "warning";
}

/// The message with what to do next; a tool shows nothing else.
std::string whole_message(const Diagnostic& diagnostic) {
  return diagnostic.help.empty() ? diagnostic.message : fmt::format("{}; {}", diagnostic.message, diagnostic.help);
}

/// Of a workflow command: what would end a property or the line is escaped.
std::string escaped(std::string_view text, bool property) {
  std::string out;
  for (char c : text) {
    bool special = c == '%' || c == '\r' || c == '\n' || (property && (c == ':' || c == ','));
    if (special) out += fmt::format("%{:02X}", uint8_t(c));
    else out += c;
  }
  return out;
}

/// A path as a relative URI.
std::string uri_of(std::string_view path) {
  std::string out;
  for (char c : path) {
    bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                 std::string_view("/._-~").find(c) != std::string_view::npos;
    if (plain) out += c;
    else out += fmt::format("%{:02X}", uint8_t(c));
  }
  return out;
}

void write_region(json::Writer& json, const SourceMap& sources, Span span) {
  Location begin = sources.locate(span.source, span.begin), end = sources.locate(span.source, span.end);
  json.begin_object().field("startLine", begin.line).field("startColumn", begin.column);
  json.field("endLine", end.line).field("endColumn", end.column).end_object();
}

void write_file(json::Writer& json, const SourceMap& sources, Span span) {
  json.key("artifactLocation").begin_object().field("uri", uri_of(sources.shown_name(span.source))).end_object();
}

void write_location(json::Writer& json, const SourceMap& sources, Span span, std::string_view text) {
  json.begin_object().key("physicalLocation").begin_object();
  write_file(json, sources, span);
  json.key("region");
  write_region(json, sources, span);
  json.end_object();
  if (!text.empty()) json.key("message").begin_object().field("text", text).end_object();
  json.end_object();
}

/// All edits of a diagnostic belong together: one fix.
void write_fixes(json::Writer& json, const Diagnostic& diagnostic, const SourceMap& sources) {
  std::vector<Fix> fixes = offered_fixes(diagnostic, sources);
  if (fixes.empty()) return;
  json.key("fixes").begin_array().begin_object().key("description").begin_object();
  json.field("text", diagnostic.help.empty() ? diagnostic.message : diagnostic.help).end_object();
  json.key("artifactChanges").begin_array();
  for (const Fix& fix : fixes) {
    json.begin_object();
    write_file(json, sources, fix.span);
    json.key("replacements").begin_array().begin_object().key("deletedRegion");
    write_region(json, sources, fix.span);
    json.key("insertedContent").begin_object().field("text", fix.text).end_object();
    json.end_object().end_array().end_object();
  }
  json.end_array().end_object().end_array();
}

/// The path of a finding, moment by moment. Its places are those of the finding: of a moment that did not happen yet
/// there is no other.
void write_path(json::Writer& json, const Diagnostic& diagnostic, const SourceMap& sources) {
  const Witness& witness = *diagnostic.witness;
  json.key("codeFlows").begin_array().begin_object();
  json.key("message").begin_object().field("text", witness.replay).end_object();
  json.key("threadFlows").begin_array().begin_object().key("locations").begin_array();
  for (size_t i = 0; i < witness.path.size(); ++i) {
    json.begin_object().key("location");
    write_location(json, sources, diagnostic.span, path_text({witness.path[i]}));
    json.field("executionOrder", uint64_t(i + 1)).end_object();
  }
  json.end_array().end_object().end_array().end_object().end_array();
}

}  // namespace

std::string short_line(const Diagnostic& diagnostic, const SourceMap& sources) {
  std::string place;
  if (diagnostic.span.valid()) {
    Location at = sources.locate(diagnostic.span.source, diagnostic.span.begin);
    place = fmt::format("{}:{}:{}: ", sources.shown_name(diagnostic.span.source), at.line, at.column);
  }
  return fmt::format("{}{}: {} [{}]\n", place, level_of(diagnostic), diagnostic.message, diagnostic.name);
}

std::string github_line(const Diagnostic& diagnostic, const SourceMap& sources) {
  std::string place;
  if (diagnostic.span.valid()) {
    Location begin = sources.locate(diagnostic.span.source, diagnostic.span.begin);
    Location end = sources.locate(diagnostic.span.source, diagnostic.span.end);
    place = fmt::format("file={},line={},endLine={},col={},endColumn={},",
                        escaped(sources.shown_name(diagnostic.span.source), true), begin.line, end.line, begin.column,
                        end.column);
  }
  return fmt::format("::{} {}title={}::{}\n", level_of(diagnostic), place, diagnostic.name,
                     escaped(whole_message(diagnostic), false));
}

std::string gitlab_issue(const Diagnostic& diagnostic, const SourceMap& sources) {
  Span span = diagnostic.span;
  std::string path = span.valid() ? sources.shown_name(span.source) : std::string(".");
  std::string line(span.valid() ? sources.line_at(span.source, span.begin) : std::string_view());
  std::string known = fmt::format("{}\n{}\n{}\n{}", diagnostic.name, path, diagnostic.message, line);
  json::Writer json;
  json.begin_object().field("description", whole_message(diagnostic)).field("check_name", diagnostic.name);
  json.field("fingerprint", plan::hash_of(known));
  json.field("severity", diagnostic.severity == Severity::Error ? "major" : "minor");
  json.key("location").begin_object().field("path", path).key("lines").begin_object();
  json.field("begin", span.valid() ? sources.locate(span.source, span.begin).line : 1).end_object().end_object();
  json.end_object();
  return json.take();
}

std::string sarif_result(const Diagnostic& diagnostic, const SourceMap& sources) {
  json::Writer json;
  json.begin_object().field("ruleId", diagnostic.name).field("level", level_of(diagnostic));
  json.key("message").begin_object().field("text", whole_message(diagnostic)).end_object();
  if (diagnostic.span.valid()) {
    json.key("locations").begin_array();
    write_location(json, sources, diagnostic.span, {});
    json.end_array();
  }
  if (!diagnostic.labels.empty()) {
    json.key("relatedLocations").begin_array();
    for (const Label& label : diagnostic.labels) write_location(json, sources, label.span, label.text);
    json.end_array();
  }
  if (diagnostic.span.valid() && diagnostic.witness && !diagnostic.witness->path.empty())
    write_path(json, diagnostic, sources);
  write_fixes(json, diagnostic, sources);
  json.end_object();
  return json.take();
}

std::string sarif_file(const std::string& results, const std::set<std::string_view>& names) {
  json::Writer json;
  json.begin_object().field("$schema", "https://json.schemastore.org/sarif-2.1.0.json").field("version", "2.1.0");
  json.key("runs").begin_array().begin_object().key("tool").begin_object().key("driver").begin_object();
  json.field("name", "rollout").field("version", ROLLOUT_VERSION).key("rules").begin_array();
  for (std::string_view name : names) json.begin_object().field("id", name).end_object();
  json.end_array().end_object().end_object().field("columnKind", "unicodeCodePoints");
  json.key("results").raw(fmt::format("[{}]", results)).end_object().end_array().end_object();
  return json.take() + "\n";
}

}  // namespace rollout::cli
