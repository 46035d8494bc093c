#include <gtest/gtest.h>

#include "probe/fit.hpp"

namespace weir::probe {
namespace {

constexpr std::int64_t one_ms = 1'000'000;

/// A burst at a queue of 5 that drains 10 a second, two more than fit; the last that waits is let
/// go so much too late.
History burst_of_queue(std::int64_t begin, std::int64_t late) {
  History history;
  for (std::int64_t n = 0; n < 8; ++n) {
    const std::int64_t sent = begin + n * 5 * one_ms;
    Event event{sent, sent + one_ms / 5, sent + one_ms / 5, n < 6, true, 0};
    if (n > 0 && n < 6)
      event.received = begin + one_ms / 5 + n * 100 * one_ms + (n == 5 ? late : 0);
    history.push_back(event);
  }
  return history;
}

TEST(FitHeld, TakesTheRateOfAQueueFromTheUsualBurst) {
  for (const std::size_t late : {0U, 1U, 2U}) {
    Clues clues{{}, {}, true, one_ms / 5, 0};
    for (std::size_t k = 0; k < 3; ++k) {
      const auto begin = static_cast<std::int64_t>(k) * 2'000 * one_ms;
      clues.histories.push_back(burst_of_queue(begin, k == late ? 9 * one_ms : 0));
    }
    const Fit fit = fit_bucket_or_queue(clues);
    EXPECT_EQ(fit.kind, Kind::queue);
    EXPECT_EQ(fit.limit, 6);
    EXPECT_EQ(fit.rate, (Rate{10, Duration::from_seconds(1)})) << late;
    EXPECT_TRUE(fit.unexplained.empty()) << late;
  }
}

}  // namespace
}  // namespace weir::probe
