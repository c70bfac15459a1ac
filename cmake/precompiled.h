// What nearly every file includes, parsed once for all of them. Only standard and third-party headers: a file still
// includes what it uses, so that the build without this one (-DROLLOUT_PRECOMPILE=OFF) is the same.
#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include <fmt/format.h>
