#pragma once

#include <cstdint>
#include <span>

#include "core/random.hpp"
#include "core/time.hpp"
#include "traffic/spec.hpp"

namespace weir::traffic {

/// Draw `index` of a stream of numbers with that distribution.
double draw_number(const NumberDistribution& distribution, const RandomStream& random,
                   std::uint64_t index);

/// Draws for many indexes, rounded to the nearest whole number, from 0 to 2^53.
void draw_whole_numbers(const NumberDistribution& distribution, const RandomStream& random,
                        std::span<const std::uint64_t> indexes, std::int64_t* out);

/// No time that is drawn is longer: 3660 days, as long as a run may be.
inline constexpr Duration longest_drawn = Duration::from_seconds(std::int64_t{3660} * 86'400);

/// Draw `index` of a stream of durations with that distribution, which is in nanoseconds.
Duration draw_duration(const NumberDistribution& distribution, const RandomStream& random,
                       std::uint64_t index);

/// Any number rounded in the same way.
std::int64_t to_whole_number(double value);

}  // namespace weir::traffic
