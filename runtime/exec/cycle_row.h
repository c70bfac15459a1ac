// A life cycle is a table: each row says from which state what leads where. For the engine, which moves along the rows
// and nowhere else, and for the tests, which walk every row. A move that has no row is a bug.
#pragma once

#include <bitset>
#include <cstddef>

#include "compiler/base/check.h"

namespace rollout::exec {

template <typename State, typename Trigger>
struct Row {
  State from;
  Trigger on;
  State to;
};

template <typename State, typename Trigger, size_t N>
constexpr size_t row_of(const Row<State, Trigger> (&rows)[N], State from, Trigger on) {
  for (size_t i = 0; i < N; ++i)
    if (rows[i].from == from && rows[i].on == on) return i;
  return N;
}

/// The state after `on`; there must be a row for it.
template <typename State, typename Trigger, size_t N>
State advance(const Row<State, Trigger> (&rows)[N], State from, Trigger on,
              std::bitset<N>& walked) {
  size_t row = row_of(rows, from, on);
  ROLLOUT_CHECK(row < N, "every move of a life cycle has a row in its table");
  walked.set(row);
  return rows[row].to;
}

}  // namespace rollout::exec
