// What the fuzzer and the smoke test do with a text. Ends the process where something that always holds does not.
#pragma once

#include <string>
#include <vector>

namespace rollout::fuzz {

/// Parses and formats; what comes out of the formatter must parse and come out again unchanged.
/// Returns what the compiler had to say; empty for a program.
std::vector<std::string> try_text(const std::string& text);

}  // namespace rollout::fuzz
