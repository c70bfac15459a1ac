#include <catch2/catch.hpp>

#include <fmt/format.h>

#include "compiler/base/json.h"
#include "tests/conformance/rig.h"

namespace rollout::test {

using exec::Seen;

namespace {

constexpr std::string_view flags_text = R"({
  "$schema": "https://flagd.dev/schema/v0/flags.json",
  "flags": {
    "new-look": {
      "state": "ENABLED",
      "variants": {"on": true, "off": false},
      "defaultVariant": "off"
    },
    "other" : { "state":"DISABLED", "variants":{"a":1.50,"b":12345678901234567890}, "defaultVariant":"a",
      "targeting":{"if":[{"==":[{"var":"\u0065mail"},"x@y"]},"b"]} }
  },
  "$evaluators": {}
}
)";

/// A flag definition file with the flag of a plan in it.
struct Flags {
  explicit Flags(const std::string& text = std::string(flags_text)) : real(nullptr), effects(real.all()) {
    directory.write("flags.json", text);
    const eval::Value path = eval::Value::of(eval::Value::Kind::Path, std::string("flags.json"));
    plan.targets = {{"flags", "flagd", {{"file", path}}}};
    plan::Service flag;
    flag.name = "new_look";
    flag.subject = plan::Subject::Flag;
    flag.bindings = {
        {"FlagStore", 0, {{"key", test::text("new-look")}, {"on", test::text("on")}, {"off", test::text("off")}}}};
    plan.services = {flag};
  }

  std::unique_ptr<backend::LiveWorld> world() {
    auto made = backend::LiveWorld::open(plan, directory.path, effects);
    REQUIRE(made);
    return std::move(*made);
  }
  plan::Action ramp(double percent) const {
    plan::Action action;
    action.capability = "FlagStore";
    action.name = "ramp";
    action.service = action.target = 0;
    action.sets = {{plan::Variable::Flag, plan::Role::All, share(percent)}};
    action.text = fmt::format("ramp new_look to {}%", percent);
    return action;
  }
  exec::EffectKey key(int64_t generation) const { return {"r1", generation, 0, false, 1}; }
  std::string text() const { return directory.read("flags.json"); }
  void set(double percent, int64_t generation = 1) {
    auto here = world();
    REQUIRE(here->act(ramp(percent), key(generation)));
    auto seen = here->observe(ramp(percent), key(generation));
    REQUIRE(seen);
    CHECK(seen->seen == Seen::Present);
  }
  std::string refusal() {
    auto seen = world()->observe(ramp(5), key(1));
    if (seen) return "";
    CHECK(seen.error().settled);
    CHECK(!world()->act(ramp(5), key(1)));
    return seen.error().message;
  }

  TempDir directory;
  effects::RealEffects real;
  effects::Effects effects;
  plan::Plan plan;
};

/// MurmurHash3, 32 bits, seed 0: what flagd sorts users into buckets by.
uint32_t murmur3(std::string_view text) {
  auto turned = [](uint32_t x, int by) { return (x << by) | (x >> (32 - by)); };
  auto mixed = [&](uint32_t k) { return turned(k * 0xcc9e2d51u, 15) * 0x1b873593u; };
  uint32_t hash = 0, tail = 0;
  size_t whole = text.size() / 4 * 4;
  for (size_t i = 0; i < whole; i += 4) {
    uint32_t k = 0;
    for (size_t j = 0; j < 4; ++j) k |= uint32_t(uint8_t(text[i + j])) << (8 * j);
    hash = turned(hash ^ mixed(k), 13) * 5 + 0xe6546b64u;
  }
  for (size_t j = whole; j < text.size(); ++j) tail |= uint32_t(uint8_t(text[j])) << (8 * (j - whole));
  if (whole < text.size()) hash ^= mixed(tail);
  hash ^= uint32_t(text.size());
  hash = (hash ^ (hash >> 16)) * 0x85ebca6bu;
  hash = (hash ^ (hash >> 13)) * 0xc2b2ae35u;
  return hash ^ (hash >> 16);
}

/// Which variant a user has, by the rule in the file, as flagd evaluates it.
std::string variant_of(const json::Node& rule, const std::string& user) {
  const std::vector<json::Node>& parts = rule["fractional"].items;
  uint64_t total = 0, end = 0;
  for (const json::Node& part : parts) total += uint64_t(part.items[1].as_int());
  const uint64_t bucket = (uint64_t(murmur3("new-look" + user)) * total) >> 32;
  for (const json::Node& part : parts) {
    end += uint64_t(part.items[1].as_int());
    if (bucket < end) return std::string(part.items[0].as_string());
  }
  return "";
}

std::vector<bool> users_on(const std::string& text) {
  const Result<json::Node> file = json::parse(text);
  REQUIRE(file);
  std::vector<bool> on;
  for (int i = 0; i < 10'000; ++i)
    on.push_back(variant_of((*file)["flags"]["new-look"]["targeting"], fmt::format("user-{}", i)) == "on");
  return on;
}

}  // namespace

