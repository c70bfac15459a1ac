#include "runtime/exec/drive.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "runtime/exec/approval.h"
#include "runtime/exec/fold.h"
#include "runtime/exec/snapshot.h"

namespace rollout::exec {

namespace {

constexpr int64_t store_retry_ns = 1'000'000'000;
constexpr int64_t stale_look_ns = 100'000'000;  // what was seen while the store was waited for may have changed since
// What holds wait for, and what they lose to the action of another step.
constexpr std::string_view slow_call = "a call took so long", slow_action = "an action beside it took so long";
constexpr size_t max_batch = 1'000'000;  // events between two commands; more would be a loop

class Driver {
 public:
  Driver(const plan::Plan& plan, const std::string& run, Surroundings& around)
      : executor_(plan, run),
        around_(around),
        pace_(around.snapshot_tail),
        waker_(around.store.listen(run)),
        started_ns_(around.clock.monotonic_ns()) {
    memory_.at_once = around.world.at_once();
  }

  Result<DriveResult> go() {
    if (Status read = take_over(); !read) return read.error();
    for (bool ask = true;;) {
      // Recording takes no time in which somebody could have asked, and behind an action comes a look before all else.
      if (std::exchange(ask, true))
        if (Status mine = take_requests(); !mine) return mine.error();
      take_deliveries();
      note_gap();
      memory_.wall_ns = around_.clock.wall_ns();
      Command command = executor_.next(state_, memory_, now());
      if (Record* record_now = std::get_if<Record>(&command)) {
        record(std::move(record_now->events));
        ask = false;
        continue;
      }
      bool looks = std::holds_alternative<Observe>(command);
      Result<Flushed> flushed = looks ? observe(std::move(command)) : flush();
      if (!flushed) return flushed.error();
      if (*flushed == Flushed::AbortFirst) continue;
      send_messages();
      if (*flushed == Flushed::Stopped) return finish();
      if (looks || !pending_.empty()) continue;
      if (std::holds_alternative<Finish>(command)) {
        if (!waits_for_messages()) return finish();
        continue;
      }
      if (const TakeLock* lock = std::get_if<TakeLock>(&command)) {
        Result<Flushed> taken = take(*lock);
        if (!taken) return taken.error();
        if (*taken == Flushed::Stopped) return finish();
        continue;
      }
      ask = !std::holds_alternative<Act>(command);
      if (const Wait* wait = std::get_if<Wait>(&command)) sleep(wait->until_ns);
      else carry_out(std::move(command));
    }
  }

 private:
  int64_t now() const { return base_ns_ + around_.clock.monotonic_ns() - started_ns_; }

  DriveResult finish() {
    bool ended = state_.ended && pending_.empty();
    memory_.walked |= state_.walked;
    // What is not durable has not happened: whoever goes on decides it anew, and no person is waited for.
    for (const journal::Event& event : pending_) {
      if (std::holds_alternative<journal::Parked>(event.what)) state_.parked.reset();
      if (std::holds_alternative<journal::CalendarClosed>(event.what)) state_.closed.reset();
    }
    return {ended ? DriveEnd::Ended : DriveEnd::Interrupted, std::move(state_), memory_.walked};
  }

  // The run clock goes on from the last event: time without a driver is downtime, it shortens no hold.
  Status take_over() {
    Result<RunSoFar> past = read_run(around_.store, executor_.plan(), executor_.run(), &pace_);
    if (!past) return past.error();
    state_ = std::move(past->state);
    known_ = state_.events;
    base_ns_ = state_.run_ns;
    started_ns_ = seen_ns_ = around_.clock.monotonic_ns();
    if (known_ > 1 && !state_.ended) {
      int64_t downtime = std::max<int64_t>(0, around_.clock.wall_ns() - state_.wall_ns);
      record({journal::Resumed{around_.holder, downtime}});
    } else if (known_ == 1) {
      around_.listener.on_event(past->events.front(), state_);
    }
    return Done{};
  }

