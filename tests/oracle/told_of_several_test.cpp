#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "oracle/verify.hpp"
#include "oracle/virtual_target.hpp"

namespace weir::oracle {
namespace {

/// What a limit tells after a decision.
struct LimitTells {
  bool denies = false;
  std::int64_t remaining = 0;
  Duration reset_after;
  Duration wait;
};
using TwoTell = std::pair<LimitTells, LimitTells>;

/// How a gateway makes one answer of what its two limits tell.
using Telling = std::function<Told(const TwoTell&)>;

Told of_one(const LimitTells& one, const TwoTell& two) {
  return {one.remaining, one.reset_after, std::max(two.first.wait, two.second.wait)};
}

Told of_tightest(const TwoTell& two) {
  const auto& [a, b] = two;
  const bool is_first = std::pair(!a.denies, a.remaining) <= std::pair(!b.denies, b.remaining);
  return of_one(is_first ? a : b, two);
}

Told of_second(const TwoTell& two) { return of_one(two.second, two); }

/// A gateway that decides by two limits together, seen by a client.
class TwoLimits {
 public:
  TwoLimits(const char* first, const char* second, Duration delay, std::uint64_t seed,
            std::size_t requests = 1'200) {
    VirtualTraffic traffic;
    traffic.keys = 8;
    traffic.requests = requests;
    traffic.requests_per_second = 6.0;
    traffic.burst = 8;
    traffic.delay = delay;
    traffic.seed = seed;
    evidence = observe(limit_of(first), traffic, limit_of(first));
    evidence.limits.push_back(limit_of(second));
    for (Group& group : evidence.groups) group.entries.push_back({.limit = 1, .variant = 0});
    for (Observation& observation : evidence.observations) {
      observation.asks.push_back({.entry = 1, .cost = 1});
    }
  }

  void decide(const Telling& telling) {
    for (const Group& group : evidence.groups) {
      std::vector<std::uint32_t> order = group.observations;
      std::stable_sort(order.begin(), order.end(), [this](std::uint32_t a, std::uint32_t b) {
        return decided(a) < decided(b);
      });
      limits_.clear();
      for (const policy::Limit& limit : evidence.limits) {
        limits_.push_back(policy::make_limiter(limit, evidence.environment));
        limits_.back()->reset(1);
      }
      for (const std::uint32_t n : order) decide(n, telling);
    }
  }

  Evidence evidence;

 private:
  Instant decided(std::uint32_t n) const {
    const Observation& observation = evidence.observations[n];
    return observation.sent + Duration::from_ns((observation.received - observation.sent).ns() / 3);
  }

  void decide(std::uint32_t n, const Telling& telling) {
    const policy::Charge charge{0, 0, decided(n), 1};
    TwoTell told;
    told.first.denies = !limits_[0]->check(charge).allowed;
    told.second.denies = !limits_[1]->check(charge).allowed;
    const bool allowed = !told.first.denies && !told.second.denies;
    for (std::size_t l = 0; l < limits_.size(); ++l) {
      allowed ? limits_[l]->charge(charge) : limits_[l]->charge_denied(charge);
      LimitTells& tells = l == 0 ? told.first : told.second;
      const auto quota = limits_[l]->advertised_quota(charge);
      tells.remaining = quota.remaining.value();
      tells.reset_after = quota.reset_after.value();
      tells.wait = limits_[l]->advertised_retry_after(charge).value();
    }
    evidence.observations[n].allowed = allowed;
    evidence.observations[n].told = telling(told);
    if (allowed) evidence.observations[n].told.retry_after.reset();
  }

  std::vector<std::unique_ptr<policy::KeyedLimiter>> limits_;
};

Findings judged(const Evidence& evidence) { return verify(evidence).findings; }

constexpr const char* fast = "token-bucket capacity=6 rate=5/s";
/// Hardly any request is under way beside another, so that what is told is exact.
constexpr Duration quick = Duration::from_us(5);
constexpr const char* slow = "token-bucket capacity=20 rate=12/1m";

TEST(ToldOfSeveral, IsTrueOfTheLimitWithTheLeastLeft) {
  TwoLimits gateway(fast, slow, quick, 1);
  gateway.decide(of_tightest);
  const Findings found = judged(gateway.evidence);
  EXPECT_EQ(found.told_of, std::nullopt);
  for (const auto& counts : {found.remaining, found.reset_after, found.retry_after}) {
    EXPECT_EQ(counts.disagree, 0U);
    EXPECT_GT(counts.agree, 9 * counts.undetermined);
  }
  EXPECT_GT(found.remaining.agree, 1'000U);
  EXPECT_GT(found.retry_after.agree, 300U);
}

TEST(ToldOfSeveral, IsTrueOfOneOfThem) {
  TwoLimits gateway(fast, slow, quick, 2);
  gateway.decide(of_second);
  const Findings found = judged(gateway.evidence);
  EXPECT_EQ(found.told_of, std::size_t{1});
  EXPECT_EQ(found.remaining.disagree, 0U);
  EXPECT_EQ(found.reset_after.disagree, 0U);
  EXPECT_GT(found.remaining.agree, 1'000U);
}

TEST(ToldOfSeveral, IsFalseWhereItIsOfNoLimit) {
  TwoLimits gateway(fast, slow, quick, 3);
  gateway.decide([](const TwoTell& two) {
    Told told = of_tightest(two);
    *told.remaining += 2;
    *told.reset_after = *told.reset_after + Duration::from_seconds(5);
    // Only what the quicker one says.
    told.retry_after = std::min(two.first.wait, two.second.wait);
    return told;
  });
  const Findings found = judged(gateway.evidence);
  EXPECT_GT(found.remaining.disagree, 900U);
  EXPECT_GT(found.reset_after.disagree, 900U);
  EXPECT_LT(found.retry_after.agree, found.retry_after.disagree);
}

TEST(ToldOfSeveral, IsNeverCalledFalseWhereItIsTrue) {
  const std::pair<const char*, const char*> pairs[] = {
      {"fixed-window limit=6 window=1s", "fixed-window limit=20 window=10s"},
      {"sliding-window-log limit=6 window=1s count_denied=true",
       "token-bucket capacity=9 rate=2/s"},
      {"sliding-window-counter limit=6 window=2s", "sliding-window-log limit=30 window=20s"},
      {"gcra rate=4/s burst=5", "fixed-window limit=25 window=10s anchor=first-request"}};
  std::uint64_t judged_in_all = 0;
  for (const auto& [first, second] : pairs) {
    for (const std::int64_t us : {5, 200, 20'000}) {
      TwoLimits gateway(first, second, Duration::from_us(us), static_cast<std::uint64_t>(us), 240);
      gateway.decide(of_tightest);
      const Findings found = judged(gateway.evidence);
      for (const auto& counts : {found.remaining, found.reset_after, found.retry_after}) {
        EXPECT_EQ(counts.disagree, 0U) << first << " and " << second << " behind " << us << " us";
        judged_in_all += counts.agree;
      }
    }
  }
  EXPECT_GT(judged_in_all, 2'000U);
}

TEST(ToldOfSeveral, IsNotJudgedBesideALimitOnConcurrency) {
  TwoLimits gateway(fast, "concurrency limit=4", Duration::from_ms(1), 4);
  const Findings found = judged(gateway.evidence);
  for (const auto& counts : {found.remaining, found.reset_after, found.retry_after}) {
    EXPECT_EQ(counts.agree + counts.disagree + counts.undetermined, 0U);
  }
}

}  // namespace
}  // namespace weir::oracle
