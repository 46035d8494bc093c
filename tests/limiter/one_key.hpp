#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string_view>
#include <variant>

#include "conformance/settings.hpp"
#include "core/text.hpp"
#include "limiter/limiter.hpp"

namespace weir::limiter {

/// When the tests of limiters begin: 2026-01-01T00:00:00Z, a multiple of all common windows.
inline constexpr Instant midnight = Instant::from_unix_seconds(1'767'225'600);

/// So long after midnight, "1m30s"; and a nanosecond before that.
inline Instant at(std::string_view after_midnight) {
  return midnight + parse_duration(after_midnight).value();
}
inline Instant just_before(std::string_view after_midnight) {
  return at(after_midnight) - Duration::from_ns(1);
}

inline Duration duration(std::string_view text) { return parse_duration(text).value(); }

/// One key of a limiter, whatever its type.
class OneKey {
 public:
  virtual ~OneKey() = default;
  /// Decides a request, and charges its admission or its denial.
  virtual Verdict decide(Instant now, Cost cost) = 0;
  virtual std::optional<Instant> earliest(Instant now, Cost cost) const = 0;
  virtual Quota quota(Instant now) const = 0;
  virtual std::optional<std::int64_t> bound(Duration interval) const = 0;

  bool admits(Instant now, Cost cost = 1) { return decide(now, cost).allowed; }
};

template <class L>
class OneKeyOf : public OneKey {
 public:
  explicit OneKeyOf(const L& limiter) : limiter_(limiter) {}

  Verdict decide(Instant now, Cost cost) override {
    const Verdict verdict = limiter_.check(state_, now, cost);
    if (verdict.allowed) {
      limiter_.charge(state_, now, cost);
    } else {
      limiter_.charge_denied(state_, now, cost);
    }
    return verdict;
  }
  std::optional<Instant> earliest(Instant now, Cost cost) const override {
    return limiter_.earliest(state_, now, cost);
  }
  Quota quota(Instant now) const override { return limiter_.quota(state_, now); }
  std::optional<std::int64_t> bound(Duration interval) const override {
    return limiter_.bound(interval);
  }

 private:
  L limiter_;
  typename L::State state_;
};

template <Limiter L>
std::unique_ptr<OneKey> one_key(const L& limiter) {
  return std::make_unique<OneKeyOf<L>>(limiter);
}
template <class... L>
std::unique_ptr<OneKey> one_key(const std::variant<L...>& limiter) {
  return std::visit([](const auto& l) { return one_key(l); }, limiter);
}

/// The limiter of a setting that is right: "rate=3/s burst=5".
template <class Entry>
typename Entry::Limiter made(std::string_view setting) {
  const Parsed<Parameters> parameters = parameters_of(Entry::info(), setting);
  if (!parameters) ADD_FAILURE() << setting << ": " << parameters.error();
  auto limiter = Entry::make(parameters.value(), {.start = midnight});
  if (!limiter) ADD_FAILURE() << setting << ": " << limiter.error().message;
  return std::move(limiter).value();
}

/// A key of it that was never seen.
template <class Entry>
std::unique_ptr<OneKey> new_key(std::string_view setting) {
  return one_key(made<Entry>(setting));
}

/// The parameter that make() blames, or "" if it has no problem with them.
template <class Entry>
std::string blamed(std::string_view setting) {
  const Parsed<Parameters> parameters = parameters_of(Entry::info(), setting);
  if (!parameters) return parameters.error();
  const auto limiter = Entry::make(*parameters, {.start = midnight});
  return limiter ? "" : limiter.error().pointer;
}

}  // namespace weir::limiter
