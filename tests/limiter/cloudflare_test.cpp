#include "limiter/cloudflare.hpp"

#include <gtest/gtest.h>

#include "limiter/entry_support.hpp"

namespace weir::limiter {
namespace {

// The published example: 42 requests in the last minute, 18 in this one, of which 15 s have passed.
TEST(Cloudflare, WeighsTheLastPeriodAsPublished) {
  const Cloudflare limiter = make<CloudflareEntry>("limit=50 period=60s");
  Cloudflare::State state;
  EXPECT_TRUE(decide(limiter, state, after_ms(59'000), 42).allowed);
  EXPECT_TRUE(decide(limiter, state, after_ms(60'000), 8).allowed);
  EXPECT_TRUE(decide(limiter, state, after_ms(75'000), 10).allowed);
  // 42 (60 - 15) / 60 + 18 is 49.5: one more is too many until half a request has faded.
  EXPECT_FALSE(decide(limiter, state, after_ms(75'000)).allowed);
  const Instant at = *limiter.earliest(state, after_ms(75'000), 1);
  EXPECT_EQ(at, noon + Duration::from_ns(75'714'285'715));
  EXPECT_TRUE(is_first_admitted(limiter, state, at));
}

TEST(Cloudflare, DeniedRequestsDoNotCount) {
  const Cloudflare limiter = make<CloudflareEntry>("limit=2 period=10s");
  Cloudflare::State state;
  for (int i = 0; i < 9; ++i) decide(limiter, state, noon);
  EXPECT_EQ(state.current, 2);
}

TEST(Cloudflare, TellsItsClientsNothing) {
  const Cloudflare limiter = make<CloudflareEntry>("limit=1 period=10s");
  Cloudflare::State state;
  decide(limiter, state, noon);
  EXPECT_EQ(limiter.advertised_retry_after(state, noon, 1), std::nullopt);
  EXPECT_EQ(limiter.advertised_quota(state, noon), AdvertisedQuota());
}

}  // namespace
}  // namespace weir::limiter
