// The code in the documents is real: a block marked `rollout` is a whole file and compiles; one marked
// `rollout-fragment` leaves out what stands around it, and parses.
#include <filesystem>
#include <fstream>

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include "compiler/base/render.h"
#include "compiler/compile.h"
#include "compiler/syntax/format.h"

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

/// What every example may import.
std::string quickstart() {
  std::ifstream in(fs::path(ROLLOUT_SOURCE_DIR) / "examples/quickstart/shop.rollout");
  return {std::istreambuf_iterator<char>(in), {}};
}

std::vector<CodeBlock> documented() {
  std::vector<CodeBlock> blocks;
  read_blocks(fs::path(ROLLOUT_SOURCE_DIR) / "README.md", blocks);
  for (const fs::directory_entry& entry : fs::recursive_directory_iterator(fs::path(ROLLOUT_SOURCE_DIR) / "docs"))
    if (entry.path().extension() == ".md") read_blocks(entry.path(), blocks);
  return blocks;
}

}  // namespace

TEST_CASE("the code in the documents is code of the language") {
  size_t files = 0, fragments = 0;
  for (const CodeBlock& block : documented()) {
    INFO(block.place << "\n" << block.text);
    if (block.language == "rollout") {
      auto load = [&](const std::string& path) -> Result<std::string> {
        if (path == "doc.rollout") return block.text;
        if (path == "shop.rollout") return quickstart();
        return OpError{"there is no such file"};
      };
      std::unique_ptr<Compilation> compilation = compile("doc.rollout", load);
      check_plans(*compilation);
      INFO(render_text(compilation->diagnostics, compilation->sources, false));
      CHECK_FALSE(compilation->diagnostics.has_errors());
      ++files;
    } else if (block.language == "rollout-fragment") {
      SourceMap sources;
      Diagnostics diagnostics;
      syntax::format(sources, sources.add("doc.rollout", block.text), diagnostics);
      INFO(render_text(diagnostics, sources, false));
      CHECK_FALSE(diagnostics.has_errors());
      ++fragments;
    }
  }
  CHECK(files >= 3);
  CHECK(fragments >= 5);
}

}  // namespace rollout
