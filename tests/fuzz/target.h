// What the fuzzers and the smoke test do with an input. Ends the process where something that always holds does not.
#pragma once

#include <string>
#include <vector>

namespace rollout::fuzz {

/// Parses and formats; what comes out of the formatter must parse and come out again unchanged.
/// Returns what the compiler had to say; empty for a program.
std::vector<std::string> try_text(const std::string& text);

/// Lays it out: what is said stays the same, to the last name and comment of a declaration.
std::vector<std::string> try_format(const std::string& text);

/// Reads it as the file `fuzz.rollout` beside the shop of the golden cases, and plans all its rollouts. Every place
/// that a message names lies in a text, every edit that it suggests can be made, and a plan that comes out is read
/// back. Returns what the compiler had to say.
std::vector<std::string> try_check(const std::string& text);

/// Reads it as a saved plan: a reason why it is none, or a plan that has exactly these bytes.
std::vector<std::string> try_plan(const std::string& bytes);

}  // namespace rollout::fuzz
