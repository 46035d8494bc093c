#include "limiter/leaky_bucket_queue.hpp"

#include "limiter/one_key.hpp"

namespace weir::limiter {
namespace {

Verdict leaves_after(std::string_view delay) { return {.allowed = true, .delay = duration(delay)}; }

constexpr Verdict denied{.allowed = false, .delay = {}};

TEST(LeakyBucketQueue, LetsOneLeaveAtATimeAndDeniesWhenTooManyWait) {
  const auto key = new_key<LeakyBucketQueueEntry>("capacity=2 rate=2/s");
  EXPECT_EQ(key->decide(at("0s"), 1), leaves_after("0s"));
  EXPECT_EQ(key->decide(at("0s"), 1), leaves_after("500ms"));
  EXPECT_EQ(key->decide(at("0s"), 1), leaves_after("1s"));
  EXPECT_EQ(key->decide(at("0s"), 1), denied);
  EXPECT_EQ(key->earliest(at("0s"), 1), at("500ms"));
  EXPECT_EQ(key->decide(just_before("500ms"), 1), denied);
  EXPECT_EQ(key->decide(at("500ms"), 1), leaves_after("1s"));
  // The last one leaves at 1.5 s; who comes 100 ms after that leaves 400 ms later.
  EXPECT_EQ(key->decide(at("1.6s"), 1), leaves_after("400ms"));
  EXPECT_EQ(key->decide(at("3s"), 1), leaves_after("0s"));
}

TEST(LeakyBucketQueue, TakesAPlaceForEachUnitOfCost) {
  const auto key = new_key<LeakyBucketQueueEntry>("capacity=3 rate=1/s");
  EXPECT_EQ(key->decide(at("0s"), 3), leaves_after("2s"));
  EXPECT_EQ(key->decide(at("0s"), 2), denied);
  EXPECT_EQ(key->earliest(at("0s"), 2), at("1s"));
  EXPECT_EQ(key->decide(at("1s"), 2), leaves_after("3s"));
  EXPECT_EQ(key->earliest(at("1s"), 4), at("5s"));
  EXPECT_EQ(key->earliest(at("1s"), 5), std::nullopt);
}

TEST(LeakyBucketQueue, RoundsADelayUpToANanosecond) {
  const auto key = new_key<LeakyBucketQueueEntry>("capacity=3 rate=3/s");
  EXPECT_EQ(key->decide(at("0s"), 1), leaves_after("0s"));
  EXPECT_EQ(key->decide(at("0s"), 1), leaves_after("333333334ns"));
  EXPECT_EQ(key->decide(at("0s"), 1), leaves_after("666666667ns"));
  EXPECT_EQ(key->decide(at("0s"), 1), leaves_after("1s"));
}

TEST(LeakyBucketQueue, WithoutPlacesToWaitOnlySpacesRequests) {
  const auto key = new_key<LeakyBucketQueueEntry>("capacity=0 rate=3/s");
  EXPECT_EQ(key->decide(at("0s"), 1), leaves_after("0s"));
  EXPECT_EQ(key->decide(at("333333333ns"), 1), denied);
  EXPECT_EQ(key->decide(at("333333334ns"), 1), leaves_after("0s"));
}

TEST(LeakyBucketQueue, ACostOf0LeavesAtOnce) {
  const auto key = new_key<LeakyBucketQueueEntry>("capacity=2 rate=1/s");
  EXPECT_EQ(key->decide(at("0s"), 3), leaves_after("2s"));
  EXPECT_EQ(key->decide(at("0s"), 0), leaves_after("0s"));
}

TEST(LeakyBucketQueue, TellsWhatRemains) {
  const auto key = new_key<LeakyBucketQueueEntry>("capacity=2 rate=1/s");
  // One that leaves at once and two that wait.
  EXPECT_EQ(key->quota(at("0s")), (Quota{.limit = 3, .remaining = 3, .reset_after = {}}));
  key->decide(at("0s"), 2);
  EXPECT_EQ(key->quota(at("0s")),
            (Quota{.limit = 3, .remaining = 1, .reset_after = duration("2s")}));
  EXPECT_EQ(key->bound(duration("0s")), 3);
  EXPECT_EQ(key->bound(duration("1s") - Duration::from_ns(1)), 3);
  EXPECT_EQ(key->bound(duration("1s")), 4);
}

TEST(LeakyBucketQueue, SaysWhatCannotBe) {
  EXPECT_EQ(blamed<LeakyBucketQueueEntry>("capacity=2 rate=0/s"), "rate");
  EXPECT_EQ(blamed<LeakyBucketQueueEntry>("capacity=2 rate=1/3661d"), "rate");
  EXPECT_EQ(blamed<LeakyBucketQueueEntry>("capacity=9007199254740991 rate=1/s"), "");
}

}  // namespace
}  // namespace weir::limiter
