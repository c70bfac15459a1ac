#include "tests/fuzz/target.h"

#include "compiler/base/check.h"
#include "compiler/base/render.h"
#include "compiler/syntax/format.h"
#include "compiler/syntax/parse.h"

namespace rollout::fuzz {

namespace {

std::optional<std::string> format_text(const std::string& text) {
  SourceMap sources;
  Diagnostics diagnostics;
  SourceId source = sources.add("fuzz.rollout", text);
  std::optional<std::string> formatted = syntax::format(sources, source, diagnostics);
  ROLLOUT_CHECK(formatted.has_value() == !diagnostics.has_errors(), "either a layout or the reason why there is none");
  // Every place that a message names must be one of the text.
  render_text(diagnostics, sources, false);
  Diagnostics again;
  syntax::parse(sources, source, again);
  ROLLOUT_CHECK(again.errors() == diagnostics.errors(), "the formatter refuses what the parser refuses");
  return formatted;
}

}  // namespace

bool try_text(const std::string& text) {
  std::optional<std::string> formatted = format_text(text);
  if (!formatted) return false;
  std::optional<std::string> twice = format_text(*formatted);
  ROLLOUT_CHECK(twice.has_value(), "a layout parses");
  ROLLOUT_CHECK(*twice == *formatted, "a layout is laid out already");
  return true;
}

}  // namespace rollout::fuzz
