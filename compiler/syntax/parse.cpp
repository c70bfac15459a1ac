#include "compiler/syntax/parse.h"

#include <algorithm>
#include <cstring>

#include <llvm/Support/ConvertUTF.h>

#include "compiler/base/check.h"
#include "compiler/syntax/parse_tree.h"
#include "compiler/syntax/parsing.h"
#include "compiler/syntax/read.h"
#include "compiler/syntax/scan_errors.h"

namespace rollout::syntax {

namespace {

/// How many bytes at the beginning are ASCII, as most of a text is: eight are looked at in one step.
size_t ascii_before(std::string_view text) {
  constexpr uint64_t high_bits = 0x8080808080808080;
  size_t at = 0;
  for (uint64_t eight = 0; at + sizeof eight <= text.size(); at += sizeof eight) {
    std::memcpy(&eight, text.data() + at, sizeof eight);
    if ((eight & high_bits) != 0) break;
  }
  return at;
}

bool report_unreadable(const SourceMap& sources, SourceId source, Diagnostics& diagnostics) {
  std::string_view text = sources.text(source);
  if (text.size() > max_file_bytes) {
    diagnostics.report({source, 0, 0}, diag::TooLarge, uint64_t(text.size()), max_file_bytes);
    return true;
  }
  auto* begin = reinterpret_cast<const llvm::UTF8*>(text.data());
  const llvm::UTF8* at = begin + ascii_before(text);
  if (llvm::isLegalUTF8String(&at, begin + text.size())) return false;
  uint32_t offset = uint32_t(at - begin);
  diagnostics.report({source, offset, offset}, diag::NotUtf8, offset, fmt::format("{:02X}", uint8_t(text[offset])));
  return true;
}

}  // namespace

std::optional<Tokens> read_tokens(const SourceMap& sources, SourceId source, Diagnostics& diagnostics) {
  if (report_unreadable(sources, source, diagnostics)) return std::nullopt;
  Tokens tokens(sources, source);
  if (report_bad_tokens(tokens, diagnostics) || report_too_deep(tokens, diagnostics) ||
      report_unbalanced_braces(tokens, diagnostics) || report_bare_imports(tokens, diagnostics))
    return std::nullopt;
  return tokens;
}

bool read_tree(const Tokens& tokens, ast::File& file, Diagnostics& diagnostics, TokenMarks* marks) {
  size_t errors = diagnostics.errors();
  std::vector<Span> swallowed = report_swallowed_calls(tokens, diagnostics);
  size_t reported = diagnostics.size();
  Reader reader(tokens, file, diagnostics, marks);
  if (!reader.read_file() && !reader.has_said_why()) {
    report_syntax_errors(tokens, diagnostics);
    ROLLOUT_CHECK(diagnostics.errors() > errors, "what the reader refuses does not fit the grammar");
  }
  diagnostics.drop_since(reported, [&](const Diagnostic& said) {
    return std::any_of(swallowed.begin(), swallowed.end(), [&](Span part) {
      return part.begin <= said.span.begin && said.span.begin <= part.end;
    });
  });
  return diagnostics.errors() == errors;
}

std::unique_ptr<ast::File> parse(const SourceMap& sources, SourceId source, Diagnostics& diagnostics) {
  auto file = std::make_unique<ast::File>();
  file->source = source;
  if (std::optional<Tokens> tokens = read_tokens(sources, source, diagnostics)) read_tree(*tokens, *file, diagnostics);
  return file;
}

}  // namespace rollout::syntax