TEST_CASE("flagd: as many users have the flag as the share says, and keep it while it grows", "[flagd]") {
  CHECK(murmur3("hello") == 0x248bfa47u);
  Flags flags;
  std::vector<bool> before(10'000);
  for (double percent : {0.0, 1.0, 12.5, 50.0, 100.0}) {
    flags.set(percent);
    std::vector<bool> on = users_on(flags.text());
    CHECK(std::abs(double(std::count(on.begin(), on.end(), true)) / 100 - percent) < 1.5);
    for (size_t i = 0; i < on.size(); ++i) REQUIRE((on[i] || !before[i]));
    before = std::move(on);
  }
}

TEST_CASE("flagd: only the flag's targeting and generation change, to the byte", "[flagd]") {
  Flags flags;
  flags.set(10, 3);
  std::string text = flags.text();
  const std::string added =
      R"("targeting": {"fractional": [["on", 10], ["off", 90]]}, "metadata": {"rolloutGeneration": 3}, )";
  REQUIRE(text.find(added) != std::string::npos);
  CHECK(text.erase(text.find(added), added.size()) == flags_text);
  flags.set(0.125, 4);
  CHECK(flags.text().find(R"([["on", 125], ["off", 99875]])") != std::string::npos);
  CHECK(flags.text().find(R"("rolloutGeneration": 4)") != std::string::npos);
}

TEST_CASE("flagd: what users are told apart by stays, and so does other metadata", "[flagd]") {
  Flags flags(R"({"flags":{"new-look":{"state":"ENABLED","variants":{"off":false,"on":true},"defaultVariant":"off",
    "metadata":{"team":"shop"},"targeting":{"fractional":[{"var":"email"},["on",1],["off",2]]}}}})");
  auto state = flags.world()->observe_service(0);
  REQUIRE(state);
  CHECK(state->state == eval::Value::of(eval::Value::Kind::Percent, int64_t{333'333'333}));
  flags.set(50);
  CHECK(flags.text().find(R"({"fractional": [{"var":"email"}, ["on", 50], ["off", 50]]})") != std::string::npos);
  CHECK(flags.text().find(R"({"rolloutGeneration": 1, "team":"shop"})") != std::string::npos);
  flags.set(33.3333333);
  state = flags.world()->observe_service(0);
  REQUIRE(state);
  CHECK(state->state == eval::Value::of(eval::Value::Kind::Percent, int64_t{333'333'333}));
}

TEST_CASE("flagd: a share is seen as it is, without a rule by the default variant", "[flagd]") {
  Flags flags;
  auto here = flags.world();
  CHECK(here->observe(flags.ramp(0), flags.key(1))->seen == Seen::Present);
  auto seen = here->observe(flags.ramp(5), flags.key(1));
  CHECK(seen->seen == Seen::Absent);
  CHECK(seen->detail == "new_look is on for 0%, not 5%");
  CHECK(flags.text() == flags_text);
}

TEST_CASE("flagd: an earlier run changes nothing behind a later one", "[flagd]") {
  Flags flags;
  flags.set(10, 5);
  const std::string text = flags.text();
  Status late = flags.world()->act(flags.ramp(50), flags.key(4));
  REQUIRE(!late);
  CHECK(late.error().refused);
  CHECK(late.error().message.find("changed by a later run (generation 5, this is 4)") != std::string::npos);
  CHECK(flags.text() == text);
  // Being admitted is remembered before anything is done.
  REQUIRE(flags.world()->act(flags.ramp(10), flags.key(6)));
  CHECK(flags.world()->observe_service(0)->generation == 6);
}

TEST_CASE("flagd: what is not understood is refused and stays as it is", "[flagd]") {
  auto with = [](const std::string& from, const std::string& to) {
    std::string text(flags_text);
    return text.replace(text.find(from), from.size(), to);
  };
  const std::pair<std::string, std::string> cases[] = {
      {"{", "is no flag definition file"},
      {"[]", "it is no object"},
      {R"({"flags":{}})", "it is not there; write it under `flags`"},
      {with("\"state\": \"ENABLED\"", "\"state\": \"DISABLED\""), "it is not enabled"},
      {with("\"on\": true, ", ""), "it has no variant `on`"},
      {with("\"defaultVariant\": \"off\"", "\"defaultVariant\": \"blue\""), "its `defaultVariant` is neither"},
      {with("\"defaultVariant\": \"off\"", R"("defaultVariant":"off","targeting":{"if":[true,"on"]})"),
       "it has targeting rules of its own"},
      {with("\"defaultVariant\": \"off\"", R"("defaultVariant":"off","targeting":{"fractional":[["on",1],["x",1]]})"),
       "is not only a share of"},
      {with("\"defaultVariant\": \"off\"", R"("defaultVariant":"off","targeting":{},"targeting":{})"),
       "`targeting` stands there twice"},
  };
  for (const auto& [text, why] : cases) {
    Flags flags(text);
    INFO(text);
    const std::string refusal = flags.refusal();
    INFO(refusal);
    CHECK(refusal.find(why) != std::string::npos);
    CHECK(flags.text() == text);
  }
}

TEST_CASE("flagd: a file that is not there is named, with what it must hold", "[flagd]") {
  Flags flags;
  REQUIRE(flags.effects.files.remove(flags.directory.path + "/flags.json"));
  CHECK(flags.refusal().find("make it, with the flag `new-look` in it") != std::string::npos);
}

}  // namespace rollout::test
