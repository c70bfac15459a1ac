#include "runtime/cli/planning.h"

#include <algorithm>
#include <cmath>
#include <filesystem>

#include <fmt/format.h>

#include "compiler/plan/plan_json.h"
#include "compiler/plan/reach.h"
#include "compiler/verify/recheck.h"
#include "runtime/backend/live_world.h"
#include "runtime/cli/check_name.h"
#include "runtime/cli/compile_files.h"
#include "runtime/cli/open_state.h"
#include "runtime/cli/outline.h"
#include "runtime/cli/report.h"

namespace rollout::cli {

namespace {

constexpr std::string_view make_again = "; make the plan again: `rollout plan FILE --out NAME.plan`";
constexpr const char* blanks = "\xEF\xBB\xBF \t\r\n";

/// Or is meant to be one, also where an editor put a mark or blanks before it: no program begins with a brace.
bool is_saved_plan(const std::string& path) {
  Result<std::string> text = read_file(path, max_plan_bytes);
  size_t first = text ? text->find_first_not_of(blanks) : std::string::npos;
  return first != std::string::npos && (*text)[first] == '{';
}

bool is_too_large(const std::string& path) {
  std::error_code failed;
  uintmax_t size = std::filesystem::file_size(path, failed);
  return !failed && size > max_plan_bytes;
}

/// By its name or by its bytes no program: a plan that was lost, packed or damaged on its way.
bool is_broken_plan(const std::string& path) {
  constexpr size_t looked_at = 1000;
  if (path.ends_with(".rollout")) return false;
  if (is_too_large(path)) return true;
  Result<std::string> text = read_file(path, max_plan_bytes);
  if (!text) return false;
  if (path.ends_with(".plan") || text->find_first_not_of(blanks) == std::string::npos) return true;
  return std::any_of(text->begin(), text->begin() + ptrdiff_t(std::min(text->size(), looked_at)),
                     [](unsigned char c) { return c < ' ' && (c < '\t' || c > '\r'); });
}

/// Why bytes that begin like no plan are none, and what to do.
std::string why_no_plan(std::string_view bytes) {
  if (bytes.starts_with("\x1F\x8B")) return "it is packed with gzip; unpack it first";
  return fmt::format("{}; make one: `rollout plan FILE --out NAME.plan`",
                     bytes.empty() ? "it is empty" : "it is no file that `rollout plan --out` wrote");
}

std::string absolute(const Context& context, const std::string& typed) {
  return (std::filesystem::path(context.env.directory) / typed).lexically_normal().string();
}

Planned finish(Project project, plan::Plan plan) {
  plan::PlanBytes bytes = plan::to_bytes(plan);
  return {std::move(project), std::move(plan), std::move(bytes.json), std::move(bytes.hash), false};
}

}  // namespace

Status check_name(const Compilation& compilation, const std::string& name, const std::string& typed) {
  const ir::Program& program = *compilation.program;
  if (name.empty() || compilation.diagnostics.has_errors()) return Done{};
  std::vector<std::string_view> known;
  for (const ir::Rollout& rollout : program.rollouts)
    if (rollout.module + 1 == program.modules.size()) known.push_back(rollout.decl->name.text);
  for (const ir::Promotion& promotion : program.promotions)
    if (promotion.module + 1 == program.modules.size()) known.push_back(promotion.decl->name.text);
  if (known.empty() || std::find(known.begin(), known.end(), name) != known.end()) return Done{};
  auto imported = program.modules.back()->scope.find(name);
  if (imported != program.modules.back()->scope.end() && imported->second.kind == ir::Ref::Rollout) return Done{};
  std::string_view meant = nearest(name, known);
  std::string hint = meant.empty() ? "" : fmt::format("; did you mean `{}`?", meant);
  return OpError{fmt::format("`{}` has no rollout `{}`, it has {}{}", typed, name, list_of(known), hint)};
}

namespace {

/// Where the file has environments, one of them is named; where it has none, none is.
Status check_environment(const Compilation& compilation, const std::string& name, const std::string& typed) {
  if (compilation.diagnostics.has_errors()) return Done{};
  std::vector<std::string_view> known;
  for (auto [environment, index] : compilation.program->visible_environments()) known.push_back(environment);
  if (std::find(known.begin(), known.end(), name) != known.end()) return Done{};
  if (known.empty() && name.empty()) return Done{};
  if (known.empty())
    return OpError{fmt::format("`{0}` has no environments; leave out `--env {1}`, or declare it: `environment {1} "
                               "{{ … }}`",
                               typed, name)};
  std::string choices;
  for (std::string_view environment : known)
    choices += fmt::format("{}`--env {}`", choices.empty() ? "" : ", ", environment);
  if (name.empty()) return OpError{fmt::format("`{}` has environments; say which one is meant: {}", typed, choices)};
  std::string_view meant = nearest(name, known);
  std::string hint = meant.empty() ? "" : fmt::format("; did you mean `{}`?", meant);
  return OpError{fmt::format("`{}` has no environment `{}`, it has {}{}", typed, name, list_of(known), hint)};
}

/// First offline: that names the services to look at. Then with what was seen of them.
PlanOrExit plan_source(const Context& context, const Place& place, plan::Request request, Look look,
                       Timings& timings) {
  std::unique_ptr<Compilation> compilation = compile_file(place, context.env.directory, timings);
  Report report(context);
  std::optional<plan::Plan> plan;
  bool checked = !compilation->diagnostics.has_errors();
  const ir::Promotion* promotion = checked ? plan::find_promotion(*compilation->program, request.rollout) : nullptr;
  constexpr std::string_view no_env = "`{}` is a promotion and goes through its environments itself; leave out `--env`";
  if (promotion && context.args.has("--env"))
    return {std::nullopt, context.fail(Usage, fmt::format(no_env, request.rollout))};
  if (promotion) {
    std::vector<plan::Stage> stages = plan::stages_of(*compilation->program, *promotion, compilation->diagnostics);
    if (!compilation->diagnostics.has_errors()) return {std::nullopt, Ok, std::move(stages)};
  }
  if (Status there = check_name(*compilation, request.rollout, place.typed); !there)
    return {std::nullopt, context.fail(Usage, there.error().message)};
  if (Status there = check_environment(*compilation, request.environment, place.typed); !there)
    return {std::nullopt, context.fail(Usage, there.error().message)};
  request.keep_breaches = true;  // the proofs report them, or the run that shows one of them
  request.now_wall_ns = context.env.effects().clock.wall_ns();
  auto make = [&] {
    size_t known = compilation->diagnostics.size();
    plan = plan::make_plan(*compilation->program, request, compilation->sources, compilation->diagnostics);
    if (!request.environment.empty())
      compilation->diagnostics.note_since(known, fmt::format("in environment `{}`", request.environment));
  };
  if (!compilation->diagnostics.has_errors()) make();
  timings.mark("plan");
  if (!plan) {
    report.add(*compilation);
    report.finish();
    return {std::nullopt, FileErrors};
  }
  Result<Project> project = project_for(context, place.project);
  if (!project) return {std::nullopt, context.fail(Usage, project.error().message)};
  if (look == Look::Nowhere) {
    Result<std::vector<plan::ObservedMigrations>> migrations = migrations_of(context, *plan, *project);
    if (!migrations) return {std::nullopt, context.fail(migrations.error())};
    request.snapshot.migrations = std::move(*migrations);
    if (!request.snapshot.migrations.empty())
      plan = plan::make_plan(*compilation->program, request, compilation->sources, compilation->diagnostics);
  }
  if (look == Look::World) {
    Result<plan::Snapshot> snapshot = look_at_world(context, *plan, *project);
    timings.mark("look");
    if (!snapshot) return {std::nullopt, context.fail(snapshot.error())};
    // What a promotion has fixed is not asked again: a tag may have been moved meanwhile.
    std::vector<plan::ObservedDigest> digests = std::move(request.snapshot.digests);
    request.snapshot = std::move(*snapshot);
    std::vector<plan::ObservedDigest>& all = request.snapshot.digests;
    all.insert(all.begin(), digests.begin(), digests.end());
    make();
    timings.mark("plan again");
    if (std::string lost = plan ? plan::lost_before_begun(*plan) : ""; !lost.empty())
      return {std::nullopt, context.fail(Environment, lost)};
  }
  // Who wants to see a finding happen has been told of it.
  if (plan && !context.args.has("--counterexample"))
    prove_plan(*compilation, *plan, request.inputs, compilation->diagnostics);
  timings.mark("proofs");
  if (compilation->diagnostics.has_errors()) plan.reset();
  if (!compilation->diagnostics.empty() && (!plan || !context.json())) report.add(*compilation);
  if (!plan) {
    report.finish();
    return {std::nullopt, FileErrors};
  }
  Planned planned = finish(std::move(*project), std::move(*plan));
  timings.mark("bytes");
  return {std::move(planned), Ok};
}

}  // namespace

Result<Project> project_for(const Context& context, const Project& own) {
  std::string named = context.args.value("--project");
  if (named.empty()) return own;
  std::error_code failed;
  if (!std::filesystem::is_directory(absolute(context, named), failed))
    return OpError{fmt::format("`--project {}`: there is no such folder; name the one that holds `state`", named)};
  return project_of(context.env.directory, named);
}

Result<std::vector<std::pair<std::string, std::string>>> inputs_of(const Context& context) {
  std::vector<std::pair<std::string, std::string>> inputs;
  for (const std::string& text : context.args.values("--set")) {
    size_t equals = text.find('=');
    if (equals == std::string::npos || equals == 0)
      return OpError{fmt::format("`--set` takes NAME=TEXT, not `{}`", text)};
    std::string name = text.substr(0, equals);
    for (const auto& [other, value] : inputs)
      if (other == name) return OpError{fmt::format("the input `{}` is set twice", name)};
    inputs.emplace_back(std::move(name), text.substr(equals + 1));
  }
  return inputs;
}

PlanOrExit load_saved_plan(const Context& context, const std::string& typed) {
  Result<Place> place = place_of(context.env.directory, typed);
  if (!place) return {std::nullopt, context.fail(Usage, place.error().message)};
  auto refuse = [&](std::string_view why) {
    return PlanOrExit{std::nullopt,
                      context.fail(Refused, fmt::format("`{}` is no plan to be used: {}", typed, why))};
  };
  if (is_too_large(absolute(context, typed)))
    return refuse(fmt::format("it has more than {} bytes, and no plan has", max_plan_bytes));
  Result<std::string> text = read_file(absolute(context, typed), max_plan_bytes);
  if (!text)
    return {std::nullopt,
            context.fail(Environment, fmt::format("`{}` cannot be read: {}", typed, text.error().message))};
  std::string bytes = std::move(*text);
  if (!bytes.starts_with('{')) return refuse(why_no_plan(bytes));
  Result<plan::Plan> plan = plan::from_json(bytes);
  // One of an earlier version has its own advice.
  if (!plan) return refuse(fmt::format("{}{}", plan.error().message, plan.error().refused ? "" : make_again));
  if (plan->sources.empty()) return refuse(fmt::format("it names no file that it was made of{}", make_again));
  Result<Project> project = project_for(context, place->project);
  if (!project) return {std::nullopt, context.fail(Usage, project.error().message)};
  Planned planned{std::move(*project), std::move(*plan), std::move(bytes), {}, true};
  planned.hash = plan::hash_of(planned.bytes);
  return {std::move(planned), Ok};
}

namespace {

/// Whoever made it: what it says of itself is so, before anything follows from it.
PlanOrExit load_plan_to_run(const Context& context, const std::string& typed) {
  PlanOrExit loaded = load_saved_plan(context, typed);
  if (!loaded.planned) return loaded;
  const plan::Plan& plan = loaded.planned->plan;
  std::vector<std::string> broken = verify::recheck(plan);
  if (!plan.facts) broken = {"it holds no facts, as if an earlier rollout had made it"};
  if (broken.empty()) return loaded;
  std::string more;
  if (broken.size() > 1) more = fmt::format(" (`rollout verify {}` shows {} more)", typed, broken.size() - 1);
  return {std::nullopt, context.fail(Refused, fmt::format("`{}` is no plan to be used: {}{}{}", typed, broken.front(),
                                                          more, make_again))};
}

}  // namespace

PlanOrExit plan_from_arguments(const Context& context, Look look, bool saved_allowed, Timings& timings) {
  const std::vector<std::string>& words = context.args.positional;
  Result<Place> place = place_of(context.env.directory, words.at(0));
  if (!place) return {std::nullopt, context.fail(Usage, place.error().message)};
  Result<std::vector<std::pair<std::string, std::string>>> inputs = inputs_of(context);
  if (!inputs) return {std::nullopt, context.fail(Usage, inputs.error().message)};
  bool saved = is_saved_plan(absolute(context, words[0]));
  if (saved || (saved_allowed && is_broken_plan(absolute(context, words[0])))) {
    std::string show = fmt::format("`{}` is a saved plan; `rollout show {}` shows it", words[0], words[0]);
    if (!saved_allowed) return {std::nullopt, context.fail(Usage, show)};
    if (words.size() > 1 || !inputs->empty() || context.args.has("--env"))
      return {std::nullopt,
              context.fail(Usage, "a saved plan has its rollout, inputs and environment already; name the file alone")};
    return load_plan_to_run(context, words[0]);
  }
  plan::Request request;
  if (words.size() > 1) request.rollout = words[1];
  request.environment = context.args.value("--env");
  // An example is good enough to look at; what is really changed is named.
  request.examples = look == Look::Nowhere;
  request.inputs = std::move(*inputs);
  return plan_source(context, *place, std::move(request), look, timings);
}

PlanOrExit plan_stage(const Context& context, Look look, const StageRequest& stage, Timings& timings) {
  plan::Request request;
  request.rollout = stage.stage.rollout;
  request.environment = stage.stage.environment;
  request.examples = look == Look::Nowhere;
  request.inputs = stage.inputs;
  request.snapshot.digests = stage.digests;
  return plan_source(context, stage.place, std::move(request), look, timings);
}

Result<std::unique_ptr<journal::Store>> open_store(const Context& context, const Project& project, bool create) {
  Result<std::unique_ptr<journal::SqlStore>> store = open_state(context, project, create);
  if (!store) return store.error();
  return std::unique_ptr<journal::Store>(std::move(*store));
}

namespace {

/// An action of the plan, or of its way back, that gives the stable version all of the traffic.
const plan::Action* resting_share(const plan::Plan& plan, uint32_t service) {
  auto rests = [&](const plan::Action& action) {
    return action.service == service && action.sets.size() == 1 &&
           action.sets[0].variable == plan::Variable::Share && action.sets[0].value.number == 0;
  };
  for (const plan::Step& step : plan.steps)
    if (step.kind == plan::StepKind::Act && rests(step.action)) return &step.action;
  for (const plan::Action& undo : plan.undo)
    if (rests(undo)) return &undo;
  return nullptr;
}

/// What its router shows of it now. One that does not answer says so when the run begins.
void look_at_router(backend::LiveWorld& world, const plan::Plan& plan, uint32_t service, plan::ObservedService& seen) {
  for (const plan::Binding& binding : plan.services[service].bindings)
    if (binding.divides())
      seen.router = fmt::format("target {}", plan.targets[binding.target].name);
  if (seen.router.empty()) return;
  if (Result<std::optional<int64_t>> share = world.observe_share(service); share) seen.share_ppb = *share;
}

/// What of a running service is not as it is declared, in words; nothing while a canary is about.
std::string trouble_of(backend::LiveWorld& world, const plan::Plan& plan, uint32_t service,
                       const backend::ServiceState& state) {
  if (!state.stable_image || state.canary_image) return {};
  std::vector<std::string> troubles;
  int64_t replicas = state.scaled.value_or(plan.services[service].replicas);
  if (state.stable_instances < replicas)
    troubles.push_back(fmt::format("{} of {} instances are ready", state.stable_instances, replicas));
  if (const plan::Action* share = resting_share(plan, service)) {
    Result<exec::Observation> seen = world.observe(*share, {"", state.generation});
    if (seen && seen->seen == exec::Seen::Absent)
      troubles.push_back(fmt::format("{} does not send it the traffic ({})", plan.targets[share->target].name,
                                     seen->detail));
  }
  return join(troubles, ", and ");
}

}  // namespace

Result<std::vector<plan::ObservedMigrations>> migrations_of(const Context& context, const plan::Plan& plan,
                                                            const Project& project) {
  bool databases = std::any_of(plan.services.begin(), plan.services.end(), [](const plan::Service& one) {
    return one.subject == plan::Subject::Database;
  });
  if (!databases) return std::vector<plan::ObservedMigrations>();
  effects::Effects effects = context.env.effects();
  Result<std::unique_ptr<backend::LiveWorld>> world = backend::LiveWorld::open(plan, project.root, effects);
  // A backend that this program cannot drive has no files that it knows of.
  if (!world) return std::vector<plan::ObservedMigrations>();
  return (*world)->migrations();
}

Result<plan::Snapshot> look_at_world(const Context& context, const plan::Plan& plan, const Project& project) {
  effects::Effects effects = context.env.effects();
  Result<std::unique_ptr<backend::LiveWorld>> world = backend::LiveWorld::open(plan, project.root, effects);
  if (!world) return world.error();
  Result<std::unique_ptr<journal::SqlStore>> store = look_at_state(context, project);
  if (!store) return OpError{store.error().message + "; nothing was changed", false, store.error().refused};
  plan::Snapshot snapshot;
  snapshot.offline = false;
  Result<std::vector<plan::ObservedMigrations>> migrations = (*world)->migrations();
  if (!migrations) return migrations.error();
  snapshot.migrations = std::move(*migrations);
  Result<std::vector<plan::ObservedDigest>> digests = (*world)->digests();
  if (!digests) return digests.error();
  snapshot.digests = std::move(*digests);
  std::vector<std::optional<Result<backend::ServiceState>>> states = (*world)->observe_services();
  for (uint32_t i = 0; i < plan.services.size(); ++i) {
    // A service without anything that acts on it is only judged.
    if (!states[i]) continue;
    std::string name = plan::service_text(plan.services[i]);
    const Result<backend::ServiceState>& state = *states[i];
    if (!state) return state.error();
    plan::ObservedService seen;
    seen.service = name;
    seen.unreached = state->unreached;
    seen.state = state->state;
    seen.instances = state->scaled;
    if (state->stable_image) seen.stable = eval::Value::of(eval::Value::Kind::Image, *state->stable_image);
    seen.generation = state->generation;
    if (*store) {
      Result<int64_t> next = (*store)->next_generation(plan::identity_of(plan, plan.services[i]));
      if (!next) return next.error();
      seen.generation = std::max(seen.generation, *next - 1);
    }
    seen.source = "what runs";
    for (const plan::Binding& binding : plan.services[i].bindings)
      if (binding.target < plan.targets.size() && binding.capability != plan::registry_capability) {
        seen.source = fmt::format("target {}", plan.targets[binding.target].name);
        break;
      }
    if (seen.unreached.empty()) look_at_router(**world, plan, i, seen);
    if (seen.share_ppb.value_or(0) > 0)
      seen.trouble = fmt::format("{} sends {} of the traffic to a canary that no plan knows of", seen.router.substr(7),
                                 eval::percent_text(*seen.share_ppb));
    else if (seen.unreached.empty()) seen.trouble = trouble_of(**world, plan, i, *state);
    snapshot.services.push_back(std::move(seen));
  }
  Result<std::vector<plan::ObservedLabel>> labels = (*world)->labels(snapshot.services, snapshot.digests);
  if (!labels) return labels.error();
  snapshot.labels = std::move(*labels);
  if (!*store) return snapshot;
  Result<std::vector<journal::RunInfo>> runs = (*store)->list();
  if (!runs) return runs.error();
  snapshot.runs = std::count_if(runs->begin(), runs->end(), [&](const journal::RunInfo& run) {
    return run.rollout == plan.rollout;
  });
  return snapshot;
}

namespace {

bool still_within(const plan::Observed& observed, const eval::Value& current) {
  double most = std::fabs(double(observed.value.number)) * double(observed.within_ppb) / double(eval::percent_all);
  return observed.value.kind == current.kind &&
         std::fabs(double(current.number) - double(observed.value.number)) <= most;
}

/// What a flag or a database was, or whether a host was drained.
bool was_state(const plan::Observed& observed, const std::string& name) {
  return observed.what == fmt::format("flag({})", name) || observed.what == fmt::format("schema({})", name) ||
         observed.what == fmt::format("drained({})", name);
}

}  // namespace

/// The files of its migrations are those that it was made with.
Status check_migrations(const plan::Plan& plan, const plan::Snapshot& now) {
  for (const plan::ObservedMigrations& ready : now.migrations)
    for (const plan::Observed& observed : plan.observed)
      for (bool undo : {false, true}) {
        std::string about = fmt::format("{}({}, ", undo ? "undo" : "migration", ready.database);
        if (!observed.what.starts_with(about)) continue;
        std::string name = observed.what.substr(about.size(), observed.what.size() - about.size() - 1), sha256;
        for (const plan::ObservedMigration& one : ready.list)
          if (one.name == name) sha256 = undo ? one.undo_sha256 : one.sha256;
        if (sha256 == observed.value.text) continue;
        return OpError{fmt::format("the plan is stale: the {}file of {} is not the one that it was made with; make a "
                                   "new plan",
                                   undo ? "undo " : "", name),
                       false, true};
      }
  return Done{};
}

/// The tags still mean the images that it was made for.
Status check_digests(const plan::Plan& plan, const plan::Snapshot& now) {
  for (const plan::ObservedDigest& seen : now.digests)
    for (const plan::Observed& observed : plan.observed) {
      bool moved = observed.recheck == plan::Recheck::Exact && observed.value.text != seen.digest &&
                   observed.what == fmt::format("digest({})", seen.image);
      if (moved)
        return OpError{fmt::format("the plan is stale: {} was {} when it was made and is {} now, as {} says; find out "
                                   "who moved the tag, and make a new plan",
                                   seen.image, observed.value.text, seen.digest, seen.source),
                       false, true};
    }
  return Done{};
}

Status check_observed(const plan::Plan& plan, const plan::Snapshot& now) {
  if (Status tags = check_digests(plan, now); !tags) return tags;
  if (Status files = check_migrations(plan, now); !files) return files;
  std::string released;
  for (const plan::Observed& observed : plan.observed) {
    if (observed.recheck == plan::Recheck::Recorded || observed.recheck == plan::Recheck::AtRunStart) continue;
    for (const plan::ObservedService& service : now.services) {
      if (!service.unreached.empty()) continue;  // it fails by itself, as the rollout says
      bool moved = observed.what == fmt::format("share({}, canary)", service.service) && service.share_ppb &&
                   *service.share_ppb != observed.value.number;
      if (moved)
        return OpError{fmt::format("the plan is stale: {} of the traffic of {} went to a canary when it was made, and "
                                   "{} goes there now, as {} says; make a new plan",
                                   eval::to_text(observed.value), service.service,
                                   eval::percent_text(*service.share_ppb), service.router),
                       false, true};
      if (observed.what == fmt::format("instances({}, stable)", service.service) &&
          service.instances != observed.value.number)
        return OpError{fmt::format("the plan is stale: {} was scaled to {} instances when it was made and is not any "
                                   "more; make a new plan",
                                   service.service, observed.value.number),
                       false, true};
      bool version = observed.what == fmt::format("version({}, stable)", service.service);
      bool generation = observed.what == fmt::format("generation({})", service.service);
      if (was_state(observed, service.service)) {
        if (service.state == observed.value) continue;
        return OpError{fmt::format("the plan is stale: {} was {} when it was made and is {} now; make a new plan",
                                   service.service, eval::to_text(observed.value), eval::to_text(service.state)),
                       false, true};
      }
      if (!version && !generation) continue;
      eval::Value current = version ? service.stable : eval::Value::of(eval::Value::Kind::Int, service.generation);
      if (eval::to_text(current) == eval::to_text(observed.value)) continue;
      if (observed.recheck == plan::Recheck::Within && still_within(observed, current)) continue;
      if (version)
        return OpError{
            fmt::format("the plan is stale: {} ran {} when it was made and runs {} now; make a new plan",
                        service.service, eval::to_text(observed.value), eval::to_text(current)),
            false, true};
      released = service.service;
    }
  }
  if (released.empty()) return Done{};
  return OpError{
      fmt::format("the plan is stale: another run has changed {} since it was made; make a new plan", released),
      false, true};
}

}  // namespace rollout::cli
