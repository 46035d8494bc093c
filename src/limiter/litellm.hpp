#pragma once

#include <algorithm>
#include <limits>

#include "core/int128.hpp"
#include "limiter/coarse_clock.hpp"
#include "limiter/limiter.hpp"
#include "limiter/parameters.hpp"
#include "limiter/saturate.hpp"

namespace weir::limiter {

/// LiteLLM's limits on requests and tokens per minute: both count a request before it is sent on,
/// and its tokens are added once it has been answered. A request's cost is its tokens.
class Litellm {
 public:
  static constexpr std::int64_t window_s = 60;
  /// For a limit that is not set.
  static constexpr std::int64_t unlimited = std::numeric_limits<std::int64_t>::max();

  struct State {
    /// Far in the past for a key never seen.
    std::int64_t start_s = -(std::int64_t{1} << 62);
    std::int64_t requests = 0;
    /// One for each request, and what those that have been answered took.
    std::int64_t tokens = 0;
  };

  Litellm(std::int64_t rpm, std::int64_t tpm) : rpm_(rpm), tpm_(tpm) {}

  /// Looks at no cost: tokens are known only afterwards.
  Verdict check(const State& state, Instant now, Cost) const {
    const State s = seen(state, now);
    return {.allowed = s.requests < rpm_ && s.tokens < tpm_, .delay = {}};
  }

  /// With a cost that is known already, as if the answer came at once.
  void charge(State& state, Instant now, Cost cost) const {
    charge_denied(state, now, cost);
    state.tokens = saturate(Int128{state.tokens} + cost);
  }

  void charge_denied(State& state, Instant now, Cost) const {
    state = seen(state, now);
    state.requests = saturate(Int128{state.requests} + 1);
    state.tokens = saturate(Int128{state.tokens} + 1);
  }

  /// Adds the tokens to the window in which the answer ends.
  void settle(State& state, Instant charged_at, Instant now, Cost charged, Cost actual) const {
    if (!is_open(state, now)) return;
    const bool counted_here = clock.ticks_at(charged_at) >= state.start_s;
    const Int128 change = Int128{actual} - (counted_here ? charged : 0);
    state.tokens = saturate(std::max<Int128>(state.tokens + change, 0));
  }

  std::int64_t debt(const State& state, Instant now) const {
    return std::max<std::int64_t>(seen(state, now).tokens - tpm_, 0);
  }

  std::optional<Instant> earliest(const State& state, Instant now, Cost cost) const {
    if (check(state, now, cost).allowed) return now;
    if (rpm_ == 0 || tpm_ == 0) return std::nullopt;
    return clock.instant_of(state.start_s + window_s);
  }

  /// Of tokens where they are limited, else of requests.
  Quota quota(const State& state, Instant now) const {
    const State s = seen(state, now);
    return {.limit = limit(),
            .remaining = s.requests < rpm_ ? left(s) : 0,
            .reset_after = s.requests == 0
                               ? Duration()
                               : wait_until(clock.instant_of(s.start_s + window_s), now)};
  }

  /// A request's tokens are known too late to keep any of them out, but not its own share of one.
  std::optional<std::int64_t> bound(Duration interval) const {
    const std::int64_t seconds = clock.most_ticks_in(interval);
    return saturate((1 + Int128{ceil_div(seconds, window_s)}) * std::min(rpm_, tpm_));
  }

  /// The whole window, whatever is left of it.
  std::optional<Duration> advertised_retry_after(const State&, Instant, Cost) const {
    return Duration::from_seconds(window_s);
  }

  AdvertisedQuota advertised_quota(const State& state, Instant now) const {
    return {limit(), left(seen(state, now)), std::nullopt};
  }

 private:
  static constexpr CoarseClock clock = CoarseClock::seconds();

  bool is_open(const State& state, Instant now) const {
    return clock.ticks_at(now) - state.start_s < window_s;
  }

  State seen(const State& state, Instant now) const {
    if (is_open(state, now)) return state;
    return {.start_s = clock.ticks_at(now), .requests = 0, .tokens = 0};
  }

  std::int64_t limit() const { return tpm_ == unlimited ? rpm_ : tpm_; }
  std::int64_t left(const State& s) const {
    return std::max<std::int64_t>(tpm_ == unlimited ? rpm_ - s.requests : tpm_ - s.tokens, 0);
  }

  std::int64_t rpm_;
  std::int64_t tpm_;
};

/// The catalogue entry of LiteLLM's limits.
struct LitellmEntry {
  using Limiter = Litellm;

  static AlgorithmInfo info() {
    return {
        .id = "litellm",
        .summary =
            "LiteLLM proxy: requests and tokens per minute from a key's first request, tokens "
            "added after the answer, denied requests counted",
        .parameters = {{.name = "rpm",
                        .type = ParameterType::count,
                        .description = "requests per window of 60 s",
                        .optional_without_default = true},
                       {.name = "tpm",
                        .type = ParameterType::count,
                        .description = "tokens per window of 60 s; the cost of a request is its "
                                       "tokens",
                        .optional_without_default = true}},
        .rule =
            "now = Unix time in whole s; a key has a window's start, requests and tokens\n"
            "first request, or now - start >= 60:  start = now; requests = 0; tokens = 0\n"
            "requests += 1 and tokens += 1, then deny if requests > rpm or tokens > tpm:\n"
            "  denied requests count too; what a request will cost is not looked at\n"
            "after the answer:  tokens += its tokens, if a window is open then\n"
            "so what is under way can take a key beyond tpm, for the rest of the window\n"
            "where rpm or tpm is not given it does not limit\n"
            "with a cost charged at admission it is as if the answer came at once; charge\n"
            "  it at the answer for LiteLLM's own order\n"
            "not modelled: max_parallel_requests, which tokens count, caches before Redis,\n"
            "  and a token counter's own expiry",
        .source = "litellm/proxy/hooks/parallel_request_limiter_v3.py",
        .version = "a stored copy of 2025; newer ones may differ",
        .evidence = Evidence::read_in_source,
        .state_size = "24",
        .example = "rpm=60 tpm=10000",
        .advertises =
            "x-ratelimit-KEY-limit- and -remaining-requests and -tokens while it admits (told here "
            "of tokens where they are limited); on a denial retry-after: 60, however much of the "
            "window has passed",
        .clock_granularity = Duration::from_seconds(1),
    };
  }

  static MakeResult<Limiter> make(const Parameters& p, const Environment&) {
    return Litellm(p.has("rpm") ? p.count("rpm") : Litellm::unlimited,
                   p.has("tpm") ? p.count("tpm") : Litellm::unlimited);
  }
};

}  // namespace weir::limiter
