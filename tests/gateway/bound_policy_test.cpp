#include "gateway/bound_policy.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "gateway/policy_support.hpp"

namespace weir::gateway {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::SizeIs;

constexpr const char* tiers = R"([
  {"name": "per-model", "algorithm": "sliding-window-log", "limit": {"by": "tier", "free": 100, "pro": 1000},
   "window": "1h", "key": ["user", "model"], "when": {"model": ["large", "huge"]}},
  {"name": "tokens", "algorithm": "token-bucket", "capacity": 90000, "rate": "90000/1m", "key": ["user"],
   "cost": "tokens", "charge": {"reserve": "max_output", "settle": "refund"}}])";

TEST(BoundPolicy, SaysWhatItReads) {
  const BoundPolicy policy = bound_policy(tiers);
  EXPECT_THAT(policy.attributes(), ElementsAre("user", "model", "tier"));
  EXPECT_THAT(policy.costs(), ElementsAre("tokens", "max_output"));
  EXPECT_FALSE(policy.is_asked(0));
  EXPECT_TRUE(policy.is_late(0));
  EXPECT_TRUE(policy.is_asked(1));
  EXPECT_FALSE(policy.is_late(1));
  EXPECT_THAT(policy.definition().partition, ElementsAre("user"));
  EXPECT_THAT(policy.definition().limits[0].state_key, ElementsAre("user", "model", "tier"));
  EXPECT_THAT(policy.definition().limits[0].variants, SizeIs(3));
}

TEST(BoundPolicy, AsksTheLimitsThatApply) {
  const BoundPolicy policy = bound_policy(tiers);
  store::Ask ask;
  ASSERT_TRUE(policy.ask({{"ann", "large", "pro"}, {0, 512}}, ask));
  EXPECT_EQ(ask.partition, "ann");
  ASSERT_THAT(ask.limits, SizeIs(2));
  EXPECT_EQ(ask.limits[0].key, "ann|large|pro");
  EXPECT_EQ(ask.limits[0].cost, 1);
  const auto& row = policy.definition().limits[0].variants[ask.limits[0].variant];
  EXPECT_EQ(row.count("limit"), 1000);
  EXPECT_EQ(ask.limits[1].key, "ann");
  EXPECT_EQ(ask.limits[1].cost, 512);
  ASSERT_TRUE(policy.ask({{"ann", "small", "pro"}, {0, 512}}, ask));
  ASSERT_THAT(ask.limits, SizeIs(1));
  EXPECT_EQ(ask.limits[0].limit, 1);
}

TEST(BoundPolicy, RefusesAValueThatNoRowIsFor) {
  const BoundPolicy policy = bound_policy(tiers);
  store::Ask ask;
  const auto asked = policy.ask({{"ann", "large", "gold"}, {0, 512}}, ask);
  ASSERT_FALSE(asked);
  EXPECT_THAT(asked.error(), HasSubstr("limit \"per-model\" knows no tier \"gold\""));
  // The limit that would need to know does not apply.
  EXPECT_TRUE(policy.ask({{"ann", "small", "gold"}, {0, 512}}, ask));
}

TEST(BoundPolicy, TakesTheDefaultRowForOtherValues) {
  const BoundPolicy policy = bound_policy(
      R"([{"algorithm": "fixed-window", "limit": {"by": "tier", "pro": 50, "default": 5}, "window": "1m", "key": ["user"]}])");
  store::Ask ask;
  ASSERT_TRUE(policy.ask({{"ann", "gold"}, {}}, ask));
  EXPECT_EQ(policy.definition().limits[0].variants[ask.limits[0].variant].count("limit"), 5);
  EXPECT_EQ(ask.limits[0].key, "ann|gold");
}

}  // namespace
}  // namespace weir::gateway
