#include "tests/sim/deaths.h"

#include <algorithm>
#include <cstdio>

#include <fmt/format.h>
#include <sys/wait.h>
#include <unistd.h>

#include "compiler/base/check.h"
#include "runtime/sim/crash_switch.h"

namespace rollout::sim_test {

namespace {

constexpr size_t max_failures = 20;

std::string text_of(const Deaths& deaths) { return fmt::format("crash at {}", fmt::join(deaths, " ")); }

class Campaign {
 public:
  explicit Campaign(std::vector<Deaths> all) : all_(std::move(all)) { std::sort(all_.begin(), all_.end()); }

  /// In the first process: makes the copies that die here, and stays alive. In a copy: whether it dies here.
  bool dies_at(int64_t point) {
    if (mine_ != nullptr) return std::find(mine_->begin(), mine_->end(), point) != mine_->end();
    for (; next_ < all_.size() && all_[next_].front() == point; ++next_)
      if (failures_.size() < max_failures && copy(all_[next_])) return true;
    return false;
  }

  /// Nothing in the first process.
  const Deaths* mine() const { return mine_; }
  std::vector<std::string> failures() && { return std::move(failures_); }

  /// Ends the copy.
  [[noreturn]] void tell(const std::vector<std::string>& failures) {
    for (const std::string& failure : failures) std::fprintf(to_, "%s: %s\n", text_of(*mine_).c_str(), failure.c_str());
    std::fflush(to_);
    _exit(0);
  }

 private:
  /// True in the copy; in the first process the copy has ended.
  bool copy(const Deaths& deaths) {
    int ends[2];
    ROLLOUT_CHECK(pipe(ends) == 0, "a test may open a pipe");
    pid_t child = fork();
    ROLLOUT_CHECK(child >= 0, "a test may start a process");
    if (child == 0) {
      close(ends[0]);
      to_ = fdopen(ends[1], "w");
      mine_ = &deaths;
      return true;
    }
    close(ends[1]);
    FILE* from = fdopen(ends[0], "r");
    char line[4096];
    while (std::fgets(line, sizeof line, from) != nullptr) {
      std::string_view text = line;
      failures_.emplace_back(text.substr(0, text.find('\n')));
    }
    std::fclose(from);
    int status = 0;
    waitpid(child, &status, 0);
    if (status != 0) failures_.push_back(fmt::format("{}: the process ended with status {}", text_of(deaths), status));
    return false;
  }

  std::vector<Deaths> all_;
  size_t next_ = 0;
  const Deaths* mine_ = nullptr;
  FILE* to_ = nullptr;
  std::vector<std::string> failures_;
};

}  // namespace

std::vector<std::string> run_deaths(const plan::Plan& plan, const sim::Scenario& scenario, std::vector<Deaths> all,
                                    const Judge& judge) {
  std::vector<std::string> failures;
  for (const Deaths& deaths : all) {
    sim::CrashSwitch crash(deaths);
    sim::SimResult result = sim::run_simulation(plan, scenario, crash);
    for (const std::string& failure : judge(deaths, result))
      failures.push_back(fmt::format("{}: {}", text_of(deaths), failure));
    if (failures.size() >= max_failures) break;
  }
  return failures;
}

std::vector<std::string> run_deaths_in_copies(const plan::Plan& plan, const sim::Scenario& scenario,
                                              std::vector<Deaths> all, const Judge& judge) {
  ROLLOUT_CHECK(scenario.crash_at.empty() && scenario.crash_at_ns.empty(), "the deaths are the only crashes");
  Campaign campaign(std::move(all));
  sim::CrashSwitch crash([&](int64_t point) { return campaign.dies_at(point); });
  sim::SimResult result = sim::run_simulation(plan, scenario, crash);
  if (campaign.mine() != nullptr) campaign.tell(judge(*campaign.mine(), result));
  return std::move(campaign).failures();
}

}  // namespace rollout::sim_test
