#include "runtime/journal/event_json.h"

#include <algorithm>

#include "compiler/base/json.h"
#include "runtime/journal/common_events.h"
#include "runtime/journal/words.h"

namespace rollout::journal {

namespace {

using json::Node;
using json::Writer;

void write_step(Writer& out, StepRef ref) {
  out.field("step", ref.step == plan::none ? int64_t{-1} : int64_t(ref.step));
  if (ref.undo) out.field("undo", true);
  if (ref.scope != plan::none) out.field("scope", ref.scope);
}

void write_indices(Writer& out, std::string_view name, const std::vector<uint32_t>& indices) {
  out.key(name).begin_array();
  for (uint32_t index : indices) out.value(index);
  out.end_array();
}

struct Encoder {
  Writer& out;

  void operator()(const RunStarted& e) const {
    out.field("plan_hash", e.plan_hash).field("holder", e.holder).key("generations").begin_array();
    for (const Generation& g : e.generations)
      out.begin_object().field("service", g.service).field("number", g.number).end_object();
    out.end_array();
    if (!e.replaces.empty()) out.field("replaces", e.replaces);
    if (!e.reason.empty()) out.field("reason", e.reason);
    if (!e.accepted.empty()) out.field("accepted", e.accepted);
    if (!e.by.empty()) out.field("by", e.by);
    if (e.says_void) out.field("says_void", true);
    if (e.unproven.empty()) return;
    out.key("unproven").begin_array();
    for (const BackTo& one : e.unproven)
      out.begin_object().field("service", one.service).field("version", one.version).field("held", one.held)
          .field("why", one.why).end_object();
    out.end_array();
  }
  void operator()(const Resumed& e) const {
    out.field("holder", e.holder).field("downtime_ns", e.downtime_ns);
    if (!e.why.empty()) out.field("why", e.why);
  }
  void operator()(const StepStarted& e) const {
    write_step(out, e.step);
    out.field("attempt", e.attempt).field("key", e.key);
  }
  void operator()(const StepDone& e) const {
    write_step(out, e.step);
    out.field("attempt", e.attempt).field("adopted", e.adopted).field("detail", e.detail);
  }
  void operator()(const StepFailed& e) const {
    write_step(out, e.step);
    out.field("attempt", e.attempt)
        .field("last", e.last)
        .field("unknown", e.unknown)
        .field("detail", e.detail);
    if (e.untouched) out.field("untouched", true);
  }
  void operator()(const Reasserted& e) const {
    write_step(out, e.step);
    out.field("attempt", e.attempt).field("key", e.key).field("detail", e.detail);
  }
  void operator()(const Sampled& e) const {
    write_step(out, e.hold);
    out.field("prime", e.prime).field("elapsed_ns", e.elapsed_ns);
    write_indices(out, "gates", e.gates);
    write_indices(out, "watches", e.watches);
    out.key("readings").begin_array();
    for (const TermReading& r : e.readings) write_reading(r);
    out.end_array();
  }
  void write_reading(const TermReading& r) const {
    out.begin_object().field("signal", r.term.signal).field("role", word(role_names, r.term.role));
    if (r.term.quantile_ppb != 0) out.field("quantile_ppb", r.term.quantile_ppb);
    out.field("status", word(status_names, r.status));
    if (!r.detail.empty()) out.field("detail", r.detail);
    if (r.total != 0) out.field("total", r.total).field("bad", r.bad);
    out.field("value", r.value).end_object();
  }
  void operator()(const GateDecided& e) const {
    write_step(out, e.hold);
    out.field("gate", e.gate)
        .field("verdict", word(verdict_names, e.verdict))
        .field("reason", word(reason_names, e.reason));
    out.field("unproven", e.unproven).field("detail", e.detail);
  }
  void operator()(const WatchFired& e) const {
    out.field("watch", e.watch).field("detail", e.detail);
  }
  void operator()(const AbortRequested& e) const {
    out.field("request", e.request).field("by", e.by).field("reason", e.reason);
    if (e.replaced) out.field("replaced", true);
    if (e.rollback) out.field("rollback", true);
  }
  template <typename Latch>
  void write_latch(const Latch& e) const {
    out.field("request", e.request).field("by", e.by).field("reason", e.reason);
    if (e.line) out.field("line", true);
  }
  void operator()(const Paused& e) const { write_latch(e); }
  void operator()(const Unpaused& e) const { write_latch(e); }
  void operator()(const Reopened& e) const { out.field("by", e.by).field("reason", e.reason); }
  void operator()(const EndpointAway& e) const { out.field("endpoint", e.endpoint).field("detail", e.detail); }
  void operator()(const EndpointBack& e) const { out.field("endpoint", e.endpoint).field("away_ns", e.away_ns); }
  void operator()(const LineOverridden& e) const {
    out.field("request", e.request).field("by", e.by).field("reason", e.reason).field("until_wall_ns", e.until_wall_ns);
  }
  void operator()(const OverrideEnded&) const {}
  void operator()(const RollbackWithheld& e) const {
    out.field("cause", word(cause_names, e.cause)).field("detail", e.detail);
  }
  void operator()(const RequestVoid& e) const {
    out.field("request", e.request).field("ask", word(ask_names, e.ask)).field("by", e.by);
    out.field("reason", e.reason).field("detail", e.detail);
  }
  template <typename Answer>
  void write_answer(const Answer& e) const {
    write_step(out, e.step);
    out.field("request", e.request).field("by", e.by).field("reason", e.reason).field("holder", e.holder);
  }
  void operator()(const Approved& e) const { write_answer(e); }
  void operator()(const Rejected& e) const { write_answer(e); }
  void operator()(const Parked& e) const {
    write_step(out, e.step);
    out.field("detail", e.detail);
  }
  void operator()(const GateAsked& e) const {
    write_step(out, e.hold);
    out.field("gate", e.gate).field("verdict", word(verdict_names, e.verdict));
    out.field("reason", word(reason_names, e.reason)).field("detail", e.detail);
  }
  void operator()(const Escalated& e) const {
    write_step(out, e.step);
    out.field("gate", e.gate == plan::none ? int64_t{-1} : int64_t(e.gate));
  }
  void operator()(const Notified& e) const {
    out.field("message", e.message).field("delivered", e.delivered).field("attempts", e.attempts);
    out.field("detail", e.detail);
  }
  void operator()(const Interrupted& e) const { out.field("by", e.by).field("in_flight", e.in_flight); }
  void operator()(const RollbackStarted& e) const {
    out.field("cause", word(cause_names, e.cause));
    out.field("from_step", e.from_step == plan::none ? int64_t{-1} : int64_t(e.from_step))
        .field("detail", e.detail);
  }
  void operator()(const VerifyStarted& e) const { out.field("gate", e.gate); }
  void operator()(const ScopeRollbackStarted& e) const {
    out.field("scope", e.scope).field("cause", word(cause_names, e.cause)).field("detail", e.detail);
  }
  void operator()(const ScopeVerifyStarted& e) const { out.field("scope", e.scope).field("gate", e.gate); }
  void operator()(const ScopeEnded& e) const {
    out.field("scope", e.scope).field("restored", e.restored).field("detail", e.detail);
  }
  void operator()(const Captured& e) const {
    out.key("baselines").begin_array();
    for (const PastReading& past : e.baselines) {
      out.begin_object().field("mean", past.mean).field("deviation", past.deviation).field("parts", past.parts);
      if (past.total != 0) out.field("total", past.total).field("bad", past.bad);
      out.end_object();
    }
    out.end_array().key("observed").begin_array();
    for (const ObservedNow& now : e.observed)
      out.begin_object().field("what", now.what).field("text", now.text).field("number", now.number).end_object();
    out.end_array();
  }
  void operator()(const LockTaken& e) const { out.field("lock", e.lock).field("name", e.name); }
  void operator()(const LockReleased& e) const { out.field("lock", e.lock).field("name", e.name); }
  void operator()(const RunEnded& e) const {
    out.field("outcome", word(outcome_names, e.outcome)).field("detail", e.detail);
    if (e.left_behind) out.field("left_behind", true);
    if (e.found.empty()) return;
    out.key("found").begin_array();
    for (const Found& one : e.found)
      out.begin_object().field("service", one.service).field("version", one.version).end_object();
    out.end_array();
  }
  void operator()(const CalendarClosed& e) const {
    out.field("park", e.park).field("opens_wall_ns", e.opens_wall_ns).field("detail", e.detail);
  }
};

/// Reads one object; remembers whether every word and number in it was known.
class Decoder {
 public:
  explicit Decoder(const Node& node) : node_(node) {}
  bool good() const { return good_; }