  // Time in which this process could neither look nor record is time without a driver, too: the run clock does not
  // count it, and holds take new starting points. All else stays as it was: nobody has gone on with anything.
  // `committed`: what was recorded meanwhile. Where every commit takes so long, a starting point is not lost by being
  // recorded, and the time that a gap took to be recorded is said with what comes next.
  enum class Committed { Something, StartingPoints, Gaps };
  void note_gap(Committed committed = Committed::Something) {
    int64_t clock_ns = around_.clock.monotonic_ns();
    int64_t gap_ns = clock_ns - std::exchange(seen_ns_, clock_ns);
    std::string kept_by = std::exchange(kept_by_, {});
    if (gap_ns <= max_gap_ns) return;
    base_ns_ -= gap_ns;
    if (committed == Committed::Something) {
      memory_.holds.clear();
      memory_.resting.clear();
    }
    if (kept_by == slow_call) lose(gap_ns);
    if (kept_by.empty()) kept_by = "this process stood still";
    unsaid_ns_ += gap_ns;
    unsaid_why_ = std::move(kept_by);
    if (committed != Committed::Gaps) say_gap();
  }
  void say_gap() {
    int64_t gap_ns = std::exchange(unsaid_ns_, 0);
    if (gap_ns > 0 && !state_.ended && !state_.interrupted)
      add(journal::Resumed{around_.holder, gap_ns, std::move(unsaid_why_)});
  }
  /// Every hold that is under way has lost so much to slow looks and commits.
  void lose(int64_t gap_ns) {
    std::map<journal::StepRef, int64_t> lost;
    for (const auto& [ref, hold] : state_.holds) lost[ref] = memory_.lost_ns[ref] + gap_ns;
    memory_.lost_ns = std::move(lost);
  }
  /// A call of the world, or a commit, has come back. What it takes is the run's time, but for a hold that nobody has
  /// looked at.
  void called(std::string_view slow = slow_call) {
    int64_t clock_ns = around_.clock.monotonic_ns();
    if (state_.holds.empty() || clock_ns - seen_ns_ <= max_call_ns) seen_ns_ = clock_ns;
    else kept_by_ = slow;
  }

  void add(journal::Payload payload) {
    pending_.push_back({now(), around_.clock.wall_ns(), std::move(payload)});
    fold(state_, executor_.plan(), pending_.back());
  }
  void record(std::vector<journal::Payload> payloads) {
    note_gap();
    say_gap();
    for (journal::Payload& payload : payloads) {
      if (std::holds_alternative<journal::RunEnded>(payload)) before_end_ = state_;
      add(std::move(payload));
    }
    ROLLOUT_CHECK(pending_.size() < max_batch, "recording comes to an end before the next command");
  }

  /// An error: another process drives the run now.
  Status take_requests() {
    if (around_.interrupts() > 0 && !memory_.interrupted)
      memory_.interrupted = Interrupt{around_.holder, now(), {}};
    if (state_.ended) return Done{};
    // A store that is away is noticed, and waited for, where something is to be written.
    Result<std::vector<journal::Request>> requests =
        around_.store.requests(executor_.run(), std::max(state_.last_request, seen_request_));
    if (!requests && requests.error().refused) return requests.error();
    if (!requests) return Done{};
    keep_last_of_line(*requests);
    for (const journal::Request& request : *requests) {
      seen_request_ = request.id;
      if (std::optional<journal::Payload> event = executor_.on_request(state_, request)) record({std::move(*event)});
    }
    return Done{};
  }

  /// Stopped: told to stop at once while the store was away. AbortFirst: the end of the run is taken back. LockHeld:
  /// nothing was written, another run holds the lock.
  enum class Flushed { Durable, Stopped, AbortFirst, LockHeld };

  Result<Flushed> append(const std::vector<journal::Event>& events, std::string_view snapshot = {}) {
    int64_t give_up_ns = around_.clock.monotonic_ns() + max_store_away_ns;
    Result<journal::Appended> written = journal::Appended::Written;
    while (!(written = around_.store.append(executor_.run(), known_, events, snapshot))) {
      bool waits = written.error().retryable && around_.clock.monotonic_ns() < give_up_ns;
      if (!waits) return written.error();
      kept_by_ = "the state could not be written: " + written.error().message;
      around_.listener.on_trouble(written.error().message);
      if (around_.interrupts() > 0) return Flushed::Stopped;
      around_.clock.sleep_until(around_.clock.monotonic_ns() + store_retry_ns);
    }
    if (kept_by_.empty()) called();
    if (*written == journal::Appended::AbortFirst) return Flushed::AbortFirst;
    if (*written == journal::Appended::LockHeld) return Flushed::LockHeld;
    known_ += int64_t(events.size());
    return Flushed::Durable;
  }

