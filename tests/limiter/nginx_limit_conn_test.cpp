#include "limiter/nginx_limit_conn.hpp"

#include <gtest/gtest.h>

#include "limiter/entry_support.hpp"

namespace weir::limiter {
namespace {

TEST(NginxLimitConn, LetsInAsManyAtOnce) {
  const NginxLimitConn limiter = make<NginxLimitConnEntry>("limit=2");
  NginxLimitConn::State state;
  EXPECT_TRUE(decide(limiter, state, noon).allowed);
  EXPECT_TRUE(decide(limiter, state, noon).allowed);
  EXPECT_FALSE(decide(limiter, state, after_ms(1'000'000)).allowed);
  EXPECT_EQ(limiter.earliest(state, noon, 1), std::nullopt);
  limiter.complete(state, {noon, after_ms(5), 1, false});
  EXPECT_EQ(limiter.earliest(state, after_ms(5), 1), after_ms(5));
  EXPECT_FALSE(limiter.check(state, after_ms(5), 2).allowed);
}

TEST(NginxLimitConn, TellsItsQuotaToUsAndNothingToClients) {
  const NginxLimitConn limiter = make<NginxLimitConnEntry>("limit=3");
  NginxLimitConn::State state;
  EXPECT_EQ(limiter.quota(state, noon), (Quota{.limit = 3, .remaining = 3, .reset_after = {}}));
  decide(limiter, state, noon, 3);
  EXPECT_EQ(limiter.quota(state, noon),
            (Quota{.limit = 3, .remaining = 0, .reset_after = Duration::max()}));
  EXPECT_EQ(advertised_retry_after(limiter, state, noon, 1), std::nullopt);
  EXPECT_EQ(advertised_quota(limiter, state, noon), AdvertisedQuota());
  EXPECT_EQ(NginxLimitConnEntry::info().denied_status, 503);
}

}  // namespace
}  // namespace weir::limiter
