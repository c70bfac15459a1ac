#include "compiler/check/circles.h"

#include <algorithm>

#include <fmt/format.h>

namespace rollout::check {

namespace {

using CircleKind = DiagnosticKind<std::string, std::string>;

class CircleSearch {
 public:
  CircleSearch(std::vector<ast::Name> names, const CircleKind& kind, const std::vector<Call>& calls,
               Diagnostics& diagnostics)
      : names_(std::move(names)), kind_(kind), calls_(names_.size()), diagnostics_(diagnostics),
        depths_(names_.size()) {
    for (const Call& call : calls) calls_[call.from].push_back(&call);
  }

  void search_all() {
    for (uint32_t i = 0; i < names_.size(); ++i)
      if (search(i)) return;
  }

 private:

  /// True when something was found and reported.
  bool search(uint32_t from) {
    if (depths_[from]) return false;
    path_.push_back(from);
    size_t depth = 1;
    for (const Call* call : calls_[from]) {
      auto start = std::find(path_.begin(), path_.end(), call->to);
      if (start != path_.end()) return report_circle(size_t(start - path_.begin()), *call);
      bool too_deep = path_.size() > max_made_of || depths_[call->to] > max_made_of;
      if (too_deep) diagnostics_.report(call->span, diag::TooDeep, int(max_made_of));
      if (too_deep || search(call->to)) return true;
      depth = std::max(depth, depths_[call->to] + 1);
    }
    path_.pop_back();
    depths_[from] = depth;
    return false;
  }

  bool report_circle(size_t start, const Call& call) {
    const ast::Name& name = names_[call.to];
    std::string circle;
    for (size_t i = start; i < path_.size(); ++i)
      circle += fmt::format("{} → ", names_[path_[i]].text);
    diagnostics_.report(call.span, kind_, std::string(name.text), circle + std::string(name.text))
        .at(name.span, "declared here");
    return true;
  }

  std::vector<ast::Name> names_;
  const CircleKind& kind_;
  std::vector<std::vector<const Call*>> calls_;  ///< by who calls
  Diagnostics& diagnostics_;
  std::vector<size_t> depths_;  ///< how deep each strategy's calls go; 0: not known yet
  std::vector<uint32_t> path_;
};

}  // namespace

void check_strategy_circles(const ir::Program& program, const std::vector<Call>& calls, Diagnostics& diagnostics) {
  std::vector<ast::Name> names;
  for (const ir::Strategy& strategy : program.strategies) names.push_back(strategy.decl->name);
  CircleSearch(std::move(names), diag::StrategyCircle, calls, diagnostics).search_all();
}

void check_policy_circles(const ir::Program& program, const std::vector<Call>& calls, Diagnostics& diagnostics) {
  std::vector<ast::Name> names;
  for (const ir::Policy& policy : program.policies) names.push_back(policy.decl->name);
  CircleSearch(std::move(names), diag::PolicyCircle, calls, diagnostics).search_all();
}

void check_func_circles(const ir::Program& program, const std::vector<Call>& calls, Diagnostics& diagnostics) {
  std::vector<ast::Name> names;
  for (const ir::Func& func : program.funcs) names.push_back(func.decl->name);
  CircleSearch(std::move(names), diag::FuncCircle, calls, diagnostics).search_all();
}

namespace {

/// The first field of a record that is not `made`, or null: then a value of the record can be made.
const ir::Parameter* unmade_field(const ir::Record& record, const std::vector<bool>& made) {
  for (const ir::Parameter& field : record.fields)
    if (field.type->is(ir::TypeKind::Record) && !made[field.type->index]) return &field;
  return nullptr;
}

}  // namespace

void check_record_circles(const ir::Program& program, Diagnostics& diagnostics) {
  const std::vector<ir::Record>& records = program.records;
  // Who waits for whom: made are those without such a field, then those whose fields are made. The users of all records
  // stand in one vector, those of record i from users_from[i] to users_from[i + 1].
  std::vector<uint32_t> users_from(records.size() + 2), waits_for(records.size()), ready;
  for (uint32_t i = 0; i < records.size(); ++i) {
    for (const ir::Parameter& field : records[i].fields)
      if (field.type->is(ir::TypeKind::Record)) ++users_from[field.type->index + 2], ++waits_for[i];
    if (waits_for[i] == 0) ready.push_back(i);
  }
  for (size_t i = 2; i < users_from.size(); ++i) users_from[i] += users_from[i - 1];
  std::vector<uint32_t> users(users_from.back());
  for (uint32_t i = 0; i < records.size(); ++i) {
    if (waits_for[i] == 0) continue;
    for (const ir::Parameter& field : records[i].fields)
      if (field.type->is(ir::TypeKind::Record)) users[users_from[field.type->index + 1]++] = i;
  }
  std::vector<bool> made(records.size());
  while (!ready.empty()) {
    uint32_t done = ready.back();
    ready.pop_back();
    made[done] = true;
    for (uint32_t i = users_from[done]; i < users_from[done + 1]; ++i)
      if (--waits_for[users[i]] == 0) ready.push_back(users[i]);
  }
  auto left = std::find(made.begin(), made.end(), false);
  if (left == made.end()) return;
  // From any that is left the fields lead into a circle.
  uint32_t at = uint32_t(left - made.begin());
  for (size_t i = 0; i < records.size(); ++i) at = unmade_field(records[at], made)->type->index;
  const ir::Parameter& field = *unmade_field(records[at], made);
  diagnostics.report(field.name.span, diag::MadeOfItself, std::string(records[at].decl->name.text))
      .note("no value of it could ever be written")
      .advise(fmt::format("let the field be left out, `{}: {}?`, or let it hold a list", field.name.text,
                          records[field.type->index].decl->name.text));
}

}  // namespace rollout::check
