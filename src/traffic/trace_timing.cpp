#include "traffic/trace_timing.hpp"

#include <algorithm>

#include "core/int128.hpp"

namespace weir::traffic {
namespace {

// Ten years, beyond which no replay goes.
constexpr double longest_ns = 3660.0 * 86'400e9;

}  // namespace

TraceTiming::TraceTiming(const TraceSpec& spec, const Trace& trace)
    : trace_(trace), speed_(spec.speed), repeat_(spec.repeat), spread_(spec.spread) {
  const Duration own = offset(trace.size() - 1);
  const auto gaps = static_cast<std::int64_t>(std::max<std::size_t>(trace.size() - 1, 1));
  const Duration gap = Duration::from_ns(std::max<std::int64_t>(own.ns() / gaps, 1));
  period_ = own + std::max(gap, spread_);
}

Duration TraceTiming::offset(std::size_t row) const {
  const Duration recorded = trace_.at[row] - trace_.at.front();
  if (speed_ == 1.0) return recorded;
  const double ns = static_cast<double>(recorded.ns()) / speed_;
  return ns < longest_ns ? Duration::from_ns(static_cast<std::int64_t>(ns))
                         : Duration::from_ns(static_cast<std::int64_t>(longest_ns));
}

std::optional<Duration> TraceTiming::length() const {
  const std::int64_t spread = spread_ > Duration() ? spread_.ns() - 1 : 0;
  const Int128 ns = Int128{period_.ns()} * (repeat_ - 1) + offset(trace_.size() - 1).ns() + spread;
  if (ns >= static_cast<Int128>(longest_ns)) return std::nullopt;
  return Duration::from_ns(static_cast<std::int64_t>(ns));
}

}  // namespace weir::traffic
