#include "sim/pending_queue.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <map>
#include <memory>
#include <utility>
#include <vector>

#include "core/random.hpp"

namespace weir::sim {
namespace {

using Numbers = PendingQueue<std::uint32_t>;
constexpr std::uint64_t any_time = UINT64_MAX;

/// What is due and which it is, all of it, in the order in which it leaves.
std::vector<std::pair<std::uint64_t, std::uint32_t>> drain(Numbers& queue) {
  std::vector<std::pair<std::uint64_t, std::uint32_t>> left;
  while (const auto entry = queue.pop_before(any_time)) left.emplace_back(entry->due, entry->item);
  return left;
}

TEST(PendingQueue, IsEmptyAtFirst) {
  Numbers queue;
  EXPECT_TRUE(queue.empty());
  EXPECT_EQ(queue.size(), 0U);
  EXPECT_FALSE(queue.pop_before(any_time).has_value());
}

TEST(PendingQueue, PopsOnlyWhatIsDueBeforeTheLimit) {
  Numbers queue;
  queue.push(1'000, 1);
  EXPECT_FALSE(queue.pop_before(1'000).has_value());
  EXPECT_EQ(queue.size(), 1U);
  const auto entry = queue.pop_before(1'001);
  ASSERT_TRUE(entry.has_value());
  EXPECT_EQ(entry->due, 1'000U);
  EXPECT_EQ(entry->item, 1U);
  EXPECT_TRUE(queue.empty());
}

TEST(PendingQueue, TiesLeaveInTheOrderInWhichTheyCame) {
  Numbers queue;
  // Far away at first, so that those that come first go down level by level.
  constexpr std::uint64_t due = 123'456'789'012;
  for (std::uint32_t n = 0; n < 100; ++n) queue.push(due, n);
  queue.push(due - 1, 1'000);
  queue.push(due - 70, 1'001);
  ASSERT_EQ(queue.pop_before(any_time)->item, 1'001U);
  for (std::uint32_t n = 100; n < 200; ++n) queue.push(due, n);
  ASSERT_EQ(queue.pop_before(any_time)->item, 1'000U);
  for (std::uint32_t n = 200; n < 300; ++n) queue.push(due, n);
  for (std::uint32_t n = 0; n < 300; ++n) ASSERT_EQ(queue.pop_before(any_time)->item, n);
}

TEST(PendingQueue, TakesWhatIsDueNowWhileItIsEmptied) {
  Numbers queue;
  queue.push(10, 0);
  for (std::uint32_t n = 0; n < 1'000; ++n) {
    const auto entry = queue.pop_before(11);
    ASSERT_TRUE(entry.has_value());
    ASSERT_EQ(entry->item, n);
    queue.push(10, n + 1);
  }
  EXPECT_EQ(queue.size(), 1U);
}

// What happens at one instant has an order of its own in the last bits of the time, and one event
// may bring about another that comes before it in that order.
TEST(PendingQueue, GoesBackWithinTheLastSixBits) {
  Numbers queue;
  constexpr std::uint64_t turn = 64 * 1'000'003;
  queue.push(turn + 9, 1);
  queue.push(turn + 20, 2);
  queue.push(turn + 64, 3);
  ASSERT_EQ(queue.pop_before(any_time)->item, 1U);
  queue.push(turn, 4);
  queue.push(turn + 8, 5);
  queue.push(turn + 9, 6);
  EXPECT_EQ(drain(queue),
            (std::vector<std::pair<std::uint64_t, std::uint32_t>>{
                {turn, 4}, {turn + 8, 5}, {turn + 9, 6}, {turn + 20, 2}, {turn + 64, 3}}));
}

TEST(PendingQueue, HoldsTheLatestTimeThereIs) {
  Numbers queue;
  queue.push(any_time - 1, 1);
  queue.push(0, 2);
  queue.push(any_time - 1, 3);
  EXPECT_EQ(drain(queue), (std::vector<std::pair<std::uint64_t, std::uint32_t>>{
                              {0, 2}, {any_time - 1, 1}, {any_time - 1, 3}}));
}

/// Random traffic through a queue and through a multimap, which also keeps ties in order.
class Twin {
 public:
  Twin(std::uint64_t seed, unsigned far_bits)
      : random_(RandomStream(seed).named("twin")), far_bits_(far_bits) {}

  void push_some() {
    for (std::uint64_t n = random_.below(8); n > 0; --n) push(now_ + draw());
    // Ties with what is there, and with what left last.
    if (!reference_.empty()) push(std::max(reference_.rbegin()->first, now_));
    if (random_.below(3) == 0) push(now_);
  }

  void pop_some() {
    const std::uint64_t limit = now_ + draw();
    for (std::uint64_t n = random_.below(12); n > 0; --n) {
      const auto entry = queue_.pop_before(limit);
      const auto first = reference_.begin();
      const bool expected = first != reference_.end() && first->first < limit;
      ASSERT_EQ(entry.has_value(), expected);
      if (!expected) {
        // Nothing earlier comes any more, as with arrivals up to which a run has been.
        now_ = std::max(now_, limit);
        return;
      }
      ASSERT_EQ(entry->due, first->first);
      ASSERT_EQ(entry->item, first->second);
      now_ = entry->due;
      reference_.erase(first);
      ASSERT_EQ(queue_.size(), reference_.size());
    }
  }

 private:
  void push(std::uint64_t due) {
    queue_.push(due, next_);
    reference_.emplace(due, next_++);
  }
  /// All orders of magnitude alike.
  std::uint64_t draw() { return random_.bits() >> (63 - random_.below(far_bits_)); }

  RandomSequence random_;
  unsigned far_bits_;
  Numbers queue_;
  std::multimap<std::uint64_t, std::uint32_t> reference_;
  std::uint64_t now_ = 0;
  std::uint32_t next_ = 0;
};

void expect_the_order_of_a_multimap(unsigned far_bits, std::uint64_t seeds, int rounds) {
  for (std::uint64_t seed = 0; seed < seeds; ++seed) {
    SCOPED_TRACE(seed);
    Twin twin(seed, far_bits);
    for (int round = 0; round < rounds; ++round) {
      twin.push_some();
      twin.pop_some();
      if (testing::Test::HasFatalFailure()) return;
    }
  }
}

TEST(PendingQueue, LeavesInTheOrderOfAMultimapWhereTimesAreNear) {
  expect_the_order_of_a_multimap(8, 50, 2'000);
}

TEST(PendingQueue, LeavesInTheOrderOfAMultimapWhereTimesAreFar) {
  expect_the_order_of_a_multimap(48, 50, 2'000);
}

TEST(PendingQueue, LeavesInTheOrderOfAStableSort) {
  RandomSequence random(RandomStream(3).named("sort"));
  std::vector<std::pair<std::uint64_t, std::uint32_t>> all;
  Numbers queue;
  for (std::uint32_t n = 0; n < 200'000; ++n) {
    all.emplace_back(random.bits() >> (1 + random.below(62)), n);
    queue.push(all.back().first, n);
  }
  std::stable_sort(all.begin(), all.end(),
                   [](const auto& a, const auto& b) { return a.first < b.first; });
  EXPECT_EQ(drain(queue), all);
}

/// An item that counts what it is worth, to see that the queue keeps no copies of what has left.
struct Counted {
  static inline int alive = 0;
  Counted() { ++alive; }
  Counted(const Counted&) { ++alive; }
  Counted(Counted&&) noexcept { ++alive; }
  Counted& operator=(const Counted&) = default;
  Counted& operator=(Counted&&) = default;
  ~Counted() { --alive; }
};

TEST(PendingQueue, KeepsNothingOfWhatHasLeft) {
  RandomSequence random(RandomStream(4).named("memory"));
  PendingQueue<Counted> queue;
  std::uint64_t now = 0;
  int most = 0;
  for (int n = 0; n < 300'000; ++n) {
    queue.push(now + (random.bits() >> 34), Counted());
    if (queue.size() > 1'000) now = queue.pop_before(any_time)->due;
    most = std::max(most, Counted::alive);
  }
  // What was taken of a slot that is not empty yet still stands there: those of one time.
  EXPECT_LT(most, 1'100);
  while (queue.pop_before(any_time)) {
  }
  EXPECT_EQ(Counted::alive, 0);
}

}  // namespace
}  // namespace weir::sim
