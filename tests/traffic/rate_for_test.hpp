#pragma once

#include <cstdint>

#include "core/rate.hpp"

namespace weir::traffic {

inline Rate per_second_rate(std::uint64_t n) { return {n, Duration::from_seconds(1)}; }

}  // namespace weir::traffic
