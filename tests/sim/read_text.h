// read_text: a file as the compiler is handed it. For tests that compile programs of the repository.
#pragma once

#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

#include "compiler/base/result.h"

namespace rollout::sim_test {

inline Result<std::string> read_text(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) return OpError{"cannot read " + path.string()};
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

}  // namespace rollout::sim_test
