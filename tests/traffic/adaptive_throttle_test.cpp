#include "traffic/adaptive_throttle.hpp"

#include <gtest/gtest.h>

#include <deque>

#include "core/random.hpp"

namespace weir::traffic {
namespace {

constexpr Instant throttle_start = Instant::from_unix_seconds(1'767'225'600);

Instant seconds_later(std::int64_t s) { return throttle_start + Duration::from_seconds(s); }

AdaptiveThrottle throttle_of(double k, std::int64_t window_s) {
  return {k, Duration::from_seconds(window_s)};
}

TEST(AdaptiveThrottle, RefusesNothingOfAClientNeverSeen) {
  const AdaptiveThrottleState state(throttle_of(2.0, 120));
  EXPECT_EQ(state.refusal_probability(throttle_start), 0.0);
  EXPECT_EQ(state.refusal_probability(Instant::from_unix_seconds(-5)), 0.0);
}

TEST(AdaptiveThrottle, RefusesByTheFormula) {
  AdaptiveThrottleState state(throttle_of(2.0, 120));
  for (int i = 0; i < 10; ++i) state.on_request(throttle_start);
  EXPECT_DOUBLE_EQ(state.refusal_probability(throttle_start), 10.0 / 11.0);
  for (int i = 0; i < 3; ++i) state.on_accept(throttle_start);
  EXPECT_DOUBLE_EQ(state.refusal_probability(throttle_start), 4.0 / 11.0);
  for (int i = 0; i < 2; ++i) state.on_accept(throttle_start);
  EXPECT_EQ(state.refusal_probability(throttle_start), 0.0);
  for (int i = 0; i < 5; ++i) state.on_accept(throttle_start);
  EXPECT_EQ(state.refusal_probability(throttle_start), 0.0);
}

TEST(AdaptiveThrottle, ForgetsATenthOfTheWindowAtATime) {
  AdaptiveThrottleState state(throttle_of(1.0, 100));
  state.on_request(seconds_later(9));
  state.on_request(seconds_later(10));
  EXPECT_DOUBLE_EQ(state.refusal_probability(seconds_later(99)), 2.0 / 3.0);
  EXPECT_DOUBLE_EQ(state.refusal_probability(seconds_later(100)), 1.0 / 2.0);
  EXPECT_DOUBLE_EQ(state.refusal_probability(seconds_later(109)), 1.0 / 2.0);
  EXPECT_EQ(state.refusal_probability(seconds_later(110)), 0.0);
  state.on_request(seconds_later(110));
  EXPECT_DOUBLE_EQ(state.refusal_probability(seconds_later(110)), 1.0 / 2.0);
}

TEST(AdaptiveThrottle, CountsInAWindowShorterThanItsSlots) {
  AdaptiveThrottleState state(AdaptiveThrottle{1.0, Duration::from_ns(1)});
  state.on_request(throttle_start);
  EXPECT_DOUBLE_EQ(state.refusal_probability(throttle_start), 0.5);
  EXPECT_EQ(state.refusal_probability(throttle_start + Duration::from_ns(10)), 0.0);
}

TEST(AdaptiveThrottle, CountsWhatALogOfTheSlotsCounts) {
  struct Event {
    std::int64_t slot;
    bool accept;
  };
  const double k = 1.5;
  AdaptiveThrottleState state(throttle_of(k, 60));
  std::deque<Event> log;
  RandomSequence random(RandomStream(3));
  Instant now = Instant::from_unix_seconds(-300);
  for (int i = 0; i < 20'000; ++i) {
    now += Duration::from_ms(static_cast<std::int64_t>(random.below(i % 500 == 0 ? 90'000 : 900)));
    const std::int64_t slot = floor_div(now.unix_ns(), std::int64_t{6'000'000'000});
    const bool accept = random.below(3) == 0;
    if (accept) {
      state.on_accept(now);
    } else {
      state.on_request(now);
    }
    log.push_back({slot, accept});
    while (log.front().slot <= slot - 10) log.pop_front();
    double requests = 0.0, accepts = 0.0;
    for (const Event& event : log) (event.accept ? accepts : requests) += 1.0;
    const double expected = std::max(0.0, (requests - k * accepts) / (requests + 1.0));
    ASSERT_DOUBLE_EQ(state.refusal_probability(now), expected) << i;
  }
}

}  // namespace
}  // namespace weir::traffic
