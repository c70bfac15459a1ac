// What differs between the versions of the example shop; defined once per version in version.cpp.
#pragma once

#include <cstdint>

namespace shop {

extern const char* const version;
/// Every so many requests to /checkout end in a 500; 0: none.
extern const uint64_t error_every;

}  // namespace shop
