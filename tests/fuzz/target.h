// What the fuzzer and the smoke test do with a text. Ends the process where something that always holds does not.
#pragma once

#include <string>

namespace rollout::fuzz {

/// Parses and formats; what comes out of the formatter must parse and come out again unchanged.
/// Returns whether the text was a program.
bool try_text(const std::string& text);

}  // namespace rollout::fuzz
