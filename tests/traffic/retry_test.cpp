#include "traffic/retry.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>

namespace weir::traffic {
namespace {

constexpr Duration longest_wait = Duration::max() - Duration::from_ns(1);
const RandomStream retry_draws = RandomStream(7).named("retries");

Duration ms(std::int64_t n) { return Duration::from_ms(n); }

OnDenied behaving(DeniedBehaviour behaviour, std::int64_t max_attempts = 1'000'000'000) {
  OnDenied out;
  out.behaviour = behaviour;
  out.max_attempts = max_attempts;
  return out;
}

std::optional<Duration> if_any(Duration wait) {
  return wait == no_wait ? std::nullopt : std::optional(wait);
}

/// The wait after that attempt of an operation.
std::optional<Duration> wait_after(const DeniedBehaviour& behaviour, std::int64_t attempt,
                                   std::uint64_t operation = 1, Duration previous = {}) {
  return if_any(
      retry_wait(behaving(behaviour), {operation, attempt, no_wait, previous}, retry_draws));
}

std::optional<Duration> told(const RetryAfter& behaviour, Duration advertised,
                             std::uint64_t operation = 1) {
  return if_any(retry_wait(behaving(behaviour), {operation, 1, advertised, {}}, retry_draws));
}

/// The shortest, the longest and the mean of the waits of many operations.
struct Spread {
  Duration least = Duration::max();
  Duration most;
  double mean_ns = 0.0;
};

template <class WaitOf>
Spread spread_of(WaitOf wait_of) {
  constexpr int operations = 20'000;
  Spread out;
  for (std::uint64_t operation = 0; operation < operations; ++operation) {
    const Duration wait = wait_of(operation).value();
    out.least = std::min(out.least, wait);
    out.most = std::max(out.most, wait);
    out.mean_ns += static_cast<double>(wait.ns()) / operations;
  }
  return out;
}

TEST(RetryWait, GivesUpWhereThereIsNoRetry) {
  EXPECT_EQ(wait_after(GiveUp{}, 1), std::nullopt);
  EXPECT_EQ(wait_after(AdaptiveThrottle{}, 1), std::nullopt);
}

TEST(RetryWait, GivesUpAfterTheLastAttempt) {
  const OnDenied three = behaving(RetryImmediately{}, 3);
  EXPECT_NE(retry_wait(three, {1, 2, no_wait, {}}, retry_draws), no_wait);
  EXPECT_EQ(retry_wait(three, {1, 3, no_wait, {}}, retry_draws), no_wait);
  EXPECT_EQ(retry_wait(three, {1, 4, no_wait, {}}, retry_draws), no_wait);
  EXPECT_EQ(retry_wait(behaving(RetryFixed{}, 1), {1, 1, no_wait, {}}, retry_draws), no_wait);
}

TEST(RetryWait, ImmediateIsARoundTrip) { EXPECT_EQ(wait_after(RetryImmediately{}, 5), round_trip); }

TEST(RetryWait, FixedIsTheDelayAndAtLeastARoundTrip) {
  EXPECT_EQ(wait_after(RetryFixed{ms(250)}, 5), ms(250));
  EXPECT_EQ(wait_after(RetryFixed{Duration::from_ns(1)}, 1), round_trip);
}

TEST(RetryWait, WithoutJitterDoublesUpToTheCap) {
  const RetryExponential plain{ms(100), ms(1'500), BackoffJitter::none};
  EXPECT_EQ(wait_after(plain, 1), ms(100));
  EXPECT_EQ(wait_after(plain, 2), ms(200));
  EXPECT_EQ(wait_after(plain, 4), ms(800));
  EXPECT_EQ(wait_after(plain, 5), ms(1'500));
  EXPECT_EQ(wait_after(plain, 999'999'999), ms(1'500));
  EXPECT_EQ(wait_after(RetryExponential{Duration::from_us(1), ms(1), BackoffJitter::none}, 1),
            round_trip);
}

TEST(RetryWait, DoublingDoesNotOverflow) {
  const Duration longest = Duration::from_seconds(std::int64_t{3660} * 86'400);
  for (std::int64_t attempt = 60; attempt < 70; ++attempt) {
    EXPECT_EQ(
        wait_after(RetryExponential{Duration::from_ns(1), longest, BackoffJitter::none}, attempt),
        longest);
    EXPECT_EQ(wait_after(RetryExponential{longest, longest, BackoffJitter::none}, attempt),
              longest);
  }
}

TEST(RetryWait, FullJitterIsFromARoundTripToAll) {
  const RetryExponential full{ms(100), ms(1'000), BackoffJitter::full};
  const Spread third = spread_of([&](std::uint64_t o) { return wait_after(full, 3, o); });
  EXPECT_GE(third.least, round_trip);
  EXPECT_LT(third.least, ms(2));
  EXPECT_LE(third.most, ms(400));
  EXPECT_GT(third.most, ms(399));
  EXPECT_NEAR(third.mean_ns, 200e6, 3e6);
}

TEST(RetryWait, EqualJitterIsFromHalfToAll) {
  const RetryExponential equal{ms(100), ms(300), BackoffJitter::equal};
  const Spread third = spread_of([&](std::uint64_t o) { return wait_after(equal, 3, o); });
  EXPECT_GE(third.least, ms(150));
  EXPECT_LT(third.least, ms(151));
  EXPECT_LE(third.most, ms(300));
  EXPECT_GT(third.most, ms(299));
  EXPECT_NEAR(third.mean_ns, 225e6, 2e6);
}

TEST(RetryWait, DecorrelatedJitterIsFromTheBaseToThriceTheWaitBefore) {
  const RetryExponential decorrelated{ms(100), ms(10'000), BackoffJitter::decorrelated};
  const Spread first = spread_of([&](std::uint64_t o) { return wait_after(decorrelated, 1, o); });
  EXPECT_GE(first.least, ms(100));
  EXPECT_LE(first.most, ms(300));
  EXPECT_NEAR(first.mean_ns, 200e6, 3e6);
  const Spread later =
      spread_of([&](std::uint64_t o) { return wait_after(decorrelated, 2, o, ms(1'000)); });
  EXPECT_GE(later.least, ms(100));
  EXPECT_GT(later.most, ms(2'990));
  EXPECT_LE(later.most, ms(3'000));
  EXPECT_NEAR(later.mean_ns, 1'550e6, 25e6);
}

TEST(RetryWait, DecorrelatedJitterStopsAtTheCap) {
  const RetryExponential capped{ms(100), ms(500), BackoffJitter::decorrelated};
  const Spread later =
      spread_of([&](std::uint64_t o) { return wait_after(capped, 2, o, ms(500)); });
  EXPECT_EQ(later.most, ms(500));
  EXPECT_EQ(wait_after(capped, 2, 1, Duration::max()), ms(500));
}

TEST(RetryWait, ObeysWhatItIsTold) {
  EXPECT_EQ(told({}, ms(2'500)), ms(2'500));
  EXPECT_EQ(told({}, Duration::from_ns(1)), Duration::from_ns(1));
  EXPECT_EQ(told({}, Duration()), round_trip);
  EXPECT_EQ(told({}, longest_wait), longest_wait);
}

TEST(RetryWait, FallsBackWhereItIsToldNothing) {
  RetryAfter behaviour;
  behaviour.fallback = ms(700);
  EXPECT_EQ(told(behaviour, no_wait), ms(700));
  behaviour.fallback = Duration::from_ns(1);
  EXPECT_EQ(told(behaviour, no_wait), round_trip);
}

TEST(RetryWait, WhatItIsToldIsCapped) {
  RetryAfter behaviour;
  behaviour.cap = ms(60);
  EXPECT_EQ(told(behaviour, ms(61)), ms(60));
  EXPECT_EQ(told(behaviour, ms(59)), ms(59));
  EXPECT_EQ(told(behaviour, no_wait), ms(60));
}

TEST(RetryWait, JitterComesOnTopOfWhatItIsTold) {
  RetryAfter behaviour;
  behaviour.jitter = 0.5;
  const Spread waits = spread_of([&](std::uint64_t o) { return told(behaviour, ms(1'000), o); });
  EXPECT_GE(waits.least, ms(1'000));
  EXPECT_LT(waits.least, ms(1'001));
  EXPECT_LE(waits.most, ms(1'500));
  EXPECT_GT(waits.most, ms(1'499));
  EXPECT_NEAR(waits.mean_ns, 1'250e6, 4e6);
  behaviour.jitter = 10.0;
  EXPECT_EQ(told(behaviour, longest_wait), longest_wait);
}

TEST(RetryWait, DrawsOnceForEachOperationAndAttempt) {
  const RetryExponential full{ms(1'000), ms(1'000), BackoffJitter::full};
  EXPECT_EQ(wait_after(full, 1, 5), wait_after(full, 1, 5));
  EXPECT_NE(wait_after(full, 1, 5), wait_after(full, 2, 5));
  EXPECT_NE(wait_after(full, 1, 5), wait_after(full, 1, 6));
  const OnDenied same = behaving(full);
  EXPECT_NE(retry_wait(same, {5, 1, no_wait, {}}, retry_draws),
            retry_wait(same, {5, 1, no_wait, {}}, RandomStream(8).named("retries")));
  const auto expected = static_cast<std::int64_t>(retry_draws.numbered(5).below(2, 1'000'000'001));
  EXPECT_EQ(wait_after(full, 2, 5), std::max(Duration::from_ns(expected), round_trip));
}

}  // namespace
}  // namespace weir::traffic
