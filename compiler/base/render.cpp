#include "compiler/base/render.h"

#include <algorithm>
#include <optional>

#include <fmt/format.h>
#include <llvm/ADT/StringRef.h>
#include <llvm/Support/Unicode.h>

#include "compiler/base/fixes.h"
#include "compiler/base/json.h"
#include "compiler/base/masked.h"
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

constexpr size_t widest_line = 120;   ///< columns of a line that is shown whole
constexpr size_t widest_part = 100;   ///< of one of which a part is shown
constexpr size_t part_before = 40;    ///< of that part, in front of the place

/// A line as people are shown it: no more of it than fits, and none of its secrets.
class ShownLine {
 public:
  /// `from` to `to`: the bytes that are meant. `hidden`: of all sources.
  ShownLine(const SourceMap& sources, Span span, const std::vector<Span>& hidden)
      : line_(sources.line_at(span.source, span.begin)),
        start_(sources.line_start(span.source, span.begin)),
        cuts_(secrets_at(sources, span.source, span.begin)) {
    for (const Span& one : hidden)
      if (one.source == span.source && one.end > start_ && one.begin < start_ + line_.size()) {
        size_t at = one.begin > start_ ? one.begin - start_ : 0;
        cuts_.push_back({at, std::min<size_t>(one.end - start_, line_.size()) - at});
      }
    std::sort(cuts_.begin(), cuts_.end(), [](const Cut& a, const Cut& b) {
      return a.at != b.at ? a.at < b.at : a.bytes > b.bytes;
    });
    last_ = line_.size();
    size_t from = offset(span.begin);
    constexpr size_t bytes_of_widest = 4 * widest_line;
    if (line_.size() > bytes_of_widest || columns(text(0, line_.size())) > widest_line) narrow(from);
  }

  /// Whether a place of this line is in what is shown.
  bool shows(uint32_t place) const { return first_ <= offset(place) && offset(place) <= last_; }
  size_t offset(uint32_t place) const { return std::min<size_t>(place - start_, line_.size()); }
  /// Both ends of what is marked; of what is masked, the whole.
  size_t begin_of(uint32_t place) const {
    size_t at = offset(place);
    for (const Cut& cut : cuts_)
      if (cut.at < at && at < cut.at + cut.bytes) at = cut.at;
    return std::max(at, first_);
  }
  size_t end_of(uint32_t place) const {
    size_t at = offset(place);
    for (const Cut& cut : cuts_)
      if (cut.at < at && at < cut.at + cut.bytes) at = cut.at + cut.bytes;
    return at;
  }
  size_t first() const { return first_; }
  size_t last() const { return last_; }
  std::string_view head() const { return first_ > 0 ? "…" : ""; }
  std::string_view tail() const { return last_ < line_.size() ? "…" : ""; }

  std::string text(size_t from, size_t to) const {
    std::string out;
    for (const Cut& cut : cuts_) {
      if (cut.at + cut.bytes <= from || cut.at >= to) continue;
      if (cut.at > from) out += visible(line_.substr(from, cut.at - from));
      out += mask;
      from = std::min(cut.at + cut.bytes, to);
    }
    return out + visible(line_.substr(from, to - from));
  }

 private:
  bool continues(size_t at) const { return at < line_.size() && (uint8_t(line_[at]) & 0xC0) == 0x80; }
  /// The next character that takes a column of its own, and what only changes it.
  size_t behind(size_t at) const {
    do ++at;
    while (at < line_.size() && (continues(at) || columns(text(at, after(at))) == 0));
    return at;
  }
  size_t after(size_t at) const {
    do ++at;
    while (continues(at));
    return std::min(at, line_.size());
  }
  /// As far to the left of `at` as so many columns reach.
  size_t reach_left(size_t at, size_t most) const {
    for (size_t wide = 0; at > 0;) {
      size_t next = at;
      do --next;
      while (next > 0 && (continues(next) || columns(text(next, after(next))) == 0));
      wide += columns(text(next, at));
      if (wide > most) break;
      at = next;
    }
    return at;
  }
  void narrow(size_t from) {
    first_ = last_ = reach_left(from, part_before);
    for (size_t wide = 0; last_ < line_.size();) {
      size_t next = behind(last_);
      wide += columns(text(last_, next));
      if (wide > widest_part) return;
      last_ = next;
    }
    first_ = std::min(first_, reach_left(last_, widest_part));
  }

