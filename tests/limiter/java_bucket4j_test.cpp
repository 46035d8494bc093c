#include "limiter/java_bucket4j.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "limiter/entry_support.hpp"

namespace weir::limiter {
namespace {

using testing::HasSubstr;

JavaBucket4j bucket4j(std::string_view settings) { return make<JavaBucket4jEntry>(settings); }

TEST(JavaBucket4j, RefillsGreedilyTokenByToken) {
  const JavaBucket4j limiter = bucket4j("capacity=5 refill_tokens=3 refill_period=1s");
  JavaBucket4j::State state;
  decide(limiter, state, noon, 5);
  // A third of a second is 333333333.33 ns, and there are no parts of one.
  const Instant at = noon + Duration::from_ns(333'333'334);
  EXPECT_EQ(limiter.earliest(state, noon, 1), at);
  EXPECT_TRUE(is_first_admitted(limiter, state, at));
  // What is left over is kept: three tokens come in exactly a second.
  decide(limiter, state, at);
  EXPECT_EQ(state.rounding_error, 2);
  EXPECT_EQ(limiter.earliest(state, at, 2), after_ms(1000));
  EXPECT_TRUE(is_first_admitted(limiter, state, after_ms(1000), 2));
}

TEST(JavaBucket4j, RefillsByIntervalFromTheFirstRequestOn) {
  const JavaBucket4j limiter =
      bucket4j("capacity=10 refill_tokens=4 refill_period=1s refill=intervally");
  JavaBucket4j::State state;
  decide(limiter, state, after_ms(300), 10);
  EXPECT_EQ(limiter.earliest(state, after_ms(300), 1), after_ms(1300));
  EXPECT_TRUE(is_first_admitted(limiter, state, after_ms(1300), 4));
  EXPECT_EQ(limiter.earliest(state, after_ms(300), 5), after_ms(2300));
  EXPECT_EQ(limiter.earliest(state, after_ms(300), 9), after_ms(3300));
  // The intervals stay where they are.
  decide(limiter, state, after_ms(2000), 4);
  EXPECT_EQ(limiter.earliest(state, after_ms(2000), 1), after_ms(2300));
}

TEST(JavaBucket4j, StartsWithItsInitialTokens) {
  const JavaBucket4j limiter =
      bucket4j("capacity=5 refill_tokens=1 refill_period=1s initial_tokens=2");
  JavaBucket4j::State state;
  EXPECT_FALSE(decide(limiter, state, noon, 3).allowed);
  EXPECT_TRUE(is_first_admitted(limiter, state, after_ms(1000), 3));
}

TEST(JavaBucket4j, LosesTheRestWhenItIsFull) {
  const JavaBucket4j limiter = bucket4j("capacity=2 refill_tokens=1 refill_period=1s");
  JavaBucket4j::State state;
  decide(limiter, state, noon);
  decide(limiter, state, after_ms(1900));
  EXPECT_EQ(state.tokens, 1);
  EXPECT_EQ(state.rounding_error, 0);
}

TEST(JavaBucket4j, TellsWaitsThatAreRoundedDown) {
  const JavaBucket4j limiter = bucket4j("capacity=5 refill_tokens=3 refill_period=1s");
  JavaBucket4j::State state;
  decide(limiter, state, noon, 5);
  // One nanosecond too early.
  EXPECT_EQ(limiter.advertised_retry_after(state, noon, 1), Duration::from_ns(333'333'333));
  EXPECT_EQ(limiter.advertised_retry_after(state, noon, 3), Duration::from_seconds(1));
  EXPECT_EQ(limiter.advertised_retry_after(state, noon, 6), std::nullopt);
  EXPECT_EQ(limiter.advertised_quota(state, noon),
            (AdvertisedQuota{std::nullopt, 0, Duration::from_ns(1'666'666'666)}));
  EXPECT_EQ(limiter.advertised_quota(state, after_ms(500)),
            (AdvertisedQuota{std::nullopt, 1, Duration::from_ns(1'166'666'666)}));
}

TEST(JavaBucket4j, TellsWaitsByInterval) {
  const JavaBucket4j limiter =
      bucket4j("capacity=10 refill_tokens=4 refill_period=1s refill=intervally");
  JavaBucket4j::State state;
  decide(limiter, state, noon, 10);
  const Instant now = after_ms(1);
  EXPECT_EQ(limiter.advertised_retry_after(state, now, 4), Duration::from_ms(999));
  EXPECT_EQ(limiter.advertised_retry_after(state, now, 5), Duration::from_ms(1999));
  EXPECT_EQ(limiter.advertised_retry_after(state, now, 8), Duration::from_ms(1999));
  EXPECT_EQ(limiter.advertised_retry_after(state, now, 9), Duration::from_ms(2999));
}

TEST(JavaBucket4j, TellsQuotaAndBound) {
  const JavaBucket4j limiter = bucket4j("capacity=5 refill_tokens=2 refill_period=1s");
  JavaBucket4j::State state;
  decide(limiter, state, noon, 3);
  EXPECT_EQ(limiter.quota(state, noon),
            (Quota{.limit = 5, .remaining = 2, .reset_after = Duration::from_ms(1500)}));
  EXPECT_EQ(limiter.bound(Duration()), 5);
  EXPECT_EQ(limiter.bound(Duration::from_ms(500) - one_ns), 5);
  EXPECT_EQ(limiter.bound(Duration::from_ms(500)), 6);
  const JavaBucket4j lumps =
      bucket4j("capacity=5 refill_tokens=2 refill_period=1s refill=intervally");
  EXPECT_EQ(lumps.bound(Duration()), 5);
  EXPECT_EQ(lumps.bound(one_ns), 7);
  EXPECT_EQ(lumps.bound(Duration::from_seconds(1) + one_ns), 9);
}

TEST(JavaBucket4j, RefusesWhatItCannotCount) {
  EXPECT_THAT(problem_of<JavaBucket4jEntry>("capacity=1 refill_tokens=2 refill_period=1ns"),
              HasSubstr("refill_tokens: must be at most one per nanosecond"));
  EXPECT_THAT(
      problem_of<JavaBucket4jEntry>("capacity=1 refill_tokens=10000000000 refill_period=1h"),
      HasSubstr("refill_tokens: times refill_period"));
  EXPECT_EQ(
      problem_of<JavaBucket4jEntry>("capacity=1 refill_tokens=1 refill_period=1s initial_tokens=2"),
      "initial_tokens: must be at most capacity");
}

}  // namespace
}  // namespace weir::limiter
