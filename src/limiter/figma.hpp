#pragma once

#include <algorithm>

#include "core/int128.hpp"
#include "core/text.hpp"
#include "limiter/cost_log.hpp"
#include "limiter/limiter.hpp"
#include "limiter/parameters.hpp"
#include "limiter/saturate.hpp"

namespace weir::limiter {

/// Figma's rate limiter: counters for sixtieths of the window, of which the last sixty are added up
/// once the request has been counted.
class Figma {
 public:
  static constexpr std::int64_t parts = 60;

  struct State {
    /// Positions are numbers of sixtieths since the epoch.
    CostLog log;

    bool operator==(const State&) const = default;
  };

  /// A window of `parts` times part_ns.
  Figma(std::int64_t limit, std::int64_t part_ns) : limit_(limit), part_ns_(part_ns) {}

  Verdict check(const State& state, Instant now, Cost cost) const {
    return {.allowed = cost == 0 || cost <= limit_ - used(state, now), .delay = {}};
  }

  void charge(State& state, Instant now, Cost cost) const {
    if (cost == 0) return;
    // More than the limit in one part denies no more than the limit does.
    const std::int64_t in_part = state.log.sum_after(part_at(now) - 1);
    const Cost counts = std::min(cost, limit_ - in_part);
    if (counts > 0) state.log.add(part_at(now), counts, expired(now));
  }

  void charge_denied(State& state, Instant now, Cost cost) const { charge(state, now, cost); }

  std::optional<Instant> earliest(const State& state, Instant now, Cost cost) const {
    if (cost == 0) return now;
    if (cost > limit_) return std::nullopt;
    const auto last_to_go = state.log.position_leaving(expired(now), limit_ - cost);
    return last_to_go ? leaves_at(*last_to_go) : now;
  }

  Quota quota(const State& state, Instant now) const {
    const std::int64_t count = used(state, now);
    return {.limit = limit_,
            .remaining = std::max<std::int64_t>(limit_ - count, 0),
            .reset_after = count == 0 ? Duration() : leaves_at(state.log.newest()) - now};
  }

  /// The limit in each window's worth of the parts that the interval can touch.
  std::optional<std::int64_t> bound(Duration interval) const {
    const std::int64_t touched = 1 + ceil_div(interval.ns(), part_ns_);
    return saturate(Int128{ceil_div(touched, parts)} * limit_);
  }

  std::optional<Duration> advertised_retry_after(const State&, Instant, Cost) const {
    return std::nullopt;
  }
  AdvertisedQuota advertised_quota(const State&, Instant) const { return {}; }

  static std::size_t owned_bytes(const State& state) { return state.log.owned_bytes(); }

 private:
  std::int64_t part_at(Instant now) const { return floor_div(now.unix_ns(), part_ns_); }
  std::int64_t expired(Instant now) const { return saturate(Int128{part_at(now)} - parts); }

  std::int64_t used(const State& state, Instant now) const {
    return state.log.sum_after(expired(now));
  }

  Instant leaves_at(std::int64_t part) const {
    return Instant::from_unix_ns(saturate((Int128{part} + parts) * part_ns_));
  }

  std::int64_t limit_;
  std::int64_t part_ns_;
};

/// The catalogue entry of Figma's rate limiter.
struct FigmaEntry {
  using Limiter = Figma;

  static AlgorithmInfo info() {
    return {
        .id = "figma",
        .summary =
            "Figma: counters for sixtieths of the window, added up over the last sixty, denied "
            "requests counted",
        .parameters = {{.name = "limit",
                        .type = ParameterType::count,
                        .description = "requests per window; 0 admits nothing"},
                       {.name = "window",
                        .type = ParameterType::duration,
                        .description = "60 parts of whole nanoseconds each",
                        .min = 60}},
        .rule =
            "part = floor(now / (window / 60)), counted from 1970\n"
            "the counter of this part += c, then deny if the counters of this part and the\n"
            "  59 before it add up to more than limit: denied requests count too\n"
            "a cost of 0 is let in and not counted",
        .source = "N. Rao, An alternative approach to rate limiting, Figma, 2017",
        .version = "as of April 2017",
        .evidence = Evidence::documentation,
        .state_size = "24, and 16 for each of at most 60 parts with requests",
        .example = "limit=100 window=1h",
        .advertises = "nothing that is documented",
    };
  }

  static MakeResult<Limiter> make(const Parameters& p, const Environment&) {
    const Duration window = p.duration("window");
    if (window.ns() < Figma::parts || window.ns() % Figma::parts != 0) {
      return tl::unexpected(MakeProblem{
          "window",
          "must be 60 times a whole number of nanoseconds, got " + format_duration(window)});
    }
    return Figma(p.count("limit"), window.ns() / Figma::parts);
  }
};

}  // namespace weir::limiter
