// SHOP_VERSION and SHOP_ERROR_EVERY come from examples/CMakeLists.txt, one pair per version.
#include "examples/quickstart/shop/version.h"

namespace shop {

const char* const version = SHOP_VERSION;
const uint64_t error_every = SHOP_ERROR_EVERY;

}  // namespace shop
