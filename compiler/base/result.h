// Result<T>: a value, or why the environment did not give one. For failures outside the user's program
// (files, processes, HTTP, stores); mistakes in the program go to Diagnostics, expected outcomes are data.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "compiler/base/check.h"

namespace rollout {

struct [[nodiscard]] OpError {
  std::string message;     ///< one sentence: what was tried, on what, what came back
  bool retryable = false;  ///< the same call may succeed later without anybody changing anything
  bool refused = false;    ///< not broken but forbidden: stale, locked, foreign, newer, already used (exit code 7)
  bool settled = false;    ///< somebody must change something first: calling again can only fail again
  uint64_t too_long_bytes = 0;  ///< not 0: what was to be read has so many, which is more than are read
};

/// For what is wrong in a configuration.
inline OpError settled_error(std::string message) { return {std::move(message), false, false, true}; }

template <typename T>
class [[nodiscard]] Result {
 public:
  Result(T value) : value_(std::move(value)) {}
  Result(OpError error) : error_(std::move(error)) {}

  explicit operator bool() const { return value_.has_value(); }
  T& operator*() { ROLLOUT_CHECK(value_, "a Result is tested before it is used"); return *value_; }
  const T& operator*() const { ROLLOUT_CHECK(value_, "a Result is tested before it is used"); return *value_; }
  T* operator->() { return &**this; }
  const T* operator->() const { return &**this; }
  const OpError& error() const { ROLLOUT_CHECK(!value_, "error() is asked only of a failed Result"); return error_; }

 private:
  std::optional<T> value_;
  OpError error_;
};

/// Success without a value.
struct Done {};
using Status = Result<Done>;

}  // namespace rollout
