#include "limiter/aimd.hpp"

#include <gtest/gtest.h>

#include "limiter/adaptive_support.hpp"
#include "limiter/catalogue.hpp"

namespace weir::limiter {
namespace {

constexpr Duration aimd_quick = Duration::from_ms(10);

AdaptiveKey<AimdRule> aimd_key(std::string_view settings) {
  return adaptive_key<AimdEntry, AimdRule>(settings);
}

// The figures of the library's own tests: 20 to 21, 30 to 27, never beyond 21.
TEST(Aimd, GrowsByOneAndShrinksByAShare) {
  EXPECT_EQ(aimd_key("").limit(), 20);
  EXPECT_EQ(aimd_key("").after(aimd_quick, 10), 21);
  EXPECT_EQ(aimd_key("initial_limit=30").after(aimd_quick, 1, true), 27);
  auto capped = aimd_key("max_limit=21");
  EXPECT_EQ(capped.after(aimd_quick, 10), 21);
  EXPECT_EQ(capped.after(aimd_quick, 20), 21);
  EXPECT_EQ(aimd_key("").after(aimd_quick, 1, true), 20);
}

TEST(Aimd, GrowsOnlyWhereHalfTheLimitIsInUse) {
  EXPECT_EQ(aimd_key("initial_limit=21").after(aimd_quick, 10), 21);
  EXPECT_EQ(aimd_key("initial_limit=21").after(aimd_quick, 11), 22);
}

TEST(Aimd, TakesWhatIsTooSlowForAFailure) {
  const Duration timeout = Duration::from_seconds(5);
  EXPECT_EQ(aimd_key("initial_limit=100").after(timeout, 1), 100);
  EXPECT_EQ(aimd_key("initial_limit=100").after(timeout + one_ns, 1), 90);
  EXPECT_EQ(aimd_key("initial_limit=100 backoff_percent=50").after(timeout + one_ns, 1), 50);
}

TEST(Aimd, WhatItHasLearnedIsNotForgotten) {
  const auto made = AimdEntry::make(*complete_parameters(AimdEntry::info(), {}), {});
  ASSERT_TRUE(made);
  AimdEntry::Limiter::State state;
  const Instant start = Instant::from_unix_seconds(1);
  for (int i = 0; i < 10; ++i) made->charge(state, start, 1);
  EXPECT_FALSE(made->is_as_new(state, start));
  for (int i = 0; i < 10; ++i) {
    made->complete(state, {.started = start, .now = start + aimd_quick});
  }
  EXPECT_EQ(state.running, 0);
  EXPECT_FALSE(made->is_as_new(state, start + aimd_quick)) << "its limit is not the first one";
  EXPECT_TRUE(made->is_as_new(AimdEntry::Limiter::State(), start));
}

TEST(Aimd, AnInitialLimitOutOfRangeStandsUntilTheFirstEnd) {
  auto key = aimd_key("initial_limit=500");
  EXPECT_EQ(key.limit(), 500);
  EXPECT_EQ(key.after(aimd_quick, 1), 200);
}

TEST(Aimd, CountsWhatWasInFlightWhenARequestCame) {
  const auto limiter = make<AimdEntry>("initial_limit=4 min_limit=1");
  AimdEntry::Limiter::State state;
  limiter.charge(state, noon, 1);
  limiter.charge(state, after_ms(1), 1);
  limiter.charge(state, after_ms(2), 2);
  EXPECT_FALSE(limiter.check(state, after_ms(3), 1).allowed);
  EXPECT_EQ(limiter.earliest(state, after_ms(3), 1), std::nullopt);
  // The first one came alone, so that it proves nothing, though four are there when it ends.
  limiter.complete(state, {noon, after_ms(3), 1, false});
  EXPECT_EQ(limiter.quota(state, after_ms(3)),
            (Quota{.limit = 4, .remaining = 1, .reset_after = Duration::max()}));
  // The second came as one of two.
  limiter.complete(state, {after_ms(1), after_ms(3), 1, false});
  EXPECT_EQ(limiter.quota(state, after_ms(3)).limit, 5);
  // The third came as one of four, and was held back elsewhere before it started.
  limiter.complete(state, {after_ms(3), after_ms(4), 2, false});
  EXPECT_EQ(limiter.quota(state, after_ms(4)),
            (Quota{.limit = 6, .remaining = 6, .reset_after = {}}));
  EXPECT_TRUE(state.starts.empty());
}

TEST(Aimd, ShrinksBelowWhatRuns) {
  const auto limiter = make<AimdEntry>("initial_limit=10 min_limit=1 backoff_percent=50");
  AimdEntry::Limiter::State state;
  limiter.charge(state, noon, 10);
  limiter.complete(state, {noon, after_ms(1), 1, true});
  EXPECT_EQ(limiter.quota(state, after_ms(1)),
            (Quota{.limit = 5, .remaining = 0, .reset_after = Duration::max()}));
  EXPECT_TRUE(limiter.check(state, after_ms(1), 0).allowed);
  EXPECT_EQ(limiter.bound(Duration()), std::nullopt);
}

TEST(Aimd, TellsNothing) {
  const auto limiter = make<AimdEntry>("");
  EXPECT_EQ(limiter.advertised_retry_after({}, noon, 99), std::nullopt);
  EXPECT_EQ(limiter.advertised_quota({}, noon), AdvertisedQuota());
  EXPECT_EQ(problem_of<AimdEntry>("min_limit=201"), "min_limit: must be at most max_limit");
}

}  // namespace
}  // namespace weir::limiter
