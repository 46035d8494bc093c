#include "limiter/limitador.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "limiter/entry_support.hpp"

namespace weir::limiter {
namespace {

using testing::HasSubstr;

TEST(Limitador, CountsInMicrosecondsFromTheFirstAdmission) {
  const Limitador limiter = make<LimitadorEntry>("max_value=2 seconds=10s");
  Limitador::State state;
  EXPECT_FALSE(decide(limiter, state, noon, 3).allowed);
  const Instant first = noon + Duration::from_us(3);
  EXPECT_TRUE(decide(limiter, state, first + Duration::from_ns(999)).allowed);
  EXPECT_TRUE(decide(limiter, state, after_ms(500)).allowed);
  EXPECT_FALSE(decide(limiter, state, after_ms(500)).allowed);
  EXPECT_EQ(state.count, 2);
  EXPECT_TRUE(is_first_admitted(limiter, state, first + Duration::from_seconds(10)));
}

TEST(Limitador, AdvertisesSecondsRoundedDownWhereEnabled) {
  const Limitador silent = make<LimitadorEntry>("max_value=10 seconds=60s");
  const Limitador limiter =
      make<LimitadorEntry>("max_value=10 seconds=60s rate_limit_headers=draft-version-03");
  Limitador::State state;
  decide(limiter, state, noon, 4);
  EXPECT_EQ(silent.advertised_quota(state, noon), AdvertisedQuota());
  EXPECT_EQ(limiter.advertised_quota(state, noon),
            (AdvertisedQuota{10, 6, Duration::from_seconds(60)}));
  EXPECT_EQ(limiter.advertised_quota(state, noon + Duration::from_us(1)),
            (AdvertisedQuota{10, 6, Duration::from_seconds(59)}));
  EXPECT_EQ(limiter.advertised_quota(state, after_ms(59'001)),
            (AdvertisedQuota{10, 6, Duration()}));
  EXPECT_EQ(limiter.advertised_retry_after(state, noon, 7), std::nullopt);
}

TEST(Limitador, TakesWholeSeconds) {
  EXPECT_THAT(problem_of<LimitadorEntry>("max_value=1 seconds=1500ms"),
              HasSubstr("seconds: must be a whole number of seconds"));
}

}  // namespace
}  // namespace weir::limiter
