// Texts that the two front ends are compared on.
#pragma once

#include <string>
#include <vector>

#include "tests/unit/programs.h"

namespace rollout::syntax_test {

/// All .rollout files of stdlib/, examples/ and tests/golden/, and generated programs.
std::vector<std::string> corpus();

/// Characters, as strings of UTF-8, of which random texts are made; those that tokens are made of are frequent.
std::string soup(Random& random);

/// `text` with one to three of its tokens left out, doubled, swapped for another or joined by one.
std::string mutate(const std::string& text, Random& random);

}  // namespace rollout::syntax_test
