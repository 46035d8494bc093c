#include <fmt/format.h>
#include <gtest/gtest.h>

#include <chrono>
#include <cstdlib>
#include <ostream>
#include <string>
#include <utility>
#include <vector>

#include "oracle/virtual_ends.hpp"
#include "oracle/virtual_target.hpp"

// Limits for which it matters when requests end: those on concurrency, and those that charge what
// an answer tells.

namespace weir::oracle {
namespace {

using Limits = std::vector<policy::Limit>;
using When = policy::ChargeSpec::When;

policy::Limit late(const std::string& words, When when, bool refund = true) {
  policy::Limit limit = limit_of(words);
  limit.spec.charge.when = when;
  limit.spec.charge.refund = refund;
  return limit;
}

struct Policy {
  std::string name;
  Limits limits;
};

std::vector<Policy> policies_of(std::uint64_t seed) {
  RandomSequence draws(RandomStream(seed).named("policies"));
  const std::uint64_t slots = 1 + draws.below(6);
  const std::uint64_t more = draws.below(4);
  std::vector<Policy> policies;
  for (const std::string& words : {
           fmt::format("concurrency limit={}", slots),
           fmt::format("concurrency limit={} queue={}", slots, more + 1),
           fmt::format("concurrency limit={} slot_ttl=400ms", slots),
           fmt::format("concurrency limit={} queue={} slot_ttl=400ms", slots, more + 1),
           fmt::format("nginx-limit-conn limit={}", slots),
           fmt::format("aimd initial_limit={} min_limit=1 max_limit={} timeout=500ms", slots,
                       slots + more),
           fmt::format("vegas initial_limit={} max_concurrency={}", slots, slots + more),
           fmt::format("gradient2 initial_limit={} min_limit=1 max_concurrency={}", slots,
                       slots + more),
       }) {
    policies.push_back({words, {limit_of(words)}});
  }
  const std::string bucket = fmt::format("token-bucket capacity={} rate=40/s", 20 + more);
  const std::string window = fmt::format("fixed-window limit={} window=2s", 60 + more);
  policies.push_back({"charged late, " + bucket, {late(bucket, When::answer)}});
  policies.push_back({"reserved, " + bucket, {late(bucket, When::reserve)}});
  policies.push_back({"kept, " + bucket, {late(bucket, When::reserve, false)}});
  policies.push_back({"charged late, " + window, {late(window, When::answer)}});
  policies.push_back({"reserved, " + window, {late(window, When::reserve)}});
  policies.push_back(
      {fmt::format("concurrency limit={} and gcra", slots),
       {limit_of(fmt::format("concurrency limit={}", slots)), limit_of("gcra rate=6/s burst=5")}});
  policies.push_back({"reserved, " + bucket + ", and gcra",
                      {late(bucket, When::reserve), limit_of("gcra rate=6/s burst=5")}});
  return policies;
}

/// More of everything when asked for.
std::uint64_t rounds_of_ends() {
  const char* asked = std::getenv("WEIR_ORACLE_ROUNDS");
  return asked == nullptr ? 1 : std::strtoull(asked, nullptr, 10);
}

EndingTraffic traffic_of(std::uint64_t seed, Duration delay) {
  RandomSequence draws(RandomStream(seed).named("traffic"));
  EndingTraffic traffic;
  traffic.seed = seed;
  traffic.delay = delay;
  traffic.requests_per_second = 5.0 + static_cast<double>(draws.below(20));
  traffic.burst = 1 + draws.below(4);
  traffic.service = Duration::from_ms(100 + static_cast<std::int64_t>(draws.below(500)));
  traffic.requests = rounds_of_ends() > 1 ? 2'000 : 500;
  if (draws.below(2) == 0) traffic.lingers = Duration::from_ms(1);
  return traffic;
}

std::string words_of_ends(const Evidence& evidence, const Verification& found) {
  std::string text = fmt::format("{} of {} wrong, {} undetermined", found.findings.disagree,
                                 found.decisions(), found.findings.undetermined);
  for (const std::uint32_t n : found.first_disagreements) {
    const Observation& o = evidence.observations[n];
    text += fmt::format("\n  {} {} at {} took {} us", n, o.allowed ? "allowed" : "denied",
                        o.sent.unix_ns(), (o.received - o.sent).ns() / 1000);
  }
  return text;
}

TEST(VerifyEnds, NeverCallsTheRightPolicyWrong) {
  for (std::uint64_t seed = 1; seed <= rounds_of_ends(); ++seed) {
    for (const Policy& policy : policies_of(seed)) {
      for (const Duration delay :
           {Duration::from_us(200), Duration::from_ms(1), Duration::from_ms(20)}) {
        const EndingTraffic traffic = traffic_of(seed * 5 + policy.name.size(), delay);
        const Evidence evidence = observe_ends(policy.limits, traffic, policy.limits);
        const Verification found = verify(evidence);
        EXPECT_EQ(found.findings.disagree, 0U)
            << policy.name << ", " << delay.ns() / 1000 << " us, seed " << seed << ": "
            << words_of_ends(evidence, found);
        EXPECT_EQ(found.findings.remaining.disagree, 0U) << policy.name << ", seed " << seed;
        if (std::getenv("WEIR_ORACLE_SHOW") == nullptr) continue;
        fmt::print("{:60} {:6} us {:5.2f} % undetermined {}\n", policy.name, delay.ns() / 1000,
                   100.0 * static_cast<double>(found.findings.undetermined) /
                       static_cast<double>(found.decisions()),
                   found.why_inconclusive);
      }
    }
  }
}

Verification verify_ends(const std::string& words, const EndingTraffic& traffic) {
  const Limits limits = {limit_of(words)};
  return verify(observe_ends(limits, traffic, limits));
}

// Their limit moves with how long requests took, which is known to a millisecond or so.
TEST(VerifyEnds, FollowsLimitsThatAdapt) {
  for (const char* words :
       {"vegas initial_limit=3 max_concurrency=6", "vegas initial_limit=6 max_concurrency=20",
        "aimd initial_limit=6 min_limit=1 max_limit=7 timeout=500ms"}) {
    EndingTraffic traffic;
    traffic.delay = Duration::from_us(200);
    traffic.requests = 4'000;
    traffic.requests_per_second = 20.0;
    traffic.burst = 1;
    const Verification found = verify_ends(words, traffic);
    EXPECT_EQ(found.findings.disagree, 0U) << words;
    EXPECT_LT(found.findings.undetermined * 20, found.decisions()) << words;
  }
}

// Nothing can be said of so many at about the same time, and that is said soon: following each
// order of them took two minutes.
TEST(VerifyEnds, GivesUpSoonOnManyAtOnce) {
  EndingTraffic traffic;
  traffic.delay = Duration::from_ms(20);
  traffic.keys = 3;
  traffic.requests = 3'600;
  traffic.requests_per_second = 300.0;
  traffic.service = Duration::from_ms(20);
  const auto began = std::chrono::steady_clock::now();
  const Verification found = verify_ends("vegas initial_limit=10 max_concurrency=50", traffic);
  EXPECT_LT(std::chrono::steady_clock::now() - began, std::chrono::seconds(30));
  EXPECT_EQ(found.findings.disagree, 0U);
  EXPECT_NE(found.why_inconclusive, "");
}

TEST(VerifyEnds, KnowsWhenSlotsExpireOfRequestsThatDidNotWait) {
  EndingTraffic traffic = traffic_of(1, Duration::from_us(200));
  traffic.requests_per_second = 12.0;
  traffic.requests = 2'000;
  const Verification found = verify_ends("concurrency limit=6 queue=2 slot_ttl=400ms", traffic);
  EXPECT_EQ(found.findings.disagree, 0U);
  EXPECT_EQ(found.why_inconclusive, "");
}

// Denials say how long decisions take, also where there are few of them.
TEST(VerifyEnds, AFewDenialsAreEnough) {
  EndingTraffic traffic = traffic_of(1, Duration::from_us(200));
  traffic.requests_per_second = 8.0;
  traffic.requests = 500;
  const Verification found = verify_ends("concurrency limit=6", traffic);
  EXPECT_GT(found.findings.near_limit, 10U);
  EXPECT_EQ(found.why_inconclusive, "");
}

// Fewer than fill the limit would show nothing.
TEST(VerifyEnds, AdvisesTrafficThatCanDecide) {
  EndingTraffic traffic = traffic_of(1, Duration::from_ms(20));
  traffic.service = Duration::from_ms(100);
  traffic.requests_per_second = 200.0;
  const Verification busy = verify_ends("concurrency limit=3", traffic);
  EXPECT_EQ(busy.findings.disagree, 0U);
  EXPECT_NE(busy.why_inconclusive.find("fill its limit: more keys with about"), std::string::npos)
      << busy.why_inconclusive;
  traffic.requests_per_second = 25.0;
  const Verification filled = verify_ends("concurrency limit=3", traffic);
  EXPECT_EQ(filled.findings.disagree, 0U);
  EXPECT_NE(filled.why_inconclusive.find("an upstream that takes longer"), std::string::npos)
      << filled.why_inconclusive;
}

TEST(VerifyEnds, AdvisesWhereAnotherLimitDecidesToo) {
  EndingTraffic traffic = traffic_of(1, Duration::from_ms(20));
  traffic.requests_per_second = 100.0;
  const Limits limits = {limit_of("concurrency limit=3"), limit_of("gcra rate=6/s burst=5")};
  const Verification found = verify(observe_ends(limits, traffic, limits));
  EXPECT_EQ(found.findings.disagree, 0U);
  EXPECT_NE(found.why_inconclusive.find("too close to call"), std::string::npos)
      << found.why_inconclusive;
}

struct EndsMistake {
  Limits truth;
  Limits belief;
  std::string name;
};

void PrintTo(const EndsMistake& mistake, std::ostream* out) { *out << mistake.name; }

class VerifyEndsMistake : public ::testing::TestWithParam<EndsMistake> {};

TEST_P(VerifyEndsMistake, IsFound) {
  EndingTraffic traffic;
  traffic.delay = Duration::from_us(200);
  traffic.requests = 5'000;
  traffic.requests_per_second = 30.0;
  const Evidence evidence = observe_ends(GetParam().truth, traffic, GetParam().belief);
  EXPECT_GT(verify(evidence).findings.disagree, 0U);
}

EndsMistake mistake(const std::string& truth, const std::string& belief) {
  return {{limit_of(truth)}, {limit_of(belief)}, truth + " instead of " + belief};
}

EndsMistake late_mistake(const std::string& truth, When true_when, const std::string& belief,
                         When when) {
  return {{late(truth, true_when)}, {late(belief, when)}, truth + " late instead of " + belief};
}

INSTANTIATE_TEST_SUITE_P(
    ByOne, VerifyEndsMistake,
    ::testing::Values(
        mistake("concurrency limit=6", "concurrency limit=5"),
        mistake("concurrency limit=4", "concurrency limit=5"),
        mistake("concurrency limit=5 queue=1", "concurrency limit=5"),
        mistake("concurrency limit=5 queue=2", "concurrency limit=5 queue=3"),
        mistake("concurrency limit=5 slot_ttl=200ms", "concurrency limit=5"),
        mistake("concurrency limit=5", "concurrency limit=5 slot_ttl=200ms"),
        mistake("nginx-limit-conn limit=6", "nginx-limit-conn limit=5"),
        mistake("aimd initial_limit=5 min_limit=1 max_limit=9",
                "aimd initial_limit=5 min_limit=1 max_limit=8"),
        mistake("concurrency limit=5", "aimd initial_limit=5 min_limit=1 max_limit=9"),
        mistake("concurrency limit=9", "vegas initial_limit=5 max_concurrency=8"),
        mistake("concurrency limit=2", "gradient2 initial_limit=5 min_limit=3 max_concurrency=8"),
        late_mistake("token-bucket capacity=40 rate=40/s", When::answer,
                     "token-bucket capacity=20 rate=40/s", When::answer),
        late_mistake("token-bucket capacity=20 rate=44/s", When::answer,
                     "token-bucket capacity=20 rate=40/s", When::answer),
        late_mistake("token-bucket capacity=20 rate=40/s", When::reserve,
                     "token-bucket capacity=20 rate=40/s", When::answer)));

}  // namespace
}  // namespace weir::oracle
