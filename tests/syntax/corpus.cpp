#include "tests/syntax/corpus.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>

#include <llvm/Support/ConvertUTF.h>

#include "tests/syntax/effort.h"
#include "tests/unit/token_scan.h"

namespace fs = std::filesystem;

namespace rollout::syntax_test {

namespace {

/// What a mutation puts in besides tokens of the same text.
constexpr std::string_view more_tokens[] = {
    "and", "or", "not", "-", "+", "*", "<", "==", ".", ",", ":", "=", "(", ")", "[", "]", "{", "}", "?", "..", "->",
    "where", "with", "given", "signal", "rollback", "fail", "in", "if", "else", "then", "at", "hold", "5m", "1", "x",
    "\"s\"", "\"${a.b}\"", "none", "true", "when", "within", "verify", "judged by", "held", "phase", "let", "a: B",
    "a = 1", "except", "during", "calendar", "09:00", "2026-12-24", "2026-11-20T14:30Z"};

std::string mutate_once(const std::string& text, Random& random) {
  std::vector<TokenPlace> tokens = scan_tokens(text);
  if (tokens.empty()) return text;
  auto any = [&] { return tokens[random.below(uint32_t(tokens.size()))]; };
  TokenPlace token = any(), other = any();
  std::string inserted = text.substr(other.begin, other.end - other.begin);
  if (random.one_in(2)) inserted = more_tokens[random.below(uint32_t(std::size(more_tokens)))];
  switch (random.below(3)) {
    case 0: return text.substr(0, token.begin) + text.substr(token.end);
    case 1: return text.substr(0, token.begin) + " " + inserted + " " + text.substr(token.end);
    default: return text.substr(0, token.begin) + " " + inserted + " " + text.substr(token.begin);
  }
}

}  // namespace

std::vector<std::string> corpus() {
  std::vector<std::string> texts;
  for (const ProgramText& program : repository_programs()) texts.push_back(program.text);
  fs::path golden = fs::path(ROLLOUT_SOURCE_DIR) / "tests/golden";
  std::vector<fs::path> paths;
  for (const fs::directory_entry& entry : fs::recursive_directory_iterator(golden))
    if (entry.path().extension() == ".rollout") paths.push_back(entry.path());
  std::sort(paths.begin(), paths.end());
  for (const fs::path& path : paths) {
    std::ifstream in(path, std::ios::binary);
    std::string text((std::istreambuf_iterator<char>(in)), {});
    auto* begin = reinterpret_cast<const llvm::UTF8*>(text.data());
    if (llvm::isLegalUTF8String(&begin, begin + text.size())) texts.push_back(std::move(text));
  }
  for (uint64_t seed = 1; seed <= effort().generated; ++seed) texts.push_back(generated_program(seed));
  return texts;
}

std::string soup(Random& random) {
  constexpr std::string_view usual[] = {"0", "1", "9", "_", ".", "-", ":", "/", "%", " ", "s", "m", "h", "d", "n", "u",
                                        "K", "M", "G", "T", "i", "B", "A", "U", "x", "\"", "\\", "\n", "$", "{", "}",
                                        "(", ")", "[", "]", "<", ">", "=", "!", "?", "+", "*", ",", "in", "phase"};
  constexpr std::string_view rare[] = {"\r", "\t", "é", "→", "😀", "#", "\x01", "\x7f", "'", "&", "\xEF\xBB\xBF"};
  std::string text;
  for (uint32_t i = 0, count = 1 + random.below(24); i < count; ++i)
    text += random.one_in(8) ? rare[random.below(uint32_t(std::size(rare)))]
                             : usual[random.below(uint32_t(std::size(usual)))];
  return text;
}

std::string mutate(const std::string& text, Random& random) {
  std::string mutant = text;
  for (uint32_t i = 0, count = 1 + random.below(3); i < count; ++i) mutant = mutate_once(mutant, random);
  return mutant;
}

}  // namespace rollout::syntax_test
