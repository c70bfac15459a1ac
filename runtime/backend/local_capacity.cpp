#include "runtime/backend/local_capacity.h"

#include <algorithm>
#include <charconv>

#include <fmt/format.h>

namespace rollout::backend {
namespace {

constexpr size_t max_proc_bytes = size_t{64} << 10;
constexpr std::string_view memory_file = "/proc/meminfo";

}  // namespace

std::optional<int64_t> kib_of(std::string_view text, std::string_view name) {
  size_t at = text.find(name);
  if (at == std::string_view::npos || (at > 0 && text[at - 1] != '\n')) return std::nullopt;
  text.remove_prefix(at + name.size());
  text.remove_prefix(std::min(text.size(), text.find_first_not_of(" \t")));
  int64_t kib = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), kib);
  const std::string_view unit(end, size_t(text.data() + text.size() - end));
  return error == std::errc() && unit.starts_with(" kB") ? std::optional(kib) : std::nullopt;
}

Result<std::optional<int64_t>> local_capacity(effects::Files& files, effects::Processes& processes,
                                              const LocalState& state) {
  int64_t running = 0, largest_kib = 0;
  for (const Instance& instance : state.instances) {
    if (instance.process.pid == 0 || !processes.look(instance.process).alive) continue;
    ++running;
    const Result<std::optional<std::string>> status =
        files.read(fmt::format("/proc/{}/status", instance.process.pid), max_proc_bytes);
    if (!status) return status.error();
    if (*status) largest_kib = std::max(largest_kib, kib_of(**status, "VmRSS:").value_or(0));
  }
  if (largest_kib == 0) return std::optional<int64_t>();
  const Result<std::optional<std::string>> memory = files.read(std::string(memory_file), max_proc_bytes);
  if (!memory) return memory.error();
  const std::optional<int64_t> free_kib = *memory ? kib_of(**memory, "MemAvailable:") : std::nullopt;
  if (!free_kib) return OpError{fmt::format("{} does not say how much memory is available", memory_file)};
  return std::optional(running + *free_kib / largest_kib);
}

}  // namespace rollout::backend
