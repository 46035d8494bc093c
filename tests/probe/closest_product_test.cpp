#include "probe/closest_product.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace weir::probe {
namespace {

using testing::ElementsAre;

constexpr Rate by_second(std::uint64_t units) { return {units, Duration::from_seconds(1)}; }
constexpr Rate by_minute(std::uint64_t units) { return {units, Duration::from_seconds(60)}; }
constexpr Rate by_hour(std::uint64_t units) { return {units, Duration::from_seconds(3'600)}; }

/// Where a rate was measured within so large a share of it.
std::vector<Rate> rates_near(const Rate& measured, double share = 0.0005) {
  const double rate = per_second(measured);
  return nginx_rates(measured, {rate * (1.0 - share), rate * (1.0 + share)});
}

// What is held back leaves up to a millisecond late, and so may what is not.
TEST(ClosestProduct, PrefersARoundRateAHairBesideWhatWasMeasured) {
  EXPECT_THAT(rates_near(by_minute(599)), ElementsAre(by_second(10), by_minute(599)));
  EXPECT_THAT(rates_near(by_minute(602)), ElementsAre(by_second(10), by_minute(602)));
  EXPECT_THAT(rates_near(by_minute(595), 0.005), ElementsAre(by_second(10), by_minute(595)));
  EXPECT_THAT(rates_near(by_hour(35'980)), ElementsAre(by_second(10)));
  EXPECT_THAT(rates_near(by_minute(2'993)), ElementsAre(by_second(50), by_minute(2'993)));
  EXPECT_THAT(rates_near(by_hour(5'390)), ElementsAre(by_minute(90)));
  EXPECT_THAT(rates_near(by_second(199)), ElementsAre(by_second(200), by_second(199)));
}

TEST(ClosestProduct, KnowsTheRoundRateAHairBesideAQueues) {
  EXPECT_EQ(a_hair_beside({10.011, 10.02}), by_second(10));
  EXPECT_EQ(a_hair_beside({9.975, 9.985}), by_second(10));
  EXPECT_EQ(a_hair_beside({1.498, 1.499}), by_minute(90));
}

TEST(ClosestProduct, LeavesARoundRateAndOneThatIsMoreThanAHairAway) {
  EXPECT_THAT(rates_near(by_second(7)), ElementsAre(by_second(7)));
  EXPECT_THAT(rates_near(by_second(101)), ElementsAre(by_second(101)));
  EXPECT_THAT(rates_near(by_minute(90)), ElementsAre(by_minute(90)));
  EXPECT_THAT(rates_near(by_minute(1'000)), ElementsAre(by_minute(1'000)));
  EXPECT_THAT(rates_near(by_minute(59)), ElementsAre(by_minute(59)));
  EXPECT_THAT(rates_near(by_minute(590)), ElementsAre(by_minute(590)));
}

TEST(ClosestProduct, KnowsNoRateOfNginxWhereNoneIsNear) {
  EXPECT_THAT(rates_near(by_hour(1'001)), ElementsAre());
  EXPECT_THAT(rates_near(by_hour(1'200)), ElementsAre(by_minute(20)));
}

}  // namespace
}  // namespace weir::probe
