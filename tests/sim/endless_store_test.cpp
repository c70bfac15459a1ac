// A state server that always has one more piece of what it is asked for.
#include <ctime>

#include <catch2/catch.hpp>

#include "runtime/journal/sql_store.h"

namespace rollout::journal {

namespace {

class EndlessDb : public JournalDb {
 public:
  Result<std::vector<Row>> run(const char*, const std::vector<Parameter>&) override {
    const Row row{"7", "abort", "", "", "0", "", "7", "7"};
    return std::vector<Row>(rows_at_once, row);
  }
  Status begin(Access) override { return Done{}; }
  Status commit() override { return Done{}; }
  void roll_back() override {}
  Status exclude(std::string_view) override { return Done{}; }
};

class EndlessStore : public SqlStore {
 public:
  EndlessStore() : SqlStore(std::make_unique<EndlessDb>()) {}
};

}  // namespace

TEST_CASE("what a state lists without end is refused, and not read for ever") {
  EndlessStore store;
  const std::string endless = "without end: no rollout wrote that; restore a backup, or name another state";
  CHECK(store.requests("r7", 0).error().message == "the state lists requests of r7 " + endless);
  CHECK(store.list().error().message == "the state lists generations " + endless);
  CHECK(store.promotions().error().message == "the state lists promotions " + endless);
  CHECK(store.pruned().error().message == "the state lists what was pruned " + endless);
  CHECK(store.chain("r7").error().message == "the state lists events of r7 " + endless);
}

}  // namespace rollout::journal
