#pragma once

#include <algorithm>
#include <variant>

#include "limiter/limiter.hpp"
#include "limiter/parameters.hpp"
#include "limiter/virtual_schedule.hpp"

namespace weir::limiter {

/// Two rate three color marker, colour-blind: two token buckets, of which an admission takes from
/// both. Green is admitted; yellow and red are denied and take nothing.
/// Source: RFC 2698, with units for bytes.
template <class Int>
class TwoRateThreeColorMarker {
 public:
  using Schedule = VirtualSchedule<Int>;

  struct State {
    typename Schedule::State committed;
    typename Schedule::State peak;
  };

  TwoRateThreeColorMarker(const Schedule& committed, const Schedule& peak)
      : committed_(committed), peak_(peak) {}

  Verdict check(const State& state, Instant now, Cost cost) const {
    return {.allowed = committed_.check(state.committed, now, cost).allowed &&
                       peak_.check(state.peak, now, cost).allowed,
            .delay = {}};
  }

  void charge(State& state, Instant now, Cost cost) const {
    committed_.charge(state.committed, now, cost);
    peak_.charge(state.peak, now, cost);
  }

  void charge_denied(State&, Instant, Cost) const {}

  std::optional<Instant> earliest(const State& state, Instant now, Cost cost) const {
    const auto committed = committed_.earliest(state.committed, now, cost);
    const auto peak = peak_.earliest(state.peak, now, cost);
    if (!committed || !peak) return std::nullopt;
    return std::max(*committed, *peak);
  }

  Quota quota(const State& state, Instant now) const {
    const Quota committed = committed_.quota(state.committed, now);
    const Quota peak = peak_.quota(state.peak, now);
    const std::int64_t limit = std::min(committed.limit, peak.limit);
    // The larger bucket need not be full for that.
    const std::optional<Instant> all_back = earliest(state, now, limit);
    return {.limit = limit,
            .remaining = std::min(committed.remaining, peak.remaining),
            .reset_after = all_back ? *all_back - now : Duration::max()};
  }

  bool is_as_new(const State& state, Instant now) const {
    return limiter::is_as_new(committed_, state.committed, now) &&
           limiter::is_as_new(peak_, state.peak, now);
  }

  /// What each bucket alone lets through: the lesser.
  std::optional<std::int64_t> bound(Duration interval) const {
    return std::min(*committed_.bound(interval), *peak_.bound(interval));
  }

 private:
  Schedule committed_;
  Schedule peak_;
};

/// The catalogue entry of the two rate three color marker.
struct TrtcmEntry {
  using Limiter =
      std::variant<TwoRateThreeColorMarker<std::int64_t>, TwoRateThreeColorMarker<Int128>>;

  static AlgorithmInfo info() {
    return {
        .id = "trtcm",
        .summary =
            "Two rate three color marker: a token bucket for the sustained rate and one for "
            "the peak rate, both of which must have enough",
        .parameters = {{.name = "rate",
                        .type = ParameterType::rate,
                        .description = "committed rate (CIR)"},
                       {.name = "burst",
                        .type = ParameterType::count,
                        .description = "size of the committed bucket (CBS); 0 admits nothing"},
                       {.name = "peak_rate",
                        .type = ParameterType::rate,
                        .description = "peak rate (PIR), at least the committed one"},
                       {.name = "peak_burst",
                        .type = ParameterType::count,
                        .description = "size of the peak bucket (PBS); 0 admits nothing"}},
        .rule =
            "tokens_c = min(burst, tokens_c + rate (now - last)), not rounded\n"
            "tokens_p = min(peak_burst, tokens_p + peak_rate (now - last)); both start full\n"
            "red,    deny   if  tokens_p < c\n"
            "yellow, deny   if  tokens_c < c\n"
            "green,  admit  otherwise;  then  tokens_c = tokens_c - c, tokens_p = tokens_p - c\n"
            "(a meter would take from the peak bucket for yellow, which here does not pass)",
        .source = "RFC 2698, colour-blind mode",
        .version = "",
        .evidence = Evidence::canonical,
        .state_size = "16 (32 where a rate's ticks do not fit 64 bits over the horizon)",
        .example = "rate=5/s burst=20 peak_rate=10/s peak_burst=5",
    };
  }

  static MakeResult<Limiter> make(const Parameters& p, const Environment& env) {
    const Rate rate = p.rate("rate");
    const Rate peak = p.rate("peak_rate");
    if (auto problem = rate_problem("rate", rate)) return tl::unexpected(*problem);
    if (auto problem = rate_problem("peak_rate", peak)) return tl::unexpected(*problem);
    if (Int128{peak.units} * rate.per.ns() < Int128{rate.units} * peak.per.ns()) {
      return tl::unexpected(MakeProblem{"peak_rate", "must be at least the rate"});
    }
    const bool wide = needs_wide_ticks(rate, p.count("burst"), env) ||
                      needs_wide_ticks(peak, p.count("peak_burst"), env);
    if (wide) return make_of<Int128>(p, env);
    return make_of<std::int64_t>(p, env);
  }

 private:
  template <class Int>
  static TwoRateThreeColorMarker<Int> make_of(const Parameters& p, const Environment& env) {
    return {VirtualSchedule<Int>(p.rate("rate"), p.count("burst"), env.start),
            VirtualSchedule<Int>(p.rate("peak_rate"), p.count("peak_burst"), env.start)};
  }
};

}  // namespace weir::limiter
