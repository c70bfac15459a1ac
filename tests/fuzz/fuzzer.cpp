// libFuzzer's entry: rollout_fuzz [-max_total_time=60] CORPUS stdlib/strategy examples/quickstart
#include <cstddef>
#include <cstdint>
#include <functional>

#include "tests/fuzz/target.h"

extern "C" int LLVMFuzzerRunDriver(int* argc, char*** argv, int (*run_one)(const uint8_t* data, size_t size));

namespace {

// Without instrumented code, a text is worth keeping when it brings a message that none has brought before.
constexpr size_t counter_count = 1 << 14;
__attribute__((section("__libfuzzer_extra_counters"))) uint8_t counters[counter_count];

int run_one(const uint8_t* data, size_t size) {
  std::vector<std::string> messages = rollout::fuzz::try_text(std::string(reinterpret_cast<const char*>(data), size));
  if (messages.empty()) messages.push_back("a program");
  for (const std::string& message : messages) ++counters[std::hash<std::string>()(message) % counter_count];
  return 0;
}

}  // namespace

int main(int argc, char** argv) { return LLVMFuzzerRunDriver(&argc, &argv, run_one); }
