#include "limiter/gubernator_token.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "limiter/entry_support.hpp"

namespace weir::limiter {
namespace {

using testing::HasSubstr;

TEST(GubernatorToken, AnItemLivesThroughTheMillisecondOfItsExpiry) {
  const GubernatorToken limiter = make<GubernatorTokenEntry>("limit=1 duration=1s");
  GubernatorToken::State state;
  EXPECT_TRUE(decide(limiter, state, noon).allowed);
  EXPECT_EQ(limiter.earliest(state, noon, 1), after_ms(1001));
  EXPECT_TRUE(is_first_admitted(limiter, state, after_ms(1001)));
}

TEST(GubernatorToken, WhatIsTooLargeTakesNothing) {
  const GubernatorToken limiter = make<GubernatorTokenEntry>("limit=5 duration=1s");
  GubernatorToken::State state;
  decide(limiter, state, noon, 3);
  EXPECT_FALSE(decide(limiter, state, noon, 3).allowed);
  EXPECT_TRUE(decide(limiter, state, noon, 2).allowed);
  EXPECT_FALSE(decide(limiter, state, noon, 1).allowed);
  EXPECT_EQ(limiter.quota(state, noon).remaining, 0);
}

TEST(GubernatorToken, ALookAndADenialBeginTheWindow) {
  const GubernatorToken limiter = make<GubernatorTokenEntry>("limit=1 duration=1s");
  for (const Cost first : {0, 2}) {
    GubernatorToken::State state;
    decide(limiter, state, noon, first);
    EXPECT_EQ(limiter.quota(state, noon).remaining, 1);
    decide(limiter, state, after_ms(900), 1);
    EXPECT_TRUE(is_first_admitted(limiter, state, after_ms(1001)));
  }
}

TEST(GubernatorToken, AnswersWithAnInstantInMilliseconds) {
  const GubernatorToken limiter = make<GubernatorTokenEntry>("limit=3 duration=1s");
  GubernatorToken::State state;
  decide(limiter, state, after_ms(10) + one_ns, 2);
  EXPECT_EQ(limiter.advertised_quota(state, after_ms(10) + one_ns),
            (AdvertisedQuota{3, 1, Duration::from_seconds(1) - one_ns}));
  EXPECT_EQ(limiter.advertised_quota(state, after_ms(1010) + one_ns),
            (AdvertisedQuota{3, 1, Duration()}));
  EXPECT_EQ(limiter.advertised_retry_after(state, after_ms(500), 2), std::nullopt);
}

TEST(GubernatorToken, CountsInMilliseconds) {
  EXPECT_THAT(problem_of<GubernatorTokenEntry>("limit=1 duration=1500us"),
              HasSubstr("duration: must be a whole number of milliseconds"));
}

}  // namespace
}  // namespace weir::limiter
