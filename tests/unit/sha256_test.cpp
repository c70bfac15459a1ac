#include <catch2/catch.hpp>

#include <llvm/ADT/StringExtras.h>
#include <llvm/Support/SHA256.h>

#include "compiler/base/sha256.h"

namespace rollout {

TEST_CASE("the example of FIPS 180-4") {
  Sha256 hash;
  hash.update("abc");
  CHECK(hash.hex() == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST_CASE("of every length, in two pieces, as by another implementation") {
  constexpr size_t longest = 300;
  std::string text;
  for (size_t length = 0; length <= longest; ++length) {
    CAPTURE(length);
    llvm::SHA256 other;
    other.update(llvm::StringRef(text));
    Sha256 hash;
    hash.update(std::string_view(text).substr(0, length / 3));
    hash.update(std::string_view(text).substr(length / 3));
    CHECK(hash.hex() == llvm::toHex(other.final(), /*LowerCase=*/true));
    text += char(length * 37);
  }
}

}  // namespace rollout
