#include "probe/round_numbers.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <optional>

namespace weir::probe {
namespace {

/// The multiple of the step within the range that is nearest to its middle.
std::optional<double> multiple_within(double least, double most, double step) {
  const double nearest = std::round((least + most) / 2 / step) * step;
  for (const double candidate : {nearest, nearest - step, nearest + step}) {
    if (candidate > least && candidate <= most && candidate > 0) return candidate;
  }
  return std::nullopt;
}

/// Durations that people think in, and parts of them.
constexpr std::array<double, 24> steps_ms = {
    86'400'000, 3'600'000, 1'800'000, 600'000, 300'000, 60'000, 30'000, 10'000,
    5'000,      2'000,     1'000,     500,     250,     200,    100,    50,
    25,         20,        10,        5,       2,       1,      0.1,    0.01};

constexpr std::array<double, 10> round_counts = {1'000, 500, 200, 100, 50, 20, 10, 5, 2, 1};

std::optional<Rate> whole_rate(double least, double most, Duration per) {
  const auto units_ns = static_cast<double>(per.ns());
  for (const double step : round_counts) {
    const auto found = multiple_within(least * units_ns, most * units_ns, step);
    if (found) return Rate{static_cast<std::uint64_t>(*found + 0.5), per};
  }
  return std::nullopt;
}

}  // namespace

Duration roundest_duration(double least_ns, double most_ns) {
  for (const double step : steps_ms) {
    const auto found = multiple_within(least_ns, most_ns, step * 1e6);
    if (found) return Duration::from_ns(std::llround(*found));
  }
  return Duration::from_ns(std::max<std::int64_t>(std::llround((least_ns + most_ns) / 2), 1));
}

Rate roundest_rate(double least_per_ns, double most_per_ns) {
  for (const std::int64_t seconds : {1, 60, 3'600}) {
    const auto found = whole_rate(least_per_ns, most_per_ns, Duration::from_seconds(seconds));
    if (found) return *found;
  }
  const double middle = (least_per_ns + most_per_ns) / 2;
  const double units = std::max(1.0, std::round(middle * 1e12));
  return {static_cast<std::uint64_t>(units), Duration::from_seconds(1'000)};
}

}  // namespace weir::probe
