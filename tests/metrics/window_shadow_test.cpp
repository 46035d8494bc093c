#include "metrics/window_shadow.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <utility>
#include <vector>

#include "core/random.hpp"

namespace weir::metrics {
namespace {

constexpr Duration window_of_100 = Duration::from_ns(100);

/// A shadow of one key beside a limit of 3 in 100 ns.
class ShadowOfThree {
 public:
  ShadowOfThree() { shadow_.grow(1); }

  void allowed(std::int64_t at, std::int64_t cost = 1) { decided(at, cost, true, true, true); }
  void denied(std::int64_t at, std::int64_t cost = 1) { decided(at, cost, false, false, true); }
  /// By this limiter, but not by another.
  void allowed_in_vain(std::int64_t at) { decided(at, 1, true, false, true); }
  void warm_up(std::int64_t at) { decided(at, 1, true, true, false); }

  const LimitTotals& totals() const { return totals_; }

 private:
  void decided(std::int64_t at, std::int64_t cost, bool allowed, bool charged, bool counts) {
    shadow_.decided(0, Instant::from_unix_ns(at), cost, 3, window_of_100, allowed, charged, counts,
                    totals_);
  }
  WindowShadow shadow_;
  LimitTotals totals_;
};

TEST(WindowShadow, AgreesWithWhatFits) {
  ShadowOfThree shadow;
  for (const int at : {0, 1, 2}) shadow.allowed(at);
  shadow.denied(3);
  EXPECT_EQ(shadow.totals().compared, 4U);
  EXPECT_EQ(shadow.totals().false_allows, 0U);
  EXPECT_EQ(shadow.totals().false_denials, 0U);
  EXPECT_EQ(shadow.totals().peak_in_window, 3);
}

TEST(WindowShadow, WhatWasAdmittedBeyondTheWindowIsFalse) {
  ShadowOfThree shadow;
  for (const int at : {0, 0, 0, 0, 99}) shadow.allowed(at);
  EXPECT_EQ(shadow.totals().false_allows, 2U);
  EXPECT_EQ(shadow.totals().peak_in_window, 5);
}

TEST(WindowShadow, WhatIsOneWindowOldNoLongerCounts) {
  ShadowOfThree shadow;
  for (const int at : {0, 1, 2}) shadow.allowed(at);
  shadow.denied(99);
  EXPECT_EQ(shadow.totals().false_denials, 0U);
  shadow.denied(100);
  EXPECT_EQ(shadow.totals().false_denials, 1U);
  shadow.allowed(100);
  shadow.denied(100);
  EXPECT_EQ(shadow.totals().false_denials, 1U);
  EXPECT_EQ(shadow.totals().false_allows, 0U);
  EXPECT_EQ(shadow.totals().peak_in_window, 3);
}

TEST(WindowShadow, OnlyWhatWasChargedIsRemembered) {
  ShadowOfThree shadow;
  for (int n = 0; n < 10; ++n) shadow.allowed_in_vain(n);
  for (int n = 0; n < 10; ++n) shadow.denied(n + 10);
  EXPECT_EQ(shadow.totals().false_allows, 0U);
  EXPECT_EQ(shadow.totals().false_denials, 10U);
  EXPECT_EQ(shadow.totals().peak_in_window, 0);
}

TEST(WindowShadow, WarmsUpWithoutCounting) {
  ShadowOfThree shadow;
  for (int n = 0; n < 5; ++n) shadow.warm_up(n);
  EXPECT_EQ(shadow.totals(), LimitTotals());
  shadow.allowed(50);
  EXPECT_EQ(shadow.totals().compared, 1U);
  EXPECT_EQ(shadow.totals().false_allows, 1U);
  EXPECT_EQ(shadow.totals().peak_in_window, 6);
}

TEST(WindowShadow, WeighsCosts) {
  ShadowOfThree shadow;
  shadow.denied(0, 4);
  shadow.allowed(0, 2);
  shadow.denied(0, 2);
  shadow.denied(0, 1);
  shadow.allowed(0, 0);
  EXPECT_EQ(shadow.totals().false_denials, 1U);
  EXPECT_EQ(shadow.totals().false_allows, 0U);
  EXPECT_EQ(shadow.totals().peak_in_window, 2);
}

TEST(WindowShadow, WhatCostsNothingAlwaysFits) {
  ShadowOfThree shadow;
  for (int n = 0; n < 5; ++n) shadow.allowed(0);
  shadow.allowed(1, 0);
  EXPECT_EQ(shadow.totals().false_allows, 2U);
}

/// A shadow of one key beside a limit of 10 in 100 ns, whose costs are known late.
class LateShadow {
 public:
  LateShadow() { shadow_.grow(1); }

  void admitted(std::int64_t at, std::int64_t charged) {
    shadow_.decided(0, Instant::from_unix_ns(at), charged, 10, window_of_100, true, true, true,
                    totals);
  }
  void settled(std::int64_t charged_at, std::int64_t at, std::int64_t charged,
               std::int64_t actual) {
    shadow_.settled(0, Instant::from_unix_ns(charged_at), Instant::from_unix_ns(at), charged,
                    actual, window_of_100, true, totals);
  }
  bool has_room(std::int64_t at, std::int64_t cost) {
    LimitTotals asked;
    shadow_.decided(0, Instant::from_unix_ns(at), cost, 10, window_of_100, false, false, true,
                    asked);
    return asked.false_denials == 1;
  }

