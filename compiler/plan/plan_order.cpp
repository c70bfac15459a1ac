// `in dependency order`: a round begins when those that its service depends on are done, also through services that the
// loop leaves out. On the way back the order turns round by itself: what came later goes back first.
#include <deque>
#include <map>

#include <fmt/format.h>

#include "compiler/plan/plan_order.h"
#include "compiler/plan/undo_scope.h"

namespace rollout::plan {

using eval::Value;

namespace {

using Key = std::pair<int64_t, std::string>;  ///< of a service at a place

/// The service that an item is, or the one that its record names.
const Value* service_of(const Value& item) {
  if (item.is(Value::Kind::Entity)) return &item;
  for (const Value& field : item.items)
    if (field.is(Value::Kind::Entity)) return &field;
  return nullptr;
}

/// Services and what they depend on, each once.
struct Graph {
  std::vector<Value> services;
  std::vector<std::vector<uint32_t>> needs;
  std::map<Key, uint32_t> index_of;

  uint32_t add(const Value& service) {
    auto [known, fresh] = index_of.try_emplace({service.number, service.text}, uint32_t(services.size()));
    if (fresh) services.push_back(service), needs.emplace_back();
    return known->second;
  }

  /// The shortest way from the service back to itself; empty: there is none.
  std::vector<uint32_t> circle(uint32_t from) const {
    std::vector<uint32_t> before(services.size(), none);
    std::deque<uint32_t> open = {from};
    while (!open.empty()) {
      uint32_t at = open.front();
      open.pop_front();
      for (uint32_t next : needs[at]) {
        if (next == from) {
          std::vector<uint32_t> way = {at};
          while (way.back() != from) way.push_back(before[way.back()]);
          return {way.rbegin(), way.rend()};
        }
        if (before[next] != none) continue;
        before[next] = at;
        open.push_back(next);
      }
    }
    return {};
  }
};

/// From the services of the rounds through those that are left out: which rounds come first.
class Order {
 public:
  Order(const Graph& graph, std::vector<std::vector<uint32_t>> rounds_of)
      : graph_(graph), rounds_of_(std::move(rounds_of)), seen_(graph.services.size()) {}

  /// Appends what `service` needs, then its own rounds. Only where there is no circle.
  void visit(uint32_t service) {
    std::vector<std::pair<uint32_t, size_t>> open = {{service, 0}};
    while (!open.empty()) {
      auto& [at, next] = open.back();
      if (next == 0 && seen_[at]) {
        open.pop_back();
        continue;
      }
      seen_[at] = true;
      if (next < graph_.needs[at].size()) {
        uint32_t need = graph_.needs[at][next++];
        open.push_back({need, 0});
        continue;
      }
      list_.insert(list_.end(), rounds_of_[at].begin(), rounds_of_[at].end());
      open.pop_back();
    }
  }

  /// The nearest rounds that a service waits for.
  std::vector<uint32_t> before(uint32_t service) const {
    std::vector<uint32_t> rounds, open = graph_.needs[service];
    std::vector<bool> met(graph_.services.size());
    while (!open.empty()) {
      uint32_t need = open.back();
      open.pop_back();
      if (met[need]) continue;
      met[need] = true;
      if (rounds_of_[need].empty()) open.insert(open.end(), graph_.needs[need].begin(), graph_.needs[need].end());
      rounds.insert(rounds.end(), rounds_of_[need].begin(), rounds_of_[need].end());
    }
    return rounds;
  }
  const std::vector<uint32_t>& list() const { return list_; }

 private:
  const Graph& graph_;
  std::vector<std::vector<uint32_t>> rounds_of_;  ///< by service
  std::vector<bool> seen_;
  std::vector<uint32_t> list_;  ///< rounds, in order
};

std::vector<Value> dependencies_of(const Value& service, const ir::Program& program, eval::Evaluator& evaluator) {
  const ir::Service& declared = program.services[size_t(service.number)];
  if (!declared.depends_on) return {};
  return evaluator.eval(declared.module, declared.depends_on, eval::place_frame(service)).items;
}

/// Adds what the services of the graph depend on, and what that depends on.
void add_dependencies(Graph& graph, const ir::Program& program, eval::Evaluator& evaluator) {
  for (uint32_t i = 0; i < graph.services.size(); ++i)
    for (const Value& need : dependencies_of(Value(graph.services[i]), program, evaluator)) {
      uint32_t index = graph.add(need);
      graph.needs[i].push_back(index);
    }
}

/// The shortest circle; empty: there is none.
std::vector<uint32_t> shortest_circle(const Graph& graph) {
  std::vector<uint32_t> circle;
  for (uint32_t i = 0; i < graph.services.size(); ++i) {
    std::vector<uint32_t> found = graph.circle(i);
    if (!found.empty() && (circle.empty() || found.size() < circle.size())) circle = std::move(found);
  }
  return circle;
}

}  // namespace

std::vector<std::vector<uint32_t>> order_rounds(const ast::ForStatement* loop, std::vector<Value>& items,
                                                const ir::Program& program, eval::Evaluator& evaluator,
                                                Diagnostics& diagnostics) {
  Graph graph;
  std::vector<uint32_t> service_of_round;
  for (const Value& item : items) {
    const Value* service = service_of(item);
    if (!service) return {};
    service_of_round.push_back(graph.add(*service));
  }
  add_dependencies(graph, program, evaluator);
  if (std::vector<uint32_t> circle = shortest_circle(graph); !circle.empty()) {
    std::string text;
    for (uint32_t service : circle) text += fmt::format("`{}` → ", graph.services[service].text);
    const ir::Service& first = program.services[size_t(graph.services[circle[0]].number)];
    diagnostics
        .report(first.depends_on->span, diag::DependencyCircle,
                fmt::format("{}`{}`", text, graph.services[circle[0]].text))
        .at(loop->order_words[0].span, "no order is possible here")
        .advise("take one of them out of `depends_on`");
    return {};
  }
  std::vector<std::vector<uint32_t>> rounds_of(graph.services.size());
  for (uint32_t round = 0; round < items.size(); ++round) rounds_of[service_of_round[round]].push_back(round);
  Order order(graph, rounds_of);
  for (uint32_t service : service_of_round) order.visit(service);
  std::vector<uint32_t> place(items.size());
  for (uint32_t i = 0; i < items.size(); ++i) place[order.list()[i]] = i;
  std::vector<Value> sorted(items.size());
  std::vector<std::vector<uint32_t>> after(items.size());
  for (uint32_t round = 0; round < items.size(); ++round) {
    for (uint32_t before : order.before(service_of_round[round])) after[place[round]].push_back(place[before]);
    sorted[place[round]] = std::move(items[round]);
  }
  items = std::move(sorted);
  return after;
}

std::vector<std::vector<uint32_t>> nearest_needs(const std::vector<Value>& services, const ir::Program& program,
                                                 eval::Evaluator& evaluator) {
  Graph graph;
  for (const Value& service : services) graph.add(service);
  add_dependencies(graph, program, evaluator);
  std::vector<std::vector<uint32_t>> rounds_of(graph.services.size()), needs;
  for (uint32_t i = 0; i < services.size(); ++i) rounds_of[i] = {i};
  Order order(graph, rounds_of);
  for (uint32_t i = 0; i < services.size(); ++i) needs.push_back(order.before(i));
  return needs;
}

}  // namespace rollout::plan
