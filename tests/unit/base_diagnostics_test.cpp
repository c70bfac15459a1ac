#include <catch2/catch.hpp>

#include "compiler/base/diagnostics.h"
#include "compiler/base/json.h"
#include "compiler/base/render.h"

namespace rollout {

namespace {

constexpr DiagnosticKind<std::string> wrong{"wrong", Severity::Error, "`{}` is wrong"};
constexpr DiagnosticKind<> doubtful{"doubtful", Severity::Warning, "this is doubtful"};

struct Scene {
  SourceMap sources;
  Diagnostics diagnostics;
  SourceId file = sources.add("shop.rollout", "service shop {\n\tname = \"東京\" + 5m\n}\n");
};

}  // namespace

TEST_CASE("the nearest name is found, and nothing far off is suggested") {
  std::vector<std::string_view> names{"error_rate", "latency", "saturation"};
  CHECK(nearest("latencey", names) == "latency");
  CHECK(nearest("eror_rate", names) == "error_rate");
  CHECK(nearest("throughput", names).empty());
  CHECK(nearest("x", {"y"}).empty());  // one letter is like every other one
  CHECK(nearest("ab", {"cd"}).empty());
  CHECK(nearest("shop", {}).empty());
  CHECK(nearest("hold", {"gold", "hold"}) == "hold");
  CHECK(nearest("Stockholn", {"Stock", "Stockholm"}) == "Stockholm");
  CHECK(nearest("lokc", {"lock"}) == "lock");
  std::string text = std::string(1 << 20, 'a'), other = text + "b";
  CHECK(nearest(text, {other}).empty());  // in no time: nobody mistypes a megabyte
  CHECK(nearest("aaaa", {other}).empty());
}

TEST_CASE("a message is short, whatever it quotes") {
  auto message = [](const std::string& quoted) {
    Diagnostics diagnostics;
    return diagnostics.report({}, wrong, quoted).message;
  };
  std::string long_word(1 << 20, 'a'), shown(200, 'a');
  CHECK(message(long_word) == "`" + shown.substr(1) + "…` is wrong");
  CHECK(message("std." + long_word + " and b") == "`std." + shown.substr(5) + "… and b` is wrong");
  std::string words;
  for (int i = 0; i < 100'000; ++i) words += "東京 ";
  CHECK(message(words).size() < 2'010);
  CHECK(message(words).ends_with("…"));
  CHECK(message(std::string(1 << 20, ' ')).size() < 2'010);
  CHECK(message(std::string(1 << 20, '`')).size() < 2'010);
  CHECK(message(shown + " " + shown) == "`" + shown.substr(1) + "… " + shown + "` is wrong");
}

TEST_CASE("lists of names read as English and end") {
  CHECK(list_of({}).empty());
  CHECK(list_of({"a"}) == "`a`");
  CHECK(list_of({"a", "b"}) == "`a` and `b`");
  CHECK(list_of({"a", "b", "c"}) == "`a`, `b` and `c`");
  std::vector<std::string_view> many(20, "n");
  CHECK(list_of(many) == "`n`, `n`, `n`, `n`, `n`, `n`, `n`, `n` and 12 more");
  many.resize(9);
  CHECK(list_of(many) == "`n`, `n`, `n`, `n`, `n`, `n`, `n`, `n` and `n`");
}

TEST_CASE("a diagnostic shows its line, the place, and what else explains it") {
  Scene scene;
  scene.diagnostics.report({scene.file, 34, 36}, wrong, std::string("5m"))
      .caret("a duration")
      .at({scene.file, 8, 12}, "declared here")
      .note("both sides of `+` have one type")
      .advise("write `\"5m\"`");
  CHECK(render_text(scene.diagnostics, scene.sources, false) ==
        "shop.rollout:2:16: error: `5m` is wrong [wrong]\n"
        "    2 | \tname = \"東京\" + 5m\n"
        "      | \t                ^~ a duration\n"
        "    1 | service shop {\n"
        "      |         ---- declared here\n"
        "  note: both sides of `+` have one type\n"
        "  help: write `\"5m\"`\n");
}

TEST_CASE("diagnostics come in the order of the sources, one error for a place") {
  Scene scene;
  scene.diagnostics.report({scene.file, 34, 36}, wrong, std::string("later"));
  scene.diagnostics.report({scene.file, 0, 7}, wrong, std::string("first"));
  scene.diagnostics.report({scene.file, 0, 7}, wrong, std::string("again"));
  scene.diagnostics.report({scene.file, 0, 7}, doubtful);
  std::vector<const Diagnostic*> sorted = scene.diagnostics.sorted();
  REQUIRE(sorted.size() == 3);
  CHECK(sorted[0]->message == "`first` is wrong");
  CHECK(sorted[1]->message == "this is doubtful");
  CHECK(sorted[2]->message == "`later` is wrong");
  CHECK(scene.diagnostics.has_errors());
  CHECK(scene.diagnostics.warnings() == 1);
}

TEST_CASE("colours are used only when asked for, and change no words") {
  Scene scene;
  scene.diagnostics.report({scene.file, 0, 7}, wrong, std::string("x"));
  std::string text = render_text(scene.diagnostics, scene.sources, true);
  CHECK(text.find("\033[") != std::string::npos);
  std::string stripped;
  for (size_t i = 0; i < text.size(); ++i)
    if (text[i] == '\033') i = text.find('m', i);
    else stripped += text[i];
  CHECK(stripped == render_text(scene.diagnostics, scene.sources, false));
}

TEST_CASE("after fifty diagnostics the rest is counted") {
  SourceMap sources;
  SourceId file = sources.add("a.rollout", std::string(200, 'x'));
  Diagnostics diagnostics;
  for (uint32_t i = 0; i < 60; ++i) diagnostics.report({file, i, i + 1}, wrong, std::string("x"));
  std::string text = render_text(diagnostics, sources, false);
  CHECK(text.substr(text.size() - 12) == "and 10 more\n");
}

TEST_CASE("the JSON form has the same content, with ranges") {
  Scene scene;
  scene.diagnostics.report({scene.file, 34, 36}, wrong, std::string("5m")).fix({scene.file, 34, 36}, "\"5m\"");
  scene.diagnostics.report({}, doubtful);
  Result<json::Node> node = json::parse(render_json(scene.diagnostics, scene.sources));
  REQUIRE(node);
  CHECK((*node)["version"].as_int() == 1);
  CHECK((*node)["errors"].as_int() == 1);
  CHECK((*node)["warnings"].as_int() == 1);
  REQUIRE((*node)["diagnostics"].items.size() == 2);
  const json::Node& first = (*node)["diagnostics"].items[0];
  CHECK(first["name"].as_string() == "wrong");
  CHECK(first["range"]["line"].as_int() == 2);
  CHECK(first["range"]["column"].as_int() == 16);
  CHECK(first["range"]["end_column"].as_int() == 18);
  REQUIRE(first["fixes"].items.size() == 1);
  CHECK(first["fixes"].items[0]["text"].as_string() == "\"5m\"");
  CHECK((*node)["diagnostics"].items[1]["range"].fields.empty());
}

}  // namespace rollout
