#pragma once

#include "core/rate.hpp"
#include "core/time.hpp"

namespace weir::probe {

/// The roundest duration of a range, as people choose them; the middle if it is narrower than that.
Duration roundest_duration(double least_ns, double most_ns);

/// The roundest rate of a range that is given in units a nanosecond: so many a second or, below
/// that, a minute or an hour.
Rate roundest_rate(double least_per_ns, double most_per_ns);

}  // namespace weir::probe