  std::string text(std::string_view key) { return std::string(node_[key].as_string()); }
  int64_t number(std::string_view key) {
    good_ = good_ && node_[key].is(Node::Kind::Int);
    return node_[key].as_int();
  }
  bool flag(std::string_view key) { return node_[key].as_bool(); }
  uint32_t index(std::string_view key) {
    int64_t raw = number(key);
    good_ = good_ && raw >= -1 && raw < int64_t(plan::none);
    return raw < 0 ? plan::none : uint32_t(raw);
  }
  StepRef step() {
    return {index("step"), flag("undo"), node_["scope"].is(Node::Kind::Int) ? index("scope") : plan::none};
  }
  int attempt() { return int(number("attempt")); }

  template <typename Enum, size_t N>
  Enum word_in(const std::array<std::string_view, N>& names, std::string_view key) {
    std::string_view raw = node_[key].as_string();
    for (size_t i = 0; i < N; ++i)
      if (names[i] == raw) return Enum(i);
    good_ = false;
    return Enum(0);
  }
  std::vector<uint32_t> indices(std::string_view key) {
    std::vector<uint32_t> out;
    for (const Node& item : node_[key].items) out.push_back(uint32_t(item.as_int()));
    return out;
  }
  TermReading reading() {
    TermReading r;
    r.term.signal = index("signal");
    r.term.role = word_in<plan::Role>(role_names, "role");
    r.term.quantile_ppb = node_["quantile_ppb"].as_int();
    r.status = word_in<ReadingStatus>(status_names, "status");
    r.detail = text("detail");
    r.total = node_["total"].as_int();
    r.bad = node_["bad"].as_int();
    r.value = node_["value"].as_double();
    return r;
  }
  Sampled sampled() {
    Sampled s{step(),           flag("prime"),      number("elapsed_ns"),
              indices("gates"), indices("watches"), {}};
    for (const Node& item : node_["readings"].items) {
      Decoder inner(item);
      s.readings.push_back(inner.reading());
      good_ = good_ && inner.good();
    }
    return s;
  }
  RunStarted run_started() {
    RunStarted e{text("plan_hash"), text("holder"), {}, text("replaces"), text("reason"), text("accepted"),
                 text("by"), {}, flag("says_void")};
    for (const Node& item : node_["generations"].items)
      e.generations.push_back({std::string(item["service"].as_string()), item["number"].as_int()});
    for (const Node& item : node_["unproven"].items) {
      Decoder inner(item);
      e.unproven.push_back({inner.index("service"), inner.text("version"), inner.flag("held"), inner.text("why")});
      good_ = good_ && inner.good();
    }
    return e;
  }
  RunEnded run_ended() {
    RunEnded e{word_in<Outcome>(outcome_names, "outcome"), text("detail"), flag("left_behind")};
    for (const Node& item : node_["found"].items) {
      Decoder inner(item);
      e.found.push_back({inner.index("service"), inner.text("version")});
      good_ = good_ && inner.good();
    }
    return e;
  }
  Captured captured() {
    Captured e;
    for (const Node& item : node_["baselines"].items)
      e.baselines.push_back({item["mean"].as_double(), item["deviation"].as_double(), item["parts"].as_int(),
                             item["total"].as_int(), item["bad"].as_int()});
    for (const Node& item : node_["observed"].items)
      e.observed.push_back({std::string(item["what"].as_string()), std::string(item["text"].as_string()),
                            item["number"].as_int()});
    return e;
  }
  Payload payload(size_t kind) {
    switch (kind) {
      case 0: return run_started();
      case 1: return Resumed{text("holder"), number("downtime_ns"), text("why")};
      case 2: return StepStarted{step(), attempt(), text("key")};
      case 3: return StepDone{step(), attempt(), flag("adopted"), text("detail")};
      case 4: return StepFailed{step(), attempt(), flag("last"), flag("unknown"), text("detail"), flag("untouched")};
      case 5: return Reasserted{step(), attempt(), text("key"), text("detail")};
      case 6: return sampled();
      case 7:
        return GateDecided{step(),
                           index("gate"),
                           word_in<Verdict>(verdict_names, "verdict"),
                           word_in<Reason>(reason_names, "reason"),
                           flag("unproven"),
                           text("detail")};
      case 8: return WatchFired{index("watch"), text("detail")};
      case 9: return AbortRequested{number("request"), text("by"), text("reason"), flag("replaced"), flag("rollback")};
      case 10: return Interrupted{text("by"), text("in_flight")};
      case 11:
        return RollbackStarted{word_in<Cause>(cause_names, "cause"), index("from_step"),
                               text("detail")};
      case 12: return VerifyStarted{index("gate")};
      case 14: return CalendarClosed{flag("park"), number("opens_wall_ns"), text("detail")};
      case 15: return Approved{step(), number("request"), text("by"), text("reason"), text("holder")};
      case 16: return Rejected{step(), number("request"), text("by"), text("reason"), text("holder")};
      case 17: return Parked{step(), text("detail")};
      case 18:
        return GateAsked{step(), index("gate"), word_in<Verdict>(verdict_names, "verdict"),
                         word_in<Reason>(reason_names, "reason"), text("detail")};
      case 19: return Escalated{step(), index("gate")};
      case 20: return Notified{text("message"), flag("delivered"), int(number("attempts")), text("detail")};
      case 21: return ScopeRollbackStarted{index("scope"), word_in<Cause>(cause_names, "cause"), text("detail")};
      case 22: return ScopeVerifyStarted{index("scope"), index("gate")};
      case 23: return ScopeEnded{index("scope"), flag("restored"), text("detail")};
      case 24: return captured();
      case 25: return LockTaken{index("lock"), text("name")};
      case 26: return LockReleased{index("lock"), text("name")};
      case 27: return Paused{number("request"), text("by"), text("reason"), flag("line")};
      case 28: return Unpaused{number("request"), text("by"), text("reason"), flag("line")};
      case 29: return Reopened{text("by"), text("reason")};
      case 30: return EndpointAway{text("endpoint"), text("detail")};
      case 31: return EndpointBack{text("endpoint"), number("away_ns")};
      case 32: return LineOverridden{number("request"), text("by"), text("reason"), number("until_wall_ns")};
      case 33: return OverrideEnded{};
      case 34: return RollbackWithheld{word_in<Cause>(cause_names, "cause"), text("detail")};
      case 35:
        return RequestVoid{number("request"), word_in<Ask>(ask_names, "ask"), text("by"), text("reason"),
                           text("detail")};
      default: return run_ended();
    }
  }

