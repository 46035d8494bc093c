#include "sweep/front.hpp"

#include <gmock/gmock.h>

#include <random>

namespace weir::sweep {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

const std::vector<Objective> both_least = {{"a", false}, {"b", false}};

TEST(ParetoFront, HoldsWhatNothingBeats) {
  const std::vector<Score> scores = {{1, 5}, {2, 3}, {3, 3}, {4, 1}, {5, 5}, {2, 3}};
  EXPECT_THAT(pareto_front(scores, both_least), ElementsAre(0, 1, 3, 5));
  EXPECT_THAT(pareto_front(scores, {{"a", false}, {"b", true}}), ElementsAre(0));
  EXPECT_THAT(pareto_front(scores, {{"a", true}}), ElementsAre(4));
  EXPECT_THAT(pareto_front({}, both_least), IsEmpty());
}

TEST(ParetoFront, OneStandsForThoseThatReachTheSame) {
  const std::vector<Score> scores = {{1, 5}, {2, 3}, {3, 3}, {4, 1}, {5, 5}, {2, 3}, {1, 5}};
  const std::vector<std::size_t> front = {0, 1, 3, 5, 6};
  using Points = std::vector<FrontPoint>;
  EXPECT_EQ(without_ties(front, scores, {}), (Points{{0, 1}, {1, 1}, {3, 0}}));
  EXPECT_EQ(without_ties(front, scores, {1, 2, 3, 5, 6}), (Points{{1, 1}, {3, 0}, {6, 1}}));
  EXPECT_EQ(without_ties({}, scores, {}), Points{});
}

TEST(ParetoFront, WhatHasNoFigureIsWorse) {
  const std::vector<Score> scores = {{1, std::nullopt}, {2, 3}};
  EXPECT_THAT(pareto_front(scores, both_least), ElementsAre(1));
  EXPECT_TRUE(dominates({1, 2}, {1, std::nullopt}, both_least));
  EXPECT_FALSE(dominates({1, 2}, {1, 2}, both_least));
}

TEST(ParetoFront, EveryOtherIsBeatenByOneOfIt) {
  std::mt19937_64 random(1);
  for (int round = 0; round < 50; ++round) {
    std::vector<Score> scores;
    for (int i = 0; i < 40; ++i) {
      scores.push_back({static_cast<double>(random() % 12), static_cast<double>(random() % 12),
                        static_cast<double>(random() % 12)});
    }
    const std::vector<Objective> objectives = {{"a", false}, {"b", true}, {"c", false}};
    const std::vector<std::size_t> front = pareto_front(scores, objectives);
    for (std::size_t i = 0; i < scores.size(); ++i) {
      const bool beaten = std::any_of(front.begin(), front.end(), [&](std::size_t f) {
        return dominates(scores[f], scores[i], objectives);
      });
      EXPECT_NE(beaten, std::count(front.begin(), front.end(), i) == 1);
    }
  }
}

TEST(BestSetting, CountsTheFirstObjectiveMost) {
  const std::vector<Score> scores = {{2, 1}, {1, 9}, {1, 8}, {1, 8}};
  EXPECT_EQ(best_of({0, 1, 2, 3}, scores, both_least), 2u);
  EXPECT_EQ(best_of({0, 1}, scores, both_least), 1u);
  EXPECT_EQ(best_of({0, 1}, scores, {{"a", true}, {"b", false}}), 0u);
  EXPECT_EQ(best_of({}, scores, both_least), std::nullopt);
}

TEST(Objective, IsAFieldAndAGoal) {
  const auto objective = parse_objective("classes.a:b.denied_ratio:max");
  ASSERT_TRUE(objective);
  EXPECT_EQ(objective->field, "classes.a:b.denied_ratio");
  EXPECT_TRUE(objective->most);
  for (const char* wrong : {"totals.denied", "totals.denied:least", ":min", ""}) {
    EXPECT_FALSE(parse_objective(wrong)) << wrong;
  }
}

}  // namespace
}  // namespace weir::sweep
