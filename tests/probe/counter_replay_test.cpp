#include "probe/counter_replay.hpp"

#include <gtest/gtest.h>

#include <memory>

#include "core/random.hpp"
#include "oracle/virtual_target.hpp"

namespace weir::probe {
namespace {

constexpr std::int64_t window_ms = 1'000;
constexpr std::int64_t ms = 1'000'000;

/// What a counter of windows from the first request decides, where some answers take so long that
/// it stays open whether their requests began the windows anew.
class OpenWindows {
 public:
  OpenWindows(std::int64_t limit, std::uint64_t seed)
      : draws_(RandomStream(seed).named("open windows")), limit_(limit) {
    policy::Limit counter = oracle::limit_of(
        "sliding-window-counter window=1s anchor=first-request limit=" + std::to_string(limit));
    limiter_ = policy::make_limiter(counter, {});
    limiter_->reset(1);
  }

  History history() {
    History history;
    for (int round = 0; round < 10; ++round) {
      const std::int64_t taken = between(100, 300);
      sent_ms_ += 2 * window_ms - taken + between(-150, 50);
      history.push_back(decided_within(taken));
      for (std::int64_t n = 0; n < 60 && round > 5; ++n) {
        sent_ms_ += between(5, 60);
        history.push_back(decided_within(1));
      }
    }
    return history;
  }

 private:
  std::int64_t between(std::int64_t least, std::int64_t most) {
    return least +
           static_cast<std::int64_t>(draws_.below(static_cast<std::uint64_t>(most - least)));
  }

  Event decided_within(std::int64_t taken_ms) {
    const std::int64_t at = sent_ms_ + between(0, taken_ms);
    policy::Promise promise;
    const bool allowed =
        limiter_->decide({0, 0, Instant() + Duration::from_ms(at), 1}, promise).allowed;
    const Event event{
        sent_ms_ * ms, (sent_ms_ + taken_ms) * ms, (sent_ms_ + taken_ms) * ms, allowed, true, 0};
    sent_ms_ += taken_ms;
    return event;
  }

  RandomSequence draws_;
  std::int64_t limit_;
  std::unique_ptr<policy::KeyedLimiter> limiter_;
  std::int64_t sent_ms_ = 10'000;
};

// More ways in which the windows may lie than are followed exclude nothing.
TEST(CounterReplay, ExplainsWhatItsCounterDecidedHoweverManyWaysAreOpen) {
  std::uint64_t denied = 0;
  for (std::uint64_t seed = 0; seed < 2'000; ++seed) {
    const auto limit = static_cast<std::int64_t>(1 + seed % 4);
    const Histories histories = {OpenWindows(limit, seed).history()};
    for (const Event& event : histories[0]) denied += event.allowed ? 0U : 1U;
    const Counted counted(histories, false);
    const Counter truth{Kind::counter_first_request, limit, window_ms * ms, 0};
    const auto unexplained = unexplained_by(counted, truth, 100);
    ASSERT_TRUE(unexplained.empty()) << "seed " << seed << ", event " << unexplained[0].event;
  }
  EXPECT_GT(denied, 1'000U);
}

// But what no way explains is excluded, also once they are few again.
TEST(CounterReplay, ExcludesAgainAfterALongSilence) {
  std::uint64_t excluded = 0;
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    Histories histories = {OpenWindows(2, seed).history()};
    std::int64_t at = histories[0].back().decided + 20 * window_ms * ms;
    // Three at once are one too many.
    for (int n = 0; n < 3; ++n, at += ms)
      histories[0].push_back({at, at + 1, at + 1, true, true, 0});
    const Counted counted(histories, false);
    const Counter truth{Kind::counter_first_request, 2, window_ms * ms, 0};
    excluded += unexplained_by(counted, truth, 100).size();
  }
  EXPECT_EQ(excluded, 200U);
}

}  // namespace
}  // namespace weir::probe
