#pragma once

#include <string>

#include "gateway/counters.hpp"
#include "gateway/metrics.hpp"
#include "store/store.hpp"

namespace weir::gateway {

/// All that a gateway counts, in the text format of Prometheus.
std::string metrics_page(const Metrics::Totals& totals, const store::StoreFigures& store,
                         const ServerFigures& server);

/// The same totals as one JSON object: allowed_count, denied_count, total_requests,
/// deny_rate_percent, active_keys.
std::string totals_page(const Metrics::Totals& totals, const store::StoreFigures& store);

}  // namespace weir::gateway
