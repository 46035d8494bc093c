#include "traffic/trace_timing.hpp"

#include <algorithm>

namespace weir::traffic {

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
  return Duration::from_ns(static_cast<std::int64_t>(static_cast<double>(recorded.ns()) / speed_));
}

Duration TraceTiming::length() const {
  const Duration spread = spread_ > Duration() ? spread_ - Duration::from_ns(1) : Duration();
  return period_ * (repeat_ - 1) + offset(trace_.size() - 1) + spread;
}

}  // namespace weir::traffic
