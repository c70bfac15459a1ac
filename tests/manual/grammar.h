// Excerpts of the grammar in the manual: a block that begins with "```ebnf RULE RULE…" holds those rules as they stand
// in the .g4 files, with the words and signs themselves in the place of token names, and without labels.
// Always true: what a page says of the grammar is the grammar.
#pragma once

#include <optional>
#include <string>

namespace rollout::manual {

/// `page` with its excerpts as they should be; nothing when there is no such rule, which is said.
std::optional<std::string> with_excerpts(const std::string& page, const std::string& lexer, const std::string& parser);

}  // namespace rollout::manual
