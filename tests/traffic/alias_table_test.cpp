#include "traffic/alias_table.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "core/random.hpp"

namespace weir::traffic {
namespace {

TEST(AliasTable, DrawsByWeight) {
  const std::vector<double> weights = {1.0, 0.0, 3.0, 6.0, 0.5};
  const AliasTable table(weights);
  RandomSequence random(RandomStream(1));
  constexpr int draws = 400'000;
  std::vector<double> seen(weights.size());
  for (int i = 0; i < draws; ++i) seen[table.sample(random.bits())] += 1.0;
  for (std::size_t k = 0; k < weights.size(); ++k) {
    const double p = weights[k] / 10.5;
    EXPECT_NEAR(seen[k] / draws, p, 5.0 * std::sqrt(p / draws) + 1e-9) << k;
  }
}

TEST(AliasTable, OneValueIsAlwaysDrawn) {
  const AliasTable table({0.25});
  EXPECT_EQ(table.sample(0), 0U);
  EXPECT_EQ(table.sample(~std::uint64_t{0}), 0U);
}

TEST(AliasTable, NeverDrawsAWeightOfZero) {
  const AliasTable table({0.0, 1.0, 0.0});
  RandomSequence random(RandomStream(2));
  for (int i = 0; i < 10'000; ++i) ASSERT_EQ(table.sample(random.bits()), 1U);
}

}  // namespace
}  // namespace weir::traffic
