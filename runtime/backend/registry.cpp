#include "runtime/backend/registry.h"

#include "runtime/backend/flagd_backend.h"
#include "runtime/backend/haproxy_backend.h"
#include "runtime/backend/haproxy_entrance.h"
#include "runtime/backend/local_backend.h"
#include "runtime/backend/oci_backend.h"
#include "runtime/backend/postgresql_backend.h"
#include "runtime/backend/ssh_backend.h"

namespace rollout::backend {
namespace {

using Factory = std::unique_ptr<Backend> (*)(uint32_t, const std::string&, const effects::Effects&,
                                             Neighbours&);

template <typename Kind>
std::unique_ptr<Backend> make(uint32_t target, const std::string& root,
                              const effects::Effects& effects, Neighbours& neighbours) {
  return std::make_unique<Kind>(target, root, effects, neighbours);
}

struct Entry {
  std::string_view name;
  Factory factory;
};

constexpr Entry entries[] = {
    {"flagd", make<FlagdBackend>},
    {"haproxy", make<HaproxyBackend>},
    {"haproxy_entrance", make<HaproxyEntrance>},
    {"local", make<LocalBackend>},
    {"postgresql", make<PostgresqlBackend>},
    {"registry", make<OciBackend>},
    {"ssh", make<SshBackend>},
};

}  // namespace

std::unique_ptr<Backend> make_backend(std::string_view name, uint32_t target,
                                      const std::string& root, const effects::Effects& effects,
                                      Neighbours& neighbours) {
  for (const Entry& entry : entries) {
    if (entry.name == name) return entry.factory(target, root, effects, neighbours);
  }
  return nullptr;
}

std::vector<std::string_view> backend_names() {
  std::vector<std::string_view> names;
  for (const Entry& entry : entries) names.push_back(entry.name);
  return names;
}

}  // namespace rollout::backend
