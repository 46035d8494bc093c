#pragma once

#include <string>

#include "core/result.hpp"
#include "metrics/outcome.hpp"

namespace weir::report {

/// The latencies of a run as an HdrHistogram interval log (format 1.3), which HdrHistogram's own
/// tools read: those of allowed attempts interval by interval, and under tags those of the whole
/// run. Values are in nanoseconds.
std::string hdr_log(const metrics::Outcome& outcome);

/// Writes it to a file.
Result<void> write_hdr_log(const std::string& path, const metrics::Outcome& outcome);

}  // namespace weir::report
