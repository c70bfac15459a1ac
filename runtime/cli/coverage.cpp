#include "runtime/cli/coverage.h"

#include <algorithm>

#include <fmt/format.h>

#include "runtime/journal/event.h"

namespace rollout::cli {

namespace {

using plan::StepKind;

constexpr std::string_view gate_words[] = {"passes", "fails", "has no data", "is undecided", "cannot be read"};

std::string phase_of(const plan::Plan& plan, uint32_t step) {
  if (step == plan::none) return "";
  uint32_t phase = plan.steps[step].phase;
  return phase == plan::none ? "" : plan.phases[phase].name;
}

constexpr size_t most_phase_columns = 24;

/// What a step stands in.
std::string_view part_of(std::string_view phase) { return phase.empty() ? "run" : "phase"; }

std::string gate_text(const plan::Plan& plan, uint32_t gate) { return "gate " + plan.gates[gate].text; }

/// The word for a verdict; `decided` without evidence counts as what led to it.
std::string_view word_of(journal::Verdict verdict, journal::Reason reason) {
  if (verdict == journal::Verdict::Pass) return gate_words[0];
  if (verdict == journal::Verdict::Fail) return gate_words[1];
  switch (reason) {
    case journal::Reason::None:
    case journal::Reason::NoData: return gate_words[2];
    case journal::Reason::Undecided: return gate_words[3];
    case journal::Reason::Error: return gate_words[4];
  }
  return "";
}

/// Collects the ways of a plan, or marks those that its events walk.
class Walker {
 public:
  Walker(const plan::Plan& plan, Walks& walks) : plan_(plan), walks_(walks) {}

  void add_all() {
    for (uint32_t i = 0; i < plan_.steps.size(); ++i) add_step(i);
    for (const plan::Watch& watch : plan_.watches) way("", "rollback when " + watch.text, "fires");
    for (uint32_t i = 0; i < plan_.scopes.size(); ++i)
      way("", plan::scope_text(plan_, i), "fails, and " + plan::follows_text(plan_, i), plan_.scopes[i].place);
    if (plan_.rollback.verify_gate != plan::none)
      for (std::string_view word : {gate_words[0], gate_words[1]})
        way("rollback", gate_text(plan_, plan_.rollback.verify_gate), word, plan_.rollback.place);
    way("", "a person", "aborts the run");
  }

  void walk(const std::vector<journal::Event>& events) {
    for (const journal::Event& event : events) walk(event);
  }

 private:
  void way(std::string_view phase, std::string_view what, std::string_view how, std::string_view place = {}) {
    walks_.add({std::string(phase), std::string(what), std::string(how), std::string(place)});
  }
  void mark(std::string_view phase, std::string_view what, std::string_view how) { walks_.walk(phase, what, how); }

  void add_step(uint32_t index) {
    const plan::Step& step = plan_.steps[index];
    std::string phase = phase_of(plan_, index);
    if (!phase.empty()) way(phase, "phase", "is entered", step.place);
    if (step.kind == StepKind::Act) way(phase, step.action.text, "fails", step.place);
    if (step.kind == StepKind::Act && !step.rollback.empty()) way(phase, part_of(phase), "goes back", step.place);
    if (step.kind == StepKind::Approval)
      for (std::string_view word : {"approved", "rejected", "not in time"})
        way(phase, step.text, word, step.place);
    for (uint32_t gate : step.gates) add_gate(phase, plan_.gates[gate], step.place);
  }

  void add_gate(const std::string& phase, const plan::Gate& gate, const std::string& place) {
    for (std::string_view word : gate_words) way(phase, "gate " + gate.text, word, place);
    for (const plan::Response* response : {&gate.fail, &gate.no_data, &gate.undecided, &gate.error})
      if (response->then == plan::Fallback::Ask) {
        way(phase, "gate " + gate.text, "asks people", place);
        return;
      }
  }

