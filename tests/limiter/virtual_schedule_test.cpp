#include "limiter/virtual_schedule.hpp"

#include <gtest/gtest.h>

namespace weir::limiter {
namespace {

constexpr std::uint64_t most_units = std::uint64_t{1} << 53;

TEST(VirtualSchedule, SaysWhichRatesTicksCannotHold) {
  const Duration second = Duration::from_seconds(1);
  EXPECT_FALSE(rate_problem("rate", {.units = most_units, .per = second}));
  EXPECT_TRUE(rate_problem("rate", {.units = most_units + 1, .per = second}));
  EXPECT_FALSE(rate_problem("rate", {.units = 1, .per = longest_window}));
  EXPECT_TRUE(rate_problem("rate", {.units = 1, .per = longest_window + Duration::from_ns(1)}));
  EXPECT_FALSE(rate_problem("rate", {.units = 1, .per = Duration::from_ns(1)}));
  EXPECT_TRUE(rate_problem("rate", {.units = 1, .per = Duration()}));
  EXPECT_FALSE(rate_problem("rate", {.units = 0, .per = second}));
  EXPECT_TRUE(positive_rate_problem("rate", {.units = 0, .per = second}));
  EXPECT_EQ(rate_problem("peak", {.units = 1, .per = Duration()})->pointer, "peak");
}

TEST(VirtualSchedule, NeedsWideTicksWhereTheHorizonOrTheCapacityDoesNotFit) {
  const Environment env;
  // The horizon of ten years has 3.2e17 ns; a quarter of 2^63 is 2.3e18.
  EXPECT_FALSE(needs_wide_ticks({.units = 7, .per = Duration::from_ns(11)}, 1, env));
  EXPECT_TRUE(needs_wide_ticks({.units = 8, .per = Duration::from_ns(11)}, 1, env));
  const Rate daily{.units = 1, .per = Duration::from_seconds(86'400)};
  EXPECT_FALSE(needs_wide_ticks(daily, 26'687, env));
  EXPECT_TRUE(needs_wide_ticks(daily, 26'688, env));
  EXPECT_TRUE(needs_wide_ticks(daily, 1, {.start = {}, .wide_ticks = true}));
}

TEST(VirtualSchedule, HoldsInstantsBeforeItsOrigin) {
  const Instant origin = Instant::from_unix_seconds(100);
  const VirtualSchedule<std::int64_t> schedule({.units = 1, .per = Duration::from_seconds(1)}, 1,
                                               origin);
  VirtualSchedule<std::int64_t>::State state;
  const Instant early = Instant::from_unix_seconds(-100);
  schedule.charge(state, early, 1);
  const Instant due = early + Duration::from_seconds(1);
  EXPECT_EQ(schedule.earliest(state, early, 1), due);
  EXPECT_FALSE(schedule.check(state, due - Duration::from_ns(1), 1).allowed);
  EXPECT_TRUE(schedule.check(state, due, 1).allowed);
}

}  // namespace
}  // namespace weir::limiter
