#include "runtime/journal/promotion.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "compiler/base/json.h"
#include "runtime/journal/chain.h"
#include "runtime/journal/words.h"

namespace rollout::journal {

namespace {

using json::Node;
using json::Writer;

constexpr std::array<std::string_view, 8> names = {"promotion_begun",    "promotion_resumed", "stage_entered",
                                                   "stage_ended",        "promotion_aborted", "promotion_ended",
                                                   "promotion_reopened", "stage_taken_back"};
static_assert(names.size() == std::variant_size_v<PromotionPayload>);
constexpr std::array<std::string_view, 5> outcomes = {"succeeded", "stopped", "aborted", "superseded",
                                                      "rolled_back"};

void write_fixed(Writer& out, std::string_view key, const std::vector<Fixed>& all) {
  out.key(key).begin_array();
  for (const Fixed& one : all) out.begin_object().field("name", one.name).field("text", one.text).end_object();
  out.end_array();
}

struct Encoder {
  Writer& out;

  void operator()(const PromotionBegun& e) const {
    out.field("promotion", e.promotion).field("rollout", e.rollout).field("file", e.file).key("stages").begin_array();
    for (const PromotedStage& stage : e.stages)
      out.begin_object().field("environment", stage.environment).field("soak_ns", stage.soak_ns).end_object();
    out.end_array();
    write_fixed(out, "inputs", e.inputs);
    write_fixed(out, "sources", e.sources);
    out.field("holder", e.holder);
    if (!e.by.empty()) out.field("by", e.by);
    if (e.accept_held) out.field("accept_held", true);
    if (!e.acts_on.empty()) out.field("acts_on", e.acts_on);
  }
  void operator()(const PromotionResumed& e) const { out.field("holder", e.holder); }
  void operator()(const StageEntered& e) const {
    out.field("stage", e.stage).field("run", e.run).field("plan_hash", e.plan_hash);
    write_fixed(out, "digests", e.digests);
  }
  void operator()(const StageEnded& e) const {
    out.field("stage", e.stage).field("outcome", word(outcome_names, e.outcome)).field("ended_wall_ns", e.wall_ns);
    out.field("detail", e.detail);
  }
  void operator()(const PromotionAborted& e) const {
    out.field("request", e.request).field("by", e.by).field("reason", e.reason);
  }
  void operator()(const PromotionEnded& e) const {
    out.field("outcome", word(e.outcome)).field("detail", e.detail);
  }
  void operator()(const PromotionReopened& e) const { out.field("by", e.by).field("reason", e.reason); }
  void operator()(const StageTakenBack& e) const {
    out.field("stage", e.stage).field("outcome", word(outcome_names, e.outcome)).field("detail", e.detail);
  }
};

class Decoder {
 public:
  explicit Decoder(const Node& node) : node_(node) {}
  bool good() const { return good_; }

  PromotionPayload payload(size_t kind) {
    switch (kind) {
      case 0: return begun();
      case 1: return PromotionResumed{text("holder")};
      case 2: return StageEntered{uint32_t(number("stage")), text("run"), text("plan_hash"), fixed("digests")};
      case 3:
        return StageEnded{uint32_t(number("stage")), outcome(outcome_names, Outcome()), number("ended_wall_ns"),
                          text("detail")};
      case 4: return PromotionAborted{number("request"), text("by"), text("reason")};
      case 6: return PromotionReopened{text("by"), text("reason")};
      case 7: return StageTakenBack{uint32_t(number("stage")), outcome(outcome_names, Outcome()), text("detail")};
      default: return PromotionEnded{outcome(outcomes, PromotionOutcome()), text("detail")};
    }
  }
  int64_t number(std::string_view key) {
    good_ = good_ && node_[key].is(Node::Kind::Int);
    return node_[key].as_int();
  }

