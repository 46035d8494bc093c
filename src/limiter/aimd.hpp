#pragma once

#include <algorithm>

#include "limiter/adaptive_concurrency.hpp"

namespace weir::limiter {

/// AIMDLimit: one more when a request went well in a busy time, a share less when one failed.
class AimdRule {
 public:
  struct Settings {
    std::int64_t initial_limit = 20;
    std::int64_t min_limit = 20;
    std::int64_t max_limit = 200;
    double backoff_ratio = 0.9;
    Duration timeout = Duration::from_seconds(5);
  };

  struct Estimate {
    /// 0 for a key never seen: the initial limit.
    std::int64_t limit = 0;
  };

  explicit AimdRule(const Settings& settings) : settings_(settings) {}

  std::int64_t limit(const Estimate& estimate) const {
    return estimate.limit == 0 ? settings_.initial_limit : estimate.limit;
  }

  bool is_as_new(const Estimate& estimate) const {
    return limit(estimate) == settings_.initial_limit;
  }

  void update(Estimate& estimate, const LatencySample& sample) const {
    std::int64_t next = limit(estimate);
    if (sample.dropped || sample.rtt_ns > settings_.timeout.ns()) {
      next = static_cast<std::int64_t>(static_cast<double>(next) * settings_.backoff_ratio);
    } else if (sample.in_flight * 2 >= next) {
      next += 1;
    }
    estimate.limit = std::min(settings_.max_limit, std::max(settings_.min_limit, next));
  }

 private:
  Settings settings_;
};

/// The catalogue entry of Netflix's AIMDLimit.
struct AimdEntry {
  using Limiter = AdaptiveConcurrency<AimdRule>;

  static AlgorithmInfo info() {
    return {
        .id = "aimd",
        .summary = "Adaptive concurrency, AIMD: one more if all is well, a share less if not",
        .parameters = {concurrency_parameter("initial_limit", "the limit of a new key", "20"),
                       concurrency_parameter("min_limit", "never fewer than these, once it moves",
                                             "20"),
                       concurrency_parameter("max_limit", "never more than these, once it moves",
                                             "200"),
                       percent_parameter("backoff_percent",
                                         "backoffRatio in percent: what is left of the limit after "
                                         "a failure",
                                         "90", 50, 99),
                       {.name = "timeout",
                        .type = ParameterType::duration,
                        .description = "a request that took longer failed",
                        .default_value = "5s",
                        .min = 1}},
        .rule =
            "admit cost c  if in_flight + c <= limit;  deny otherwise\n"
            "when a request ends that took rtt, and found in_flight with itself:\n"
            "if dropped or rtt > timeout:     limit = floor(limit backoff_ratio), in float64\n"
            "else if 2 in_flight >= limit:    limit += 1\n"
            "then limit = min(max_limit, max(min_limit, limit))",
        .source = "Netflix concurrency-limits, AIMDLimit.java, SimpleLimiter.java",
        .version = "78a74b98",
        .evidence = Evidence::checked_against_program,
        .state_size = "40, and 16 for each request in flight",
        .example = "initial_limit=20 max_limit=100",
        .advertises = adaptive_advertises,
    };
  }

  static MakeResult<Limiter> make(const Parameters& p, const Environment&) {
    if (p.count("min_limit") > p.count("max_limit")) {
      return tl::unexpected(MakeProblem{"min_limit", "must be at most max_limit"});
    }
    return Limiter(AimdRule({.initial_limit = p.count("initial_limit"),
                             .min_limit = p.count("min_limit"),
                             .max_limit = p.count("max_limit"),
                             .backoff_ratio = share_of(p, "backoff_percent"),
                             .timeout = p.duration("timeout")}));
  }
};

}  // namespace weir::limiter
