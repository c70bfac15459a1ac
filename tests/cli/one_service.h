// A project of one service, for tests of its state as files: what is copied, converted or damaged.
#pragma once

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

namespace rollout::cli_test {

inline constexpr const char* one_service = R"(
import std.backend.{local}
target hosts: local { directory = "run" }
service checkout {
  workload = hosts { command = ["bin/checkout"]  ready = http("/")  replicas = 2  ports_from = 19400 }
}
rollout release { checkout.install("checkout:1") }
)";

inline std::string bytes_of(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

}  // namespace rollout::cli_test
