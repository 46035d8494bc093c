#include "limiter/first_hit_window.hpp"

#include <gtest/gtest.h>

#include "limiter/entry_support.hpp"

namespace weir::limiter {
namespace {

TEST(FirstHitWindow, BeginsWithTheFirstRequestAfterTheLastWindowsEnd) {
  const FirstHitWindow limiter({.limit = 2, .window_ticks = 1000});
  FirstHitWindow::State state;
  const Instant first = after_ms(300) + Duration::from_ns(999'999);
  EXPECT_TRUE(decide(limiter, state, first).allowed);
  EXPECT_TRUE(decide(limiter, state, after_ms(1299)).allowed);
  EXPECT_EQ(limiter.earliest(state, after_ms(1299), 1), after_ms(1300));
  EXPECT_TRUE(is_first_admitted(limiter, state, after_ms(1300)));
  EXPECT_TRUE(decide(limiter, state, after_ms(1750)).allowed);
  EXPECT_EQ(state.start_tick, after_ms(1750).unix_ns() / 1'000'000);
  EXPECT_EQ(state.count, 1);
}

TEST(FirstHitWindow, CountsDenialsWhereTheProductDoes) {
  for (const bool counts : {true, false}) {
    const FirstHitWindow limiter({.limit = 2, .window_ticks = 1000, .counts_denied = counts});
    FirstHitWindow::State state;
    EXPECT_FALSE(decide(limiter, state, noon, 3).allowed);
    EXPECT_EQ(decide(limiter, state, noon, 2).allowed, !counts);
    EXPECT_TRUE(decide(limiter, state, after_ms(1000), 2).allowed);
  }
}

TEST(FirstHitWindow, ACounterCanOutliveItsWindow) {
  const FirstHitWindow limiter({.limit = 1, .window_ticks = 1000, .afterlife_ticks = 1});
  FirstHitWindow::State state;
  decide(limiter, state, noon);
  EXPECT_TRUE(is_first_admitted(limiter, state, after_ms(1001)));
}

TEST(FirstHitWindow, TellsQuotaAndBound) {
  const FirstHitWindow limiter({.limit = 3, .window_ticks = 1000});
  FirstHitWindow::State state;
  EXPECT_EQ(limiter.quota(state, noon), (Quota{.limit = 3, .remaining = 3, .reset_after = {}}));
  decide(limiter, state, noon, 0);
  EXPECT_EQ(state.count, 0);
  decide(limiter, state, noon, 2);
  EXPECT_EQ(limiter.quota(state, after_ms(400)),
            (Quota{.limit = 3, .remaining = 1, .reset_after = Duration::from_ms(600)}));
  decide(limiter, state, noon, 5);
  EXPECT_EQ(limiter.quota(state, noon).remaining, 0);
  EXPECT_EQ(limiter.earliest(state, noon, 4), std::nullopt);
  EXPECT_EQ(limiter.bound(Duration()), 3);
  EXPECT_EQ(limiter.bound(Duration::from_seconds(1)), 6);
  EXPECT_EQ(limiter.bound(Duration::from_seconds(1) + one_ns), 9);
}

TEST(FirstHitWindow, CountsNoFurtherThanItsNumbersGo) {
  const FirstHitWindow limiter({.limit = 1, .window_ticks = 1000});
  FirstHitWindow::State state;
  for (int i = 0; i < 3000; ++i) limiter.charge_denied(state, noon, largest_cost);
  EXPECT_FALSE(limiter.check(state, noon, 1).allowed);
}

}  // namespace
}  // namespace weir::limiter
