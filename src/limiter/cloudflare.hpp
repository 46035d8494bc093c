#pragma once

#include "limiter/sliding_window_counter.hpp"

namespace weir::limiter {

/// Cloudflare's rate limiting as its engineers describe it: a sliding window counter, aligned to
/// the epoch, that counts what is let in.
class Cloudflare : public SlidingWindowCounter {
 public:
  Cloudflare(std::int64_t limit, Duration period)
      : SlidingWindowCounter(limit, period, Anchor::epoch, false) {}

  std::optional<Duration> advertised_retry_after(const State&, Instant, Cost) const {
    return std::nullopt;
  }
  AdvertisedQuota advertised_quota(const State&, Instant) const { return {}; }
};

/// The catalogue entry of Cloudflare's rate limiting.
struct CloudflareEntry {
  using Limiter = Cloudflare;

  static AlgorithmInfo info() {
    return {
        .id = "cloudflare",
        .summary =
            "Cloudflare rate limiting: this period's count and the share of the last one's that "
            "the sliding period still covers",
        .parameters = {{.name = "limit",
                        .type = ParameterType::count,
                        .description = "requests per period; 0 admits nothing"},
                       {.name = "period",
                        .type = ParameterType::duration,
                        .description = "how long the sliding period is",
                        .min = 1'000'000'000}},
        .rule =
            "elapsed = now - when this period began, from 0 to below period\n"
            "rate = previous (period - elapsed) / period + current\n"
            "admit cost c  if  rate + c <= limit;  then  current = current + c\n"
            "deny          otherwise; nothing changes\n"
            "not published, and chosen here: that denied requests do not count\n"
            "not modelled: counters per data centre that lag behind, and the mitigation\n"
            "  time-out, for which a source stays denied however little it sends",
        .source =
            "J. Desgats, How we built rate limiting capable of scaling to millions of domains, "
            "Cloudflare, 2017",
        .version = "as of June 2017",
        .evidence = Evidence::documentation,
        .state_size = "24",
        .example = "limit=100 period=1m",
        .advertises = "nothing that is documented",
    };
  }

  static MakeResult<Limiter> make(const Parameters& p, const Environment&) {
    return Cloudflare(p.count("limit"), p.duration("period"));
  }
};

}  // namespace weir::limiter
