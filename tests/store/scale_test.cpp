#include "store/scale.hpp"

#include <gtest/gtest.h>

#include <string_view>

#include "store/redis_support.hpp"

namespace weir::store {
namespace {

limiter::Parameters scaled_row(std::string_view algorithm, std::string_view setting,
                               LocalShare share) {
  return scale(definition_of({limit_definition(algorithm, setting)}), share).limits[0].variants[0];
}

TEST(Scale, CountsAreRoundedUp) {
  EXPECT_EQ(scaled_row("fixed-window", "limit=10 window=1s", {1, 3}).count("limit"), 4);
  EXPECT_EQ(scaled_row("fixed-window", "limit=1 window=1s", {1, 100}).count("limit"), 1);
  EXPECT_EQ(scaled_row("fixed-window", "limit=0 window=1s", {1, 2}).count("limit"), 0);
  EXPECT_EQ(scaled_row("concurrency", "limit=9 queue=4", {1, 2}).count("queue"), 2);
}

TEST(Scale, LengthsOfTimeAndSegmentsStay) {
  const auto row = scaled_row("sliding-window-segments", "limit=10 window=1m segments=6", {1, 2});
  EXPECT_EQ(row.count("segments"), 6);
  EXPECT_EQ(row.duration("window"), Duration::from_seconds(60));
  EXPECT_EQ(row.choice("anchor"), "epoch");
}

TEST(Scale, RatesAreExact) {
  const Rate half = scaled_row("token-bucket", "capacity=5 rate=10/1s", {1, 2}).rate("rate");
  EXPECT_EQ(half, (Rate{5, Duration::from_seconds(1)}));
  const Rate third = scaled_row("token-bucket", "capacity=5 rate=10/1s", {2, 6}).rate("rate");
  EXPECT_EQ(third, (Rate{10, Duration::from_seconds(3)}));
}

TEST(Scale, BucketsKeepTheirOrder) {
  const auto row = scaled_row("token-bucket", "capacity=5 initial=3 rate=1/s", {1, 2});
  EXPECT_EQ(row.count("capacity"), 3);
  EXPECT_EQ(row.count("initial"), 2);
}

TEST(Scale, TheWholeIsTheSame) {
  EXPECT_EQ(scaled_row("gcra", "rate=7/s burst=3", {3, 3}).rate("rate"),
            (Rate{7, Duration::from_seconds(1)}));
}

TEST(Scale, TablesToo) {
  LimitDefinition limit = limit_definition("fixed-window", "limit=10 window=1s");
  limit.spec.tables["limit"] = {.by = "tier",
                                .rows = {{"free", std::int64_t{5}}, {"pro", std::int64_t{100}}},
                                .otherwise = std::int64_t{1}};
  const Definition part = scale(definition_of({limit}), {1, 2});
  const policy::ParameterTable& table = part.limits[0].spec.tables.at("limit");
  EXPECT_EQ(table.rows.at("free"), limiter::ParameterValue(std::int64_t{3}));
  EXPECT_EQ(table.rows.at("pro"), limiter::ParameterValue(std::int64_t{50}));
  EXPECT_EQ(table.otherwise, limiter::ParameterValue(std::int64_t{1}));
}

}  // namespace
}  // namespace weir::store
