#include "runtime/journal/memory_store.h"

#include <algorithm>
#include <fmt/format.h>

#include "runtime/journal/chain.h"
#include "runtime/journal/event_json.h"
#include "runtime/journal/store_errors.h"

namespace rollout::journal {

MemoryStore::Row* MemoryStore::find(std::string_view run) {
  for (Row& row : rows_)
    if (row.info.run == run) return &row;
  return nullptr;
}

Result<RunInfo> MemoryStore::create(const NewRun& run) {
  for (const Row& row : rows_)
    if (row.info.plan_hash == run.plan_hash) return plan_already_run(row.info.run);
  RunInfo info{
      fmt::format("r{}", rows_.size() + 1), run.rollout, run.plan_hash, run.wall_ns, {}, {}, 1};
  if (run.stage)
    if (Status entered = enter(*run.stage, info, run.wall_ns); !entered) return entered.error();
  for (const std::string& service : run.services)
  {
    int64_t& last = generations_[service];
    last = std::max(last, seen_generation(run, info.generations.size())) + 1;
    info.generations.push_back({service, last});
  }
  Event first{0, run.wall_ns, RunStarted{run.plan_hash, run.holder, info.generations, run.replaces, run.reason,
                                  run.accepted, run.by, run.unproven, true}};
  rows_.push_back({info, run.plan_bytes, {first}, {}});
  return info;
}

Result<Appended> MemoryStore::append(std::string_view run, int64_t known, const std::vector<Event>& events,
                                     std::string_view snapshot) {
  Row* row = find(run);
  if (row == nullptr) return no_such_run(run);
  int64_t have = int64_t(row->events.size());
  if (have == known + int64_t(events.size())) {
    bool same = true;
    for (size_t i = 0; i < events.size(); ++i)
      same = same && encode(events[i]) == encode(row->events[size_t(known) + i]);
    if (same) return Appended::Written;
  }
  if (have != known) return driven_by_another(run);
  bool aborted = std::any_of(row->requests.begin(), row->requests.end(),
                             [](const Request& request) { return takes_back(request.ask); });
  if (end_well(events) && aborted) return Appended::AbortFirst;
  const LockTaken* takes = taken_by(events);
  if (takes != nullptr && std::any_of(locks_.begin(), locks_.end(),
                                      [&](const HeldLock& held) { return held.name == takes->name; }))
    return Appended::LockHeld;
  for (const Event& event : events) {
    const LockReleased* released = std::get_if<LockReleased>(&event.what);
    bool ended = std::holds_alternative<RunEnded>(event.what);
    std::erase_if(locks_, [&](const HeldLock& held) {
      return held.run == run && (ended || (released != nullptr && held.name == released->name));
    });
    if (const LockTaken* taken = std::get_if<LockTaken>(&event.what))
      locks_.push_back({taken->name, std::string(run)});
  }
  row->events.insert(row->events.end(), events.begin(), events.end());
  row->info.events = int64_t(row->events.size());
  for (const Event& event : events) {
    if (const RunEnded* ended = std::get_if<RunEnded>(&event.what)) row->info.outcome = ended->outcome;
    if (std::holds_alternative<Reopened>(event.what)) row->info.outcome.reset();
  }
  if (row->info.outcome) row->snapshot.reset();
  else if (!snapshot.empty()) row->snapshot = Snapshot{row->info.events, std::string(snapshot)};
  return Appended::Written;
}

Result<std::vector<Event>> MemoryStore::read(std::string_view run) {
  Row* row = find(run);
  if (row == nullptr) return no_such_run(run);
  return row->events;
}

Result<Recent> MemoryStore::read_on(std::string_view run) {
  Row* row = find(run);
  if (row == nullptr) return no_such_run(run);
  if (!row->snapshot) return Recent{{}, row->events};
  return Recent{row->snapshot, {row->events.begin() + row->snapshot->events, row->events.end()}};
}

namespace {

template <typename Recorded>
Chain chain_of(std::string_view name, std::string_view plan_hash, const std::vector<Recorded>& events) {
  Chain chain{std::string(plan_hash), int64_t(events.size()), chain_start(name, plan_hash), {}};
  for (const Recorded& event : events) {
    std::string line = encode(event);
    chain.head = chain_next(chain.head, line);
    chain.rows.push_back({std::move(line), chain.head});
  }
  return chain;
}

}  // namespace

Result<Chain> MemoryStore::chain(std::string_view run) {
  if (Promotion* promotion = find_promotion(run)) return chain_of(run, "", promotion->events);
  Row* row = find(run);
  if (row == nullptr) return no_such_run(run);
  return chain_of(run, row->info.plan_hash, row->events);
}

Result<Chain> MemoryStore::chain_end(std::string_view run) {
  Result<Chain> all = chain(run);
  if (all) all->rows.clear();
  return all;
}

Result<std::string> MemoryStore::plan_bytes(std::string_view run) {
  Row* row = find(run);
  if (row == nullptr) return no_such_run(run);
  return row->plan_bytes;
}

Result<std::vector<RunInfo>> MemoryStore::list() {
  std::vector<RunInfo> out;
  for (auto row = rows_.rbegin(); row != rows_.rend(); ++row) out.push_back(row->info);
  return out;
}

Result<int64_t> MemoryStore::request(std::string_view run, const Request& request) {
  if (Promotion* promotion = find_promotion(run)) return ask(*promotion, request);
  if (run == line_mailbox) {
    line_requests_.push_back(request);
    line_requests_.back().line = true;
    return line_requests_.back().id = ++last_request_;
  }
  Row* row = find(run);
  if (row == nullptr) return no_such_run(run);
  if (row->info.outcome) return run_has_ended(run, *row->info.outcome);
  row->requests.push_back(request);
  row->requests.back().id = ++last_request_;
  return last_request_;
}

Result<std::vector<Request>> MemoryStore::requests(std::string_view run, int64_t after_id) {
  Row* row = find(run);
  Promotion* promotion = find_promotion(run);
  std::vector<Request> none;
  if (row == nullptr && promotion == nullptr && run != line_mailbox) return no_such_run(run);
  std::vector<Request> out;
  for (const Request& request : row != nullptr ? row->requests : promotion != nullptr ? promotion->requests : none)
    if (request.id > after_id) out.push_back(request);
  for (const Request& request : line_requests_)
    if (request.id > after_id) out.push_back(request);
  std::sort(out.begin(), out.end(), [](const Request& a, const Request& b) { return a.id < b.id; });
  return out;
}

Result<std::vector<HeldLock>> MemoryStore::locks() { return locks_; }

Result<int64_t> MemoryStore::next_generation(std::string_view service) {
  auto it = generations_.find(service);
  return it == generations_.end() ? 1 : it->second + 1;
}

MemoryStore::Promotion* MemoryStore::find_promotion(std::string_view name) {
  for (Promotion& promotion : promotions_)
    if (promotion.info.name == name) return &promotion;
  return nullptr;
}

Status MemoryStore::enter(const StageOf& stage, const RunInfo& run, int64_t wall_ns) {
  Promotion* promotion = find_promotion(stage.promotion);
  if (promotion == nullptr) return no_such_promotion(stage.promotion);
  if (!promotion->requests.empty()) return promotion_aborted(stage.promotion);
  if (int64_t(promotion->events.size()) != stage.known) return driven_by_another(stage.promotion);
  promotion->events.push_back({wall_ns, StageEntered{stage.stage, run.run, run.plan_hash, stage.digests}});
  promotion->open_run = run.run;
  return Done{};
}

Result<int64_t> MemoryStore::ask(Promotion& promotion, const Request& request) {
  if (promotion.info.outcome) return promotion_has_ended(promotion.info.name, *promotion.info.outcome);
  promotion.requests.push_back(request);
  promotion.requests.back().id = ++last_request_;
  if (Row* open = find(promotion.open_run); open != nullptr && !open->info.outcome) {
    open->requests.push_back(request);
    open->requests.back().id = ++last_request_;
  }
  return promotion.requests.back().id;
}

Result<std::string> MemoryStore::begin(const PromotionBegun& begun, int64_t wall_ns) {
  std::string name = fmt::format("p{}", promotions_.size() + 1);
  promotions_.push_back({{name, begun.promotion, begun.file, wall_ns, {}, begun.acts_on}, {{wall_ns, begun}}, {}, {}});
  return name;
}

Result<Appended> MemoryStore::append_to(std::string_view name, int64_t known, const PromotionEvent& event) {
  Promotion* promotion = find_promotion(name);
  if (promotion == nullptr) return no_such_promotion(name);
  int64_t have = int64_t(promotion->events.size());
  if (have == known + 1 && encode(promotion->events.back()) == encode(event)) return Appended::Written;
  if (have != known) return driven_by_another(name);
  if (ends_well(event) && !promotion->requests.empty()) return Appended::AbortFirst;
  promotion->events.push_back(event);
  if (const PromotionEnded* ended = std::get_if<PromotionEnded>(&event.what)) promotion->info.outcome = ended->outcome;
  if (std::holds_alternative<PromotionReopened>(event.what)) {
    promotion->info.outcome.reset();
    promotion->open_run.clear();
  }
  return Appended::Written;
}

Result<std::vector<PromotionEvent>> MemoryStore::read_promotion(std::string_view name) {
  Promotion* promotion = find_promotion(name);
  if (promotion == nullptr) return no_such_promotion(name);
  return promotion->events;
}

Result<std::vector<PromotionInfo>> MemoryStore::promotions() {
  std::vector<PromotionInfo> out;
  for (auto one = promotions_.rbegin(); one != promotions_.rend(); ++one) {
    out.push_back(one->info);
    out.back().events = int64_t(one->events.size());
    out.back().open_run = one->open_run;
  }
  return out;
}

}  // namespace rollout::journal
