#include "limiter/kong_local.hpp"

#include <gtest/gtest.h>

#include "limiter/entry_support.hpp"

namespace weir::limiter {
namespace {

Instant utc(std::string_view text) { return parse_instant(text).value(); }

std::int64_t advertised_s(const KongWindow& limiter, Instant now) {
  return limiter.advertised_retry_after({}, now, 1)->ns() / 1'000'000'000;
}

TEST(KongLocal, CountsAdmissionsInCalendarWindows) {
  const KongWindow limiter = make<KongLocalEntry>("limit=2 period=minute");
  KongWindow::State state;
  EXPECT_TRUE(decide(limiter, state, utc("2026-03-05T10:20:59.2Z")).allowed);
  EXPECT_TRUE(decide(limiter, state, utc("2026-03-05T10:20:59.4Z")).allowed);
  EXPECT_FALSE(decide(limiter, state, utc("2026-03-05T10:20:59.6Z")).allowed);
  EXPECT_EQ(state.usage, 2);
  EXPECT_EQ(limiter.earliest(state, utc("2026-03-05T10:20:59.6Z"), 1), utc("2026-03-05T10:21:00Z"));
  EXPECT_TRUE(is_first_admitted(limiter, state, utc("2026-03-05T10:21:00Z")));
  EXPECT_TRUE(decide(limiter, state, utc("2026-03-05T10:21:00Z")).allowed);
  EXPECT_EQ(state.usage, 1);
}

TEST(KongLocal, EndsEveryUnitWhereTheCalendarDoes) {
  const auto end = [](std::string_view period, std::string_view now) {
    const KongWindow limiter = make<KongLocalEntry>("limit=1 period=" + std::string(period));
    KongWindow::State state;
    decide(limiter, state, utc(now));
    return format_instant(*limiter.earliest(state, utc(now), 1));
  };
  EXPECT_EQ(end("second", "2026-12-31T23:58:58.5Z"), "2026-12-31T23:58:59Z");
  EXPECT_EQ(end("minute", "2026-12-31T22:58:58.5Z"), "2026-12-31T22:59:00Z");
  EXPECT_EQ(end("hour", "2026-12-31T22:58:58.5Z"), "2026-12-31T23:00:00Z");
  EXPECT_EQ(end("day", "2026-12-30T22:58:58.5Z"), "2026-12-31T00:00:00Z");
  EXPECT_EQ(end("month", "2028-02-02T10:00:00Z"), "2028-03-01T00:00:00Z");
  EXPECT_EQ(end("month", "2027-12-31T10:00:00Z"), "2028-01-01T00:00:00Z");
  EXPECT_EQ(end("year", "2027-07-01T10:00:00Z"), "2028-01-01T00:00:00Z");
}

TEST(KongLocal, ForgetsWhatItCountedThirtyDaysAfterTheFirstHit) {
  const KongWindow limiter = make<KongLocalEntry>("limit=1 period=month");
  KongWindow::State state;
  decide(limiter, state, utc("2026-03-01T06:00:00.25Z"));
  const Instant expiry = utc("2026-03-31T06:00:00.251Z");
  EXPECT_EQ(limiter.earliest(state, utc("2026-03-01T06:00:01Z"), 1), expiry);
  EXPECT_TRUE(is_first_admitted(limiter, state, expiry));
  decide(limiter, state, expiry);
  EXPECT_EQ(limiter.earliest(state, expiry, 1), utc("2026-04-01T00:00:00Z"));
  const KongWindow yearly = make<KongLocalEntry>("limit=1 period=year");
  KongWindow::State leap;
  decide(yearly, leap, utc("2028-01-01T00:00:00Z"));
  EXPECT_EQ(yearly.earliest(leap, utc("2028-01-02T00:00:00Z"), 1), utc("2028-12-31T00:00:00.001Z"));
}

TEST(KongLocal, AdvertisesAFixedLengthLessWhatHasPassed) {
  const KongWindow minute = make<KongLocalEntry>("limit=1 period=minute");
  EXPECT_EQ(advertised_s(minute, utc("2026-03-05T10:20:00Z")), 60);
  EXPECT_EQ(advertised_s(minute, utc("2026-03-05T10:20:59.999Z")), 1);
  const KongWindow month = make<KongLocalEntry>("limit=1 period=month");
  EXPECT_EQ(advertised_s(month, utc("2026-04-01T00:00:10Z")), 30 * 86'400 - 10);
  // Two days too long in a February of 28 days, and a second on the last day of a long month.
  EXPECT_EQ(advertised_s(month, utc("2026-02-28T23:59:59Z")), 2 * 86'400 + 1);
  EXPECT_EQ(advertised_s(month, utc("2026-03-31T01:00:00Z")), 1);
}

TEST(KongLocal, AdvertisesWhatIsLeft) {
  const KongWindow limiter = make<KongLocalEntry>("limit=2 period=minute");
  KongWindow::State state;
  const auto told = [](std::int64_t remaining, std::int64_t reset_s) {
    return AdvertisedQuota{2, remaining, Duration::from_seconds(reset_s)};
  };
  decide(limiter, state, utc("2026-03-05T10:20:10.9Z"));
  EXPECT_EQ(limiter.advertised_quota(state, utc("2026-03-05T10:20:10.9Z")), told(1, 50));
  const Instant last = utc("2026-03-05T10:20:59.999999999Z");
  decide(limiter, state, last);
  decide(limiter, state, last);
  EXPECT_EQ(limiter.advertised_quota(state, last), told(0, 1));
  EXPECT_EQ(limiter.advertised_quota(state, utc("2026-03-05T10:21:00Z")), told(2, 60));
}

TEST(KongLocal, HasAnAnswerForEveryCostAndLimit) {
  const KongWindow limiter = make<KongLocalEntry>("limit=3 period=day");
  KongWindow::State state;
  EXPECT_TRUE(decide(limiter, state, noon, 2).allowed);
  EXPECT_FALSE(decide(limiter, state, noon, 2).allowed);
  EXPECT_EQ(limiter.earliest(state, noon, 2), after_ms(12 * 3'600'000));
  EXPECT_EQ(limiter.earliest(state, noon, 4), std::nullopt);
  EXPECT_TRUE(decide(limiter, state, noon, 0).allowed);
  EXPECT_EQ(state.usage, 2);
  const KongWindow none = make<KongLocalEntry>("limit=0 period=day");
  EXPECT_FALSE(none.check({}, noon, 1).allowed);
  EXPECT_TRUE(none.check({}, noon, 0).allowed);
  EXPECT_EQ(none.earliest({}, noon, 1), std::nullopt);
}

TEST(KongLocal, TellsQuotaAndBound) {
  const KongWindow limiter = make<KongLocalEntry>("limit=3 period=hour");
  KongWindow::State state;
  EXPECT_EQ(limiter.quota(state, noon), (Quota{.limit = 3, .remaining = 3, .reset_after = {}}));
  decide(limiter, state, after_ms(600'500));
  EXPECT_EQ(limiter.quota(state, after_ms(600'500)),
            (Quota{.limit = 3, .remaining = 2, .reset_after = Duration::from_ms(2'999'500)}));
  EXPECT_EQ(limiter.bound(Duration()), 3);
  EXPECT_EQ(limiter.bound(Duration::from_seconds(3600)), 6);
  EXPECT_EQ(limiter.bound(Duration::from_seconds(3600) + one_ns), 9);
  // A month of 31 days can have two counters.
  const KongWindow monthly = make<KongLocalEntry>("limit=1 period=month");
  EXPECT_GE(monthly.bound(Duration::from_seconds(30 * 86'400 + 1)), 3);
}

}  // namespace
}  // namespace weir::limiter
