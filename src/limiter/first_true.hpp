#pragma once

#include <cstdint>

namespace weir::limiter {

/// The least n from `low` to `high` for which holds(n) is true, where holds never turns false again
/// and is true of `high`. Few steps if `guess` is near.
template <class Holds>
std::int64_t first_true(std::int64_t low, std::int64_t high, std::int64_t guess, Holds holds) {
  guess = guess < low ? low : guess > high ? high : guess;
  // Steps that double close in on the answer from the guess; unsigned, because they may leave the
  // range of signed integers before they leave [low, high].
  const auto distance = [](std::int64_t from, std::int64_t to) {
    return static_cast<std::uint64_t>(to) - static_cast<std::uint64_t>(from);
  };
  const auto moved = [](std::int64_t from, std::uint64_t step) {
    return static_cast<std::int64_t>(static_cast<std::uint64_t>(from) + step);
  };
  if (holds(guess)) {
    high = guess;
    for (std::uint64_t step = 1; step < distance(low, high); step *= 2) {
      const std::int64_t below = moved(high, std::uint64_t{0} - step);
      if (!holds(below)) {
        low = moved(below, 1);
        break;
      }
      high = below;
    }
  } else {
    low = moved(guess, 1);
    for (std::uint64_t step = 1; step < distance(low, high); step *= 2) {
      const std::int64_t above = moved(low, step);
      if (holds(above)) {
        high = above;
        break;
      }
      low = moved(above, 1);
    }
  }
  while (low < high) {
    const std::int64_t middle = moved(low, distance(low, high) / 2);
    if (holds(middle)) {
      high = middle;
    } else {
      low = moved(middle, 1);
    }
  }
  return low;
}

}  // namespace weir::limiter
