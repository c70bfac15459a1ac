#include "compiler/base/render.h"

#include <algorithm>

#include <fmt/format.h>
#include <llvm/ADT/StringRef.h>
#include <llvm/Support/Unicode.h>

#include "compiler/base/json.h"
#include "compiler/base/visible.h"

namespace rollout {

namespace {

constexpr std::string_view red = "\033[1;31m", yellow = "\033[1;33m", blue = "\033[1;34m", bold = "\033[1m",
                           plain = "\033[0m";

struct Painter {
  bool color;
  std::string operator()(std::string_view code, std::string_view text) const {
    return color ? fmt::format("{}{}{}", code, text, plain) : std::string(text);
  }
};

/// As a terminal shows it: wide characters take two columns, those that only change the one before take none.
size_t columns(std::string_view text) {
  int width = llvm::sys::unicode::columnWidthUTF8(llvm::StringRef(text.data(), text.size()));
  if (width >= 0) return size_t(width);
  return size_t(std::count_if(text.begin(), text.end(), [](char c) { return (uint8_t(c) & 0xC0) != 0x80; }));
}

/// What stands below `text` so that the next character stands below the one behind it.
std::string padding(std::string_view text) {
  std::string pad;
  for (size_t tab = text.find('\t'); tab != std::string_view::npos; tab = text.find('\t')) {
    pad += std::string(columns(text.substr(0, tab)), ' ') + '\t';
    text.remove_prefix(tab + 1);
  }
  return pad + std::string(columns(text), ' ');
}

constexpr size_t widest_line = 160;

/// The source line and, under it, what is meant: `^~~~` for the primary place, `----` for another.
std::string snippet(const SourceMap& sources, Span span, char head, char tail, std::string_view label,
                    std::string_view code, const Painter& paint, bool repeats_line = true) {
  std::string_view line = sources.line_at(span.source, span.begin);
  if (line.size() > widest_line) return {};
  uint32_t start = sources.line_start(span.source, span.begin);
  uint32_t number = sources.locate(span.source, span.begin).line;
  size_t from = std::min<size_t>(span.begin - start, line.size());
  size_t to = std::clamp<size_t>(span.end - start, from, line.size());
  std::string margin = fmt::format("{:>5} | ", number);
  std::string before = visible(line.substr(0, from)), meant = visible(line.substr(from, to - from));
  std::string pad = padding(before);
  size_t width = std::max<size_t>(1, columns(meant));
  std::string marks(1, head);
  marks.append(width - 1, tail);
  if (!label.empty()) marks += fmt::format(" {}", visible(label));
  std::string text =
      repeats_line ? fmt::format("{}{}{}{}\n", margin, before, meant, visible(line.substr(to))) : "";
  return text + fmt::format("      | {}{}\n", pad, paint(code, marks));
}

std::string place(const SourceMap& sources, Span span) {
  Location at = sources.locate(span.source, span.begin);
  return fmt::format("{}:{}:{}", visible(sources.shown_name(span.source)), at.line, at.column);
}

std::string render_one(const Diagnostic& diagnostic, const SourceMap& sources, const Painter& paint) {
  bool is_error = diagnostic.severity == Severity::Error;
  std::string_view code = is_error ? red : yellow;
  std::string out;
  if (diagnostic.span.valid()) out += fmt::format("{}: ", paint(bold, place(sources, diagnostic.span)));
  out += fmt::format("{} {} [{}]\n", paint(code, is_error ? "error:" : "warning:"),
                     visible(diagnostic.message), diagnostic.name);
  if (diagnostic.span.valid()) out += snippet(sources, diagnostic.span, '^', '~', diagnostic.label, code, paint);
  Span above = diagnostic.span;
  for (const Label& label : diagnostic.labels) {
    // Further marks stand below those of the same line.
    bool below = above.valid() && label.span.source == above.source &&
                 sources.line_start(label.span.source, label.span.begin) ==
                     sources.line_start(above.source, above.begin);
    if (!below && label.span.source != diagnostic.span.source)
      out += fmt::format("  in {}:\n", place(sources, label.span));
    out += snippet(sources, label.span, '-', '-', label.text, blue, paint, !below);
    above = label.span;
  }
  const std::optional<Witness>& shown = diagnostic.witness;
  if (shown && !shown->path.empty())
    out += fmt::format("  {} {}\n", paint(blue, "path:"), visible(path_text(shown->path)));
  for (const std::string& note : diagnostic.notes) out += fmt::format("  {} {}\n", paint(blue, "note:"), visible(note));
  if (!diagnostic.help.empty()) out += fmt::format("  {} {}\n", paint(blue, "help:"), visible(diagnostic.help));
  if (shown) out += fmt::format("  {} {}\n", paint(blue, "replay:"), visible(shown->replay));
  return out;
}

void write_witness(json::Writer& json, const Witness& witness) {
  json.begin_object().field("id", witness.id).field("computed", witness.computed);
  json.field("required", witness.required).key("path").begin_array();
  for (const Moment& moment : witness.path)
    json.begin_object().field("at_ns", moment.at_ns).field("text", moment.text).field("outcome", moment.outcome)
        .end_object();
  json.end_array().field("replay", witness.replay).end_object();
}

void write_range(json::Writer& json, const SourceMap& sources, Span span) {
  json.begin_object();
  if (span.valid()) {
    Location begin = sources.locate(span.source, span.begin);
    Location end = sources.locate(span.source, span.end);
    json.field("file", sources.shown_name(span.source));
    json.field("line", begin.line).field("column", begin.column);
    json.field("end_line", end.line).field("end_column", end.column);
  }
  json.end_object();
}

}  // namespace

std::string render_text(const Diagnostic& diagnostic, const SourceMap& sources, bool color) {
  return render_one(diagnostic, sources, Painter{color});
}

std::string render_text(const Diagnostics& diagnostics, const SourceMap& sources, bool color) {
  Painter paint{color};
  std::string out;
  std::vector<const Diagnostic*> sorted = diagnostics.sorted();
  for (size_t i = 0; i < sorted.size(); ++i) {
    if (i == max_shown) {
      out += fmt::format("and {} more\n", sorted.size() - i);
      break;
    }
    out += render_one(*sorted[i], sources, paint);
  }
  return out;
}

void write_json(json::Writer& json, const Diagnostic& diagnostic, const SourceMap& sources) {
  bool is_error = diagnostic.severity == Severity::Error;
  json.begin_object().field("name", diagnostic.name).field("severity", is_error ? "error" : "warning");
  json.field("message", diagnostic.message).key("range");
  write_range(json, sources, diagnostic.span);
  json.field("label", diagnostic.label).key("labels").begin_array();
  for (const Label& label : diagnostic.labels) {
    json.begin_object().field("text", label.text).key("range");
    write_range(json, sources, label.span);
    json.end_object();
  }
  json.end_array().key("notes").begin_array();
  for (const std::string& note : diagnostic.notes) json.value(note);
  json.end_array().field("help", diagnostic.help).key("fixes").begin_array();
  for (const Fix& fix : diagnostic.fixes) {
    json.begin_object().field("text", fix.text).key("range");
    write_range(json, sources, fix.span);
    json.end_object();
  }
  json.end_array();
  if (diagnostic.witness) write_witness(json.key("counterexample"), *diagnostic.witness);
  json.end_object();
}

std::string render_json(const Diagnostics& diagnostics, const SourceMap& sources) {
  json::Writer json;
  json.begin_object().field("version", 1).key("diagnostics").begin_array();
  size_t errors = 0, warnings = 0;
  for (const Diagnostic* diagnostic : diagnostics.sorted()) {
    ++(diagnostic->severity == Severity::Error ? errors : warnings);
    write_json(json, *diagnostic, sources);
  }
  json.end_array().field("errors", uint64_t(errors)).field("warnings", uint64_t(warnings)).end_object();
  return json.take() + "\n";
}

}  // namespace rollout
