#include "limiter/python_pyrate_limiter.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "limiter/entry_support.hpp"

namespace weir::limiter {
namespace {

using testing::HasSubstr;

TEST(PythonPyrateLimiter, AnItemAsOldAsTheIntervalStillCounts) {
  const PythonPyrateLimiter limiter = make<PythonPyrateLimiterEntry>("limit=2 window=1s");
  PythonPyrateLimiter::State state;
  EXPECT_TRUE(decide(limiter, state, after_ms(5)).allowed);
  EXPECT_TRUE(decide(limiter, state, after_ms(400)).allowed);
  EXPECT_FALSE(decide(limiter, state, after_ms(1'005)).allowed);
  EXPECT_EQ(limiter.earliest(state, after_ms(1'005), 1), after_ms(1'006));
  EXPECT_TRUE(is_first_admitted(limiter, state, after_ms(1'006)));
  EXPECT_TRUE(is_first_admitted(limiter, state, after_ms(1'401), 2));
  EXPECT_EQ(limiter.earliest(state, after_ms(1'005), 3), std::nullopt);
}

TEST(PythonPyrateLimiter, ReadsItsClockInMilliseconds) {
  const PythonPyrateLimiter limiter = make<PythonPyrateLimiterEntry>("limit=1 window=1ms");
  PythonPyrateLimiter::State state;
  decide(limiter, state, after_ms(1) - one_ns);
  EXPECT_TRUE(is_first_admitted(limiter, state, after_ms(2)));
  EXPECT_THAT(problem_of<PythonPyrateLimiterEntry>("limit=1 window=1500us"),
              HasSubstr("window: must be a whole number of milliseconds"));
}

TEST(PythonPyrateLimiter, TellsQuotaAndBoundAndItsCallerNothing) {
  const PythonPyrateLimiter limiter = make<PythonPyrateLimiterEntry>("limit=3 window=1s");
  PythonPyrateLimiter::State state;
  EXPECT_EQ(limiter.quota(state, noon), (Quota{.limit = 3, .remaining = 3, .reset_after = {}}));
  decide(limiter, state, after_ms(400), 2);
  EXPECT_EQ(limiter.quota(state, after_ms(600)),
            (Quota{.limit = 3, .remaining = 1, .reset_after = Duration::from_ms(801)}));
  EXPECT_EQ(limiter.bound(Duration::from_seconds(1)), 3);
  EXPECT_EQ(limiter.bound(Duration::from_seconds(1) + one_ns), 6);
  EXPECT_EQ(limiter.advertised_retry_after(state, noon, 3), std::nullopt);
  EXPECT_EQ(limiter.advertised_quota(state, noon), AdvertisedQuota());
}

}  // namespace
}  // namespace weir::limiter