  LimitTotals totals;

 private:
  WindowShadow shadow_;
};

TEST(WindowShadow, WhatWasReservedAndNotUsedComesBack) {
  LateShadow shadow;
  shadow.admitted(0, 8);
  EXPECT_FALSE(shadow.has_room(10, 3));
  shadow.settled(0, 20, 8, 5);
  EXPECT_TRUE(shadow.has_room(20, 5));
  EXPECT_FALSE(shadow.has_room(20, 6));
  // The rest goes with the instant at which it was admitted.
  EXPECT_FALSE(shadow.has_room(99, 6));
  EXPECT_TRUE(shadow.has_room(100, 10));
  EXPECT_EQ(shadow.totals.peak_in_window, 8);
}

TEST(WindowShadow, WhatCostMoreComesWhenItIsKnown) {
  LateShadow shadow;
  shadow.admitted(0, 4);
  shadow.settled(0, 30, 4, 9);
  EXPECT_EQ(shadow.totals.peak_in_window, 9);
  EXPECT_FALSE(shadow.has_room(30, 2));
  EXPECT_TRUE(shadow.has_room(100, 5));
  EXPECT_FALSE(shadow.has_room(129, 6));
  EXPECT_TRUE(shadow.has_room(130, 10));
}

TEST(WindowShadow, TakesBackWhatWasAdmittedAtOneInstant) {
  LateShadow shadow;
  for (int n = 0; n < 3; ++n) shadow.admitted(0, 3);
  shadow.settled(0, 10, 3, 0);
  shadow.settled(0, 10, 3, 1);
  EXPECT_TRUE(shadow.has_room(10, 6));
  EXPECT_FALSE(shadow.has_room(10, 7));
}

TEST(WindowShadow, TakesNothingBackOfWhatIsForgotten) {
  LateShadow shadow;
  shadow.admitted(0, 8);
  shadow.admitted(150, 8);
  shadow.settled(0, 160, 8, 1);
  EXPECT_FALSE(shadow.has_room(160, 3));
  EXPECT_TRUE(shadow.has_room(160, 2));
}

TEST(WindowShadow, HoldsMoreThanTheLargestNumber) {
  WindowShadow shadow;
  shadow.grow(1);
  LimitTotals totals;
  constexpr std::int64_t largest = std::int64_t{1} << 53;
  for (int n = 0; n < 3'000; ++n) {
    shadow.decided(0, Instant::from_unix_ns(n), largest, largest, Duration::from_ns(2'000), true,
                   true, true, totals);
  }
  EXPECT_EQ(totals.false_allows, 2'999U);
  EXPECT_EQ(totals.peak_in_window, std::numeric_limits<std::int64_t>::max());
  shadow.decided(0, Instant::from_unix_ns(4'999), 1, largest, Duration::from_ns(2'000), false,
                 false, true, totals);
  EXPECT_EQ(totals.false_denials, 1U);
}

TEST(WindowShadow, KeysHaveWindowsOfTheirOwn) {
  WindowShadow shadow;
  shadow.grow(2);
  LimitTotals totals;
  for (int n = 0; n < 3; ++n) {
    for (const std::uint32_t key : {0U, 1U}) {
      shadow.decided(key, Instant::from_unix_ns(n), 1, 3, window_of_100, true, true, true, totals);
    }
  }
  EXPECT_EQ(totals.false_allows, 0U);
  EXPECT_EQ(totals.peak_in_window, 3);
}

/// Looks through everything that was ever admitted.
class SlowWindow {
 public:
  std::int64_t sum(std::int64_t now, std::int64_t window) const {
    std::int64_t sum = 0;
    for (const auto& [at, cost] : admitted_) sum += at > now - window && at <= now ? cost : 0;
    return sum;
  }
  void admit(std::int64_t now, std::int64_t cost) { admitted_.emplace_back(now, cost); }

 private:
  std::vector<std::pair<std::int64_t, std::int64_t>> admitted_;
};

TEST(WindowShadow, EqualsASlowWindowOnRandomDecisions) {
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    RandomSequence random(RandomStream(seed).named("shadow"));
    WindowShadow shadow;
    shadow.grow(1);
    SlowWindow slow;
    LimitTotals totals, expected;
    std::int64_t now = 0;
    for (int n = 0; n < 400; ++n) {
      now += static_cast<std::int64_t>(random.below(30));
      const auto cost = static_cast<std::int64_t>(random.below(5));
      const bool allowed = random.below(2) == 0, charged = allowed && random.below(4) > 0;
      const bool has_room = cost == 0 || slow.sum(now, 100) + cost <= 12;
      ++expected.compared;
      expected.false_allows += allowed && !has_room ? 1 : 0;
      expected.false_denials += !allowed && has_room ? 1 : 0;
      shadow.decided(0, Instant::from_unix_ns(now), cost, 12, window_of_100, allowed, charged, true,
                     totals);
      if (!charged) continue;
      slow.admit(now, cost);
      if (cost == 0) continue;
      expected.peak_in_window = std::max(expected.peak_in_window, slow.sum(now, 100));
    }
    EXPECT_EQ(totals, expected) << seed;
  }
}

}  // namespace
}  // namespace weir::metrics
