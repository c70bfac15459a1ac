// What `rollout.toml` costs, whatever is in it.
#include <ctime>

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include "runtime/cli/manifest.h"

namespace rollout::cli {

namespace {

size_t mistakes_of(const std::string& text) {
  SourceMap sources;
  Diagnostics diagnostics;
  read_manifest(sources, sources.add("rollout.toml", text), ManifestOf::Project, diagnostics);
  return diagnostics.errors();
}

}  // namespace

TEST_CASE("the largest manifest is read in a tenth of a second, however many mistakes it has") {
  std::string lines, words = "exports = [";
  for (int i = 0; lines.size() + 16 < max_manifest_bytes; ++i) lines += fmt::format("a{} = 1\n", i);
  while (words.size() + 16 < max_manifest_bytes) words += "\"é/\", ";
  for (const std::string& text : {lines, "[package]\nname = \"a\"\n" + words + "]\n"}) {
    std::clock_t start = std::clock();
    size_t mistakes = mistakes_of(text);
    double seconds = double(std::clock() - start) / CLOCKS_PER_SEC;
    CHECK(mistakes >= 1000);
    CHECK(seconds < 0.1);
  }
}

TEST_CASE("a mistake of a manifest is shown where it stands") {
  SourceMap sources;
  Diagnostics diagnostics;
  const char* text = "[package]\nname = \"é\"  # é\nversion = \"1.0.0\"\n\nx = \"é\"\ny = 1";
  SourceId source = sources.add("rollout.toml", text);
  read_manifest(sources, source, ManifestOf::Project, diagnostics);
  std::vector<std::string> places;
  for (const Diagnostic* one : diagnostics.sorted()) places.emplace_back(sources.text(one->span));
  CHECK(places == std::vector<std::string>{"\"é\"", "x", "y"});
}

}  // namespace rollout::cli
