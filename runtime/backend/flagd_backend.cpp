#include "runtime/backend/flagd_backend.h"

#include <optional>

#include <fmt/format.h>

#include "runtime/backend/config.h"

namespace rollout::backend {
namespace {

using exec::Observation;
using exec::Seen;

constexpr int64_t lock_wait_ns = 2'000'000'000;

std::optional<int64_t> wanted_share(const plan::Action& action) {
  for (const plan::Setting& setting : action.sets)
    if (setting.variable == plan::Variable::Flag) return setting.value.number;
  return std::nullopt;
}

OpError sets_no_share(const plan::Action& action) {
  return settled_error(
      fmt::format("`{}` sets no share of a flag, and that is all that a flag file can hold", action.text));
}

}  // namespace

Result<FlagdNames> FlagdBackend::names_of(const plan::Plan& plan, uint32_t flag) const {
  const plan::Target& target = plan.targets[target_];
  const plan::Binding* binding = binding_of(plan.services[flag], target_);
  const std::string owner = plan::service_text(plan.services[flag]);
  if (!binding) return settled_error(fmt::format("{} is not kept in {}", owner, target.name));
  Result<std::string> path = text_of(target.config, "file", target.name);
  if (!path) return path.error();
  FlagdNames names;
  names.path = resolve(root_, *path);
  for (const auto& [name, text] : {std::pair("key", &names.key), {"on", &names.on}, {"off", &names.off}}) {
    Result<std::string> given = text_of(binding->config, name, owner);
    if (!given) return given.error();
    *text = std::move(*given);
  }
  return names;
}

Result<FlagdFile> FlagdBackend::read(const plan::Plan& plan, uint32_t flag) const {
  Result<FlagdNames> names = names_of(plan, flag);
  if (!names) return names.error();
  Result<std::optional<std::string>> text = effects_.files.read(names->path, max_flag_file_bytes);
  if (!text) return text.error();
  if (!*text) {
    return settled_error(fmt::format("there is no flag definition file {}; make it, with the flag `{}` in it",
                                     names->path, names->key));
  }
  return FlagdFile::read(std::move(**text), std::move(*names));
}

Result<Observation> FlagdBackend::observe(const plan::Plan& plan, const plan::Action& action, const exec::EffectKey&) {
  const std::optional<int64_t> share = wanted_share(action);
  if (!share) return sets_no_share(action);
  const Result<FlagdFile> file = read(plan, action.service);
  if (!file) return file.error();
  const std::string name = plan::service_text(plan.services[action.service]);
  std::string now = fmt::format("{} is on for {}", name, eval::percent_text(file->share_ppb()));
  if (file->share_ppb() == *share) return Observation{Seen::Present, std::move(now)};
  return Observation{Seen::Absent, fmt::format("{}, not {}", now, eval::percent_text(*share))};
}

Status FlagdBackend::act(const plan::Plan& plan, const plan::Action& action, const exec::EffectKey& key) {
  const std::optional<int64_t> share = wanted_share(action);
  if (!share) return sets_no_share(action);
  return write(plan, action.service, &*share, key.generation);
}

Status FlagdBackend::admit(const plan::Plan& plan, uint32_t flag, int64_t generation) {
  return write(plan, flag, nullptr, generation);
}

Status FlagdBackend::write(const plan::Plan& plan, uint32_t flag, const int64_t* share_ppb, int64_t generation) {
  Result<FlagdNames> names = names_of(plan, flag);
  if (!names) return names.error();
  const Result<std::unique_ptr<effects::FileLock>> lock = effects_.files.lock(names->path + ".lock", lock_wait_ns);
  if (!lock) return lock.error();
  const Result<FlagdFile> file = read(plan, flag);
  if (!file) return file.error();
  if (file->generation() > generation) {
    return OpError{fmt::format("{} was changed by a later run (generation {}, this is {}): nothing was done",
                               plan::service_text(plan.services[flag]), file->generation(), generation),
                   false, true};
  }
  const int64_t wanted = share_ppb ? *share_ppb : file->share_ppb();
  if (file->generation() == generation && file->share_ppb() == wanted) return Done{};
  return effects_.files.write(names->path, file->with(wanted, generation));
}

Result<ServiceState> FlagdBackend::state(const plan::Plan& plan, uint32_t flag) {
  const Result<FlagdFile> file = read(plan, flag);
  if (!file) return file.error();
  ServiceState state;
  state.generation = file->generation();
  state.state = eval::Value::of(eval::Value::Kind::Percent, file->share_ppb());
  return state;
}

}  // namespace rollout::backend
