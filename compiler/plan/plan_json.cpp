#include "compiler/plan/plan_json.h"

#include "compiler/base/sha256.h"
#include "compiler/plan/json_parts.h"
#include "compiler/plan/older_plan.h"
#include "compiler/plan/plan_bounds.h"
#include "compiler/plan/restores.h"

namespace rollout::plan {

namespace {

constexpr std::string_view kind_words[] = {"act", "hold", "approval", "commit", "notify",
                                           "preflight", "checkpoint", "lock", "unlock"};
constexpr std::string_view unapproved_words[] = {"park", "rollback", "fail"};

void write_step(json::Writer& json, const Step& step) {
  json.begin_object().field("kind", kind_words[size_t(step.kind)]).field("text", step.text);
  json.field("place", step.place).field("reason", step.reason);
  write_index(json, "phase", step.phase);
  write_indices(json, "after", step.after);
  if (step.kind == StepKind::Act) {
    json.key("action");
    write_action(json, step.action);
    write_indices(json, "rollback", step.rollback);
    if (!step.scope_rollback.empty()) write_list(json, "scope_rollback", step.scope_rollback, write_scope_undo);
  }
  if (step.kind == StepKind::Hold || step.kind == StepKind::Preflight) {
    json.field("hold_ns", step.hold_ns);
    write_indices(json, "gates", step.gates);
  }
  write_index(json, "approval", step.approval);
  write_index(json, "channel", step.channel);
  if (step.kind == StepKind::Notify) json.field("message", step.message);
  write_index(json, "lock", step.lock);
  json.end_object();
}

Step read_step(const json::Node& node) {
  Step step;
  step.kind = read_word<StepKind>(kind_words, node["kind"]);
  step.text = node["text"].as_string();
  step.place = node["place"].as_string();
  step.reason = node["reason"].as_string();
  step.phase = read_index(node["phase"]);
  step.after = read_indices(node["after"]);
  if (step.kind == StepKind::Act) step.action = read_action(node["action"]);
  step.hold_ns = node["hold_ns"].as_int();
  step.gates = read_indices(node["gates"]);
  step.approval = read_index(node["approval"]);
  step.channel = read_index(node["channel"]);
  step.message = node["message"].as_string();
  step.lock = read_index(node["lock"]);
  if (step.kind == StepKind::Act) step.rollback = read_indices(node["rollback"]);
  for (const json::Node& item : node["scope_rollback"].items)
    step.scope_rollback.push_back({read_index(item["scope"]), read_indices(item["undo"])});
  return step;
}

/// A list of lines, so that people can read it and compare two of them.
void write_declared(json::Writer& json, std::string_view lines) {
  json.key("declared").begin_array();
  while (!lines.empty()) {
    size_t end = lines.find('\n');
    json.value(lines.substr(0, end));
    lines.remove_prefix(std::min(lines.size(), end + 1));
  }
  json.end_array();
}

void write_approval(json::Writer& json, const Approval& approval) {
  json.begin_object().field("team", approval.team).key("members").begin_array();
  for (const std::string& member : approval.members) json.value(member);
  json.end_array().field("quorum", approval.quorum).field("timeout_ns", approval.timeout_ns);
  json.field("on_timeout", unapproved_words[size_t(approval.on_timeout)]);
  if (const std::optional<Escalation>& more = approval.escalation) {
    json.key("escalation").begin_object().field("team", more->team).key("members").begin_array();
    for (const std::string& member : more->members) json.value(member);
    json.end_array().field("after_ns", more->after_ns);
    write_index(json, "channel", more->channel);
    json.end_object();
  }
  write_index(json, "channel", approval.channel);
  if (!approval.confirms.empty()) json.field("confirms", approval.confirms);
  json.end_object();
}

Approval read_approval(const json::Node& node) {
  Approval approval;
  approval.team = node["team"].as_string();
  approval.confirms = node["confirms"].as_string();
  for (const json::Node& member : node["members"].items) approval.members.emplace_back(member.as_string());
  approval.quorum = node["quorum"].as_int();
  approval.timeout_ns = node["timeout_ns"].as_int();
  approval.on_timeout = read_word<Unapproved>(unapproved_words, node["on_timeout"]);
  if (const json::Node& more = node["escalation"]; more.is(json::Node::Kind::Object)) {
    approval.escalation = {std::string(more["team"].as_string()), {}, more["after_ns"].as_int(),
                           read_index(more["channel"])};
    for (const json::Node& member : more["members"].items)
      approval.escalation->members.emplace_back(member.as_string());
  }
  approval.channel = read_index(node["channel"]);
  return approval;
}

void write_forbidden(json::Writer& json, const Forbidden& forbidden) {
  json.begin_object().field("policy", forbidden.policy).key("during");
  write_during(json, forbidden.during);
  if (forbidden.unless_open) json.field("unless_open", true);
  json.end_object();
}

/// The error says what is damaged.
Status read_policies(const json::Node& node, Plan& plan) {
  for (const json::Node& policy : node["policies"].items) plan.policies.emplace_back(policy.as_string());
  for (const json::Node& item : node["forbidden"].items) {
    Result<During> during = read_during(item["during"]);
    if (!during) return during.error();
    plan.forbidden.push_back(
        {std::string(item["policy"].as_string()), std::move(*during), item["unless_open"].as_bool()});
  }
  return Done{};
}

bool bad(uint32_t index, size_t size) { return index >= size; }

bool bad_action(const Plan& plan, const Action& action) {
  return bad(action.service, plan.services.size()) || bad(action.target, plan.targets.size()) ||
         (action.once && action.attempts > 1);
}

bool bad_facts(const Plan& plan) {
  if (!plan.facts) return false;
  bool wrong = plan.facts->phases.size() != plan.phases.size();
  for (const ExposureFacts& one : plan.facts->exposure) {
    wrong |= bad(one.service, plan.services.size());
    wrong |= one.harm_step != none && bad(one.harm_step, plan.steps.size());
  }
  for (const PeakFacts& one : plan.facts->peaks) wrong |= bad(one.target, plan.targets.size());
  for (const BesideFacts& one : plan.facts->beside) wrong |= bad(one.beside, plan.beside.size());
  return wrong;
}

std::string dangling_step(const Plan& plan) {
  for (size_t i = 0; i < plan.steps.size(); ++i) {
    const Step& step = plan.steps[i];
    bool wrong = (step.phase != none && bad(step.phase, plan.phases.size())) ||
                 (step.kind == StepKind::Act && bad_action(plan, step.action)) ||
                 (step.kind == StepKind::Approval && bad(step.approval, plan.approvals.size())) ||
                 (step.kind == StepKind::Notify && bad(step.channel, plan.channels.size())) || bad_lock(plan, i);
    for (uint32_t after : step.after) wrong |= after >= i;
    for (uint32_t gate : step.gates) wrong |= bad(gate, plan.gates.size());
    for (uint32_t undo : step.rollback) wrong |= bad(undo, plan.undo.size());
    for (const ScopeUndo& own : step.scope_rollback) {
      wrong |= bad(own.scope, plan.scopes.size());
      for (uint32_t undo : own.undo) wrong |= bad(undo, plan.undo.size());
    }
    if (wrong) return "step " + std::to_string(i);
  }
  return {};
}

/// The first index that points nowhere, in words; empty when all are good.
std::string dangling(const Plan& plan) {
  if (std::string step = dangling_step(plan); !step.empty()) return step;
  auto bad_channel = [&](uint32_t channel) { return channel != none && bad(channel, plan.channels.size()); };
  for (const Approval& approval : plan.approvals)
    if (approval.quorum < 1 || approval.quorum > int64_t(approval.members.size()) || bad_channel(approval.channel) ||
        (approval.escalation && bad_channel(approval.escalation->channel)))
      return "approval by " + approval.team;
  for (const Channel& channel : plan.channels)
    if (bad(channel.target, plan.targets.size())) return "team " + channel.team;
  std::vector<uint32_t> told = plan.told;
  told.insert(told.end(), plan.rollback.told.begin(), plan.rollback.told.end());
  for (const UndoScope& scope : plan.scopes)
    told.insert(told.end(), scope.rollback.told.begin(), scope.rollback.told.end());
  for (uint32_t channel : told)
    if (bad(channel, plan.channels.size())) return "what is told";
  for (const Action& action : plan.undo)
    if (bad_action(plan, action)) return "undo " + action.text;
  for (const Signal& signal : plan.signals)
    if (bad(signal.service, plan.services.size()) || bad(signal.target, plan.targets.size()))
      return "signal " + signal.name;
  for (const Baseline& baseline : plan.baselines)
    if (is_bad(baseline, plan)) return "baseline " + baseline.text;
  for (const Condition& condition : plan.conditions)
    if ((condition.baseline != none && (bad(condition.baseline, plan.baselines.size()) || condition.right)) ||
        bad(condition.left.signal, plan.signals.size()) ||
        (condition.right && bad(condition.right->signal, plan.signals.size())))
      return "condition " + condition.text;
  for (const Gate& gate : plan.gates) {
    bool wrong = gate.fail.then == Fallback::PassUnproven ||
                 (gate.harm_of && bad(gate.harm_of->signal, plan.signals.size()));
    for (uint32_t condition : gate.conditions) wrong |= bad(condition, plan.conditions.size());
    for (const Response* response : {&gate.no_data, &gate.undecided, &gate.error, &gate.fail})
      wrong |= response->then == Fallback::Ask && bad(response->approval, plan.approvals.size());
    if (wrong) return "gate " + gate.text;
  }
  for (const Watch& watch : plan.watches)
    if (bad(watch.condition, plan.conditions.size()) || bad(watch.last_step, plan.steps.size()) ||
        watch.first_step > watch.last_step)
      return "watch " + watch.text;
  for (const Beside& beside : plan.beside)
    if (is_bad(beside, plan)) return "what " + beside.image + " lives beside";
  if (bad_facts(plan)) return "what was proven";
  if (bad_held(plan)) return "what a policy asks";
  for (const Service& service : plan.services)
    for (const Binding& binding : service.bindings)
      if (bad(binding.target, plan.targets.size())) return "service " + service.name;
  if (plan.rollback.verify_gate != none && bad(plan.rollback.verify_gate, plan.gates.size())) return "rollback";
  bool bad_retry = plan.retry.times < 0 || plan.retry.times > max_retries || plan.retry.every_ns < 0 ||
                   bad(plan.retry.from_step, plan.steps.size());
  if (plan.retry.times != 0 && bad_retry) return "retry";
  if (uint32_t hook = first_bad_hook(plan); hook != none) return "hook " + std::to_string(hook);
  if (uint32_t scope = first_bad_scope(plan); scope != none) return "scope " + std::to_string(scope);
  return {};
}

}  // namespace

PlanBytes to_bytes(const Plan& plan) {
  json::Writer json;
  json.begin_object().field("format", format_version).field("tool", plan.tool_version).field("rollout", plan.rollout);
  if (!plan.environment.empty()) json.field("environment", plan.environment);
  json.field("offline", plan.offline);
  write_list(json, "sources", plan.sources, [](json::Writer& j, const Source& source) {
    j.begin_object().field("path", source.path).field("sha256", source.sha256).end_object();
  });
  write_values(json, "inputs", plan.inputs);
  write_list(json, "observed", plan.observed, write_observed);
  write_list(json, "targets", plan.targets, write_target);
  write_list(json, "services", plan.services, write_service);
  write_list(json, "signals", plan.signals, write_signal);
  if (!plan.baselines.empty()) write_list(json, "baselines", plan.baselines, write_baseline);
  write_list(json, "conditions", plan.conditions, write_condition);
  write_list(json, "gates", plan.gates, write_gate);
  write_list(json, "watches", plan.watches, write_watch);
  write_list(json, "phases", plan.phases, [](json::Writer& j, const Phase& phase) { j.value(phase.name); });
  write_list(json, "steps", plan.steps, write_step);
  write_list(json, "undo", plan.undo, write_action);
  // Only where there are any: plans without them keep the bytes that they always had.
  if (!plan.approvals.empty()) write_list(json, "approvals", plan.approvals, write_approval);
  if (!plan.channels.empty())
    write_list(json, "channels", plan.channels, [](json::Writer& j, const Channel& channel) {
      j.begin_object().field("team", channel.team).field("target", channel.target).end_object();
    });
  if (!plan.told.empty()) write_indices(json, "told", plan.told);
  json.key("rollback");
  write_rollback(json, plan.rollback);
  if (plan.retry.times > 0) {
    json.key("retry").begin_object().field("times", plan.retry.times).field("every_ns", plan.retry.every_ns);
    json.field("from_step", plan.retry.from_step).end_object();
  }
  if (!plan.hooks.empty()) write_list(json, "hooks", plan.hooks, write_hook);
  write_control(json, plan);
  if (!plan.scopes.empty()) write_list(json, "scopes", plan.scopes, write_scope);
  if (plan.during) {
    json.key("during");
    write_during(json, *plan.during);
  }
  if (!plan.policies.empty())
    write_list(json, "policies", plan.policies, [](json::Writer& j, const std::string& name) { j.value(name); });
  if (!plan.forbidden.empty()) write_list(json, "forbidden", plan.forbidden, write_forbidden);
  write_held(json, plan);
  if (!plan.beside.empty()) write_list(json, "beside", plan.beside, write_beside);
  if (!plan.declared.empty()) write_declared(json, plan.declared);
  if (plan.facts) write_facts(json, *plan.facts);
  // A slip in an editor is noticed even where the result would read well.
  Sha256 sha;
  size_t hashed = json.text().size();
  sha.update(json.text());
  json.field("sha256", Sha256(sha).hex());
  json.end_object();
  std::string bytes = json.take();
  bytes += '\n';
  sha.update(std::string_view(bytes).substr(hashed));
  return {std::move(bytes), sha.hex()};
}

namespace {

/// Its bytes are those that its content gives. What an earlier version has made is not damaged, and is not run either:
/// what it does not say, nobody has proven.
Status check_bytes(const Plan& plan, const json::Node& node, std::string_view bytes, bool earlier) {
  std::string today = to_json(plan);
  if (today == bytes) return Done{};
  Result<json::Node> now = json::parse(today);
  std::string where = now ? where_older(node, *now) : "";
  if (where.empty()) return OpError{"this plan is damaged: its bytes are not what its content gives"};
  if (earlier) return Done{};
  std::string wrote = plan.tool_version.empty() ? "" : " (" + plan.tool_version + ")";
  return OpError{"this plan was made by an earlier rollout" + wrote + ", whose plans differ from those of today at `" +
                     where + "`: make the plan again, and end a run of it by the version that began it",
                 false, true};
}

/// `earlier`: that of an earlier rollout, too.
Result<Plan> read_plan(std::string_view bytes, bool earlier) {
  Result<json::Node> root = json::parse(bytes);
  if (!root) return OpError{"this is no plan: " + root.error().message};
  const json::Node& node = *root;
  if (!node.is(json::Node::Kind::Object) || !node["format"].is(json::Node::Kind::Int))
    return OpError{"this is no plan: it names no format"};
  if (node["format"].as_int() != format_version)
    return OpError{"this plan has format " + std::to_string(node["format"].as_int()) +
                   ", this rollout reads format " + std::to_string(format_version)};
  Plan plan;
  plan.tool_version = node["tool"].as_string();
  plan.rollout = node["rollout"].as_string();
  plan.environment = node["environment"].as_string();
  plan.offline = node["offline"].as_bool();
  for (const json::Node& source : node["sources"].items)
    plan.sources.push_back({std::string(source["path"].as_string()), std::string(source["sha256"].as_string())});
  plan.inputs = read_values(node["inputs"]);
  for (const json::Node& item : node["observed"].items) plan.observed.push_back(read_observed(item));
  for (const json::Node& item : node["targets"].items) plan.targets.push_back(read_target(item));
  for (const json::Node& item : node["services"].items) plan.services.push_back(read_service(item));
  for (const json::Node& item : node["signals"].items) plan.signals.push_back(read_signal(item));
  for (const json::Node& item : node["baselines"].items) plan.baselines.push_back(read_baseline(item));
  for (const json::Node& item : node["conditions"].items) plan.conditions.push_back(read_condition(item));
  for (const json::Node& item : node["gates"].items) plan.gates.push_back(read_gate(item));
  for (const json::Node& item : node["watches"].items) plan.watches.push_back(read_watch(item));
  for (const json::Node& item : node["phases"].items) plan.phases.push_back({std::string(item.as_string())});
  for (const json::Node& item : node["steps"].items) plan.steps.push_back(read_step(item));
  for (const json::Node& item : node["undo"].items) plan.undo.push_back(read_action(item));
  for (const json::Node& item : node["approvals"].items) plan.approvals.push_back(read_approval(item));
  for (const json::Node& item : node["channels"].items)
    plan.channels.push_back({std::string(item["team"].as_string()), read_index(item["target"])});
  plan.told = read_indices(node["told"]);
  plan.rollback = read_rollback(node["rollback"]);
  if (const json::Node& retry = node["retry"]; retry.is(json::Node::Kind::Object))
    plan.retry = {retry["times"].as_int(), retry["every_ns"].as_int(), read_index(retry["from_step"])};
  for (const json::Node& item : node["hooks"].items) plan.hooks.push_back(read_hook(item));
  read_control(node, plan);
  for (const json::Node& item : node["scopes"].items) plan.scopes.push_back(read_scope(item));
  if (const json::Node& during = node["during"]; during.is(json::Node::Kind::Object)) {
    Result<During> read = read_during(during);
    if (!read) return OpError{"this plan is damaged: " + read.error().message};
    plan.during = std::move(*read);
  }
  if (Status policies = read_policies(node, plan); !policies)
    return OpError{"this plan is damaged: " + policies.error().message};
  read_held(node, plan);
  for (const json::Node& item : node["beside"].items) plan.beside.push_back(read_beside(item));
  for (const json::Node& line : node["declared"].items) plan.declared.append(line.as_string()) += '\n';
  if (node.find("facts")) plan.facts = read_facts(node["facts"]);
  if (Status same = check_bytes(plan, node, bytes, earlier); !same) return same.error();
  std::string broken = dangling(plan);
  if (!broken.empty()) return OpError{"this plan is damaged: " + broken + " names something that is not in it"};
  if (std::string wrong = out_of_bounds(plan); !wrong.empty()) return OpError{"this plan is damaged: " + wrong};
  if (uint32_t step = first_without_rollback(plan); step != none)
    return OpError{"this plan is damaged: step " + std::to_string(step) + " has no rollback"};
  if (uint32_t step = first_without_scope_rollback(plan); step != none)
    return OpError{"this plan is damaged: step " + std::to_string(step) + " has no way back to the entry of its scope"};
  if (uint32_t step = step_with_lasting_fault(plan); step != none)
    return OpError{"this plan is damaged: step " + std::to_string(step) + " brings a fault that is never lifted"};
  return plan;
}

OpError not_the_one(std::string_view hash) {
  return OpError{"this plan is damaged: it is not the one with the hash " + std::string(hash)};
}

}  // namespace

Result<Plan> from_json(std::string_view bytes) { return read_plan(bytes, false); }

Result<Plan> from_json(std::string_view bytes, std::string_view hash) {
  if (hash_of(bytes) != hash) return not_the_one(hash);
  return read_plan(bytes, false);
}

Result<Plan> from_json_to_show(std::string_view bytes, std::string_view hash) {
  if (hash_of(bytes) != hash) return not_the_one(hash);
  return read_plan(bytes, true);
}

std::string hash_of(std::string_view bytes) {
  Sha256 sha;
  sha.update(bytes);
  return sha.hex();
}

}  // namespace rollout::plan
