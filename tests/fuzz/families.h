// Texts that are made to hurt, of any size: each family grows in one way.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace rollout::fuzz {

struct Family {
  const char* name;
  std::function<std::string(size_t)> text;
};

/// To read and to lay out; many are no program.
std::vector<Family> families();
/// Programs with nothing wrong, which grow in one way.
std::vector<Family> programs();
/// The same, in which all stands on one line.
std::vector<Family> long_lines();
/// The same, of declarations with much in them, of which each use names a little.
std::vector<Family> wide();
/// The same, of values with many items.
std::vector<Family> collections();
/// The same, which look through much of what stands elsewhere.
std::vector<Family> looks();
/// Programs with bounds that are broken again and again.
std::vector<Family> broken();
/// Programs in which one mistake stands again and again.
std::vector<Family> mistaken();

std::string repeat(std::string_view text, size_t count);
/// `format` for 0 … n - 1.
std::string numbered(const char* format, size_t n);
/// The beginning of a program with a target, and the body of a service there.
std::string head();
std::string workload();

}  // namespace rollout::fuzz
