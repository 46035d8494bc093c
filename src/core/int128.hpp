#pragma once

#include <cstdint>

namespace weir {

/// 128-bit integers hold products of two 64-bit ones exactly.
__extension__ using Int128 = __int128;
__extension__ using Uint128 = unsigned __int128;

/// The largest integer not above a / b; b must be positive.
template <class Int>
constexpr Int floor_div(Int a, Int b) {
  return a / b - (a % b < 0 ? 1 : 0);
}

/// The smallest integer not below a / b; b must be positive.
template <class Int>
constexpr Int ceil_div(Int a, Int b) {
  return a / b + (a % b > 0 ? 1 : 0);
}

/// floor(a * b / c) without overflow in between; c must be positive.
constexpr std::int64_t mul_div_floor(std::int64_t a, std::int64_t b, std::int64_t c) {
  return static_cast<std::int64_t>(floor_div(Int128{a} * b, Int128{c}));
}

/// ceil(a * b / c) without overflow in between; c must be positive.
constexpr std::int64_t mul_div_ceil(std::int64_t a, std::int64_t b, std::int64_t c) {
  return static_cast<std::int64_t>(ceil_div(Int128{a} * b, Int128{c}));
}

}  // namespace weir
