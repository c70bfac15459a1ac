#include "tests/bench/http_world.h"

#include <fmt/format.h>

#include "tests/bench/figures.h"

namespace rollout::bench {

namespace {

std::string number_of(const plan::Action& action) { return fmt::format("{}", action.sets.front().value.number); }

plan::Action shift(uint32_t region, int number) {
  plan::Action action;
  action.capability = "TrafficRouter";
  action.name = "shift";
  action.service = region;
  action.sets = {{plan::Variable::Share, plan::Role::Canary, eval::Value::of(eval::Value::Kind::Percent, number)}};
  action.text = fmt::format("shift region {} to {}", region, number);
  return action;
}

}  // namespace

HttpWorld::HttpWorld(const LaneServer& server, size_t at_once)
    : server_(server), at_once_(at_once), http_(effects::curl_http()), said_(size_t(lane_count)) {}

Result<exec::Observation> HttpWorld::observe(const plan::Action& action, const exec::EffectKey& key) {
  return std::move(observe_all({{action, key}}, [] {}).front());
}

Status HttpWorld::act(const plan::Action& action, const exec::EffectKey& key) {
  return std::move(act_all({{action, key}}).front());
}

std::vector<Result<exec::Observation>> HttpWorld::observe_all(const std::vector<exec::Errand>& errands,
                                                              const std::function<void()>& meanwhile) {
  std::vector<effects::HttpRequest> requests;
  for (const exec::Errand& one : errands)
    if (one.action.service < lane_count && said_[one.action.service].empty())
      requests.push_back({"GET", server_.url(int(one.action.service))});
  std::vector<Result<effects::HttpResponse>> answers = http_->send_all(requests, meanwhile);
  std::vector<Result<exec::Observation>> out;
  auto answer = answers.begin();
  for (const exec::Errand& one : errands) {
    if (one.action.service >= lane_count) {
      failed_ns_ = now_ns();
      out.push_back(OpError{"there is no such region", false, true});
      continue;
    }
    std::string& said = said_[one.action.service];
    Result<std::string> there = said;
    if (said.empty()) {
      there = *answer ? Result<std::string>((*answer)->body) : Result<std::string>(answer->error());
      ++answer;
    }
    said.clear();
    bool is_set = there && *there == number_of(one.action);
    if (!there) out.push_back(there.error());
    else out.push_back(exec::Observation{is_set ? exec::Seen::Present : exec::Seen::Absent, ""});
  }
  return out;
}

std::vector<Status> HttpWorld::act_all(const std::vector<exec::Errand>& errands) {
  int64_t now = now_ns();
  std::vector<effects::HttpRequest> requests;
  for (const exec::Errand& one : errands) {
    acted_ns_.push_back(now);
    requests.push_back({"POST", server_.url(int(one.action.service)) + number_of(one.action)});
  }
  std::vector<Result<effects::HttpResponse>> answers = http_->send_all(requests);
  std::vector<Status> out;
  for (size_t i = 0; i < errands.size(); ++i) {
    if (answers[i]) said_[errands[i].action.service] = answers[i]->body;
    out.push_back(answers[i] ? Status(Done{}) : Status(answers[i].error()));
  }
  return out;
}

plan::Plan regions_plan(int regions, int waves, bool barrier, bool fails) {
  plan::Plan plan;
  plan.rollout = "release";
  for (int region = 0; region < regions + (fails ? 1 : 0); ++region)
    plan.services.push_back({fmt::format("shop-{}", region), "", {}, 0, 0});
  for (int wave = 0; wave < waves; ++wave) {
    uint32_t first = uint32_t(plan.steps.size());
    for (uint32_t region = 0; region < uint32_t(regions); ++region) {
      plan::Step step;
      step.action = shift(region, wave + 1);
      step.text = step.action.text;
      for (uint32_t before = 0; wave > 0 && before < uint32_t(regions); ++before)
        if (barrier || before == region) step.after.push_back(first - uint32_t(regions) + before);
      plan.undo.push_back(shift(region, wave));
      // The last one first, as far as where the region began.
      for (int done = wave; done >= 0; --done) step.rollback.push_back(uint32_t(done * regions) + region);
      plan.steps.push_back(std::move(step));
    }
  }
  if (!fails) return plan;
  plan::Step last;
  last.action = shift(uint32_t(regions), 1);
  last.text = last.action.text;
  for (uint32_t i = uint32_t(plan.steps.size()) - uint32_t(regions); i < plan.steps.size(); ++i)
    last.after.push_back(i);
  plan.steps.push_back(std::move(last));
  return plan;
}

}  // namespace rollout::bench
