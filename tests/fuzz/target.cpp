#include "tests/fuzz/target.h"

#include <filesystem>
#include <fstream>
#include <iterator>

#include "compiler/base/check.h"
#include "compiler/base/fixes.h"
#include "compiler/base/render.h"
#include "compiler/compile.h"
#include "compiler/plan/plan_json.h"
#include "compiler/syntax/format.h"
#include "compiler/syntax/parse.h"
#include "tests/unit/ast_dump.h"

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

/// What the author of a text that parses said.
std::string tree_of(const std::string& text) {
  SourceMap sources;
  Diagnostics diagnostics;
  return dump(*syntax::parse(sources, sources.add("fuzz.rollout", text), diagnostics));
}

std::string read_shop() {
  std::ifstream in(std::filesystem::path(ROLLOUT_SOURCE_DIR) / "tests/golden/shared/shop.rollout", std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

/// Every edit lies in its text, and applying it is harmless.
void try_fixes(const Compilation& compilation, const Diagnostic& diagnostic) {
  for (const Fix& fix : diagnostic.fixes) {
    std::string_view text = compilation.sources.text(fix.span.source);
    std::optional<std::vector<Fix>> one = ordered_fixes(text, {fix});
    ROLLOUT_CHECK(one.has_value(), "an edit lies in the text that it mends");
    apply_fixes(text, *one);
  }
}

}  // namespace

std::vector<std::string> try_check(const std::string& text) {
  static const std::string shop = read_shop();
  auto load = [&](const std::string& path) -> Result<std::string> {
    if (path == "fuzz.rollout") return text;
    if (path == "shared/shop.rollout") return shop;
    return OpError{"there is no such file"};
  };
  std::unique_ptr<Compilation> compilation = compile("fuzz.rollout", load);
  check_plans(*compilation);
  std::vector<std::string> messages;
  for (const Diagnostic* diagnostic : compilation->diagnostics.sorted()) {
    render_text(*diagnostic, compilation->sources, false);
    try_fixes(*compilation, *diagnostic);
    messages.push_back(diagnostic->message);
  }
  if (compilation->diagnostics.has_errors()) return messages;
  plan::Shared shared;
  for (const ir::Rollout& rollout : compilation->program->rollouts) {
    if (rollout.module + 1 != compilation->program->modules.size()) continue;
    plan::Request request;
    request.rollout = rollout.decl->name.text;
    request.shared = &shared;
    std::optional<plan::Plan> plan =
        plan::make_plan(*compilation->program, request, compilation->sources, compilation->diagnostics);
    ROLLOUT_CHECK(plan.has_value(), "what checks is planned");
    ROLLOUT_CHECK(try_plan(plan::to_json(*plan)).empty(), "a plan that was made is read back");
  }
  return messages;
}

std::vector<std::string> try_plan(const std::string& bytes) {
  Result<plan::Plan> plan = plan::from_json(bytes);
  if (!plan) {
    ROLLOUT_CHECK(!plan.error().message.empty(), "a refusal has a reason");
    return {plan.error().message};
  }
  ROLLOUT_CHECK(plan::to_json(*plan) == bytes, "a plan that is read has exactly these bytes");
  return {};
}

std::vector<std::string> try_text(const std::string& text) {
  std::vector<std::string> messages;
  std::optional<std::string> formatted = format_text(text, messages);
  if (!formatted) return messages;
  std::optional<std::string> twice = format_text(*formatted, messages);
  ROLLOUT_CHECK(twice.has_value(), "a layout parses");
  ROLLOUT_CHECK(*twice == *formatted, "a layout is laid out already");
  return messages;
}

std::vector<std::string> try_format(const std::string& text) {
  std::vector<std::string> messages;
  std::optional<std::string> formatted = format_text(text, messages);
  if (formatted) ROLLOUT_CHECK(tree_of(*formatted) == tree_of(text), "a layout says what the text said");
  return messages;
}

}  // namespace rollout::fuzz
