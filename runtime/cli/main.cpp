#include "runtime/cli/cli.h"

int main(int argc, char** argv) {
  return rollout::cli::run_process(std::vector<std::string>(argv + 1, argv + argc));
}