  void walk(const journal::Event& event) {
    if (const auto* e = std::get_if<journal::StepStarted>(&event.what); e != nullptr && !e->step.undo)
      mark(phase_of(plan_, e->step.step), "phase", "is entered");
    if (const auto* e = std::get_if<journal::StepFailed>(&event.what)) failed(*e);
    if (const auto* e = std::get_if<journal::StepDone>(&event.what)) done(*e);
    if (const auto* e = std::get_if<journal::GateDecided>(&event.what)) decided(*e);
    if (const auto* e = std::get_if<journal::GateAsked>(&event.what)) {
      mark(phase_of(plan_, e->hold.step), gate_text(plan_, e->gate), word_of(e->verdict, e->reason));
      mark(phase_of(plan_, e->hold.step), gate_text(plan_, e->gate), "asks people");
    }
    if (const auto* e = std::get_if<journal::WatchFired>(&event.what))
      mark("", "rollback when " + plan_.watches[e->watch].text, "fires");
    if (const auto* e = std::get_if<journal::Rejected>(&event.what)) answered(e->step, "rejected");
    if (const auto* e = std::get_if<journal::RollbackStarted>(&event.what)) {
      std::string phase = phase_of(plan_, e->from_step);
      mark(phase, part_of(phase), "goes back");
      if (e->cause == journal::Cause::Unapproved) answered({e->from_step, false}, "not in time");
    }
    if (const auto* e = std::get_if<journal::Parked>(&event.what)) answered(e->step, "not in time");
    if (const auto* e = std::get_if<journal::ScopeRollbackStarted>(&event.what)) scope_failed(e->scope);
    if (std::holds_alternative<journal::AbortRequested>(event.what)) mark("", "a person", "aborts the run");
  }

  void failed(const journal::StepFailed& e) {
    if (e.step.undo || e.step.step == plan::none || !e.last) return;
    const plan::Step& step = plan_.steps[e.step.step];
    if (step.kind == StepKind::Act) mark(phase_of(plan_, e.step.step), step.action.text, "fails");
    if (step.kind == StepKind::Approval) answered(e.step, "not in time");
  }
  void done(const journal::StepDone& e) {
    if (!e.step.undo && e.step.step != plan::none) answered(e.step, "approved");
  }
  void answered(journal::StepRef ref, std::string_view how) {
    if (ref.undo || ref.step == plan::none || plan_.steps[ref.step].kind != StepKind::Approval) return;
    mark(phase_of(plan_, ref.step), plan_.steps[ref.step].text, how);
  }
  void decided(const journal::GateDecided& e) {
    std::string phase = journal::is_check(e.hold) ? "rollback" : phase_of(plan_, e.hold.step);
    mark(phase, gate_text(plan_, e.gate), word_of(e.verdict, e.reason));
  }
  void scope_failed(uint32_t index) {
    const plan::UndoScope& scope = plan_.scopes[index];
    mark("", plan::scope_text(plan_, index), "fails, and " + plan::follows_text(plan_, index));
    std::string phase = phase_of(plan_, scope.first_step);
    mark(phase, part_of(phase), "goes back");
  }

