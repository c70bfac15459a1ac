// libFuzzer's entry: `./dev fuzz` builds and runs one program for each target. In that build GCC calls
// __sanitizer_cov_trace_pc at every edge; what it counts is the coverage that libFuzzer steers by.
#include <cstddef>
#include <cstdint>

#include "tests/fuzz/target.h"

extern "C" int LLVMFuzzerRunDriver(int* argc, char*** argv, int (*run_one)(const uint8_t* data, size_t size));

namespace {

constexpr size_t counter_count = 1 << 16;
__attribute__((section("__libfuzzer_extra_counters"))) uint8_t counters[counter_count];

int run_one(const uint8_t* data, size_t size) {
  rollout::fuzz::FUZZ_TARGET(std::string(reinterpret_cast<const char*>(data), size));
  return 0;
}

}  // namespace

extern "C" __attribute__((no_sanitize_coverage)) void __sanitizer_cov_trace_pc() {
  // The golden ratio spreads neighbouring addresses over the counters.
  uint64_t place = reinterpret_cast<uint64_t>(__builtin_return_address(0)) * 0x9E3779B97F4A7C15;
  uint8_t& counter = counters[place >> 48];
  if (counter != UINT8_MAX) ++counter;
}

int main(int argc, char** argv) { return LLVMFuzzerRunDriver(&argc, &argv, run_one); }
