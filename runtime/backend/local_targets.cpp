#include "runtime/backend/local_targets.h"

#include <fmt/format.h>

#include "compiler/base/json.h"
#include "runtime/backend/config.h"
#include "runtime/metrics/metric_source.h"

namespace rollout::backend {
namespace {

constexpr size_t max_targets_bytes = size_t{4} << 20;

void write_instance(json::Writer& out, const std::string& key, const InstanceSet& set,
                    const Instance& instance) {
  const size_t at = key.find('@');
  out.begin_object();
  out.key("targets").begin_array().value(fmt::format("127.0.0.1:{}", instance.port)).end_array();
  out.key("labels").begin_object().field("service", key.substr(0, at));
  if (at != std::string::npos) out.field("place", key.substr(at + 1));
  out.field("track", track_text(set.track)).field("version", version_of(set.image));
  out.field(metrics::set_label_name, set_label(set));
  out.end_object().end_object();
}

}  // namespace

std::string set_label(const InstanceSet& set) {
  return set.name + "-" + version_of(set.image);
}

Status write_targets(const effects::Effects& effects, const std::string& directory) {
  const Result<std::vector<std::string>> keys = local_keys(effects.files, directory);
  if (!keys) return keys.error();
  json::Writer out;
  out.begin_array();
  for (const std::string& key : *keys) {
    const Result<LocalState> state = load_local(effects.files, directory, key);
    if (!state) return state.error();
    for (const Instance& instance : state->instances) {
      const InstanceSet* set = state->set(instance.set);
      // An instance that is on its way in or out serves no role whose evidence could be judged.
      const bool judged = set && (set->track == Track::Stable || set->track == Track::Canary ||
                                 set->track == Track::Control ||
                                 (set->track == Track::Fresh && instance.settled));
      if (judged && effects.processes.look(instance.process).alive)
        write_instance(out, key, *set, instance);
    }
  }
  out.end_array();
  const std::string text = out.take() + "\n";
  const std::string path = directory + "/targets.json";
  const Result<std::optional<std::string>> before = effects.files.read(path, max_targets_bytes);
  if (before && *before && **before == text) return Done{};
  return effects.files.write(path, text);
}

}  // namespace rollout::backend
