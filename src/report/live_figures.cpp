#include "report/live_figures.hpp"

#include "report/figures.hpp"
#include "report/percentiles.hpp"

namespace weir::report {
namespace {

using Json = nlohmann::ordered_json;
using metrics::LiveTotals;

Json counts_of(const std::map<std::string, std::uint64_t>& counts) {
  Json section = Json::object();
  for (const auto& [name, count] : counts) section[name] = count;
  return section;
}

Json make_headers(const LiveTotals& live) {
  Json section = Json::object();
  for (const auto& [family, totals] : live.headers) {
    section[family] = {{"answers", totals.answers}, {"malformed", totals.malformed}};
  }
  return section;
}

/// Honest is what was asked before the promised instant and at it; the other promises were only
/// counted.
Json make_retry_after(const metrics::RetryAfterTotals& promises, const LiveTotals& live) {
  const std::uint64_t judged = promises.honest + promises.too_short + promises.too_long;
  const metrics::AuditTotals& audit = live.audit;
  return {{"present", promises.present},
          {"absent", promises.absent},
          {"malformed", live.retry_after_malformed},
          {"honest", promises.honest},
          {"too_short", promises.too_short},
          {"too_long", promises.too_long},
          {"never", promises.never},
          {"honest_ratio", ratio(promises.honest, judged)},
          {"error", make_signed_percentiles(promises.early, promises.late)},
          {"kept", audit.kept},
          {"broken", audit.broken},
          {"contested", audit.contested},
          {"kept_ratio", ratio(audit.kept, audit.kept + audit.broken)},
          {"client_obeyed", promises.client_obeyed},
          {"client_early", promises.client_early}};
}

}  // namespace

void add_live_figures(const metrics::Accumulator& accumulator, Json& figures) {
  const LiveTotals& live = *accumulator.live;
  figures["statuses"] = counts_of(live.statuses);
  figures["errors"] = counts_of(live.errors);
  figures["retry_after"] = make_retry_after(accumulator.retry_after, live);
  figures["latency_from_send"] = {{"allowed", make_percentiles(live.sent_allowed)},
                                  {"denied", make_percentiles(live.sent_denied)},
                                  {"first_byte", make_percentiles(live.first_byte)}};
  figures["schedule"] = {{"lateness", make_percentiles(live.lateness)},
                         {"unsent", live.unsent},
                         {"resent", live.resent}};
  figures["connections"] = live.connections;
  figures["bodies"] = {{"bytes", live.body_bytes}, {"cut", live.bodies_cut}};
  figures["rate_limit_headers"] = make_headers(live);
  figures["audit"] = {{"requests", live.audit.requests},
                      {"errors", live.audit.errors},
                      {"own_keys", live.audit.own_keys}};
}

}  // namespace weir::report
