#include "limiter/first_true.hpp"

#include <gtest/gtest.h>

#include "support/int64.hpp"

namespace weir::limiter {
namespace {

TEST(FirstTrue, FindsTheBorderFromAnyGuess) {
  for (std::int64_t border = -3; border <= 40; ++border) {
    for (std::int64_t guess = -50; guess <= 90; ++guess) {
      const auto holds = [&](std::int64_t n) { return n >= border; };
      EXPECT_EQ(first_true(-3, 40, guess, holds), border) << guess;
    }
  }
}

TEST(FirstTrue, CoversAllIntegers) {
  for (const std::int64_t border :
       {int64_min, int64_min + 1, std::int64_t{-1}, std::int64_t{0}, int64_max}) {
    for (const std::int64_t guess : {int64_min, std::int64_t{0}, int64_max}) {
      EXPECT_EQ(
          first_true(int64_min, int64_max, guess, [&](std::int64_t n) { return n >= border; }),
          border);
    }
  }
}

TEST(FirstTrue, AsksFewTimesNearItsGuess) {
  int asked = 0;
  const auto holds = [&](std::int64_t n) {
    ++asked;
    return n >= 1'000'000'003;
  };
  EXPECT_EQ(first_true(0, int64_max, 1'000'000'000, holds), 1'000'000'003);
  EXPECT_LE(asked, 6);
}

}  // namespace
}  // namespace weir::limiter
