#pragma once

#include <nlohmann/json.hpp>

#include "metrics/histogram.hpp"

namespace weir::report {

/// count, min_ns, mean_ns, p50_ns, ..., max_ns; null where nothing was recorded.
nlohmann::ordered_json make_percentiles(const metrics::Histogram& histogram);

/// The same of values of both signs: what `below` holds counts as negative.
nlohmann::ordered_json make_signed_percentiles(const metrics::Histogram& below,
                                               const metrics::Histogram& above);

}  // namespace weir::report
