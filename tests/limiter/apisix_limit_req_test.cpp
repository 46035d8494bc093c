#include "limiter/apisix_limit_req.hpp"

#include <gtest/gtest.h>

#include "limiter/entry_support.hpp"

namespace weir::limiter {
namespace {

TEST(ApisixLimitReq, DelaysAndThenDenies) {
  const ApisixLimitReq limiter = make<ApisixLimitReqEntry>("rate=10/s burst=3");
  ApisixLimitReq::State state;
  for (const std::int64_t ms : {0, 100, 200, 300}) {
    EXPECT_EQ(decide(limiter, state, noon),
              (Verdict{.allowed = true, .delay = Duration::from_ms(ms)}));
  }
  EXPECT_FALSE(decide(limiter, state, noon).allowed);
  EXPECT_EQ(limiter.earliest(state, noon, 1), after_ms(100));
  EXPECT_TRUE(is_first_admitted(limiter, state, after_ms(100)));
  EXPECT_EQ(limiter.earliest(state, noon, 4), after_ms(400));
  EXPECT_EQ(limiter.earliest(state, noon, 5), std::nullopt);
}

TEST(ApisixLimitReq, DelaysNobodyWithNodelay) {
  const ApisixLimitReq limiter = make<ApisixLimitReqEntry>("rate=10/s burst=3 nodelay=true");
  ApisixLimitReq::State state;
  for (int i = 0; i < 4; ++i) {
    EXPECT_EQ(decide(limiter, state, noon), (Verdict{.allowed = true, .delay = {}}));
  }
  EXPECT_FALSE(decide(limiter, state, noon).allowed);
}

// A third of a request a millisecond: 1000 - 1000/3 = 666.67 is kept as 666, so that a fraction is
// won with each request.
TEST(ApisixLimitReq, KeepsWholeThousandths) {
  const ApisixLimitReq limiter = make<ApisixLimitReqEntry>("rate=1000/3s burst=5");
  ApisixLimitReq::State state;
  decide(limiter, state, noon);
  decide(limiter, state, after_ms(1));
  EXPECT_EQ(state.excess, 666);
  decide(limiter, state, after_ms(2));
  EXPECT_EQ(state.excess, 1332);
}

TEST(ApisixLimitReq, SleepsInWholeMilliseconds) {
  // 3 a second: 1000 above the rate take 333.33 ms, and 4000 take 1333.33.
  const ApisixLimitReq limiter = make<ApisixLimitReqEntry>("rate=3/s burst=9");
  ApisixLimitReq::State state;
  EXPECT_EQ(limiter.check(state, noon, 2).delay, Duration::from_ms(333));
  EXPECT_EQ(limiter.check(state, noon, 5).delay, Duration::from_ms(1333));
  // Below one millisecond, not at all.
  const ApisixLimitReq fast = make<ApisixLimitReqEntry>("rate=1001/s burst=9");
  EXPECT_EQ(fast.check({}, noon, 2).delay, Duration());
  const ApisixLimitReq just = make<ApisixLimitReqEntry>("rate=1000/s burst=9");
  EXPECT_EQ(just.check({}, noon, 2).delay, Duration::from_ms(1));
}

TEST(ApisixLimitReq, TellsQuotaAndBoundToUsAndNothingToClients) {
  const ApisixLimitReq limiter = make<ApisixLimitReqEntry>("rate=10/s burst=4");
  ApisixLimitReq::State state;
  EXPECT_EQ(limiter.quota(state, noon), (Quota{.limit = 5, .remaining = 5, .reset_after = {}}));
  decide(limiter, state, noon, 3);
  EXPECT_EQ(limiter.quota(state, noon),
            (Quota{.limit = 5, .remaining = 2, .reset_after = Duration::from_ms(300)}));
  EXPECT_EQ(limiter.bound(Duration()), 5);
  EXPECT_EQ(limiter.bound(Duration::from_ms(100)), 6);
  EXPECT_EQ(advertised_retry_after(limiter, state, noon, 5), std::nullopt);
  EXPECT_EQ(advertised_quota(limiter, state, noon), AdvertisedQuota());
  EXPECT_EQ(ApisixLimitReqEntry::info().denied_status, 503);
  EXPECT_EQ(problem_of<ApisixLimitReqEntry>("rate=0/s burst=1"), "rate: must be above 0");
}

}  // namespace
}  // namespace weir::limiter
