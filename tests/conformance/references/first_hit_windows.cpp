#include <memory>
#include <string>
#include <vector>

#include "conformance/conformance_case.hpp"
#include "core/int128.hpp"

namespace weir::limiter {
namespace {

/// What sets the products apart whose windows begin with a key's first request.
struct FirstHitRule {
  std::string limit;
  std::string window;
  Int128 tick_ns = 1'000'000;
  bool counts_denied = true;
  /// Whether a request that counts for nothing can begin a window.
  bool anything_begins = false;
  /// How many ticks longer than its window a counter lives.
  Int128 extra_ticks = 0;
};

/// Keeps every request and finds the windows anew each time, from the first one on.
class FirstHitReference : public Reference {
 public:
  FirstHitReference(const FirstHitRule& rule, const Parameters& p)
      : rule_(rule),
        limit_(p.count(rule.limit)),
        lives_(p.duration(rule.window).ns() / rule.tick_ns + rule.extra_ticks) {}

  Verdict decide(Instant at, Cost cost) override {
    Int128 now = at.unix_ns() / rule_.tick_ns;
    if (now * rule_.tick_ns > at.unix_ns()) --now;
    const bool allowed = cost == 0 || counted_before(now) + cost <= limit_;
    const Cost counts = allowed || rule_.counts_denied ? cost : 0;
    if (counts > 0 || rule_.anything_begins) requests_.push_back({now, counts});
    return {.allowed = allowed, .delay = {}};
  }

 private:
  struct Counted {
    Int128 tick;
    Cost cost;
  };

  Int128 counted_before(Int128 now) const {
    Int128 count = 0;
    const Int128* begins = nullptr;
    for (const Counted& r : requests_) {
      if (begins == nullptr || r.tick - *begins >= lives_) {
        begins = &r.tick;
        count = 0;
      }
      count += r.cost;
    }
    return begins == nullptr || now - *begins >= lives_ ? 0 : count;
  }

  FirstHitRule rule_;
  Int128 limit_;
  Int128 lives_;
  std::vector<Counted> requests_;
};

bool register_first_hit(const std::string& id, const FirstHitRule& rule,
                        std::vector<std::string> settings) {
  return register_case({.id = id,
                        .settings = std::move(settings),
                        .reference =
                            [rule](const Parameters& p, const Environment&) {
                              return std::make_unique<FirstHitReference>(rule, p);
                            },
                        .denials_are_free = !rule.counts_denied && !rule.anything_begins,
                        .zero_cost_is_free = !rule.anything_begins});
}

const bool express_registered = register_first_hit(
    "node-express-rate-limit", {.limit = "limit", .window = "window"},
    {"limit=5 window=1s", "limit=100 window=1m", "limit=1 window=1ms", "limit=0 window=1s",
     "limit=3 window=7ms", "limit=9007199254740992 window=366d"});

const bool fastify_registered =
    register_first_hit("node-fastify-rate-limit", {.limit = "max", .window = "time_window"},
                       {"max=5 time_window=1s", "max=40 time_window=1m", "max=1 time_window=1ms",
                        "max=0 time_window=1h", "max=9007199254740992 time_window=3660d"});

const bool flexible_registered = register_first_hit(
    "node-rate-limiter-flexible", {.limit = "points", .window = "duration"},
    {"points=5 duration=1s", "points=12 duration=1500ms", "points=1 duration=1ms",
     "points=0 duration=1s", "points=9007199254740992 duration=1d"});

const bool limitador_registered = register_first_hit(
    "limitador",
    {.limit = "max_value", .window = "seconds", .tick_ns = 1'000, .counts_denied = false},
    {"max_value=5 seconds=1s", "max_value=100 seconds=60s", "max_value=0 seconds=1s",
     "max_value=1 seconds=3600s", "max_value=9007199254740992 seconds=86400s"});

const bool gubernator_registered =
    register_first_hit("gubernator-token",
                       {.limit = "limit",
                        .window = "duration",
                        .counts_denied = false,
                        .anything_begins = true,
                        .extra_ticks = 1},
                       {"limit=5 duration=1s", "limit=100 duration=1m", "limit=1 duration=1ms",
                        "limit=0 duration=1s", "limit=9007199254740992 duration=366d"});

/// APISIX's sliding windows: keeps every admitted request with its millisecond.
class ApisixSlidingReference : public Reference {
 public:
  explicit ApisixSlidingReference(const Parameters& p)
      : limit_(p.count("count")), window_s_(p.duration("time_window").ns() / 1'000'000'000) {}

  Verdict decide(Instant at, Cost cost) override {
    if (cost == 0) return {};
    const std::int64_t ms = floor_div<std::int64_t>(at.unix_ns(), 1'000'000);
    const std::int64_t begins = floor_div(ms, window_s_ * 1000) * window_s_ * 1000;
    const Int128 current = counted_within(begins, begins + window_s_ * 1000);
    const Int128 before = counted_within(begins - window_s_ * 1000, begins);
    const double per_second = as_double(before < limit_ ? before : limit_) / as_double(window_s_);
    const double rest = as_double(window_s_) - (as_double(ms) / 1000.0 - as_double(begins / 1000));
    for (const Int128 others : {current, current + cost - 1}) {
      const bool full = others >= limit_;
      if (full || per_second * rest + as_double(others) >= as_double(limit_)) {
        return {.allowed = false, .delay = {}};
      }
    }
    admitted_.push_back({ms, cost});
    return {};
  }

 private:
  struct Admitted {
    std::int64_t ms;
    Cost cost;
  };

  static double as_double(Int128 n) { return static_cast<double>(static_cast<std::int64_t>(n)); }

  Int128 counted_within(std::int64_t from, std::int64_t to) const {
    Int128 sum = 0;
    for (auto a = admitted_.rbegin(); a != admitted_.rend() && a->ms >= from; ++a) {
      if (a->ms < to) sum += a->cost;
    }
    return sum;
  }

  std::int64_t limit_;
  std::int64_t window_s_;
  std::vector<Admitted> admitted_;
};

const bool apisix_registered = register_case(
    {.id = "apisix-limit-count",
     .settings = {"count=5 time_window=1s", "count=100 time_window=60s",
                  "count=1 time_window=3600s", "count=9007199254740992 time_window=3660d",
                  "count=5 time_window=1s window_type=sliding",
                  "count=100 time_window=60s window_type=sliding",
                  "count=1 time_window=1s window_type=sliding",
                  "count=7 time_window=3s window_type=sliding",
                  "count=9007199254740992 time_window=3660d window_type=sliding"},
     .reference = [](const Parameters& p, const Environment&) -> std::unique_ptr<Reference> {
       if (p.choice("window_type") == "sliding") {
         return std::make_unique<ApisixSlidingReference>(p);
       }
       return std::make_unique<FirstHitReference>(
           FirstHitRule{.limit = "count", .window = "time_window", .extra_ticks = 1}, p);
     },
     .denials_are_free = false});

}  // namespace
}  // namespace weir::limiter
