#include <catch2/catch.hpp>

#include "compiler/base/source.h"

namespace rollout {

namespace {

struct Expected {
  uint32_t offset;
  uint32_t line;
  uint32_t column;
};

void check_places(std::string text, std::initializer_list<Expected> places) {
  SourceMap sources;
  SourceId id = sources.add("a.rollout", std::move(text));
  for (const Expected& place : places) {
    Location found = sources.locate(id, place.offset);
    CAPTURE(place.offset);
    CHECK(found.line == place.line);
    CHECK(found.column == place.column);
  }
}

}  // namespace

TEST_CASE("lines and columns start at one; a line break belongs to the line that it ends") {
  check_places("ab\ncd\n", {{0, 1, 1}, {1, 1, 2}, {2, 1, 3}, {3, 2, 1}, {5, 2, 3}, {6, 3, 1}});
  check_places("", {{0, 1, 1}});
}

TEST_CASE("columns count code points, not bytes") {
  // é has two bytes, 東 three, 🚀 four.
  check_places("é東🚀x\ny", {{0, 1, 1}, {2, 1, 2}, {5, 1, 3}, {9, 1, 4}, {10, 1, 5}, {11, 2, 1}});
}

TEST_CASE("an offset past the end is the end") { check_places("ab", {{2, 1, 3}, {99, 1, 3}}); }

TEST_CASE("a line is given without its line break, also with Windows endings and at the end") {
  SourceMap sources;
  SourceId id = sources.add("a.rollout", "one\r\ntwo\nthree");
  CHECK(sources.line_at(id, 0) == "one");
  CHECK(sources.line_at(id, 6) == "two");
  CHECK(sources.line_at(id, 13) == "three");
  CHECK(sources.line_start(id, 6) == 5);
}

TEST_CASE("texts and names stay where they are when more are added") {
  SourceMap sources;
  SourceId first = sources.add("first", "text of the first");
  std::string_view text = sources.text(first);
  for (int i = 0; i < 1000; ++i) sources.add("other", "x");
  CHECK(text.data() == sources.text(first).data());
  CHECK(sources.name(first) == "first");
  CHECK(sources.text(Span{first, 5, 7}) == "of");
  CHECK(sources.size() == 1001);
}

}  // namespace rollout
