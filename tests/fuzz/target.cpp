#include "tests/fuzz/target.h"

#include "compiler/base/check.h"
#include "compiler/base/render.h"
#include "compiler/syntax/format.h"
#include "compiler/syntax/parse.h"

namespace rollout::fuzz {

namespace {

std::optional<std::string> format_text(const std::string& text, std::vector<std::string>& messages) {
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
  for (const Diagnostic* message : diagnostics.sorted()) messages.push_back(message->message);
  return formatted;
}

}  // namespace

std::vector<std::string> try_text(const std::string& text) {
  std::vector<std::string> messages;
  std::optional<std::string> formatted = format_text(text, messages);
  if (!formatted) return messages;
  std::optional<std::string> twice = format_text(*formatted, messages);
  ROLLOUT_CHECK(twice.has_value(), "a layout parses");
  ROLLOUT_CHECK(*twice == *formatted, "a layout is laid out already");
  return messages;
}

}  // namespace rollout::fuzz