 private:
  const Node& node_;
  bool good_ = true;
};

}  // namespace

std::string encode(const Event& event) {
  Writer out;
  out.begin_object().field("v", format_version).field("event", name_of(event.what));
  out.field("run_ns", event.run_ns).field("wall_ns", event.wall_ns);
  std::visit(Encoder{out}, event.what);
  out.end_object();
  return out.take();
}

Result<Event> decode(std::string_view line) {
  if (std::optional<Event> common = decode_common(line)) return std::move(*common);
  return decode_any(line);
}

Result<Event> decode_any(std::string_view line) {
  Result<Node> node = json::parse(line);
  if (!node) return OpError{"an event in the journal is not JSON: " + node.error().message};
  int64_t version = (*node)["v"].as_int();
  if (version > format_version) {
    return OpError{"the journal was written by a newer rollout (event format " +
                       std::to_string(version) + "); finish this run with that version",
                   false, true};
  }
  std::string_view name = (*node)["event"].as_string();
  auto found = std::find(event_names.begin(), event_names.end(), name);
  // Names are only ever added, and whoever reads an event has checked that nobody has changed it.
  if (found == event_names.end() && !name.empty()) {
    return OpError{"the journal was written by a newer rollout (event `" + std::string(name.substr(0, 60)) +
                       "`, which this one does not know); finish this run with that version",
                   false, true};
  }
  if (found != event_names.end()) {
    Decoder decoder(*node);
    Event event{decoder.number("run_ns"), decoder.number("wall_ns"),
                decoder.payload(size_t(found - event_names.begin()))};
    if (decoder.good()) return event;
  }
  return OpError{"the journal holds an event that this version cannot read: " +
                 std::string(line.substr(0, 200))};
}

}  // namespace rollout::journal
