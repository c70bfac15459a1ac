// Plans in which somebody has altered one field of the file, whichever it is, and has written the hash and the facts
// anew: numbers by one, words into each other, lists by one element. The recheck refuses all of them but those that do
// no harm.
#include <map>
#include <set>

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include "compiler/base/json.h"
#include "compiler/base/sha256.h"
#include "compiler/plan/declared.h"
#include "compiler/plan/plan_json.h"
#include "compiler/verify/proofs.h"
#include "compiler/verify/recheck.h"
#include "tests/catch/write_node.h"
#include "tests/sim/example_plans.h"

namespace rollout::verify {

namespace {

using json::Node;
using plan::Plan;

constexpr int most_a_plan = 2, most_of_all = 8;  ///< of one kind of alteration of one field

/// What people are told beside what is done: where something was written, why it is there, and in which group it is
/// shown. Facts are altered one by one in altered_test.cpp, and here they are proven anew.
bool is_harmless(std::string_view field) {
  for (std::string_view ending : {".place", ".reason", "].phase"})
    if (field.ends_with(ending)) return true;
  return field == "tool" || field == "phases[]" || field == "phases";
}

/// Words that stand for each other in one field.
const std::vector<std::vector<std::string>> words = {
    {"<", "<=", ">", ">=", "==", "!="},
    {"reject", "require", "watch"},
    {"fail", "pass_unproven", "ask"},
    {"all", "stable", "canary", "control"},
    {"version", "instances", "share", "flag", "schema", "killed", "delay", "mirrored", "cohorts", "routed"},
    {"reversible", "compensable", "irreversible"},
    {"exact", "recorded", "at_run_start", "within"},
    {"counts", "buckets", "value"},
    {"park", "rollback", "fail"},
    {"rollback", "stop", "continue", "checkpoint"},
    {"act", "hold", "approval", "commit", "notify", "preflight", "checkpoint", "lock", "unlock"},
    {"abort", "rollback"},
    {"wait", "park"},
    {"reject", "queue", "replace"},
    {"service", "flag", "database"},
};

/// As a plan's own writer does it, with the hash of what stands before it.
std::string bytes_of(const Node& root) {
  json::Writer json;
  json.begin_object();
  for (const auto& [name, value] : root.fields)
    if (name != "sha256") json::write_node(json.key(name), value);
  Sha256 sha;
  sha.update(json.text());
  json.field("sha256", sha.hex()).end_object();
  return json.take() + "\n";
}

struct Counted {
  int all = 0, refused = 0, refused_by_proof = 0;  ///< by proof: even where `declared` was written anew as well
};

class Alterations {
 public:
  explicit Alterations(std::map<std::string, Counted>& counted) : counted_(counted) {}

  void go(const Plan& plan) {
    tried_.clear();
    root_ = *json::parse(plan::to_json(plan));
    for (auto& [name, value] : root_.fields)
      if (name != "facts" && name != "sha256" && name != "format") walk(value, name);
  }
  const std::set<std::string>& passed() const { return passed_; }

 private:
  void walk(Node& node, const std::string& field) {
    const Node was = node;
    switch (node.kind) {
      case Node::Kind::Null: break;
      case Node::Kind::Bool: try_with(node, field, "turned", [](Node& one) { one.boolean = !one.boolean; }); break;
      case Node::Kind::Int: try_with(node, field, "+1", [](Node& one) { ++one.integer; }); break;
      case Node::Kind::Double: try_with(node, field, "+1", [](Node& one) { ++one.number; }); break;
      case Node::Kind::String: alter_text(node, field); break;
      case Node::Kind::Array: alter_list(node, field); break;
      case Node::Kind::Object:
        for (size_t i = 0; i < node.fields.size(); ++i) {
          std::string inner = field + "." + node.fields[i].first;
          try_with(node, inner, "left out", [i](Node& one) { one.fields.erase(one.fields.begin() + long(i)); });
          walk(node.fields[i].second, inner);
        }
    }
  }
  void alter_text(Node& node, const std::string& field) {
    const std::string was = node.string;
    try_with(node, field, "longer", [](Node& one) { one.string += "x"; });
    for (const std::vector<std::string>& group : words) {
      if (std::find(group.begin(), group.end(), was) == group.end()) continue;
      for (const std::string& other : group)
        if (other != was) try_with(node, field, other, [&](Node& one) { one.string = other; });
    }
  }
  void alter_list(Node& node, const std::string& field) {
    for (size_t i = 0; i < node.items.size(); ++i) {
      auto at = [i](Node& one) { return one.items.begin() + long(i); };
      try_with(node, field, "one left out", [&](Node& one) { one.items.erase(at(one)); });
      try_with(node, field, "one twice", [&](Node& one) { one.items.insert(at(one), Node(*at(one))); });
      if (i + 1 < node.items.size())
        try_with(node, field, "two exchanged", [&](Node& one) { std::swap(*at(one), *(at(one) + 1)); });
      walk(node.items[i], field + "[]");
    }
  }

  template <typename Alter>
  void try_with(Node& node, const std::string& field, const std::string& how, Alter alter) {
    std::string what = field + ": " + how;
    int& tried = tried_[what];
    int& of_all = all_tried_[what];
    if (tried == most_a_plan || of_all == most_of_all) return;
    ++tried, ++of_all;
    Node was = node;
    alter(node);
    std::string bytes = bytes_of(root_);
    node = std::move(was);
    Counted& of = counted_[field];
    ++of.all;
    Result<Plan> plan = plan::from_json(bytes);
    if (!plan) return void(++of.refused);  // the reader has
    plan->facts = prove(*plan).facts;
    bool refused = !recheck(*plan).empty();
    of.refused += refused;
    plan->declared = plan::declared_text(*plan);
    of.refused_by_proof += !recheck(*plan).empty();
    if (!refused && !is_harmless(field)) passed_.insert(what);
  }

  std::map<std::string, Counted>& counted_;
  std::map<std::string, int> tried_, all_tried_;
  std::set<std::string> passed_;
  Node root_;
};

}  // namespace

TEST_CASE("the recheck refuses a plan in which any field is altered, but for those that do no harm") {
  std::map<std::string, Counted> counted;
  Alterations alterations(counted);
  for (const sim_test::Example& example : sim_test::examples(ROLLOUT_EXAMPLES)) {
    Plan plan = example.plan;
    plan.facts = prove(plan).facts;
    INFO(example.name);
    REQUIRE(recheck(plan).empty());
    Result<Plan> read = plan::from_json(plan::to_json(plan));
    REQUIRE(read);
    REQUIRE(recheck(*read).empty());
    alterations.go(plan);
  }
  Counted all;
  std::string fields;
  for (const auto& [field, of] : counted) {
    fields += fmt::format("{}: {} of {}, by proofs alone {}\n", field, of.refused, of.all, of.refused_by_proof);
    if (is_harmless(field)) continue;
    all.all += of.all, all.refused += of.refused, all.refused_by_proof += of.refused_by_proof;
  }
  WARN(fmt::format("{}{} fields, {} of {} alterations are refused", fields, counted.size(), all.refused, all.all));
  for (const std::string& one : alterations.passed()) UNSCOPED_INFO(one);
  CHECK(alterations.passed().empty());
  CHECK(all.all > 1000);
}

}  // namespace rollout::verify
