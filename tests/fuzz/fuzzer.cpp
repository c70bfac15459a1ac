// libFuzzer's entry: rollout_fuzz [-max_total_time=60] CORPUS stdlib examples
#include <cstddef>
#include <cstdint>

#include "tests/fuzz/target.h"

extern "C" int LLVMFuzzerRunDriver(int* argc, char*** argv, int (*run_one)(const uint8_t* data, size_t size));

namespace {

int run_one(const uint8_t* data, size_t size) {
  rollout::fuzz::try_text(std::string(reinterpret_cast<const char*>(data), size));
  return 0;
}

}  // namespace

int main(int argc, char** argv) { return LLVMFuzzerRunDriver(&argc, &argv, run_one); }
