#include "probe/sorted_instants.hpp"

#include <gtest/gtest.h>

#include <limits>

#include "core/random.hpp"

namespace weir::probe {
namespace {

// Few and many, close together and far apart, some of them equal.
TEST(SortedInstants, CountsAsABinarySearchDoes) {
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    RandomSequence draws(RandomStream(seed).named("sorted instants"));
    const std::uint64_t count = draws.below(60);
    const std::uint64_t widest = std::uint64_t{1} << draws.below(45);
    SortedInstants instants;
    std::vector<std::int64_t> values;
    for (std::uint64_t n = 0; n < count; ++n) {
      values.push_back(static_cast<std::int64_t>(draws.below(widest)) - 1'000);
      instants.add(values.back());
    }
    instants.sort();
    std::sort(values.begin(), values.end());
    for (int n = 0; n < 100; ++n) {
      const bool is_one_of_them = count > 0 && n % 2 == 0;
      const std::int64_t at = is_one_of_them
                                  ? values[draws.below(count)]
                                  : static_cast<std::int64_t>(draws.below(2 * widest)) - 2'000;
      EXPECT_EQ(instants.up_to(at),
                std::upper_bound(values.begin(), values.end(), at) - values.begin());
      EXPECT_EQ(instants.before(at),
                std::lower_bound(values.begin(), values.end(), at) - values.begin());
    }
  }
}

TEST(SortedInstants, NoneIsBeforeTheFirstInstantThereIs) {
  constexpr std::int64_t first = std::numeric_limits<std::int64_t>::min();
  SortedInstants instants;
  instants.add(-5);
  instants.add(7);
  instants.sort();
  EXPECT_EQ(instants.before(first), 0);
  EXPECT_EQ(instants.up_to(first), 0);
}

}  // namespace
}  // namespace weir::probe
