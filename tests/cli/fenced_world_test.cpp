// A driver that was stopped for longer than its claims last changes nothing outside.
#include <catch2/catch.hpp>

#include "runtime/cli/fenced_world.h"

namespace rollout::cli_test {

namespace {

constexpr int64_t s = 1'000'000'000;

struct Hands : exec::World {
  Result<exec::Observation> observe(const plan::Action&, const exec::EffectKey&) override {
    return exec::Observation{};
  }
  Status act(const plan::Action&, const exec::EffectKey&) override {
    ++acts;
    return Done{};
  }
  std::vector<exec::Reading> sample(const plan::Plan&, const std::vector<plan::Term>&) override { return {}; }
  Result<journal::Captured> capture(const plan::Plan&) override { return journal::Captured{}; }
  std::vector<std::string> tend(const std::vector<int64_t>&) override {
    ++tends;
    return {"checkout-g1-1 ended; it is started again"};
  }
  int acts = 0, tends = 0;
};

struct Fake : journal::Claims {
  Status take(const std::vector<std::string>&, std::string_view, std::string_view) override { return Done{}; }
  Status name(std::string_view) override { return Done{}; }
  void give_back() override {}
  Result<std::optional<effects::Holder>> claimant(std::string_view) override {
    return std::optional<effects::Holder>();
  }
  Status renew() override {
    ++renewals;
    if (lost) return OpError{"checkout was taken over by ben@b, process 1", false, true};
    return Done{};
  }
  int64_t sure_ns() const override { return 5 * s; }
  int renewals = 0;
  bool lost = false;
};

struct Time : effects::Clock {
  int64_t monotonic_ns() const override { return now_ns; }
  int64_t wall_ns() const override { return now_ns; }
  effects::Woke sleep_until(int64_t) override { return effects::Woke::Time; }
  int64_t now_ns = 100 * s;
};

}  // namespace

TEST_CASE("fence: a call begins only while the claims are sure") {
  Hands hands;
  Fake claims, promotion;
  Time time;
  cli::FencedWorld world(hands, claims, &promotion, time);
  CHECK(world.act({}, {}));
  CHECK(claims.renewals == 1);
  CHECK(promotion.renewals == 1);
  time.now_ns += 4 * s;
  CHECK(world.act({}, {}));
  CHECK(claims.renewals == 1);  // asked a moment ago
  time.now_ns += 40 * s;        // stopped, and nobody else wanted it
  CHECK(world.act({}, {}));
  CHECK(claims.renewals == 2);
  CHECK(hands.acts == 3);

  time.now_ns += 40 * s;  // stopped, and somebody else goes on
  claims.lost = true;
  Status late = world.act({}, {});
  REQUIRE(!late);
  CHECK(late.error().refused);
  CHECK(hands.acts == 3);
  CHECK(world.tend({}).empty());
  CHECK(hands.tends == 0);
  claims.lost = false;
  CHECK(world.tend({}).size() == 1);
  promotion.lost = true;  // the run goes on; who has the promotion finds it
  time.now_ns += 40 * s;
  CHECK(world.act({}, {}));
}

}  // namespace rollout::cli_test
