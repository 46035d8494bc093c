#include <algorithm>
#include <cmath>
#include <functional>
#include <memory>
#include <optional>

#include "conformance/conformance_case.hpp"
#include "core/int128.hpp"

namespace weir::limiter {
namespace {

/// The class hierarchy as one: how idle time turns into permits and permits into time.
class GuavaReference : public Reference {
 public:
  struct Shape {
    double stable;
    double most;
    double initial;
    double cool_down;
    /// Microseconds that it takes to spend so many of the stored permits.
    std::function<Int128(double stored, double take)> spend;
  };

  GuavaReference(Shape shape, Instant start)
      : shape_(std::move(shape)), start_(start), stored_(shape_.initial) {}

  Verdict decide(Instant at, Cost cost) override {
    if (cost == 0) return {};
    // It cannot be asked for.
    if (cost > 2'147'483'647) return {.allowed = false, .delay = {}};
    Int128 ns = Int128{at.unix_ns()} - start_.unix_ns();
    if (ns < 0) ns -= 999;
    const Int128 now = ns / 1000;
    if (!next_free_) next_free_ = now;
    if (*next_free_ > now) return {.allowed = false, .delay = {}};
    const auto idle = static_cast<double>(static_cast<std::int64_t>(now - *next_free_));
    stored_ = std::fmin(shape_.most, stored_ + idle / shape_.cool_down);
    const double take = std::fmin(static_cast<double>(cost), stored_);
    const double fresh = static_cast<double>(cost) - take;
    next_free_ = now + shape_.spend(stored_, take) + whole(fresh * shape_.stable);
    stored_ -= take;
    return {};
  }

  static Int128 whole(double us) { return static_cast<Int128>(std::trunc(us)); }

  static double permits_per_second(const Parameters& p) {
    const std::int64_t ns = p.rate("rate").per.ns();
    return static_cast<double>(p.rate("rate").units) /
           (static_cast<double>(ns / 1'000'000'000) +
            static_cast<double>(ns % 1'000'000'000) / 1e9);
  }

 private:
  Shape shape_;
  Instant start_;
  double stored_;
  std::optional<Int128> next_free_;
};

const bool bursty_registered = register_case(
    {.id = "java-guava-bursty",
     .settings = {"rate=5/s", "rate=1/s", "rate=3/s", "rate=7/1m", "rate=1000/s", "rate=5/2s",
                  "rate=1/366d"},
     .reference =
         [](const Parameters& p, const Environment& env) {
           const double rate = GuavaReference::permits_per_second(p);
           const double stable = 1e6 / rate;
           return std::make_unique<GuavaReference>(
               GuavaReference::Shape{.stable = stable,
                                     .most = rate,
                                     .initial = 0.0,
                                     .cool_down = stable,
                                     .spend = [](double, double) { return Int128{0}; }},
               env.start);
         },
     // One that asks for n is let in where n would have to wait for each other.
     .cost_is_divisible = false});

GuavaReference::Shape warming_up(double rate, double warmup) {
  const double stable = 1e6 / rate;
  const double cold = 3.0 * stable;
  const double threshold = 0.5 * warmup / stable;
  const double most = threshold + 2.0 * warmup / (stable + cold);
  const double slope = (cold - stable) / (most - threshold);
  const auto spend = [=](double stored, double take) {
    Int128 us = 0;
    const double above = stored - threshold;
    if (above > 0.0) {
      const double cold_ones = std::fmin(above, take);
      const double first = stable + above * slope;
      const double last = stable + (above - cold_ones) * slope;
      us += GuavaReference::whole(cold_ones * (first + last) / 2.0);
      take -= cold_ones;
    }
    return us + GuavaReference::whole(stable * take);
  };
  return {
      .stable = stable, .most = most, .initial = most, .cool_down = warmup / most, .spend = spend};
}

const bool warming_up_registered = register_case(
    {.id = "java-guava-warming-up",
     .settings = {"rate=5/s warmup=4s", "rate=1/s warmup=1us", "rate=3/s warmup=100ms",
                  "rate=1000/s warmup=1m", "rate=7/1m warmup=1h"},
     .reference =
         [](const Parameters& p, const Environment& env) {
           const auto warmup = static_cast<double>(p.duration("warmup").ns() / 1000);
           return std::make_unique<GuavaReference>(
               warming_up(GuavaReference::permits_per_second(p), warmup), env.start);
         },
     .cost_is_divisible = false});

}  // namespace
}  // namespace weir::limiter
