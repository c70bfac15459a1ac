// Programs for tests of the syntax: those of the repository, and generated ones that use every rule of the grammar
// in a layout that nobody would choose. A seed gives the same program everywhere.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace rollout {

struct ProgramText {
  std::string name;
  std::string text;
};

/// All .rollout files of stdlib/ and examples/.
std::vector<ProgramText> repository_programs();

/// A program that parses, with comments and blank lines where they may stand.
std::string generated_program(uint64_t seed);

/// The numbers of SplitMix64.
class Random {
 public:
  explicit Random(uint64_t seed) : state_(seed) {}
  uint64_t next();
  uint32_t below(uint32_t limit) { return uint32_t(next() % limit); }
  bool one_in(uint32_t count) { return below(count) == 0; }

 private:
  uint64_t state_;
};

}  // namespace rollout
