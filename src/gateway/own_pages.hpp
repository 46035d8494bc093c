#pragma once

#include <boost/asio/io_context.hpp>
#include <functional>
#include <memory>
#include <string>

#include "gateway/clock.hpp"
#include "gateway/counters.hpp"
#include "gateway/metrics.hpp"
#include "gateway/pages.hpp"
#include "store/store.hpp"

namespace weir::gateway {

/// What a gateway's own pages tell of.
struct PageSources {
  std::shared_ptr<Metrics> metrics;
  /// The one that decides now; a reload makes another.
  std::function<std::shared_ptr<store::Store>()> store;
  /// All zero where the server is not there yet.
  std::function<ServerFigures()> server;
  Clock clock;
  /// What administration has to be asked with, as Authorization: Bearer; empty for nothing.
  std::string admin_token;
};

/// /healthz and /metrics, for listeners of traffic.
std::unique_ptr<Pages> make_status_pages(std::shared_ptr<const PageSources> sources);

/// The same, and administration: GET /totals; GET /keys?limit=NAME&ATTRIBUTE=VALUE what is left of
/// keys; DELETE the same to make them new. What is not there is not found.
std::unique_ptr<Pages> make_admin_pages(std::shared_ptr<const PageSources> sources,
                                        boost::asio::io_context& loop);

}  // namespace weir::gateway
