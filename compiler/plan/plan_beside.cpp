// What versions live beside: of everything that a plan changes, what is declared about it takes part in the plan, and
// so do the declarations of each version that the plan knows.
#include <algorithm>
#include <map>
#include <set>

#include <fmt/format.h>

#include "compiler/eval/image.h"
#include "compiler/eval/version.h"
#include "compiler/plan/build.h"

namespace rollout::plan {

using eval::Value;

namespace {

std::string_view bound_of(const ast::Name& bound) {
  std::string_view text = bound.text;
  return text.starts_with('"') ? text.substr(1, text.size() - 2) : text;
}

bool is_named(const Value& image) {
  return image.is(Value::Kind::Image) && (image.text == earlier_version || !eval::image_problem(image.text));
}

/// By service that a step brings another version or schema: the images that steps bring.
std::map<uint32_t, std::set<std::string>> brought_in(const Plan& plan) {
  std::map<uint32_t, std::set<std::string>> brought;
  for (const Step& step : plan.steps)
    for (const Setting& setting : step.action.sets) {
      bool version = setting.variable == Variable::Version;
      if (step.kind != StepKind::Act || (!version && setting.variable != Variable::Schema)) continue;
      std::set<std::string>& images = brought[step.action.service];
      if (version && is_named(setting.value)) images.insert(setting.value.text);
    }
  return brought;
}

/// The clause with the latest `from` that is not later than the version; null: none is about it.
const ast::CompatibleItem* clause_for(const ir::Service& declared, uint32_t with, const std::string& version) {
  const ast::CompatibleItem* found = nullptr;
  for (const ir::Compatible& one : declared.compatible) {
    if (one.with != with) continue;
    std::string_view from = bound_of(one.decl->from);
    if (!from.empty() && (version.empty() || eval::compare_versions(version, from) < 0)) continue;
    bool later = !found || found->from.text.empty() ||
                 (!from.empty() && eval::compare_versions(from, bound_of(found->from)) > 0);
    if (later) found = one.decl;
  }
  return found;
}

}  // namespace

std::vector<Value> Planner::entities_of(uint32_t declared) {
  const ir::Service& service = program_.services[declared];
  Value entity = Value::of(Value::Kind::Entity, std::string(service.decl->name.text));
  entity.number = declared;
  if (!service.places.decl) return {entity};
  std::vector<Value> all;
  for (const Value& place : eval_->places(service.places)) {
    all.push_back(entity);
    all.back().text += fmt::format("[{}]", eval::place_name(service.places, place));
    all.back().items = {place};
  }
  return all;
}

/// At the place of the service where the other one exists there, too, else all of them.
std::vector<Value> Planner::partners_of(const Value& service, uint32_t with) {
  if (service.number == with) return {service};
  std::vector<Value> all = entities_of(with);
  const ir::Places &own = program_.services[size_t(service.number)].places, &other = program_.services[with].places;
  if (!own.decl || !other.decl) return all;
  const std::string& place = eval::place_name(own, service.items[0]);
  auto there = [&](const Value& one) { return eval::place_name(other, one.items[0]) == place; };
  if (auto same = std::find_if(all.begin(), all.end(), there); same != all.end()) return {*same};
  return all;
}

/// Takes the service and what it lives beside into the plan, where the plan changes one of them.
void Planner::meet(uint32_t declared, const Value& service, const std::map<uint32_t, Running>& brought) {
  auto changes = [&](const Value& entity) {
    auto known = services_.find(fmt::format("{} {}", entity.number, entity.text));
    return known != services_.end() && brought.contains(known->second);
  };
  for (const ir::Compatible& one : program_.services[declared].compatible)
    for (const Value& partner : partners_of(service, one.with))
      if (changes(service) || changes(partner)) service_index(service), service_index(partner);
}

/// The clauses say what matters; the label of an image says what holds for that version.
void Planner::meet_neighbours() {
  bool any = std::any_of(program_.services.begin(), program_.services.end(),
                         [](const ir::Service& service) { return !service.compatible.empty(); });
  if (!any) return;
  std::map<uint32_t, Running> brought = brought_in(plan_);
  for (uint32_t i = 0; i < program_.services.size(); ++i)
    if (!program_.services[i].compatible.empty())
      for (const Value& entity : entities_of(i)) meet(i, entity, brought);
  size_t declared = plan_.services.size();
  for (uint32_t i = 0; i < declared; ++i)
    if (plan_.services[i].subject == Subject::Service) declare_beside(i, brought);
}

namespace {

/// What holds for all versions, whatever their number, holds for one that nobody has looked at.
bool says_all(const ir::Service& declared, uint32_t with) {
  size_t clauses = std::count_if(declared.compatible.begin(), declared.compatible.end(),
                                 [&](const ir::Compatible& one) { return one.with == with; });
  return clauses == 1 && clause_for(declared, with, "");
}

}  // namespace

/// What a label names beside the clauses of the service says nothing here.
std::vector<std::pair<uint32_t, Range>> Planner::labelled(uint32_t service, const ObservedLabel& label) {
  const ir::Service& declared = program_.services[size_t(entities_[service].number)];
  std::vector<std::pair<uint32_t, Range>> found;
  Result<std::vector<LabelPart>> parts = read_label(label.text);
  if (!parts) {
    diagnostics_.report(declared.decl->name.span, diag::CompatibleUnclear, label.image, parts.error().message)
        .advise("build the image with another label, or leave the label away");
    return found;
  }
  for (const LabelPart& part : *parts) {
    std::vector<uint32_t> meant;
    for (uint32_t i = 0; i < program_.services.size(); ++i) {
      const ast::ServiceDecl& other = *program_.services[i].decl;
      bool fits = other.subject == (part.schema ? ast::SubjectWord::Database : ast::SubjectWord::Service);
      bool own = part.of.empty() && (part.schema || i == uint32_t(entities_[service].number));
      if (fits && (own || other.name.text == part.of)) meant.push_back(i);
    }
    if (meant.size() == 1) found.emplace_back(meant[0], part.range);
    else if (meant.size() > 1)
      diagnostics_.report(declared.decl->name.span, diag::CompatibleUnclear, label.image, "there are several databases")
          .advise("name it in the label: `schema 12..13 of orders`");
  }
  return found;
}

/// Each version that the plan knows, with each subject that the clauses name.
void Planner::declare_beside(uint32_t service, const std::map<uint32_t, Running>& brought) {
  const ir::Service& declared = program_.services[size_t(entities_[service].number)];
  std::map<std::string, std::vector<std::pair<uint32_t, Range>>> labels;  // by image: with whom
  std::set<uint32_t> with;  // Program::services
  for (const ir::Compatible& one : declared.compatible) with.insert(one.with);
  if (with.empty()) return;
  // All that may run of it, each once; of what was not looked at, only that it is an earlier one.
  Running images;
  if (auto own = brought.find(service); own != brought.end()) images = own->second;
  if (Value at_first = model_.at_origin({service, Variable::Version, Role::Stable}); is_named(at_first))
    images.insert(at_first.text);
  for (const std::string& image : images)
    for (const ObservedLabel& seen : request_.snapshot.labels) {
      if (seen.image != image) continue;
      plan_.observed.push_back({fmt::format("compatible({})", image), Value::of(Value::Kind::String, seen.text),
                                seen.source, Recheck::Recorded});
      labels[image] = labelled(service, seen);
    }
  const std::vector<Binding>& bindings = plan_.services[service].bindings;
  bool registry = std::any_of(bindings.begin(), bindings.end(),
                              [](const Binding& one) { return one.capability == registry_capability; });
  for (uint32_t partner : with)
    for (const Value& entity : partners_of(entities_[service], partner)) {
      uint32_t index = service_index(entity);
      if (!brought.contains(service) && !brought.contains(index)) continue;
      for (const std::string& image : images) {
        Beside beside{service, image, index, std::nullopt, {}};
        for (const auto& [of, range] : labels[image])
          if (of == partner) beside.range = range, beside.source = "its label";
        std::string version = version_beside(false, image);
        bool unknown = image == earlier_version && (registry || !says_all(declared, partner));
        const ast::CompatibleItem* clause =
            beside.range || unknown ? nullptr : clause_for(declared, partner, version);
        if (clause) {
          beside.range = Range{std::string(bound_of(clause->least)), std::string(bound_of(clause->most))};
          beside.source = place_text(clause->span);
        }
        plan_.beside.push_back(std::move(beside));
      }
    }
}

}  // namespace rollout::plan
