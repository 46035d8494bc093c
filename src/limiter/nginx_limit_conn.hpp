#pragma once

#include "limiter/limiter.hpp"
#include "limiter/parameters.hpp"

namespace weir::limiter {

/// nginx's limit_conn: so many requests of a key at once, and no queue.
class NginxLimitConn {
 public:
  struct State {
    /// Costs of those that have not ended.
    std::int64_t conn = 0;
  };

  explicit NginxLimitConn(std::int64_t limit) : limit_(limit) {}

  Verdict check(const State& state, Instant, Cost cost) const {
    return {.allowed = cost <= limit_ - state.conn, .delay = {}};
  }

  void charge(State& state, Instant, Cost cost) const { state.conn += cost; }
  void charge_denied(State&, Instant, Cost) const {}

  void complete(State& state, const Completion& completion) const { state.conn -= completion.cost; }

  /// None where there is no room: nobody knows when a request ends.
  std::optional<Instant> earliest(const State& state, Instant now, Cost cost) const {
    if (check(state, now, cost).allowed) return now;
    return std::nullopt;
  }

  Quota quota(const State& state, Instant) const {
    return {.limit = limit_,
            .remaining = limit_ - state.conn,
            .reset_after = state.conn == 0 ? Duration() : Duration::max()};
  }

  /// None: requests may end as fast as they come.
  std::optional<std::int64_t> bound(Duration) const { return std::nullopt; }

  std::optional<Duration> advertised_retry_after(const State&, Instant, Cost) const {
    return std::nullopt;
  }
  AdvertisedQuota advertised_quota(const State&, Instant) const { return {}; }

 private:
  std::int64_t limit_;
};

/// The catalogue entry of nginx's limit_conn.
struct NginxLimitConnEntry {
  using Limiter = NginxLimitConn;

  static AlgorithmInfo info() {
    return {
        .id = "nginx-limit-conn",
        .summary = "nginx limit_conn: so many requests at once",
        .parameters = {{.name = "limit",
                        .type = ParameterType::count,
                        .description = "N in: limit_conn ZONE N",
                        .min = 1,
                        .max = 65'535}},
        .rule =
            "deny   if conn >= limit; nothing changes\n"
            "admit  otherwise: conn += 1, and conn -= 1 when the answer has been sent\n"
            "a request counts once nginx has read its head, each stream of HTTP/2 for itself\n"
            "a cost of n (nginx has none) is n requests, let in together or not at all\n"
            "not modelled: that a full zone denies new keys",
        .source = "src/http/modules/ngx_http_limit_conn_module.c",
        .version = "3f6f7824",
        .evidence = Evidence::read_in_source,
        .state_size = "8",
        .example = "limit=10",
        .denied_status = 503,
        .advertises = "nothing",
    };
  }

  static MakeResult<Limiter> make(const Parameters& p, const Environment&) {
    return NginxLimitConn(p.count("limit"));
  }
};

}  // namespace weir::limiter
