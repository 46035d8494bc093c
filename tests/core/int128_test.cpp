#include "core/int128.hpp"

#include <gtest/gtest.h>

#include <cstdint>

#include "support/int64.hpp"

namespace weir {
namespace {

TEST(FloorAndCeilDiv, RoundDownAndUpOnBothSidesOfZero) {
  for (std::int64_t b = 1; b <= 7; ++b) {
    for (std::int64_t a = -50; a <= 50; ++a) {
      const std::int64_t down = floor_div(a, b);
      const std::int64_t up = ceil_div(a, b);
      ASSERT_LE(down * b, a);
      ASSERT_GT((down + 1) * b, a);
      ASSERT_GE(up * b, a);
      ASSERT_LT((up - 1) * b, a);
    }
  }
}

TEST(FloorAndCeilDiv, TakeTheExtremes) {
  EXPECT_EQ(floor_div(int64_min, std::int64_t{1}), int64_min);
  EXPECT_EQ(floor_div(int64_min, std::int64_t{1'000'000'000}), -9'223'372'037);
  EXPECT_EQ(ceil_div(int64_max, std::int64_t{1'000'000'000}), 9'223'372'037);
  EXPECT_TRUE(floor_div(Int128{int64_min} * int64_max, Int128{int64_max}) == Int128{int64_min});
}

TEST(MulDiv, DoesNotOverflowInBetween) {
  EXPECT_EQ(mul_div_floor(int64_max, int64_max, int64_max), int64_max);
  EXPECT_EQ(mul_div_ceil(int64_max, int64_max, int64_max), int64_max);
  EXPECT_EQ(mul_div_floor(int64_max, 2, 3), 6'148'914'691'236'517'204);
  EXPECT_EQ(mul_div_ceil(int64_max, 2, 3), 6'148'914'691'236'517'205);
  EXPECT_EQ(mul_div_floor(-7, 3, 2), -11);
  EXPECT_EQ(mul_div_ceil(-7, 3, 2), -10);
  EXPECT_EQ(mul_div_floor(6, 5, 3), 10);
  EXPECT_EQ(mul_div_ceil(6, 5, 3), 10);
}

}  // namespace
}  // namespace weir
