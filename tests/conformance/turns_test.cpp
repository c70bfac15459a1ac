// Tasks that take turns: who waits keeps nobody, and nobody else runs meanwhile that has not waited.
#include <sys/stat.h>

#include <catch2/catch.hpp>

#include "runtime/effects/at_once.h"
#include "runtime/effects/turns.h"
#include "tests/conformance/rig.h"

namespace rollout::test {

namespace {

constexpr int64_t ms = 1'000'000;

struct Here {
  effects::RealEffects real{nullptr};
  std::unique_ptr<effects::Turns> turns = effects::take_turns(real.all());
  effects::Clock& clock = turns->effects().clock;

  void sleep(int64_t ns) const { clock.sleep_until(clock.monotonic_ns() + ns); }
  template <typename Holds>
  bool within_s(int64_t seconds, Holds holds) const {
    for (int64_t end_ns = clock.monotonic_ns() + seconds * 1000 * ms; !holds() && clock.monotonic_ns() < end_ns;)
      sleep(5 * ms);
    return holds();
  }
};

}  // namespace

TEST_CASE("turns: a thousand tasks sleep side by side, and one at a time runs", "[effects]") {
  Here here;
  constexpr int tasks = 1000, rounds = 5;
  int inside = 0, together = 0, ended = 0, asleep = 0, most_asleep = 0;
  for (int i = 0; i < tasks; ++i)
    here.turns->begin([&] {
      for (int round = 0; round < rounds; ++round) {
        together = std::max(together, ++inside);
        --inside;
        most_asleep = std::max(most_asleep, ++asleep);
        here.sleep(200 * ms);
        --asleep;
      }
      ++ended;
    });
  CHECK(ended == 0);  // nobody has waited yet
  CHECK(here.within_s(60, [&] { return ended == tasks; }));
  CHECK(together == 1);
  CHECK(most_asleep > tasks / 2);
}

TEST_CASE("turns: a bell wakes the one who sleeps by it, also when it rang before", "[effects]") {
  Here here;
  std::unique_ptr<effects::Bell> bell = here.turns->bell(), other = here.turns->bell();
  int woken = 0;
  bool kept_asleep = true;
  here.turns->begin([&] {
    for (int i = 0; i < 2; ++i) {
      here.clock.sleep_until(here.clock.monotonic_ns() + 60'000 * ms, *bell);
      ++woken;
      if (i == 0) bell->ring();
    }
  });
  here.turns->begin([&] {
    here.clock.sleep_until(here.clock.monotonic_ns() + 600 * ms, *other);
    kept_asleep = false;
  });
  here.sleep(50 * ms);
  CHECK(woken == 0);
  bell->ring();
  CHECK(here.within_s(20, [&] { return woken == 2; }));
  CHECK(here.within_s(20, [&] { return !kept_asleep; }));
}

TEST_CASE("turns: a program that does not end keeps its own task only, alone or in a batch", "[effects]") {
  TempDir directory;
  const std::string pipe = directory.path + "/pipe";
  REQUIRE(mkfifo(pipe.c_str(), 0600) == 0);
  Here here;
  std::string read;
  int batches = 0, ended = 0;
  here.turns->begin([&] {
    Result<effects::CommandEnd> cat = here.turns->effects().commands.run({"cat", {pipe}, 60'000 * ms, 100});
    if (cat) read = cat->output;
    ++ended;
  });
  // What does several things at once within a task shares the turns of that task.
  for (int i = 0; i < 20; ++i)
    here.turns->begin([&] {
      std::unique_ptr<effects::AtOnce> at_once = effects::threads_at_once(here.turns->effects(), 4);
      int done = 0;
      std::vector<std::function<void()>> works(8, [&] {
        at_once->effects().clock.sleep_until(here.clock.monotonic_ns() + 20 * ms);
        ++done;
      });
      at_once->run(std::move(works), [] {});
      if (done == 8) ++batches;
      ++ended;
    });
  CHECK(here.within_s(20, [&] { return ended == 20; }));
  CHECK(batches == 20);
  CHECK(read.empty());
  CHECK(here.turns->effects().files.append(pipe, "here"));
  CHECK(here.within_s(20, [&] { return ended == 21; }));
  CHECK(read == "here");
}

}  // namespace rollout::test
