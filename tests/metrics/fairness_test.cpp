#include "metrics/fairness.hpp"

#include <gtest/gtest.h>

#include <limits>

namespace weir::metrics {
namespace {

TEST(Fairness, AShareIsInPartsPerMillionRoundedDown) {
  FairnessTotals totals;
  add_share(totals, 3, 2);
  EXPECT_EQ(
      totals,
      (FairnessTotals{.keys = 1, .shares = 666'666, .squares = Uint128{666'666ULL * 666'666ULL}}));
}

TEST(Fairness, WhoWantedNothingIsNotCounted) {
  FairnessTotals totals;
  add_share(totals, 0, 0);
  EXPECT_EQ(totals, FairnessTotals());
}

TEST(Fairness, WhoGotNothingIsCounted) {
  FairnessTotals totals;
  add_share(totals, 5, 0);
  EXPECT_EQ(totals, (FairnessTotals{.keys = 1, .shares = 0, .squares = 0}));
}

TEST(Fairness, LargeCountsDoNotOverflow) {
  constexpr std::uint64_t most = std::numeric_limits<std::uint64_t>::max();
  FairnessTotals totals;
  add_share(totals, most, most);
  add_share(totals, most, most / 2);
  EXPECT_EQ(totals.shares, Uint128{1'499'999});
}

TEST(Fairness, ATallyAddsUpEachKeysOperations) {
  KeyTally tally;
  tally.grow(4);
  for (int n = 0; n < 4; ++n) tally.offered(0);
  tally.succeeded(0);
  tally.offered(3);
  tally.succeeded(3);
  tally.grow(10);
  tally.grow(2);
  tally.offered(9);
  FairnessTotals totals;
  tally.add_to(totals);
  EXPECT_EQ(totals,
            (FairnessTotals{.keys = 3,
                            .shares = 1'250'000,
                            .squares = Uint128{1'000'000'000'000ULL + 250'000ULL * 250'000ULL}}));
}

/// Jain's index, as the report takes it.
double jain_index(const FairnessTotals& totals) {
  const auto sum = static_cast<double>(totals.shares);
  return sum * sum / (static_cast<double>(totals.keys) * static_cast<double>(totals.squares));
}

TEST(Fairness, JainsIndexIsOneWhereAllGetTheSameShare) {
  FairnessTotals totals;
  for (const std::uint64_t offered : {2U, 20U, 200U}) add_share(totals, offered, offered / 2);
  EXPECT_DOUBLE_EQ(jain_index(totals), 1.0);
}

TEST(Fairness, JainsIndexIsTheShareOfThoseThatGetAnythingWhereTheyGetAll) {
  FairnessTotals totals;
  for (int n = 0; n < 3; ++n) add_share(totals, 7, 7);
  for (int n = 0; n < 7; ++n) add_share(totals, 7, 0);
  EXPECT_DOUBLE_EQ(jain_index(totals), 0.3);
}

}  // namespace
}  // namespace weir::metrics
