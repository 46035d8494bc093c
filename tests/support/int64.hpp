#pragma once

#include <cstdint>
#include <limits>

namespace weir {

inline constexpr std::int64_t int64_max = std::numeric_limits<std::int64_t>::max();
inline constexpr std::int64_t int64_min = std::numeric_limits<std::int64_t>::min();

}  // namespace weir
