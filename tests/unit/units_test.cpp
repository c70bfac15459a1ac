// Arithmetic with units: what must hold for any values, over seeded random ones.
#include <fstream>
#include <random>
#include <sstream>

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include "compiler/eval/arithmetic.h"
#include "compiler/eval/image.h"
#include "compiler/eval/literal.h"
#include "compiler/eval/version.h"
#include "compiler/ir/operators.h"

namespace rollout {

namespace {

using ast::Operator;
using eval::Value;
using Kind = Value::Kind;

constexpr Kind quantities[] = {Kind::Percent, Kind::Points, Kind::Duration, Kind::Rate,
                               Kind::Bytes,   Kind::Throughput, Kind::Money};
constexpr int rounds = 2000;

class Random {
 public:
  int64_t below(int64_t limit) { return std::uniform_int_distribution<int64_t>(0, limit - 1)(engine_); }
  /// Small and large ones alike.
  int64_t number() { return below(int64_t{1} << (1 + below(56))); }
  Value quantity(Kind kind) {
    Value value = Value::of(kind, number());
    if (kind == Kind::Money) value.text = "USD";
    return value;
  }
  std::string version() {
    constexpr const char* words[] = {"alpha", "beta", "rc", "x-y", "0", "1", "2", "11"};
    std::string text = fmt::format("{}.{}.{}", below(3), below(3), below(12));
    for (int64_t i = 0, n = below(3); i < n; ++i) text += (i ? "." : "-") + std::string(words[below(8)]);
    return below(4) ? text : text + "+build." + std::to_string(below(9));
  }