 private:
  std::string text(std::string_view key) {
    good_ = good_ && node_[key].is(Node::Kind::String);
    return std::string(node_[key].as_string());
  }
  std::vector<Fixed> fixed(std::string_view key) const {
    std::vector<Fixed> out;
    for (const Node& item : node_[key].items)
      out.push_back({std::string(item["name"].as_string()), std::string(item["text"].as_string())});
    return out;
  }
  template <typename Enum, size_t N>
  Enum outcome(const std::array<std::string_view, N>& words, Enum) {
    auto found = std::find(words.begin(), words.end(), node_["outcome"].as_string());
    good_ = good_ && found != words.end();
    return Enum(good_ ? found - words.begin() : 0);
  }
  PromotionBegun begun() {
    PromotionBegun e{text("promotion"), text("rollout"), text("file"), {}, fixed("inputs"), fixed("sources"),
                     text("holder")};
    e.by = node_["by"].as_string();
    e.accept_held = node_["accept_held"].as_bool();
    e.acts_on = node_["acts_on"].as_string();
    for (const Node& stage : node_["stages"].items)
      e.stages.push_back({std::string(stage["environment"].as_string()), stage["soak_ns"].as_int()});
    good_ = good_ && !e.stages.empty();
    return e;
  }

  const Node& node_;
  bool good_ = true;
};

}  // namespace

std::string promotion_claim(std::string_view promotion, std::string_view file, std::string_view acts_on) {
  return fmt::format("promotion {} of {}{}{}", promotion, file, acts_on.empty() ? "" : " on ", acts_on);
}

std::string acts_on_text(std::vector<std::string> services) {
  constexpr size_t longest = 60;
  std::sort(services.begin(), services.end());
  std::string all;
  for (const std::string& service : services) all += (all.empty() ? "" : ", ") + service;
  if (all.size() <= longest) return all;
  return fmt::format("{} services ({})", services.size(), chain_start(all, "").substr(0, 16));
}

// A newline is in no path that a command could have named.
std::string file_cell(const PromotionBegun& begun) {
  return begun.acts_on.empty() ? begun.file : begun.file + "\n" + begun.acts_on;
}

void read_file_cell(std::string_view cell, PromotionInfo& info) {
  size_t end = std::min(cell.find('\n'), cell.size());
  info.file = cell.substr(0, end);
  info.acts_on = cell.substr(std::min(end + 1, cell.size()));
}

std::string_view name_of(const PromotionPayload& what) { return names[what.index()]; }
std::string_view word(PromotionOutcome outcome) { return outcomes[size_t(outcome)]; }

std::string encode(const PromotionEvent& event) {
  Writer out;
  out.begin_object().field("v", format_version).field("event", name_of(event.what)).field("wall_ns", event.wall_ns);
  std::visit(Encoder{out}, event.what);
  out.end_object();
  return out.take();
}

Result<PromotionEvent> decode_promotion(std::string_view line) {
  Result<Node> node = json::parse(line);
  if (!node) return OpError{"an event of a promotion is not JSON: " + node.error().message};
  if ((*node)["v"].as_int() > format_version)
    return OpError{"the promotion was written by a newer rollout; finish it with that version", false, true};
  auto found = std::find(names.begin(), names.end(), (*node)["event"].as_string());
  if (found != names.end()) {
    Decoder decoder(*node);
    Result<PromotionEvent> event =
        PromotionEvent{decoder.number("wall_ns"), decoder.payload(size_t(found - names.begin()))};
    if (decoder.good()) return event;
  } else if (std::string_view name = (*node)["event"].as_string(); !name.empty()) {
    return OpError{"the promotion was written by a newer rollout (event `" + std::string(name.substr(0, 60)) +
                       "`, which this one does not know); finish it with that version",
                   false, true};
  }
  return OpError{"the journal holds an event of a promotion that this version cannot read: " +
                 std::string(line.substr(0, 200))};
}

bool is_promotion(std::string_view name) {
  return name.size() > 1 && name.front() == 'p' &&
         std::all_of(name.begin() + 1, name.end(), [](char c) { return c >= '0' && c <= '9'; });
}

}  // namespace rollout::journal
