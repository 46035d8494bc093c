#include "traffic/plan.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <string>
#include <tuple>
#include <vector>

#include "traffic/lane.hpp"
#include "traffic/rate_for_test.hpp"

namespace weir::traffic {
namespace {

ClassSpec poisson_class(const std::string& name, std::uint64_t rate) {
  ClassSpec c;
  c.name = name;
  c.arrivals = PoissonArrivals{per_second_rate(rate)};
  return c;
}

ClassSpec users_and_models(const std::string& name, std::uint64_t rate) {
  ClassSpec c = poisson_class(name, rate);
  c.attributes = {{"user", ZipfValues{50, 1.0}, ""},
                  {"model", WeightedValues{{{"large", 1.0}, {"small", 4.0}}}, ""},
                  {"tier", WeightedValues{{{"free", 9.0}, {"pro", 1.0}}}, "user"}};
  c.costs = {{"tokens", LognormalNumber{100.0, 1.0}, "", {}}};
  return c;
}

PlanInput input_of(std::vector<ClassSpec> classes, std::vector<std::string> partition) {
  PlanInput input;
  input.classes = std::move(classes);
  input.seed = 5;
  input.duration = Duration::from_seconds(20);
  input.partition = std::move(partition);
  input.all_wanted = true;
  return input;
}

Plan plan_of(std::vector<ClassSpec> classes, std::vector<std::string> partition) {
  auto plan = Plan::make(input_of(std::move(classes), std::move(partition)));
  EXPECT_TRUE(plan.has_value());
  return std::move(*plan);
}

using Row = std::tuple<std::int64_t, std::uint16_t, std::uint64_t, std::vector<std::string>,
                       std::vector<std::int64_t>>;

std::vector<Row> rows_of(const Plan& plan, ShardSet shards, std::size_t block_rows = 1024) {
  std::vector<Row> rows;
  Lane lane(plan, shards, block_rows);
  while (const RequestBlock* block = lane.next()) {
    for (std::size_t i = 0; i < block->size(); ++i) {
      std::vector<std::string> values;
      for (std::size_t a = 0; a < block->attributes.size(); ++a) {
        values.push_back(plan.columns().dictionaries[a].name(block->attributes[a][i]));
      }
      std::vector<std::int64_t> costs;
      for (const auto& cost : block->costs) costs.push_back(cost[i]);
      rows.emplace_back(block->at[i].unix_ns(), block->traffic_class[i], block->operation[i],
                        std::move(values), std::move(costs));
    }
  }
  return rows;
}

ShardSet every_shard() { return ShardSet().set(); }

std::vector<Row> rows_of_lanes(const Plan& plan, std::uint32_t lanes) {
  std::vector<Row> rows;
  for (std::uint32_t lane = 0; lane < lanes; ++lane) {
    ShardSet shards;
    for (std::uint32_t s = lane; s < logical_shards; s += lanes) shards.set(s);
    const std::vector<Row> part = rows_of(plan, shards, 64 + lane);
    rows.insert(rows.end(), part.begin(), part.end());
  }
  return rows;
}

void expect_same_however_cut(const Plan& plan) {
  const std::vector<Row> whole = rows_of(plan, every_shard());
  ASSERT_GT(whole.size(), 1'000U);
  EXPECT_TRUE(std::is_sorted(whole.begin(), whole.end(), [](const Row& a, const Row& b) {
    return std::get<0>(a) < std::get<0>(b);
  }));
  EXPECT_EQ(whole, rows_of(plan, every_shard(), 7));
  std::vector<Row> sorted = whole;
  std::sort(sorted.begin(), sorted.end());
  for (const std::uint32_t lanes : {2U, 3U, 64U}) {
    std::vector<Row> parts = rows_of_lanes(plan, lanes);
    std::sort(parts.begin(), parts.end());
    EXPECT_EQ(sorted, parts) << lanes;
  }
}

TEST(Plan, PoissonSplitsIntoShardsExactly) {
  const Plan plan = plan_of({users_and_models("a", 300)}, {"user"});
  EXPECT_TRUE(plan.splits());
  expect_same_however_cut(plan);
}

TEST(Plan, SplitsOverSeveralAttributes) {
  const Plan plan = plan_of({users_and_models("a", 300)}, {"model", "user"});
  EXPECT_TRUE(plan.splits());
  expect_same_however_cut(plan);
}

TEST(Plan, SplitsOverADerivedAttribute) {
  const Plan plan = plan_of({users_and_models("a", 300)}, {"tier", "user"});
  EXPECT_TRUE(plan.splits());
  expect_same_however_cut(plan);
}

TEST(Plan, OtherProcessesAreRouted) {
  ClassSpec steady = users_and_models("steady", 1);
  steady.arrivals = ConstantArrivals{per_second_rate(200)};
  ClassSpec sequence = poisson_class("sequence", 50);
  sequence.attributes = {{"user", SequenceValues{10}, ""}};
  const Plan plan = plan_of({steady, sequence, users_and_models("poisson", 100)}, {"user"});
  EXPECT_FALSE(plan.splits());
  expect_same_however_cut(plan);
}

TEST(Plan, EmptyPartitionIsOneShard) {
  const Plan plan = plan_of({users_and_models("a", 300)}, {});
  expect_same_however_cut(plan);
  EXPECT_EQ(rows_of(plan, every_shard()), rows_of(plan, ShardSet(1)));
}

// The law of the traffic does not depend on how it is split.
TEST(Plan, SplitTrafficHasTheRightRatesAndWeights) {
  for (const std::vector<std::string>& partition :
       {std::vector<std::string>{"user"}, std::vector<std::string>{"model", "user"},
        std::vector<std::string>{"tier"}, std::vector<std::string>{}}) {
    const Plan plan = plan_of({users_and_models("a", 5'000)}, partition);
    const std::vector<Row> rows = rows_of(plan, every_shard());
    const auto n = static_cast<double>(rows.size());
    EXPECT_NEAR(n, 100'000.0, 5.0 * std::sqrt(100'000.0));
    const std::size_t user = *plan.columns().find_attribute("user");
    const std::size_t model = *plan.columns().find_attribute("model");
    std::map<std::string, double> users, models;
    for (const Row& row : rows) {
      users[std::get<3>(row)[user]] += 1.0;
      models[std::get<3>(row)[model]] += 1.0;
    }
    double harmonic = 0.0;
    for (int k = 1; k <= 50; ++k) harmonic += 1.0 / k;
    for (int k = 0; k < 50; ++k) {
      const double p = 1.0 / (k + 1) / harmonic;
      EXPECT_NEAR(users["user-" + std::to_string(k)] / n, p, 5.0 * std::sqrt(p / n)) << k;
    }
    EXPECT_NEAR(models["large"] / n, 0.2, 5.0 * std::sqrt(0.2 / n));
  }
}

TEST(Plan, DerivedValuesAreTheSameInEveryClass) {
  const Plan plan = plan_of({users_and_models("a", 100), users_and_models("b", 100)}, {"user"});
  const std::size_t user = *plan.columns().find_attribute("user");
  const std::size_t tier = *plan.columns().find_attribute("tier");
  std::map<std::string, std::string> tier_of;
  for (const Row& row : rows_of(plan, every_shard())) {
    const auto& values = std::get<3>(row);
    const auto [known, fresh] = tier_of.emplace(values[user], values[tier]);
    EXPECT_EQ(known->second, values[tier]) << values[user];
  }
  EXPECT_GT(tier_of.size(), 40U);
}

TEST(Plan, AnExplicitValueIsTheGeneratedOne) {
  ClassSpec abuser = poisson_class("abuser", 10);
  abuser.attributes = {{"user", ConstantValue{"user-7"}, ""}};
  ClassSpec crowd = poisson_class("crowd", 10);
  crowd.attributes = {{"user", UniformValues{10}, ""}};
  const Plan plan = plan_of({abuser, crowd}, {"user"});
  EXPECT_EQ(plan.columns().dictionaries[0].size(), 10U);
}

TEST(Plan, AClassWithoutTheAttributeHasTheEmptyValue) {
  ClassSpec crowd = poisson_class("crowd", 100);
  crowd.attributes = {{"user", UniformValues{10}, ""}};
  const Plan plan = plan_of({crowd, poisson_class("anonymous", 100)}, {"user"});
  expect_same_however_cut(plan);
  for (const Row& row : rows_of(plan, every_shard())) {
    EXPECT_EQ(std::get<3>(row)[0].empty(), std::get<1>(row) == 1);
  }
}

TEST(Plan, CostsByAnAttribute) {
  ClassSpec c = users_and_models("a", 100);
  c.costs = {{"tokens", ConstantNumber{5.0}, "model", {{"large", ConstantNumber{70.0}}}}};
  const Plan plan = plan_of({c}, {"user"});
  const std::size_t model = *plan.columns().find_attribute("model");
  for (const Row& row : rows_of(plan, every_shard())) {
    EXPECT_EQ(std::get<4>(row)[0], std::get<3>(row)[model] == "large" ? 70 : 5);
  }
}

TEST(Plan, WhatAClassRefersToMustExist) {
  ClassSpec c = poisson_class("a", 1);
  c.attributes = {{"tier", WeightedValues{{{"free", 1.0}}}, "user"}};
  c.costs = {{"tokens", ConstantNumber{5.0}, "model", {}}};
  const auto plan = Plan::make(input_of({c}, {}));
  ASSERT_FALSE(plan.has_value());
  ASSERT_EQ(plan.error().size(), 2U);
  EXPECT_EQ(plan.error()[0].pointer, "/traffic/0/attributes/tier/of");
  EXPECT_EQ(plan.error()[1].pointer, "/traffic/0/costs/tokens/by");
}

TEST(Plan, ClassesAreActiveFromAndUntil) {
  ClassSpec late = poisson_class("late", 1'000);
  late.from = Duration::from_seconds(5);
  late.until = Duration::from_seconds(6);
  const Plan plan = plan_of({late}, {});
  const std::vector<Row> rows = rows_of(plan, every_shard());
  EXPECT_GT(rows.size(), 800U);
  EXPECT_GE(std::get<0>(rows.front()), 5'000'000'000);
  EXPECT_LT(std::get<0>(rows.back()), 6'000'000'000);
}

TEST(Plan, WarmupIsExtra) {
  PlanInput input = input_of({poisson_class("a", 10)}, {});
  input.warmup = Duration::from_seconds(3);
  const Plan plan = *Plan::make(input);
  EXPECT_EQ(plan.counted_from() - plan.start(), Duration::from_seconds(3));
  EXPECT_EQ(plan.end() - plan.start(), Duration::from_seconds(23));
}

}  // namespace
}  // namespace weir::traffic