  /// Folded only once they are durable: what is decided from a lock rests on holding it.
  Result<Flushed> take(const TakeLock& command) {
    std::vector<journal::Event> events;
    for (const journal::Payload& payload : command.events)
      events.push_back({now(), around_.clock.wall_ns(), payload});
    Result<Flushed> written = append(events);
    if (!written) return written;
    if (*written == Flushed::LockHeld) {
      std::string holder = holder_of(command.lock);
      around_.listener.on_waiting(executor_.plan().locks[command.lock].name, holder);
      hand_in(LockHeld{command, std::move(holder)});
    }
    if (*written != Flushed::Durable) return written;
    for (const journal::Event& event : events) {
      fold(state_, executor_.plan(), event);
      around_.listener.on_event(event, state_);
    }
    return written;
  }
  /// It may have been given back since.
  std::string holder_of(uint32_t lock) {
    Result<std::vector<journal::HeldLock>> held = around_.store.locks();
    for (const journal::HeldLock& one : held ? *held : std::vector<journal::HeldLock>())
      if (one.name == executor_.plan().locks[lock].name) return one.run;
    return "(unknown)";
  }

  Result<Flushed> flush() {
    if (pending_.empty()) return Flushed::Durable;
    Result<Flushed> written = append(pending_, pace_.due(state_));
    if (!written || *written == Flushed::Stopped) return written;
    if (*written == Flushed::AbortFirst) {
      pending_.pop_back();
      state_ = std::move(before_end_);
      return Flushed::AbortFirst;
    }
    for (const journal::Event& event : pending_) around_.listener.on_event(event, state_);
    Committed committed = committed_now();
    pending_.clear();
    note_gap(committed);
    return Flushed::Durable;
  }
  Committed committed_now() const {
    Committed all = Committed::Gaps;
    for (const journal::Event& event : pending_) {
      if (std::holds_alternative<journal::Resumed>(event.what)) continue;
      const auto* sampled = std::get_if<journal::Sampled>(&event.what);
      if (sampled == nullptr || !sampled->prime) return Committed::Something;
      all = Committed::StartingPoints;
    }
    return all;
  }

  // ---- messages: made by fold, sent once their event is durable, never waited for but at the end ----

  void send_messages() {
    if (around_.messenger == nullptr) return;
    for (const Message& message : state_.outbox)
      if (posted_.insert(message.id).second) around_.messenger->post(message);
  }
  void take_deliveries() {
    if (around_.messenger != nullptr) note(around_.messenger->collect());
  }
  void note(std::vector<Delivery> deliveries) {
    for (Delivery& one : deliveries)
      record({journal::Notified{std::move(one.id), one.delivered, one.attempts, std::move(one.detail)}});
  }
  /// After a finish: whether there is anything to wait for still.
  bool waits_for_messages() {
    if (around_.messenger == nullptr || state_.outbox.empty() || around_.interrupts() > 1) return false;
    int64_t now_ns = around_.clock.monotonic_ns();
    if (farewell_until_ns_ == 0)
      farewell_until_ns_ = now_ns + (memory_.interrupted ? short_farewell_ns : farewell_ns);
    if (now_ns < farewell_until_ns_) {
      rest(std::min(around_.messenger->wake_ns(), farewell_until_ns_), nullptr);
      return true;
    }
    // Whoever goes on with the run sends them again; nobody goes on with one that has ended.
    if (!state_.ended) return false;
    note(around_.messenger->give_up());
    return !pending_.empty();
  }

  // Only before a wait: nothing that was decided is kept waiting by it.
  void tend() {
    std::vector<int64_t> generations;
    for (const ServiceState& service : state_.services) generations.push_back(service.generation);
    for (const std::string& line : around_.world.tend(generations)) around_.listener.on_tended(line);
  }

  void sleep(int64_t until_run_ns) {
    tend();
    called();
    note_gap();
    int64_t until = started_ns_ + until_run_ns - base_ns_;
    int64_t wake = around_.messenger == nullptr ? INT64_MAX : around_.messenger->wake_ns();
    int64_t poll_ns = waker_ ? std::max(around_.poll_ns, told_poll_ns) : around_.poll_ns;
    until = std::min({until, wake, around_.clock.monotonic_ns() + poll_ns});
    rest(until, waker_);
  }
  /// Who wakes up too late has stood still.
  void rest(int64_t until_ns, effects::Waker* waker) {
    if (waker) around_.clock.sleep_until(until_ns, *waker);
    else around_.clock.sleep_until(until_ns);
    seen_ns_ = std::max(seen_ns_, std::min(until_ns, around_.clock.monotonic_ns()));
  }

