#pragma once

#include <algorithm>

#include "limiter/adaptive_concurrency.hpp"

namespace weir::limiter {

/// Gradient2Limit: shrinks by how much longer requests take now than they did for long, and always
/// lets a few more wait.
class Gradient2Rule {
 public:
  struct Settings {
    std::int64_t initial_limit = 20;
    std::int64_t min_limit = 20;
    std::int64_t max_concurrency = 200;
    std::int64_t queue_size = 4;
    double smoothing = 0.2;
    std::int64_t long_window = 600;
    double rtt_tolerance = 1.5;
  };

  struct Estimate {
    /// 0 for a key never seen: the initial limit.
    double limit = 0.0;
    /// The average time over the long window, and the sum of the first few.
    double long_rtt = 0.0;
    double warmup_sum = 0.0;
    std::int64_t warmup_count = 0;
  };

  explicit Gradient2Rule(const Settings& settings) : settings_(settings) {}

  std::int64_t limit(const Estimate& estimate) const {
    return static_cast<std::int64_t>(exact_limit(estimate));
  }

  bool is_as_new(const Estimate& estimate) const {
    return estimate.limit == 0.0 && estimate.warmup_count == 0;
  }

  void update(Estimate& estimate, const LatencySample& sample) const {
    estimate.limit = exact_limit(estimate);
    const auto short_rtt = static_cast<double>(sample.rtt_ns);
    const double long_rtt = average_with(estimate, short_rtt);
    if (long_rtt / short_rtt > 2.0) estimate.long_rtt = long_rtt * 0.95;
    if (static_cast<double>(sample.in_flight) < estimate.limit / 2.0) return;
    const double gradient =
        std::max(0.5, std::min(1.0, settings_.rtt_tolerance * long_rtt / short_rtt));
    const double aim = estimate.limit * gradient + static_cast<double>(settings_.queue_size);
    const double next = estimate.limit * (1.0 - settings_.smoothing) + aim * settings_.smoothing;
    estimate.limit = std::max(static_cast<double>(settings_.min_limit),
                              std::min(static_cast<double>(settings_.max_concurrency), next));
  }

 private:
  /// So many first times are averaged evenly.
  static constexpr std::int64_t warmup = 10;

  double exact_limit(const Estimate& estimate) const {
    return estimate.limit == 0.0 ? static_cast<double>(settings_.initial_limit) : estimate.limit;
  }

  double average_with(Estimate& estimate, double rtt) const {
    if (estimate.warmup_count < warmup) {
      ++estimate.warmup_count;
      estimate.warmup_sum += rtt;
      estimate.long_rtt = estimate.warmup_sum / static_cast<double>(estimate.warmup_count);
    } else {
      const double factor = 2.0 / static_cast<double>(settings_.long_window + 1);
      estimate.long_rtt = estimate.long_rtt * (1.0 - factor) + rtt * factor;
    }
    return estimate.long_rtt;
  }

  Settings settings_;
};

/// The catalogue entry of Netflix's Gradient2Limit.
struct Gradient2Entry {
  using Limiter = AdaptiveConcurrency<Gradient2Rule>;

  static AlgorithmInfo info() {
    return {
        .id = "gradient2",
        .summary =
            "Adaptive concurrency, Gradient2: shrinks when requests take longer than they did",
        .parameters = {concurrency_parameter("initial_limit", "the limit of a new key", "20"),
                       concurrency_parameter("min_limit", "never fewer than these, once it moves",
                                             "20"),
                       concurrency_parameter("max_concurrency",
                                             "never more than these, once it moves", "200"),
                       {.name = "queue_size",
                        .type = ParameterType::count,
                        .description = "by how much it grows while times are short",
                        .default_value = "4",
                        .max = most_concurrent},
                       percent_parameter("smoothing_percent",
                                         "smoothing in percent: the weight of the new limit beside "
                                         "the old one",
                                         "20", 1, 100),
                       concurrency_parameter("long_window",
                                             "over how many requests the long average goes", "600"),
                       percent_parameter("rtt_tolerance_percent",
                                         "rttTolerance in percent: how long a request may take, as "
                                         "a share of the long average, before the limit shrinks",
                                         "150", 100, 1'000'000)},
        .rule =
            "admit cost c  if in_flight + c <= floor(limit);  deny otherwise\n"
            "when a request ends that took rtt, and found in_flight with itself, in float64:\n"
            "long = the average of the first 10;  afterwards\n"
            "       long (1 - f) + rtt f, f = 2 / (long_window + 1)\n"
            "if long / rtt > 2:        the average goes on from 0.95 long\n"
            "if in_flight < limit / 2: the limit stays\n"
            "g = max(0.5, min(1, rtt_tolerance long / rtt))\n"
            "limit = limit (1 - s) + (limit g + queue_size) s, s the smoothing,\n"
            "        but at least min_limit and at most max_concurrency\n"
            "that a request was dropped makes no difference\n"
            "a time of 0 counts as 1 ns",
        .source =
            "Netflix concurrency-limits, Gradient2Limit.java, ExpAvgMeasurement.java, "
            "SimpleLimiter.java",
        .version = "78a74b98",
        .evidence = Evidence::read_in_source,
        .state_size = "64, and 16 for each request in flight",
        .example = "initial_limit=20 max_concurrency=100",
        .advertises = adaptive_advertises,
    };
  }

  static MakeResult<Limiter> make(const Parameters& p, const Environment&) {
    if (p.count("min_limit") > p.count("max_concurrency")) {
      return tl::unexpected(MakeProblem{"min_limit", "must be at most max_concurrency"});
    }
    return Limiter(Gradient2Rule({.initial_limit = p.count("initial_limit"),
                                  .min_limit = p.count("min_limit"),
                                  .max_concurrency = p.count("max_concurrency"),
                                  .queue_size = p.count("queue_size"),
                                  .smoothing = share_of(p, "smoothing_percent"),
                                  .long_window = p.count("long_window"),
                                  .rtt_tolerance = share_of(p, "rtt_tolerance_percent")}));
  }
};

}  // namespace weir::limiter
