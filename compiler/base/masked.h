// What nobody is shown of a text: the name and the password that a URL holds before its host, and what is written
// where a secret belongs. Logs of CI and reports of mistakes are read by many.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "compiler/base/source.h"

namespace rollout {

/// What stands in the place of a secret; its length says nothing.
inline constexpr std::string_view mask = "***";

struct Cut {
  size_t at = 0;     ///< bytes from the beginning of the text
  size_t bytes = 0;  ///< at least 1
};

/// `user:word` of each `https://user:word@host` in the text, in order; of a database a user alone is none.
std::vector<Cut> userinfos(std::string_view text);

/// Whether what is called so is a secret: `token`, `db_password`, `API_KEY`.
bool names_secret(std::string_view name);

/// Whether the word of a file is a text or a number, whether or not it is a whole one.
bool is_literal(std::string_view word);

/// What nobody is shown of one line, in order: of URLs, and each literal behind the name of a secret. `above`: the line
/// before, whose end may be such a name.
std::vector<Cut> secrets_of(std::string_view line, std::string_view above = {});

/// The same of the line that `place` stands in, from its beginning. Of a long line, those near the place.
std::vector<Cut> secrets_at(const SourceMap& sources, SourceId source, uint32_t place);

/// The text with each of them as the mask.
std::string masked(std::string_view text);

}  // namespace rollout
