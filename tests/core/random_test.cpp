#include "core/random.hpp"

#include <gtest/gtest.h>

#include <array>
#include <bit>
#include <cstdint>
#include <set>
#include <string>
#include <vector>

namespace weir {
namespace {

constexpr std::uint64_t golden = 0x9e3779b97f4a7c15ULL;

/// Pearson's statistic of counts that should all be the same; its mean is the number of bins.
double chi_square(const std::vector<int>& counts) {
  double total = 0.0;
  for (const int n : counts) total += n;
  const double expected = total / static_cast<double>(counts.size());
  double sum = 0.0;
  for (const int n : counts) sum += (n - expected) * (n - expected) / expected;
  return sum;
}

/// For 256 bins the statistic has mean 255 and standard deviation 22.6: within five of them. Too
/// even would be as suspicious as too uneven.
void expect_even(const std::vector<int>& counts) {
  ASSERT_EQ(counts.size(), 256);
  EXPECT_GT(chi_square(counts), 255.0 - 5 * 22.6);
  EXPECT_LT(chi_square(counts), 255.0 + 5 * 22.6);
}

TEST(Mix64, IsThatOfSplitMix64) {
  // The first outputs of SplitMix64 from seed 1234567, as widely published.
  constexpr std::array<std::uint64_t, 5> published{
      6'457'827'717'110'365'317ULL, 3'203'168'211'198'807'973ULL, 9'817'491'932'198'370'423ULL,
      4'593'380'528'125'082'431ULL, 16'408'922'859'458'223'821ULL};
  for (std::size_t i = 0; i < published.size(); ++i) {
    EXPECT_EQ(mix64(1'234'567 + (i + 1) * golden), published[i]);
  }
}

TEST(Hash64, IsFnv1aAndMixed) {
  // The values of FNV-1a itself are from its authors' test suite.
  EXPECT_EQ(hash64(""), mix64(0xcbf29ce484222325ULL));
  EXPECT_EQ(hash64("a"), mix64(0xaf63dc4c8601ec8cULL));
  EXPECT_EQ(hash64("foobar"), mix64(0x85944171f73967e8ULL));
}

TEST(Hash64, TakesBytesAbove127AsUnsigned) {
  EXPECT_EQ(hash64("\xff"), mix64((0xcbf29ce484222325ULL ^ 0xffU) * 0x100000001b3ULL));
}

TEST(RandomStream, KeepsItsValues) {
  // A change of the generator changes every report: these must stay what they are.
  const RandomStream stream(42);
  EXPECT_EQ(stream.bits(0), 6'332'618'229'526'065'668ULL);
  EXPECT_EQ(stream.bits(1), 17'630'415'256'238'047'317ULL);
  EXPECT_EQ(stream.named("arrivals").bits(0), 3'694'514'437'882'600'735ULL);
  EXPECT_EQ(stream.numbered(3).bits(0), 17'690'566'312'498'699'739ULL);
  EXPECT_EQ(stream.named("jitter").numbered(7).named("user").bits(1'000'000),
            14'193'693'784'860'325'094ULL);
  EXPECT_EQ(stream.uniform(0), 0x1.5f87eae99441ep-2);
  EXPECT_EQ(stream.below(0, 1'000), 343);
}

TEST(RandomStream, DiffersBySeedNameAndNumber) {
  std::set<std::uint64_t> first_draws;
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    const RandomStream stream(seed);
    first_draws.insert(stream.bits(0));
    for (std::uint64_t i = 0; i < 100; ++i) {
      first_draws.insert(stream.numbered(i).bits(0));
      first_draws.insert(stream.named(std::to_string(i)).bits(0));
    }
  }
  EXPECT_EQ(first_draws.size(), 100 * 201);
}

TEST(RandomStream, TellsTheOrderOfNamesApart) {
  const RandomStream stream(1);
  EXPECT_NE(stream.named("a").named("b").bits(0), stream.named("b").named("a").bits(0));
  EXPECT_NE(stream.named("ab").bits(0), stream.named("a").named("b").bits(0));
  EXPECT_NE(stream.numbered(1).numbered(2).bits(0), stream.numbered(2).numbered(1).bits(0));
}

TEST(RandomStream, IsAPureFunctionOfTheIndex) {
  const RandomStream stream(9);
  RandomSequence sequence(stream);
  for (std::uint64_t i = 0; i < 100; ++i) EXPECT_EQ(sequence.bits(), stream.bits(i));
  EXPECT_EQ(sequence.uniform(), stream.uniform(100));
  EXPECT_EQ(sequence.below(10), stream.below(101, 10));
}

TEST(RandomStream, SetsEveryBitHalfTheTime) {
  std::array<int, 64> ones{};
  const RandomStream stream(10);
  constexpr int n = 100'000;
  for (std::uint64_t i = 0; i < n; ++i) {
    const std::uint64_t bits = stream.bits(i);
    for (std::size_t b = 0; b < 64; ++b) ones[b] += static_cast<int>((bits >> b) & 1);
  }
  // Five standard deviations of sqrt(n) / 2.
  for (const int count : ones) EXPECT_NEAR(count, 0.5 * n, 5 * 158);
}

TEST(RandomStream, IsUniform) {
  std::vector<int> within(256);
  std::vector<int> across(256);
  std::vector<int> pairs(256);
  const RandomStream stream(11);
  const auto bin = [](double u, double bins) {
    return static_cast<std::size_t>(u < 1.0 ? u * bins : bins - 1.0);
  };
  for (std::uint64_t i = 0; i < 200'000; ++i) {
    ++within[bin(stream.uniform(i), 256.0)];
    ++across[bin(stream.numbered(i).uniform(0), 256.0)];
    ++pairs[bin(stream.uniform(i), 16.0) * 16 + bin(stream.uniform(i + 1), 16.0)];
  }
  expect_even(within);
  expect_even(across);
  expect_even(pairs);
}

TEST(RandomStream, HasNoTiesBetweenNeighbouringStreams) {
  // Streams of neighbouring seeds, names and numbers: on average half of all bits differ.
  const RandomStream stream(12);
  int differing = 0;
  constexpr int n = 10'000;
  for (std::uint64_t i = 0; i < n; ++i) {
    differing += std::popcount(RandomStream(i).bits(0) ^ RandomStream(i + 1).bits(0));
    differing += std::popcount(stream.numbered(i).bits(5) ^ stream.numbered(i + 1).bits(5));
  }
  // Five standard deviations of 4 * sqrt(2 n).
  EXPECT_NEAR(differing, 2 * n * 32, 5 * 4 * 142);
}

TEST(RandomStream, DrawsUniformsAboveZeroUpToOne) {
  EXPECT_EQ(RandomStream::to_uniform(0), 0x1p-53);
  EXPECT_EQ(RandomStream::to_uniform(2'047), 0x1p-53);
  EXPECT_EQ(RandomStream::to_uniform(2'048), 0x1p-52);
  EXPECT_EQ(RandomStream::to_uniform(~std::uint64_t{0}), 1.0);
  EXPECT_EQ(RandomStream::to_uniform(~std::uint64_t{0} - 2'048), 1.0 - 0x1p-53);
}

TEST(RandomStreamBelow, StaysInRange) {
  const RandomStream stream(13);
  for (const std::uint64_t n : {std::uint64_t{1}, std::uint64_t{2}, std::uint64_t{3},
                                (std::uint64_t{1} << 63) + 1, ~std::uint64_t{0}}) {
    for (std::uint64_t i = 0; i < 10'000; ++i) ASSERT_LT(stream.below(i, n), n);
  }
}

TEST(RandomStreamBelow, IsUniform) {
  std::vector<int> counts(256);
  const RandomStream stream(14);
  for (std::uint64_t i = 0; i < 200'000; ++i) ++counts[stream.below(i, 256)];
  expect_even(counts);
}

TEST(RandomStreamBelow, ReachesBothEnds) {
  const RandomStream stream(15);
  std::set<std::uint64_t> seen;
  for (std::uint64_t i = 0; i < 1'000; ++i) seen.insert(stream.below(i, 7));
  EXPECT_EQ(seen, (std::set<std::uint64_t>{0, 1, 2, 3, 4, 5, 6}));
}

}  // namespace
}  // namespace weir