 private:
  std::mt19937_64 engine_{20261122};
};

Value must(Result<Value> value) {
  if (!value) FAIL(value.error().message);
  return *value;
}

Value computed(const Value& left, Operator op, const Value& right, Kind kind) {
  return must(eval::compute(op, left, right, kind));
}

int sign(int order) { return order < 0 ? -1 : order > 0; }

}  // namespace

TEST_CASE("a quantity reads back from its text") {
  Random random;
  for (Kind kind : quantities)
    for (int i = 0; i < rounds; ++i) {
      Value value = random.quantity(kind);
      if (kind == Kind::Throughput) value.number &= ~int64_t{0xfff};
      std::string text = eval::to_text(value);
      INFO(text);
      CHECK(must(eval::parse_value(kind, text)) == value);
    }
}

TEST_CASE("adding and scaling quantities") {
  Random random;
  for (Kind kind : quantities)
    for (int i = 0; i < rounds; ++i) {
      Value a = random.quantity(kind), b = random.quantity(kind), c = random.quantity(kind);
      Value ab = computed(a, Operator::Add, b, kind);
      CHECK(computed(ab, Operator::Add, c, kind) ==
            computed(a, Operator::Add, computed(b, Operator::Add, c, kind), kind));
      CHECK(ab == computed(b, Operator::Add, a, kind));
      CHECK(computed(ab, Operator::Subtract, b, kind) == a);
      Value n = Value::of(Kind::Int, 1 + random.below(100));
      Value scaled = computed(a, Operator::Multiply, n, kind);
      CHECK(scaled == computed(n, Operator::Multiply, a, kind));
      CHECK(computed(scaled, Operator::Divide, n, kind) == a);
      Value all = Value::of(Kind::Percent, eval::percent_all);
      CHECK(computed(a, Operator::Multiply, all, kind) == a);
    }
}

TEST_CASE("derived units are exact and rounded once") {
  auto value = [](Kind kind, const char* text) { return must(eval::parse_value(kind, text)); };
  auto text = [&](const Value& left, Operator op, const Value& right, Kind kind) {
    return eval::to_text(computed(left, op, right, kind));
  };
  Value rate = value(Kind::Rate, "200/s"), five = value(Kind::Duration, "5m");
  CHECK(text(rate, Operator::Multiply, five, Kind::Int) == "60000");
  CHECK(text(value(Kind::Rate, "1/m"), Operator::Multiply, value(Kind::Duration, "59s"), Kind::Int) == "0");
  CHECK(text(Value::of(Kind::Int, 60000), Operator::Divide, five, Kind::Rate) == "200/s");
  CHECK(text(Value::of(Kind::Int, 60000), Operator::Divide, rate, Kind::Duration) == "5m");
  CHECK(text(value(Kind::Bytes, "1GiB"), Operator::Divide, value(Kind::Duration, "8s"), Kind::Throughput) ==
        "128MiB/s");
  CHECK(text(value(Kind::Throughput, "128MiB/s"), Operator::Multiply, value(Kind::Duration, "8s"), Kind::Bytes) ==
        "1GiB");
  CHECK(text(value(Kind::Money, "10.00 USD"), Operator::Divide, Value::of(Kind::Int, 3), Kind::Money) == "3.33 USD");
  CHECK(text(value(Kind::Money, "0.25 USD"), Operator::Multiply, value(Kind::Percent, "50%"), Kind::Money) ==
        "0.13 USD");
  CHECK(eval::to_text(Value{Kind::Money, -5, 0, "USD", {}}) == "-0.05 USD");
}

TEST_CASE("what has no result says why") {
  Value usd = must(eval::parse_value(Kind::Money, "1.00 USD")), eur = must(eval::parse_value(Kind::Money, "1.00 EUR"));
  CHECK_FALSE(eval::compute(Operator::Add, usd, eur, Kind::Money));
  CHECK_FALSE(eval::compare(usd, eur));
  Value most = Value::of(Kind::Duration, INT64_MAX);
  CHECK_FALSE(eval::compute(Operator::Add, most, most, Kind::Duration));
  CHECK_FALSE(eval::compute(Operator::Multiply, most, Value::real_number(1e300), Kind::Duration));
  CHECK_FALSE(eval::compute(Operator::Divide, most, Value::of(Kind::Int, 0), Kind::Duration));
  CHECK_FALSE(eval::compute(Operator::Divide, Value::of(Kind::Int, INT64_MAX), Value::of(Kind::Duration, 1),
                            Kind::Rate));
}

TEST_CASE("versions are in the order of Semantic Versioning") {
  constexpr const char* ascending[] = {
      "0.9", "1.0.0-alpha", "1.0.0-alpha.1", "1.0.0-alpha.beta", "1.0.0-beta", "1.0.0-beta.2", "1.0.0-beta.11",
      "1.0.0-rc.1", "1.0.0", "1.0.1", "v1.2", "1.10.0", "99999999999999999999.0.0"};
  for (size_t i = 0; i < std::size(ascending); ++i)
    for (size_t j = 0; j < std::size(ascending); ++j) {
      INFO(ascending[i] << " and " << ascending[j]);
      CHECK(sign(eval::compare_versions(ascending[i], ascending[j])) == (i < j ? -1 : i > j));
    }
  CHECK(eval::compare_versions("1.0.0+a", "1.0.0+b") == 0);
  CHECK(eval::compare_versions("1.1", "1.1.0") == 0);
}

TEST_CASE("the order of versions is total") {
  Random random;
  for (int i = 0; i < rounds; ++i) {
    std::string a = random.version(), b = random.version(), c = random.version();
    INFO(a << ", " << b << ", " << c);
    if (a.find("-0.0") == std::string::npos) CHECK_FALSE(eval::version_problem(a));
    int ab = sign(eval::compare_versions(a, b)), bc = sign(eval::compare_versions(b, c));
    CHECK(ab == -sign(eval::compare_versions(b, a)));
    CHECK(eval::compare_versions(a, a) == 0);
    if (ab <= 0 && bc <= 0) CHECK(eval::compare_versions(a, c) <= 0);
  }
}

TEST_CASE("texts that are no versions") {
  for (const char* text : {"", "a", "1.", "1..2", "01.2.3", "1.2.3.4", "1.2.3-", "1.2.3-a..b", "1.2.3-01", "1.2.3+",
                           "1.2.3+a_b", "latest", "-1", "1.2.3 "})
    CHECK(eval::version_problem(text));
}

TEST_CASE("references of images") {
  const std::string digest = fmt::format("sha256:{}", std::string(64, 'a')), pinned = fmt::format("a:1@{}", digest);
  for (std::string_view text : {std::string_view("shop:1.1"), std::string_view("localhost/shop:1"),
                                std::string_view("acme/my--shop:1"), std::string_view(pinned),
                                std::string_view("ghcr.io:5000/a/b__c.d/e:V_1.2-rc")}) {
    INFO(text);
    CHECK_FALSE(eval::image_problem(text));
  }
  for (std::string_view text : {"shop", ":1", "Shop:1", "a//b:1", "a:", "a:-1", "a/.b:1", "a_._b:1", "host:port/a:1",
                                "a:1@sha256:", "a:1@md5:abc", "a:1@", "-h.io/a:1", "a b:1", "a:1@sha256:xyz"}) {
    INFO(text);
    CHECK(eval::image_problem(text));
  }
  CHECK(eval::image_problem(pinned + "a"));
  CHECK(eval::image_problem(fmt::format("{}:1", std::string(300, 'a'))));
  CHECK(eval::image_problem(fmt::format("a:{}", std::string(129, 'a'))));
  eval::ImageParts parts = eval::image_parts("ghcr.io:5000/a/b:1.2");
  CHECK(parts.registry == "ghcr.io:5000");
  CHECK(parts.name == "ghcr.io:5000/a/b");
  CHECK(parts.tag == "1.2");
}

/// One line for each left side and operator: what may stand on the right, and what comes out.
TEST_CASE("the manual's table of operators is the compiler's") {
  std::string table = "| left | | right |\n|---|---|---|\n";
  for (const ir::OperatorRow& row : ir::operator_rows()) {
    auto name = [](ir::TypeKind kind) {
      ir::Type type;
      type.kind = kind;
      return ir::to_text(&type, {});
    };
    std::string head = fmt::format("| {} | `{}` | ", name(row.left), ir::symbol_of(row.op));
    if (table.find(head) != std::string::npos) continue;
    std::vector<std::pair<std::string, std::string>> groups;
    for (const ir::OperatorRow& other : ir::operator_rows()) {
      if (other.left != row.left || other.op != row.op) continue;
      std::string result = name(other.result);
      auto group = std::find_if(groups.begin(), groups.end(), [&](const auto& g) { return g.first == result; });
      if (group == groups.end()) groups.emplace_back(result, name(other.right));
      else group->second += ", " + name(other.right);
    }
    std::string line = head;
    for (size_t i = 0; i < groups.size(); ++i)
      line += fmt::format("{}{} gives {}", i ? "; " : "", groups[i].second, groups[i].first);
    table += line + " |\n";
  }
  std::ifstream file(fmt::format("{}/docs/language/operators.md", ROLLOUT_SOURCE_DIR));
  std::stringstream page;
  page << file.rdbuf();
  INFO(table);
  CHECK(page.str().find(table) != std::string::npos);
}

}  // namespace rollout