  void carry_out(Command command) {
    if (std::holds_alternative<Act>(command)) {
      act(executor_.beside(state_, memory_, std::move(command), now()));
    } else if (const Sample* sample = std::get_if<Sample>(&command)) {
      std::vector<Reading> readings = around_.world.sample(executor_.plan(), sample->terms);
      called();
      hand_in(Readings{*sample, std::move(readings)});
    } else if (std::holds_alternative<Capture>(command)) {
      Result<journal::Captured> captured = around_.world.capture(executor_.plan());
      called();
      hand_in(CaptureAnswer{std::move(captured)});
    } else if (const Compare* compare = std::get_if<Compare>(&command)) {
      auto astray = around_.world.astray(executor_.plan(), compare->services);
      called();
      hand_in(Compared{std::move(astray)});
    }
  }

  /// What was decided is made durable while the looks are under way: a look is no effect. Where that is not possible,
  /// what they have shown is forgotten.
  Result<Flushed> observe(Command first) {
    const std::vector<Command> looks = executor_.beside(state_, memory_, std::move(first), now());
    std::vector<Errand> errands;
    for (const Command& one : looks) errands.push_back(errand(std::get<Observe>(one)));
    Result<Flushed> flushed = Flushed::Durable;
    int64_t began_ns = around_.clock.monotonic_ns(), flushed_ns = 0;
    std::vector<Result<Observation>> answers = around_.world.observe_all(errands, [&] {
      int64_t from_ns = around_.clock.monotonic_ns();
      flushed = flush();
      flushed_ns = around_.clock.monotonic_ns() - from_ns;
    });
    if (!flushed || *flushed != Flushed::Durable) return flushed;
    if (flushed_ns > stale_look_ns) {
      began_ns = around_.clock.monotonic_ns();
      answers = around_.world.observe_all(errands, [] {});
    }
    int64_t took_ns = around_.clock.monotonic_ns() - began_ns;
    called();
    for (size_t i = 0; i < looks.size(); ++i) {
      const Observe& look = std::get<Observe>(looks[i]);
      around_.listener.on_progress(look.step, answers[i] ? answers[i]->detail : answers[i].error().message);
      hand_in(Observed{look, std::move(answers[i]), took_ns});
    }
    return flushed;
  }

  void act(const std::vector<Command>& acts) {
    std::vector<Errand> errands;
    for (const Command& one : acts) errands.push_back(errand(std::get<Act>(one)));
    int64_t began_ns = around_.clock.monotonic_ns();
    std::vector<Status> answers = around_.world.act_all(errands);
    int64_t took_ns = around_.clock.monotonic_ns() - began_ns;
    called(slow_action);
    for (size_t i = 0; i < acts.size(); ++i) hand_in(Acted{std::get<Act>(acts[i]), std::move(answers[i]), took_ns});
  }

  template <typename Does>
  Errand errand(const Does& command) const { return {action_of(executor_.plan(), command.step), command.key}; }

  void hand_in(const Input& input) {
    note_gap();
    record(executor_.on(state_, memory_, input, now()));
  }

  Executor executor_;
  Surroundings& around_;
  SnapshotPace pace_;
  State state_;
  State before_end_;  ///< for an end that an abort takes back
  Memory memory_;
  std::vector<journal::Event> pending_;  ///< folded, not durable yet
  int64_t known_ = 0;                    ///< events in the store
  int64_t base_ns_ = 0;                  ///< the run clock when this process took over, less the gaps since
  effects::Waker* waker_;                ///< null: nobody says when there are requests
  int64_t started_ns_;
  int64_t seen_ns_ = 0;  ///< until when the run's time is accounted for
  std::string kept_by_;  ///< what has kept this process from looking since, if anything has
  int64_t unsaid_ns_ = 0;  ///< of gaps that are in no event yet
  std::string unsaid_why_;
  std::set<std::string> posted_;  ///< messages that this process has sent, or tries to
  int64_t farewell_until_ns_ = 0;
  int64_t seen_request_ = 0;  ///< of a word to all runs that changes nothing here there is no event
};

}  // namespace

Result<DriveResult> drive(const plan::Plan& plan, const std::string& run,
                          Surroundings surroundings) {
  return Driver(plan, run, surroundings).go();
}

}  // namespace rollout::exec
