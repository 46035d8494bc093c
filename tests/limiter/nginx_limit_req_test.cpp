#include "limiter/nginx_limit_req.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

#include "limiter/entry_support.hpp"

namespace weir::limiter {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

TEST(NginxLimitReq, PassesThenDelaysThenDenies) {
  const NginxLimitReq limiter = make<NginxLimitReqEntry>("rate=10/s burst=4 delay=1");
  NginxLimitReq::State state;
  std::vector<std::int64_t> delays;
  for (int i = 0; i < 8; ++i) {
    const Verdict verdict = decide(limiter, state, noon);
    delays.push_back(verdict.allowed ? verdict.delay.ns() / 1'000'000 : -1);
  }
  EXPECT_THAT(delays, ElementsAre(0, 0, 100, 200, 300, -1, -1, -1));
}

TEST(NginxLimitReq, DelaysEveryExcessByDefaultAndNoneWithNodelay) {
  const NginxLimitReq by_default = make<NginxLimitReqEntry>("rate=10/s burst=4");
  const NginxLimitReq nodelay = make<NginxLimitReqEntry>("rate=10/s burst=4 nodelay=true");
  NginxLimitReq::State state;
  EXPECT_EQ(decide(by_default, state, noon).delay, Duration());
  EXPECT_EQ(by_default.check(state, noon, 1).delay, Duration::from_ms(100));
  EXPECT_EQ(nodelay.check(state, noon, 1).delay, Duration());
}

TEST(NginxLimitReq, AdmitsOnceInTwoSecondsAtThirtyAMinute) {
  const NginxLimitReq limiter = make<NginxLimitReqEntry>("rate=30/1m");
  NginxLimitReq::State state;
  EXPECT_TRUE(decide(limiter, state, noon).allowed);
  EXPECT_FALSE(decide(limiter, state, after_ms(1950)).allowed);
  EXPECT_EQ(limiter.earliest(state, after_ms(1950), 1), after_ms(2000));
  EXPECT_FALSE(limiter.check(state, after_ms(2000) - one_ns, 1).allowed);
  EXPECT_TRUE(limiter.check(state, after_ms(2000), 1).allowed);
}

TEST(NginxLimitReq, CutsARatePerMinuteToThousandthsPerSecond) {
  // 1 a minute is 16/1000 a second: one in 62.5 s; 10 a minute is 166/1000: 6.0240... s.
  NginxLimitReq::State state{.excess = 0, .last_ms = 0};
  const auto wait_ms = [&](std::string_view settings) {
    const auto at = make<NginxLimitReqEntry>(settings).earliest(state, Instant(), 1);
    return at->unix_ns() / 1'000'000;
  };
  EXPECT_EQ(wait_ms("rate=1/m"), 62'500);
  EXPECT_EQ(wait_ms("rate=10/m"), 6'025);
  EXPECT_EQ(wait_ms("rate=100/m"), 601);
  EXPECT_EQ(wait_ms("rate=1/s"), 1'000);
}

TEST(NginxLimitReq, LosesTheRemainderAtEveryAdmission) {
  const NginxLimitReq limiter = make<NginxLimitReqEntry>("rate=100/1m burst=50 nodelay=true");
  NginxLimitReq::State often;
  NginxLimitReq::State seldom;
  for (int i = 0; i <= 10; ++i) decide(limiter, often, after_ms(i));
  for (int i = 0; i < 10; ++i) decide(limiter, seldom, noon);
  decide(limiter, seldom, after_ms(10));
  // 1.666 leaks each ms: ten times 1 for the one, 16 at once for the other.
  EXPECT_EQ(often.excess, 10'000 - 10);
  EXPECT_EQ(seldom.excess, 10'000 - 16);
}

TEST(NginxLimitReq, AdmitsBurstAndOneAfterIdlingLikeANewKey) {
  const NginxLimitReq limiter = make<NginxLimitReqEntry>("rate=10/s burst=3 nodelay=true");
  NginxLimitReq::State state;
  decide(limiter, state, noon);
  int allowed = 0;
  for (int i = 0; i < 10; ++i) allowed += decide(limiter, state, after_ms(60'000)).allowed ? 1 : 0;
  EXPECT_EQ(allowed, 4);
}

TEST(NginxLimitReq, DeniedRequestsChangeNothing) {
  const NginxLimitReq limiter = make<NginxLimitReqEntry>("rate=1/s");
  NginxLimitReq::State state;
  decide(limiter, state, noon);
  for (int ms = 1; ms < 1000; ++ms) EXPECT_FALSE(decide(limiter, state, after_ms(ms)).allowed);
  EXPECT_TRUE(decide(limiter, state, after_ms(1000)).allowed);
}

TEST(NginxLimitReq, TakesAClockSetBackForOneThatStoodStillOrCreptOn) {
  const NginxLimitReq limiter = make<NginxLimitReqEntry>("rate=1000/s burst=5 nodelay=true");
  NginxLimitReq::State state;
  decide(limiter, state, after_ms(100'000));
  NginxLimitReq::State stood_still = state;
  decide(limiter, stood_still, after_ms(40'000));
  EXPECT_EQ(stood_still.excess, 1000);
  EXPECT_EQ(stood_still.last_ms, state.last_ms);
  NginxLimitReq::State crept_on = state;
  decide(limiter, crept_on, after_ms(39'999));
  EXPECT_EQ(crept_on.excess, 0);
  EXPECT_EQ(crept_on.last_ms, state.last_ms - 60'001);
}

TEST(NginxLimitReq, CostsAreRequestsAtOneInstant) {
  const NginxLimitReq limiter = make<NginxLimitReqEntry>("rate=10/s burst=4 delay=1");
  NginxLimitReq::State state;
  EXPECT_FALSE(limiter.check(state, noon, 6).allowed);
  EXPECT_EQ(limiter.earliest(state, noon, 6), std::nullopt);
  EXPECT_EQ(limiter.check(state, noon, 5),
            (Verdict{.allowed = true, .delay = Duration::from_ms(300)}));
  limiter.charge(state, noon, 5);
  EXPECT_EQ(limiter.quota(state, noon).remaining, 0);
  EXPECT_TRUE(limiter.check(state, noon, 0).allowed);
  limiter.charge(state, after_ms(10), 0);
  EXPECT_EQ(state.last_ms, noon.unix_ns() / 1'000'000);
}

TEST(NginxLimitReq, TellsQuotaAndBound) {
  const NginxLimitReq limiter = make<NginxLimitReqEntry>("rate=10/s burst=4");
  NginxLimitReq::State state;
  EXPECT_EQ(limiter.quota(state, noon), (Quota{.limit = 5, .remaining = 5, .reset_after = {}}));
  decide(limiter, state, noon);
  decide(limiter, state, noon);
  // 2 are missing, of which the clamp gives one back when the other has leaked out.
  EXPECT_EQ(limiter.quota(state, noon),
            (Quota{.limit = 5, .remaining = 3, .reset_after = Duration::from_ms(200)}));
  EXPECT_EQ(limiter.bound(Duration()), 5);
  EXPECT_EQ(limiter.bound(Duration::from_ms(99)), 5);
  EXPECT_EQ(limiter.bound(Duration::from_ms(99) + one_ns), 6);
  EXPECT_EQ(limiter.advertised_retry_after(state, noon, 1), std::nullopt);
}

TEST(NginxLimitReq, StaysInRangeAtTheLargestSettings) {
  const NginxLimitReq limiter =
      make<NginxLimitReqEntry>("rate=1000000000000/s burst=1000000000000 nodelay=true");
  NginxLimitReq::State state;
  EXPECT_TRUE(decide(limiter, state, Instant(), 1'000'000'000'001).allowed);
  EXPECT_FALSE(decide(limiter, state, Instant(), 1).allowed);
  EXPECT_TRUE(
      decide(limiter, state, Instant::from_unix_seconds(6'000'000'000), 1'000'000'000'001).allowed);
  EXPECT_EQ(state.excess, 1'000'000'000'000'000);
}

TEST(NginxLimitReq, RefusesSettingsThatNginxLacks) {
  EXPECT_THAT(problem_of<NginxLimitReqEntry>("rate=10/2s"), HasSubstr("rate: must be per second"));
  EXPECT_THAT(problem_of<NginxLimitReqEntry>("rate=10/h"), HasSubstr("got 10/1h"));
  EXPECT_EQ(problem_of<NginxLimitReqEntry>("rate=0/s"), "rate: must be above 0");
  EXPECT_THAT(problem_of<NginxLimitReqEntry>("rate=10/s delay=0 nodelay=true"),
              HasSubstr("nodelay: cannot stand beside delay"));
  EXPECT_THAT(problem_of<NginxLimitReqEntry>("rate=1/m burst=1000000000"),
              HasSubstr("burst: must drain within"));
  EXPECT_EQ(problem_of<NginxLimitReqEntry>("rate=10/60s delay=0"), "");
}

TEST(NginxLimitReq, TellsItsClientsNothing) {
  const NginxLimitReq limiter = make<NginxLimitReqEntry>("rate=1/s");
  NginxLimitReq::State state;
  decide(limiter, state, noon);
  EXPECT_EQ(limiter.advertised_retry_after(state, noon, 1), std::nullopt);
  EXPECT_EQ(limiter.advertised_quota(state, noon), AdvertisedQuota());
}

}  // namespace
}  // namespace weir::limiter
