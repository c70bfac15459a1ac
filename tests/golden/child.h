// Runs the program under test once: its own folder, a fixed environment, a time limit. For the golden runner.
// Always true on return: the child and its process group are gone.
#pragma once

#include <chrono>
#include <filesystem>
#include <string>
#include <vector>

namespace rollout::golden {

struct Ended {
  std::string status;  ///< the exit code, `signal 11`, or why it could not start
  bool in_time = true;
  std::string out;
  std::string err;
};

/// `arguments[0]` is the program; the working directory is `folder`, which nobody else uses.
Ended run_child(const std::vector<std::string>& arguments, const std::filesystem::path& folder,
                std::chrono::milliseconds limit);

/// The whole file, or an empty text.
std::string read_file(const std::filesystem::path& path);

}  // namespace rollout::golden
