#include "traffic/retry.hpp"

#include <algorithm>
#include <limits>
#include <variant>

#include "core/int128.hpp"

namespace weir::traffic {
namespace {

Duration at_most_the_longest(Int128 ns) {
  // One less than `no_wait`.
  constexpr Int128 longest = std::numeric_limits<std::int64_t>::max() - 1;
  return Duration::from_ns(static_cast<std::int64_t>(std::min(ns, longest)));
}

/// min(cap, base 2^doublings); the cap is at least the base.
Duration backed_off(Duration base, std::int64_t doublings, Duration cap) {
  if (doublings >= 63 || base.ns() > cap.ns() >> doublings) return cap;
  return base * (std::int64_t{1} << doublings);
}

/// How long each behaviour waits.
struct Wait {
  const DeniedAttempt& denied;
  /// Of the operation.
  const RandomStream& random;

  Duration operator()(const GiveUp&) const { return no_wait; }
  Duration operator()(const AdaptiveThrottle&) const { return no_wait; }
  Duration operator()(const RetryImmediately&) const { return round_trip; }
  Duration operator()(const RetryFixed& fixed) const { return std::max(fixed.delay, round_trip); }
  Duration operator()(const RetryExponential& exponential) const {
    return std::max(backoff(exponential), round_trip);
  }
  Duration operator()(const RetryAfter& retry_after) const {
    const bool knows = denied.advertised != no_wait;
    const bool is_told = knows && denied.advertised > Duration();
    const Duration base = knows ? std::max(denied.advertised, Duration()) : retry_after.fallback;
    const Duration wait = with_jitter(base, retry_after.jitter);
    const Duration capped = std::min(wait, retry_after.cap.value_or(wait));
    return std::max(capped, is_told ? Duration() : round_trip);
  }

 private:
  /// Each whole number of nanoseconds from `shortest` to `longest` as likely.
  Duration between(Duration shortest, Duration longest) const {
    const auto index = static_cast<std::uint64_t>(denied.attempt);
    const auto choices = static_cast<std::uint64_t>((longest - shortest).ns()) + 1;
    return shortest + Duration::from_ns(static_cast<std::int64_t>(random.below(index, choices)));
  }

  Duration backoff(const RetryExponential& e) const {
    const Duration ceiling = backed_off(e.base, denied.attempt - 1, e.cap);
    switch (e.jitter) {
      case BackoffJitter::none:
        return ceiling;
      case BackoffJitter::equal:
        return between(Duration::from_ns(ceiling.ns() / 2), ceiling);
      case BackoffJitter::decorrelated: {
        // Before the first wait stands `base`.
        const Int128 before = std::max(denied.previous_wait, e.base).ns();
        return std::min(between(e.base, at_most_the_longest(before * 3)), e.cap);
      }
      case BackoffJitter::full:
        break;
    }
    return between(Duration(), ceiling);
  }

  Duration with_jitter(Duration base, double jitter) const {
    constexpr double longest = 0x1p62;
    const double most = std::min(static_cast<double>(base.ns()) * jitter, longest);
    const Duration added = between(Duration(), Duration::from_ns(static_cast<std::int64_t>(most)));
    return at_most_the_longest(Int128{base.ns()} + added.ns());
  }
};

}  // namespace

Duration retry_wait(const OnDenied& on_denied, const DeniedAttempt& denied,
                    const RandomStream& random) {
  if (denied.attempt >= on_denied.max_attempts) return no_wait;
  const RandomStream of_operation = random.numbered(denied.operation);
  return std::visit(Wait{denied, of_operation}, on_denied.behaviour);
}

}  // namespace weir::traffic
