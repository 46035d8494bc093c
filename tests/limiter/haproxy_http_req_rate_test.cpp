#include "limiter/haproxy_http_req_rate.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "limiter/entry_support.hpp"

namespace weir::limiter {
namespace {

using testing::HasSubstr;

TEST(HaproxyHttpReqRate, FollowsAMeasuredRun) {
  const HaproxyHttpReqRate limiter = make<HaproxyHttpReqRateEntry>("limit=5 period=2s");
  HaproxyHttpReqRate::State state;
  struct Step {
    std::int64_t ms, rate;
  };
  const Step steps[] = {{0, 1},    {0, 2},    {0, 3},    {0, 4},    {0, 5},    {0, 6},
                        {0, 7},    {1000, 8}, {1000, 9}, {2050, 9}, {2500, 8}, {3000, 7},
                        {3500, 6}, {3900, 5}, {4100, 5}, {4500, 5}};
  for (const Step& step : steps) {
    EXPECT_EQ(limiter.rate_counting(state, after_ms(step.ms), 1), step.rate) << step.ms;
    EXPECT_EQ(decide(limiter, state, after_ms(step.ms)).allowed, step.rate <= 5) << step.ms;
  }
}

TEST(HaproxyHttpReqRate, KnowsWhenADeniedClientGetsIn) {
  const HaproxyHttpReqRate limiter = make<HaproxyHttpReqRateEntry>("limit=5 period=2s");
  HaproxyHttpReqRate::State state;
  for (int i = 0; i < 9; ++i) decide(limiter, state, noon);
  // From 2 s on 1 + 9 (4 s - t) / 2 s has to be below 6: t > 2.888... s.
  EXPECT_EQ(limiter.earliest(state, noon, 1), after_ms(2889));
  EXPECT_TRUE(is_first_admitted(limiter, state, after_ms(2889)));
  // As much as the limit passes only when nothing else counts; more than it never.
  EXPECT_EQ(limiter.earliest(state, noon, 5), after_ms(3778));
  EXPECT_TRUE(is_first_admitted(limiter, state, after_ms(3778), 5));
  EXPECT_EQ(limiter.earliest(state, noon, 6), std::nullopt);
}

TEST(HaproxyHttpReqRate, FindsRoomWithinTheCurrentPeriod) {
  const HaproxyHttpReqRate limiter = make<HaproxyHttpReqRateEntry>("limit=4 period=1s");
  HaproxyHttpReqRate::State state;
  for (int i = 0; i < 4; ++i) decide(limiter, state, noon);
  for (int i = 0; i < 2; ++i) decide(limiter, state, after_ms(1500));
  // 3 + 4 (2 s - t) / 1 s below 5: t > 1.5 s.
  EXPECT_FALSE(limiter.check(state, after_ms(1500), 1).allowed);
  EXPECT_EQ(limiter.earliest(state, after_ms(1500), 1), after_ms(1501));
  EXPECT_TRUE(is_first_admitted(limiter, state, after_ms(1501)));
}

TEST(HaproxyHttpReqRate, CountsFromTheFirstRequestRoundedDownToAnEvenMillisecond) {
  const HaproxyHttpReqRate limiter = make<HaproxyHttpReqRateEntry>("limit=1 period=10ms");
  HaproxyHttpReqRate::State even;
  HaproxyHttpReqRate::State odd;
  decide(limiter, even, after_ms(100));
  decide(limiter, odd, after_ms(101));
  EXPECT_EQ(odd.tick_ms, even.tick_ms);
  EXPECT_EQ(even.tick_ms, after_ms(100).unix_ns() / 1'000'000);
}

TEST(HaproxyHttpReqRate, CutsAnOddPeriodShort) {
  const HaproxyHttpReqRate limiter = make<HaproxyHttpReqRateEntry>("limit=9 period=5ms");
  HaproxyHttpReqRate::State state;
  const std::int64_t start = noon.unix_ns() / 1'000'000;
  decide(limiter, state, after_ms(0));
  decide(limiter, state, after_ms(5));
  EXPECT_EQ(state.tick_ms, start + 4);
  decide(limiter, state, after_ms(9));
  EXPECT_EQ(state.tick_ms, start + 8);
  EXPECT_EQ(state.previous, 1);
}

TEST(HaproxyHttpReqRate, AClientThatKeepsAskingStaysDenied) {
  const HaproxyHttpReqRate limiter = make<HaproxyHttpReqRateEntry>("limit=2 period=100ms");
  HaproxyHttpReqRate::State state;
  int allowed = 0;
  for (int ms = 0; ms < 10'000; ms += 10) {
    allowed += decide(limiter, state, after_ms(ms)).allowed ? 1 : 0;
  }
  EXPECT_EQ(allowed, 2);
}

TEST(HaproxyHttpReqRate, HasAnAnswerForEveryCostAndLimit) {
  const HaproxyHttpReqRate limiter = make<HaproxyHttpReqRateEntry>("limit=3 period=1s");
  HaproxyHttpReqRate::State state;
  EXPECT_TRUE(limiter.check(state, noon, 0).allowed);
  limiter.charge(state, noon, 0);
  EXPECT_EQ(state.current, 0);
  EXPECT_TRUE(limiter.check(state, noon, 3).allowed);
  EXPECT_FALSE(limiter.check(state, noon, 4).allowed);
  limiter.charge_denied(state, noon, largest_cost);
  EXPECT_FALSE(limiter.check(state, noon, 1).allowed);
  EXPECT_TRUE(is_first_admitted(limiter, state, *limiter.earliest(state, noon, 1)));
  const HaproxyHttpReqRate none = make<HaproxyHttpReqRateEntry>("limit=0 period=1s");
  EXPECT_FALSE(none.check({}, noon, 1).allowed);
  EXPECT_EQ(none.earliest({}, noon, 1), std::nullopt);
  EXPECT_EQ(none.bound(Duration::from_seconds(5)), 0);
}

TEST(HaproxyHttpReqRate, TellsQuotaAndBound) {
  const HaproxyHttpReqRate limiter = make<HaproxyHttpReqRateEntry>("limit=4 period=1s");
  HaproxyHttpReqRate::State state;
  EXPECT_EQ(limiter.quota(state, noon), (Quota{.limit = 4, .remaining = 4, .reset_after = {}}));
  for (int i = 0; i < 3; ++i) decide(limiter, state, noon);
  EXPECT_EQ(limiter.quota(state, noon).remaining, 1);
  // 3 (2 s - t) / 1 s is below 1 from 1.667 s on.
  EXPECT_EQ(limiter.quota(state, noon).reset_after, Duration::from_ms(1667));
  EXPECT_EQ(limiter.quota(state, after_ms(1500)).remaining, 3);
  EXPECT_EQ(limiter.bound(Duration()), 4);
  EXPECT_EQ(limiter.bound(Duration::from_seconds(1)), 8);
  EXPECT_EQ(limiter.bound(Duration::from_seconds(1) + one_ns), 12);
  EXPECT_EQ(limiter.advertised_retry_after(state, noon, 1), std::nullopt);
}

TEST(HaproxyHttpReqRate, LimitsNothingWithAPeriodOfOneMillisecond) {
  const HaproxyHttpReqRate limiter = make<HaproxyHttpReqRateEntry>("limit=1 period=1ms");
  HaproxyHttpReqRate::State state;
  for (int i = 0; i < 100; ++i) EXPECT_TRUE(decide(limiter, state, after_ms(1)).allowed);
  EXPECT_EQ(limiter.bound(Duration()), std::nullopt);
}

TEST(HaproxyHttpReqRate, StaysInRangeAtTheLargestSettings) {
  const HaproxyHttpReqRate limiter =
      make<HaproxyHttpReqRateEntry>("limit=4294967294 period=2147483646ms");
  HaproxyHttpReqRate::State state;
  EXPECT_TRUE(decide(limiter, state, noon, 4'294'967'294).allowed);
  EXPECT_FALSE(decide(limiter, state, noon, largest_cost).allowed);
  const auto at = limiter.earliest(state, noon, 4'294'967'294);
  ASSERT_TRUE(at.has_value());
  EXPECT_TRUE(is_first_admitted(limiter, state, *at, 4'294'967'294));
}

TEST(HaproxyHttpReqRate, RefusesPeriodsThatHaproxyLacks) {
  EXPECT_THAT(problem_of<HaproxyHttpReqRateEntry>("limit=5 period=1500us"),
              HasSubstr("period: must be a whole number of milliseconds"));
  EXPECT_THAT(problem_of<HaproxyHttpReqRateEntry>("limit=5 period=25d"),
              HasSubstr("period: must be at most"));
  EXPECT_EQ(problem_of<HaproxyHttpReqRateEntry>("limit=5 period=24d"), "");
}

TEST(HaproxyHttpReqRate, TellsItsClientsNothing) {
  const HaproxyHttpReqRate limiter = make<HaproxyHttpReqRateEntry>("limit=1 period=10s");
  HaproxyHttpReqRate::State state;
  decide(limiter, state, noon);
  EXPECT_EQ(limiter.advertised_retry_after(state, noon, 1), std::nullopt);
  EXPECT_EQ(limiter.advertised_quota(state, noon), AdvertisedQuota());
}

}  // namespace
}  // namespace weir::limiter