  std::string_view line_;
  uint32_t start_;
  std::vector<Cut> cuts_;
  size_t first_ = 0, last_ = 0;  ///< what is shown
};

/// The source line and, under it, what is meant: `^~~~` for the primary place, `----` for another.
struct Marks {
  char head, tail;
  std::string_view label, code;
};
std::string snippet(const ShownLine& line, const SourceMap& sources, Span span, const Marks& how, const Painter& paint,
                    bool repeats_line = true) {
  size_t from = line.begin_of(span.begin);
  size_t to = std::clamp(line.end_of(span.end), from, std::max(from, line.last()));
  std::string before = std::string(line.head()) + line.text(line.first(), from), meant = line.text(from, to);
  std::string marks(1, how.head);
  marks.append(std::max<size_t>(1, columns(meant)) - 1, how.tail);
  if (!how.label.empty()) marks += fmt::format(" {}", visible(how.label));
  std::string shown;
  if (repeats_line)
    shown = fmt::format("{:>5} | {}{}{}{}\n", sources.locate(span.source, span.begin).line, before, meant,
                        line.text(to, std::max(to, line.last())), line.tail());
  return shown + fmt::format("      | {}{}\n", padding(before), paint(how.code, marks));
}

std::string place(const SourceMap& sources, Span span) {
  Location at = sources.locate(span.source, span.begin);
  return fmt::format("{}:{}:{}", visible(sources.shown_name(span.source)), at.line, at.column);
}

std::string render_one(const Diagnostic& diagnostic, const SourceMap& sources, const std::vector<Span>& hidden,
                       const Painter& paint) {
  bool is_error = diagnostic.severity == Severity::Error;
  std::string_view code = is_error ? red : yellow;
  std::string out;
  if (diagnostic.span.valid()) out += fmt::format("{}: ", paint(bold, place(sources, diagnostic.span)));
  out += fmt::format("{} {} [{}]\n", paint(code, is_error ? "error:" : "warning:"),
                     visible(diagnostic.message), diagnostic.name);
  std::optional<ShownLine> line;
  if (diagnostic.span.valid()) {
    line.emplace(sources, diagnostic.span, hidden);
    out += snippet(*line, sources, diagnostic.span, {'^', '~', diagnostic.label, code}, paint);
  }
  Span above = diagnostic.span;
  for (const Label& label : diagnostic.labels) {
    // Further marks stand below those of the same line.
    bool below = above.valid() && label.span.source == above.source &&
                 sources.line_start(label.span.source, label.span.begin) ==
                     sources.line_start(above.source, above.begin) &&
                 line->shows(label.span.begin);
    if (!below && label.span.source != diagnostic.span.source)
      out += fmt::format("  in {}:\n", place(sources, label.span));
    if (!below) line.emplace(sources, label.span, hidden);
    out += snippet(*line, sources, label.span, {'-', '-', label.text, blue}, paint, !below);
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
  return render_one(diagnostic, sources, diagnostic.hidden, Painter{color});
}

std::string render_text(const Diagnostics& diagnostics, const SourceMap& sources, bool color) {
  Painter paint{color};
  std::string out;
  std::vector<const Diagnostic*> sorted = diagnostics.sorted();
  std::vector<Span> hidden;  // what one says nobody may read, no other shows
  for (const Diagnostic* one : sorted) hidden.insert(hidden.end(), one->hidden.begin(), one->hidden.end());
  for (size_t i = 0; i < sorted.size(); ++i) {
    if (i == max_shown) {
      out += fmt::format("and {} more\n", sorted.size() - i);
      break;
    }
    out += render_one(*sorted[i], sources, hidden, paint);
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
  for (const Fix& fix : offered_fixes(diagnostic, sources)) {
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
