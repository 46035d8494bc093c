#pragma once

#include <algorithm>
#include <cmath>

#include "core/random.hpp"
#include "limiter/adaptive_concurrency.hpp"

namespace weir::limiter {

/// VegasLimit: reckons from the shortest time that a request took how many of those in flight
/// wait, and keeps that number between two bounds.
class VegasRule {
 public:
  struct Settings {
    std::int64_t initial_limit = 20;
    std::int64_t max_concurrency = 1000;
    double smoothing = 1.0;
    std::int64_t probe_multiplier = 30;
  };

  struct Estimate {
    /// 0 for a key never seen: the initial limit.
    double limit = 0.0;
    /// The time of a request that waits for nothing; 0 before the first one.
    std::int64_t rtt_no_load = 0;
    std::int64_t probe_count = 0;
  };

  explicit VegasRule(const Settings& settings) : settings_(settings) {}

  std::int64_t limit(const Estimate& estimate) const {
    return static_cast<std::int64_t>(exact_limit(estimate));
  }

  bool is_as_new(const Estimate& estimate) const {
    return estimate.limit == 0.0 && estimate.probe_count == 0;
  }

  void update(Estimate& estimate, const LatencySample& sample) const {
    estimate.limit = exact_limit(estimate);
    ++estimate.probe_count;
    if (must_probe(estimate)) {
      estimate.probe_count = 0;
      estimate.rtt_no_load = sample.rtt_ns;
    } else if (estimate.rtt_no_load == 0 || sample.rtt_ns < estimate.rtt_no_load) {
      estimate.rtt_no_load = sample.rtt_ns;
    } else {
      move(estimate, sample);
    }
  }

  /// The whole part of the decimal logarithm, at least 1.
  static std::int64_t log10_of(std::int64_t n) {
    std::int64_t digits = 0;
    for (; n >= 10; n /= 10) ++digits;
    return std::max<std::int64_t>(digits, 1);
  }

  /// From 0.5 to below 1. The library draws it anew at each probe; here it follows from the
  /// shortest time, which is as good as random and the same in every run.
  static double probe_jitter(const Estimate& estimate) {
    const std::uint64_t bits = mix64(static_cast<std::uint64_t>(estimate.rtt_no_load)) >> 11;
    return 0.5 + static_cast<double>(static_cast<std::int64_t>(bits)) * 0x1p-54;
  }

 private:
  double exact_limit(const Estimate& estimate) const {
    return estimate.limit == 0.0 ? static_cast<double>(settings_.initial_limit) : estimate.limit;
  }

  bool must_probe(const Estimate& estimate) const {
    return probe_jitter(estimate) * static_cast<double>(settings_.probe_multiplier) *
               estimate.limit <=
           static_cast<double>(estimate.probe_count);
  }

  void move(Estimate& estimate, const LatencySample& sample) const {
    const double old = estimate.limit;
    const std::int64_t step = log10_of(static_cast<std::int64_t>(old));
    double next = old;
    if (sample.dropped) {
      next = old - static_cast<double>(step);
    } else {
      if (static_cast<double>(sample.in_flight * 2) < old) return;
      const double share =
          static_cast<double>(estimate.rtt_no_load) / static_cast<double>(sample.rtt_ns);
      const auto queue = static_cast<std::int64_t>(std::ceil(old * (1.0 - share)));
      if (queue <= step) {
        next = old + static_cast<double>(6 * step);
      } else if (queue < 3 * step) {
        next = old + static_cast<double>(step);
      } else if (queue > 6 * step) {
        next = old - static_cast<double>(step);
      } else {
        return;
      }
    }
    next = std::max(1.0, std::min(static_cast<double>(settings_.max_concurrency), next));
    estimate.limit = (1.0 - settings_.smoothing) * old + settings_.smoothing * next;
  }

  Settings settings_;
};

/// The catalogue entry of Netflix's VegasLimit.
struct VegasEntry {
  using Limiter = AdaptiveConcurrency<VegasRule>;

  static AlgorithmInfo info() {
    return {
        .id = "vegas",
        .summary = "Adaptive concurrency, Vegas: from the shortest time, how many must be waiting",
        .parameters = {concurrency_parameter("initial_limit", "the limit of a new key", "20"),
                       concurrency_parameter("max_concurrency",
                                             "never more than these, once it moves", "1000"),
                       percent_parameter("smoothing_percent",
                                         "smoothing in percent: the weight of the new limit beside "
                                         "the old one",
                                         "100", 1, 100),
                       concurrency_parameter("probe_multiplier",
                                             "the shortest time is measured anew after about so "
                                             "many requests for each of the limit",
                                             "30")},
        .rule =
            "admit cost c  if in_flight + c <= floor(limit);  deny otherwise\n"
            "when a request ends that took rtt, and found in_flight with itself, in float64:\n"
            "after jitter probe_multiplier limit requests:  rtt0 = rtt, and count anew\n"
            "else if there is no rtt0, or rtt < rtt0:       rtt0 = rtt\n"
            "else L = max(1, floor(log10(limit))); queue = ceil(limit (1 - rtt0 / rtt))\n"
            "  dropped:                   limit' = limit - L\n"
            "  else 2 in_flight < limit:  nothing changes\n"
            "  else queue <= L:           limit' = limit + 6 L\n"
            "  else queue < 3 L:          limit' = limit + L\n"
            "  else queue > 6 L:          limit' = limit - L;  otherwise nothing changes\n"
            "  limit' = max(1, min(max_concurrency, limit'))\n"
            "  limit = (1 - smoothing) limit + smoothing limit'\n"
            "jitter, from 0.5 to 1, is drawn at random by the library; here, it is a hash\n"
            "of rtt0\n"
            "a time of 0, which the library refuses, counts as 1 ns",
        .source = "Netflix concurrency-limits, VegasLimit.java, SimpleLimiter.java",
        .version = "78a74b98",
        .evidence = Evidence::checked_against_program,
        .state_size = "56, and 16 for each request in flight",
        .example = "initial_limit=20",
        .advertises = adaptive_advertises,
    };
  }

  static MakeResult<Limiter> make(const Parameters& p, const Environment&) {
    return Limiter(VegasRule({.initial_limit = p.count("initial_limit"),
                              .max_concurrency = p.count("max_concurrency"),
                              .smoothing = share_of(p, "smoothing_percent"),
                              .probe_multiplier = p.count("probe_multiplier")}));
  }
};

}  // namespace weir::limiter