  const plan::Plan& plan_;
  Walks& walks_;
};

std::string key_of(std::string_view phase, std::string_view what, std::string_view how) {
  return fmt::format("{}\n{}\n{}", phase, what, how);
}

std::string percent(size_t part, size_t whole) {
  return whole == 0 ? "100%" : fmt::format("{}%", part * 100 / whole);
}

}  // namespace

void Walks::add(const Way& way) {
  if (index.try_emplace(key_of(way.phase, way.what, way.how), ways.size()).second) ways.push_back(way);
}

void Walks::walk(std::string_view phase, std::string_view what, std::string_view how) {
  auto known = index.find(key_of(phase, what, how));
  if (known != index.end()) ways[known->second].walked = true;
}

size_t Walks::walked() const {
  return size_t(std::count_if(ways.begin(), ways.end(), [](const Way& way) { return way.walked; }));
}

Walks& Coverage::walks_of(const plan::Plan& plan) {
  std::string name = plan::rollout_text(plan);
  auto known = std::find_if(all_.begin(), all_.end(),
                            [&](const Walks& one) { return one.file == file_ && one.rollout == name; });
  return known == all_.end() ? all_.emplace_back(Walks{file_, name, {}}) : *known;
}

bool Coverage::knows(std::string_view rollout) const {
  return std::any_of(all_.begin(), all_.end(), [&](const Walks& walks) {
    std::string_view name = walks.rollout;
    bool same = name == rollout || name.starts_with(std::string(rollout) + " in ");
    return walks.file == file_ && same;
  });
}

void Coverage::add_plan(const plan::Plan& plan) { Walker(plan, walks_of(plan)).add_all(); }

void Coverage::add_run(const plan::Plan& plan, const sim::SimResult& result) {
  Walks& walks = walks_of(plan);
  ++walks.runs;
  Walker(plan, walks).walk(result.events);
}

std::string Coverage::text(const Style& style) const {
  std::string out;
  for (const Walks& walks : all_) {
    size_t walked = walks.walked();
    out += fmt::format("{}: {}: {} of {} ways walked ({}) by {}\n", walks.file, style.bold(walks.rollout), walked,
                       walks.ways.size(), percent(walked, walks.ways.size()), count_of(walks.runs, "run"));
    size_t columns = 0;
    for (const Way& way : walks.ways) columns = std::max(columns, std::min(width_of(way.phase), most_phase_columns));
    for (size_t i = 0; i < walks.ways.size(); ++i) {
      const Way& way = walks.ways[i];
      if (way.walked) continue;
      std::string how = way.how;
      auto same = [&](const Way& other) { return other.phase == way.phase && other.what == way.what; };
      for (; i + 1 < walks.ways.size() && same(walks.ways[i + 1]); ++i)
        if (!walks.ways[i + 1].walked) how += ", " + walks.ways[i + 1].how;
      std::string place = way.place.empty() ? "" : fmt::format("  ({})", way.place);
      out += fmt::format("  {}  {}  {}: {}{}\n", style.warn("never"), style.name(left(way.phase, columns)), way.what,
                         how, style.dim(place));
    }
  }
  return out;
}

void Coverage::write(json::Writer& json) const {
  json.key("coverage").begin_array();
  for (const Walks& walks : all_) {
    json.begin_object().field("file", walks.file).field("rollout", walks.rollout).field("runs", uint64_t(walks.runs));
    json.field("ways", uint64_t(walks.ways.size())).field("walked", uint64_t(walks.walked())).key("list").begin_array();
    for (const Way& way : walks.ways)
      json.begin_object()
          .field("phase", way.phase)
          .field("what", way.what)
          .field("how", way.how)
          .field("place", way.place)
          .field("walked", way.walked)
          .end_object();
    json.end_array().end_object();
  }
  json.end_array();
}

namespace {

/// What would end a label of a flowchart is written as its code.
std::string label(std::string_view text) {
  std::string out;
  for (char c : text) {
    if (c == '"') out += "#quot;";
    else if (c == '#') out += "#35;";
    else if (c == '<') out += "#lt;";
    else if (c == '>') out += "#gt;";
    else if (uint8_t(c) < 0x20) out += ' ';
    else out += c;
  }
  return out;
}

/// A node for each phase, in order, with what may become of it below.
std::string flowchart(const Walks& walks) {
  std::string out = fmt::format("flowchart TD\n  start([\"{}\"])\n", label(walks.rollout));
  std::vector<std::string> phases;
  std::string red_nodes, last = "start";
  size_t edges = 0;
  std::string red_edges;
  auto edge = [&](const std::string& from, const std::string& to, std::string_view text, bool walked) {
    out += fmt::format("  {} {}|\"{}\"| {}\n", from, walked ? "-->" : "-.->", label(text), to);
    if (!walked) red_edges += fmt::format("{}{}", red_edges.empty() ? "" : ",", edges);
    ++edges;
  };
  for (const Way& way : walks.ways) {
    auto known = std::find(phases.begin(), phases.end(), way.phase);
    std::string node = way.phase.empty() ? "start" : fmt::format("p{}", known - phases.begin());
    if (known == phases.end() && !way.phase.empty()) {
      phases.push_back(way.phase);
      out += fmt::format("  {}[\"{}\"]\n", node, label(way.phase));
    }
    if (way.how == "is entered") {
      edge(last, node, "then", way.walked);
      last = node;
      if (!way.walked) red_nodes += (red_nodes.empty() ? "" : ",") + node;
      continue;
    }
    std::string leaf = fmt::format("w{}", edges);
    out += fmt::format("  {}([\"{} {}\"])\n", leaf, label(way.what), label(way.how));
    edge(node, leaf, way.walked ? "walked" : "never", way.walked);
  }
  out += "  classDef never stroke:#c00,stroke-dasharray:4\n";
  if (!red_nodes.empty()) out += fmt::format("  class {} never\n", red_nodes);
  if (!red_edges.empty()) out += fmt::format("  linkStyle {} stroke:#c00\n", red_edges);
  return out;
}

}  // namespace

std::string Coverage::mermaid() const {
  std::string out;
  for (const Walks& walks : all_) out += flowchart(walks);
  return out;
}

}  // namespace rollout::cli
