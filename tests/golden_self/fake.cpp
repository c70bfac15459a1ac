// Stands in for `rollout` when the golden runner itself is tested: each command does one thing that the runner
// has to notice.
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

int main(int argc, char** argv) {
  std::string command = argc > 1 ? argv[1] : "";
  if (command == "check") {
    std::ifstream file(argv[2]);
    std::string text(std::istreambuf_iterator<char>(file), {});
    if (text.find("mistake") == std::string::npos) return 0;
    std::fprintf(stderr, "%s:1:1: error: a mistake [mistake]\n", argv[2]);
    return 1;
  }
  if (command == "say") {
    for (int i = 2; i < argc; ++i) std::printf("<%s>", argv[i]);
  } else if (command == "where") {
    std::printf("%s\n", std::filesystem::current_path().c_str());
  } else if (command == "list") {
    // Three known names rather than a listing: the order of a folder is the file system's.
    for (const char* name : {"main.rollout", "shared/lib.rollout", "data.json", "other.rollout"})
      if (std::filesystem::exists(name)) std::printf("%s\n", name);
  } else if (command == "write") {
    std::ofstream(argv[2]) << "kept between the commands of one case\n";
  } else if (command == "read") {
    std::ifstream file(argv[2]);
    std::string text(std::istreambuf_iterator<char>(file), {});
    std::printf("%s", text.c_str());
  } else if (command == "crash") {
    std::raise(SIGABRT);
  } else {
    return 2;
  }
  return 0;
}
