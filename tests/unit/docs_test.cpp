// The code in the documents is real: a block marked `rollout` is a whole file and compiles; one marked
// `rollout-fragment` leaves out what stands around it, and compiles with that. A name that it does not declare is the
// one of docs_prelude.rollout, of the nearest block above it, of the library or of the quickstart, in this order.
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <set>

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include "compiler/base/render.h"
#include "compiler/compile.h"
#include "stdlib/stdlib.h"

namespace fs = std::filesystem;

namespace rollout {

namespace {

struct CodeBlock {
  std::string place;  ///< docs/language/reference.md:12
  std::string language;
  std::string text;
};

void read_blocks(const fs::path& path, std::vector<CodeBlock>& blocks) {
  std::ifstream in(path);
  std::string line, name = fs::relative(path, ROLLOUT_SOURCE_DIR).string();
  bool open = false;
  for (size_t number = 1; std::getline(in, line); ++number) {
    if (!line.starts_with("```")) {
      if (open) blocks.back().text += line + "\n";
      continue;
    }
    open = !open;
    if (open) blocks.push_back({fmt::format("{}:{}", name, number), line.substr(3), {}});
  }
}

std::string text_of(const fs::path& path) {
  std::ifstream in(fs::path(ROLLOUT_SOURCE_DIR) / path);
  return {std::istreambuf_iterator<char>(in), {}};
}

std::vector<CodeBlock> documented() {
  std::vector<CodeBlock> blocks;
  read_blocks(fs::path(ROLLOUT_SOURCE_DIR) / "README.md", blocks);
  for (const fs::directory_entry& entry : fs::recursive_directory_iterator(fs::path(ROLLOUT_SOURCE_DIR) / "docs"))
    if (entry.path().extension() == ".md") read_blocks(entry.path(), blocks);
  return blocks;
}

bool is_code(const CodeBlock& block) { return block.language == "rollout" || block.language == "rollout-fragment"; }

/// Whether a declaration of this name begins at the beginning of a line.
bool declares(std::string_view text, std::string_view name) {
  constexpr std::string_view words[] = {
      "backend", "calendar", "capability", "database", "enum", "environment", "flag",     "func",   "gate", "input",
      "let",     "lock",     "metrics",    "policy",   "record", "rollout",   "service", "strategy", "target", "team"};
  for (std::string_view word : words) {
    std::string begin = fmt::format("{} {}", word, name);
    for (size_t at = text.find(begin); at != std::string_view::npos; at = text.find(begin, at + 1)) {
      size_t end = at + begin.size();
      bool whole = end == text.size() || (!isalnum(static_cast<unsigned char>(text[end])) && text[end] != '_');
      if (whole && (at == 0 || text[at - 1] == '\n')) return true;
    }
  }
  return false;
}

/// Blocks as files that import what they leave out.
class Documents {
 public:
  explicit Documents(std::vector<CodeBlock> blocks) : blocks_(std::move(blocks)) {}

  const std::vector<CodeBlock>& blocks() const { return blocks_; }

  /// A fragment with the imports that it needs: those of a block are found once all above it have theirs.
  std::unique_ptr<Compilation> compiled(size_t index) {
    CodeBlock& block = blocks_[index];
    const std::string written = block.text;
    std::string imports;
    std::set<std::string> given;
    while (true) {
      block.text = imports + written;
      auto files = [&](const std::string& path) { return load(path); };
      std::unique_ptr<Compilation> compilation = compile(name_of(index), files);
      if (block.language == "rollout") return compilation;
      size_t known = given.size();
      for (const Diagnostic* diagnostic : compilation->diagnostics.sorted()) {
        std::string name = missing(*diagnostic);
        std::string from = name.empty() ? "" : provider(index, name, imports);
        if (!from.empty() && given.insert(name).second) imports += fmt::format("import {}.{{{}}}\n", from, name);
      }
      if (given.size() == known) return compilation;
    }
  }

 private:
  static std::string name_of(size_t index) { return fmt::format("block_{}.rollout", index); }

  Result<std::string> load(const std::string& path) const {
    if (path == "shop.rollout") return shop_;
    if (path == "prelude.rollout") return prelude_;
    for (size_t i = 0; i < blocks_.size(); ++i)
      if (path == name_of(i)) return blocks_[i].text;
    return OpError{"there is no such file"};
  }

  /// The name that nothing declares; empty where something else is wrong. An action comes with its capability.
  static std::string missing(const Diagnostic& diagnostic) {
    if (diagnostic.message == "there is no action `promote`") return "Workload";
    if (diagnostic.name != diag::UnknownName.name || !diagnostic.message.starts_with("there is no")) return {};
    size_t end = diagnostic.message.rfind('`'), begin = diagnostic.message.rfind('`', end - 1);
    return diagnostic.message.substr(begin + 1, end - begin - 1);
  }

  /// Where `block`, which has some imports already, gets the name from; empty: nowhere.
  std::string provider(size_t index, const std::string& name, const std::string& imports) const {
    if (declares(prelude_, name)) return "\"./prelude.rollout\"";
    std::string place = blocks_[index].place, document = place.substr(0, place.rfind(':') + 1);
    bool of_library = document.starts_with("docs/language/library/");
    // A program has one input of a name: that of the block whose rollout it runs, else the shop's.
    bool input = name == "image";
    for (size_t i = index; !of_library && i-- > 0 && blocks_[i].place.starts_with(document);) {
      bool taken = imports.find(name_of(i)) != std::string::npos;
      if ((taken || !input) && is_code(blocks_[i]) && declares(blocks_[i].text, name))
        return fmt::format("\"./{}\"", name_of(i));
    }
    if (input) return "\"./shop.rollout\"";
    std::string own = fs::path(document).stem().string() + "/";  // a page of the library is about one folder of it
    for (bool only_own : {true, false})
      for (const stdlib::File* file = stdlib::files; file->path; ++file)
        if (std::string_view(file->path).starts_with(only_own ? own : "") && declares(file->text, name))
          return library_path(file->path);
    return declares(shop_, name) ? "\"./shop.rollout\"" : "";
  }

  static std::string library_path(const char* path) {
    std::string dotted = fs::path(path).replace_extension().string();
    std::replace(dotted.begin(), dotted.end(), '/', '.');
    return "std." + dotted;
  }

  std::vector<CodeBlock> blocks_;
  std::string prelude_ = text_of("tests/unit/docs_prelude.rollout");
  std::string shop_ = text_of("examples/quickstart/shop.rollout");
};

}  // namespace

TEST_CASE("the code in the documents is code of the language") {
  size_t files = 0, fragments = 0;
  Documents documents(documented());
  for (size_t i = 0; i < documents.blocks().size(); ++i) {
    const CodeBlock& block = documents.blocks()[i];
    if (!is_code(block)) continue;
    INFO(block.place << "\n" << block.text);
    std::unique_ptr<Compilation> compilation = documents.compiled(i);
    check_plans(*compilation);
    INFO(render_text(compilation->diagnostics, compilation->sources, false));
    CHECK_FALSE(compilation->diagnostics.has_errors());
    ++(block.language == "rollout" ? files : fragments);
  }
  CHECK(files >= 3);
  CHECK(fragments >= 5);
}

}  // namespace rollout
