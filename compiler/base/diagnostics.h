// Diagnostics: what the compiler has to say about the user's files. Each kind is declared once, in
// diagnostics.def, with its wording and the types of its arguments; a wrong argument does not compile.
// Reporting never stops the compiler: it goes on and finds the next mistake.
#pragma once

#include <algorithm>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include "compiler/base/span.h"
#include "compiler/base/witness.h"

namespace rollout {

enum class Severity { Error, Warning };

/// A second place that explains the first: a declaration, an earlier definition, an unclosed brace.
struct Label {
  Span span;
  std::string text;
};

/// An edit that mends the mistake: replace the text at `span` by `text`.
struct Fix {
  Span span;
  std::string text;
};

struct Diagnostic {
  std::string_view name;  ///< stable, kebab-case: `unit-mismatch`
  Severity severity = Severity::Error;
  Span span;
  std::string message;         ///< lower case, no full stop, code in backticks
  std::string label;           ///< printed at the caret; may be empty
  std::vector<Label> labels;   ///< in the order they were added
  std::vector<std::string> notes;
  std::string help;            ///< what to write instead; may be empty
  std::vector<Fix> fixes;
  std::optional<Witness> witness = std::nullopt;  ///< of a finding of a proof
  std::vector<Span> hidden = {};  ///< what may be a secret: no message shows it, where it stands in its line

  // Of what is said, nobody is shown the secrets; what a fix writes stays as it is.
  Diagnostic& at(Span where, std::string_view text);
  Diagnostic& caret(std::string_view text);
  Diagnostic& note(std::string_view text);
  Diagnostic& advise(std::string_view text);
  Diagnostic& hide(Span where) { hidden.push_back(where); return *this; }
  Diagnostic& fix(Span where, std::string text) { fixes.push_back({where, std::move(text)}); return *this; }
};

template <typename... Args>
struct DiagnosticKind {
  std::string_view name;
  Severity severity;
  std::string_view format;

  consteval DiagnosticKind(std::string_view kind_name, Severity kind_severity, std::string_view text)
      : name(kind_name), severity(kind_severity), format(text) {
    size_t places = 0;
    for (size_t i = 0; i + 1 < text.size(); ++i) places += text[i] == '{' && text[i + 1] == '}';
    if (places != sizeof...(Args)) throw "a diagnostic's text has one {} for each of its arguments";
  }
};

namespace diag {
#define DIAG(id, name, severity, format, ...) \
  inline constexpr DiagnosticKind<__VA_ARGS__> id{name, Severity::severity, format};
#include "compiler/base/diagnostics.def"
#undef DIAG
}  // namespace diag

/// The sink of one run. Keeps the order of reporting; `sorted()` gives the order of the sources.
class Diagnostics {
 public:
  /// The returned reference is good for adding labels and help; it stays valid until `clear`.
  template <typename... Args>
  Diagnostic& report(Span span, const DiagnosticKind<Args...>& kind, const std::type_identity_t<Args>&... args) {
    return add({kind.name,
                kind.severity,
                span,
                fmt::vformat(kind.format, fmt::make_format_args(args...)),
                {},
                {},
                {},
                {},
                {}});
  }

  /// Those of another sink, behind its own.
  void add_all(const Diagnostics& others) {
    all_.insert(all_.end(), others.all_.begin(), others.all_.end());
    errors_ += others.errors_;
  }

  bool has_errors() const { return errors_ > 0; }
  size_t errors() const { return errors_; }
  size_t warnings() const { return all_.size() - errors_; }
  bool empty() const { return all_.empty(); }
  size_t size() const { return all_.size(); }
  /// Adds a note to every report but the first `count`.
  void note_since(size_t count, const std::string& text);
  /// Drops each report but the first `count` of which `repeated` is true.
  template <typename Repeated>
  void drop_since(size_t count, Repeated repeated) {
    auto first = all_.begin() + ptrdiff_t(count);
    for (auto it = first; it != all_.end(); ++it) errors_ -= it->severity == Severity::Error;
    all_.erase(std::remove_if(first, all_.end(), repeated), all_.end());
    for (auto it = all_.begin() + ptrdiff_t(count); it != all_.end(); ++it) errors_ += it->severity == Severity::Error;
  }
  /// By source, then place, then order of reporting; at one place only the first error is kept.
  std::vector<const Diagnostic*> sorted() const;

 private:
  Diagnostic& add(Diagnostic diagnostic);
  std::deque<Diagnostic> all_;
  size_t errors_ = 0;
};

/// The candidate nearest to `wrong` by edit distance, or empty when none is near enough to be meant.
std::string_view nearest(std::string_view wrong, const std::vector<std::string_view>& candidates);

/// `a`, `b` and `c`; after eight: `a`, … and 12 more. For the full list of what would have been valid.
std::string list_of(const std::vector<std::string_view>& names);

}  // namespace rollout
