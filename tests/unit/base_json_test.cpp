#include <limits>

#include <catch2/catch.hpp>

#include "compiler/base/json.h"
#include "tests/catch/write_node.h"

namespace rollout::json {

TEST_CASE("canonical JSON reads and writes back to the same bytes") {
  for (std::string text :
       {R"({"b":1,"a":[true,false,null,-9223372036854775808,9223372036854775807],"c":{"d":[],"e":{}}})",
        R"(["","\"\\\n\r\t\u0001","naïve 東京 🚀",0.1,1e+300,2.5e-09,-0.75])", R"("alone")", "[[[[]]]]", "-1"}) {
    Result<Node> node = parse(text);
    REQUIRE(node);
    Writer out;
    write_node(out, *node);
    CHECK(out.text() == text);
  }
}

TEST_CASE("bytes that are not UTF-8 are written so that they can be read") {
  const std::string replaced = "\xEF\xBF\xBD";
  for (auto [bytes, read] : {std::pair<std::string, std::string>{"caf\xe9 down", "caf" + replaced + " down"},
                             {"\xed\xa0\x80|", replaced + replaced + replaced + "|"},
                             {"cut \xe6\x9d", "cut " + replaced + replaced},
                             {"\xc0\xaf", replaced + replaced}}) {
    Result<Node> node = parse(quote(bytes));
    REQUIRE(node);
    CHECK(node->string == read);
  }
}

TEST_CASE("a double is written so that it reads back as the same double") {
  for (double number : {0.1, 1.0 / 3, 5e-324, 1.7976931348623157e308, -1e21, 123456789.125}) {
    Writer out;
    out.begin_array().value(number).end_array();
    Result<Node> node = parse(out.text());
    REQUIRE(node);
    CHECK(node->items.at(0).as_double() == number);
  }
  Writer out;
  out.begin_array()
      .value(std::numeric_limits<double>::quiet_NaN())
      .value(std::numeric_limits<double>::infinity());
  CHECK(out.end_array().text() == "[null,null]");
}

TEST_CASE("missing fields and wrong kinds read as the fallback") {
  Result<Node> node = parse(R"({"n":3,"s":"x"})");
  REQUIRE(node);
  CHECK((*node)["n"].as_int() == 3);
  CHECK((*node)["n"].as_double() == 3.0);
  CHECK((*node)["s"].as_int(7) == 7);
  CHECK((*node)["none"].as_string("?") == "?");
  CHECK((*node)["none"]["deeper"].is(Node::Kind::Null));
  CHECK(node->find("none") == nullptr);
}

TEST_CASE("what is not JSON, or nests too deep, is an error and not a crash") {
  CHECK_FALSE(parse(""));
  CHECK_FALSE(parse("{"));
  CHECK_FALSE(parse("{\"a\":1,}"));
  CHECK_FALSE(parse("[1] [2]"));
  CHECK_FALSE(parse("\"\xff\xfe\""));
  CHECK_FALSE(parse("<html></html>"));
  CHECK_FALSE(parse(std::string(1000, '[') + std::string(1000, ']')));
}

}  // namespace rollout::json
