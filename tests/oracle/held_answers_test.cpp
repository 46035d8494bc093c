#include "oracle/held_answers.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <ostream>
#include <string>
#include <vector>

#include "oracle/likeness.hpp"
#include "oracle/virtual_target.hpp"

// A gateway that holds back what its policy would let through at once, and upstreams that only seem
// to be such a gateway.

namespace weir::oracle {
namespace {

VirtualTraffic held_traffic(std::uint64_t seed) {
  VirtualTraffic traffic;
  traffic.delay = Duration::from_us(200);
  traffic.requests_per_second = 12.0;
  traffic.burst = 6;
  traffic.requests = 1'500;
  traffic.keys = 15;
  traffic.seed = seed;
  return traffic;
}

struct Held {
  const char* truth;
  const char* belief;
  const char* words;
};

void PrintTo(const Held& held, std::ostream* out) {
  *out << held.truth << " instead of " << held.belief;
}

class HeldInstead : public ::testing::TestWithParam<Held> {};

TEST_P(HeldInstead, IsFoundAndNamed) {
  const Evidence evidence =
      observe(limit_of(GetParam().truth), held_traffic(3), limit_of(GetParam().belief));
  const Verification found = verify(evidence);
  EXPECT_GT(found.findings.delays_too_long, 50U);
  EXPECT_EQ(found.findings.disagree, found.findings.delays_too_long);
  EXPECT_EQ(found.why_inconclusive, "");
  EXPECT_FALSE(found.first_disagreements.empty());
  const auto likeness = find_likeness(evidence, found);
  ASSERT_TRUE(likeness);
  EXPECT_EQ(likeness->words, GetParam().words);
  EXPECT_EQ(likeness->disagree, 0U);
}

INSTANTIATE_TEST_SUITE_P(Answers, HeldInstead,
                         ::testing::Values(Held{"nginx-limit-req rate=10/s burst=5",
                                                "nginx-limit-req rate=10/s burst=5 nodelay=true",
                                                "nginx-limit-req burst=5 rate=10/s"},
                                           Held{"nginx-limit-req rate=10/s burst=8 delay=3",
                                                "nginx-limit-req rate=10/s burst=8 nodelay=true",
                                                "nginx-limit-req burst=8 delay=3 rate=10/s"},
                                           Held{"leaky-bucket-queue rate=10/s capacity=5",
                                                "token-bucket rate=10/s capacity=6",
                                                "nginx-limit-req burst=5 rate=10/s"}));

/// Lets an upstream serve what the gateway has admitted: `free_at` are its workers, each of which
/// takes so long for a request.
void serve(Evidence& evidence, std::vector<std::uint32_t> order, std::size_t workers,
           Duration takes) {
  std::sort(order.begin(), order.end(), [&](std::uint32_t a, std::uint32_t b) {
    return evidence.observations[a].received < evidence.observations[b].received;
  });
  std::vector<Instant> free_at(workers, Instant::min());
  for (const std::uint32_t n : order) {
    Observation& o = evidence.observations[n];
    if (!o.allowed) continue;
    Instant& worker = *std::min_element(free_at.begin(), free_at.end());
    worker = std::max(worker, o.received) + takes;
    o.received = worker;
  }
}

Evidence prompt_evidence(std::uint64_t seed) {
  const policy::Limit limit = limit_of("nginx-limit-req rate=10/s burst=5 nodelay=true");
  return observe(limit, held_traffic(seed), limit);
}

TEST(HeldAnswers, AreNotThoseOfASlowUpstream) {
  for (std::uint64_t seed = 1; seed <= 2; ++seed) {
    for (const std::int64_t most_ms : {0, 30, 100, 300, 600}) {
      Evidence evidence = prompt_evidence(seed);
      RandomSequence draws(RandomStream(seed).named("upstream"));
      for (Observation& o : evidence.observations) {
        const auto extra =
            static_cast<std::int64_t>(draws.uniform() * 1e6 * static_cast<double>(most_ms));
        if (o.allowed) o.received = o.received + Duration::from_ns(most_ms * 500'000 + extra);
      }
      EXPECT_FALSE(find_held_answers(evidence)) << most_ms << " ms, seed " << seed;
      EXPECT_EQ(verify(evidence).findings.disagree, 0U) << most_ms << " ms, seed " << seed;
    }
  }
}

TEST(HeldAnswers, AreNotThoseOfAnUpstreamThatAllKeysShare) {
  for (const std::size_t workers : {1U, 2U, 16U}) {
    for (const std::int64_t ms : {5, 20, 100, 160}) {
      Evidence evidence = prompt_evidence(2);
      std::vector<std::uint32_t> all(evidence.observations.size());
      for (std::uint32_t n = 0; n < all.size(); ++n) all[n] = n;
      serve(evidence, all, workers, Duration::from_ms(ms));
      const auto held = find_held_answers(evidence);
      EXPECT_FALSE(held && held->is_sure) << workers << " workers, " << ms << " ms";
    }
  }
}

// One that serves as many as the policy admits altogether, as limits by user are often chosen, and
// one that now and then answers sooner.
TEST(HeldAnswers, AreNotSureOfAnUpstreamThatServesWhatThePolicyAdmits) {
  const policy::Limit limit = limit_of("token-bucket rate=10/s capacity=20");
  for (std::uint64_t seed = 1; seed <= 4; ++seed) {
    for (const std::size_t keys : {5U, 12U, 40U}) {
      for (const std::size_t workers : {1U, 4U}) {
        VirtualTraffic traffic = held_traffic(seed);
        traffic.keys = static_cast<std::uint32_t>(keys);
        traffic.requests = 300 * keys;
        traffic.requests_per_second = 60.0;
        Evidence evidence = observe(limit, traffic, limit);
        std::vector<std::uint32_t> all(evidence.observations.size());
        for (std::uint32_t n = 0; n < all.size(); ++n) all[n] = n;
        for (const double off : {0.94, 1.0}) {
          Evidence served = evidence;
          const double ns = 1e8 * off * static_cast<double>(workers) / static_cast<double>(keys);
          serve(served, all, workers, Duration::from_ns(static_cast<std::int64_t>(ns)));
          const auto held = find_held_answers(served);
          EXPECT_FALSE(held && held->is_sure) << keys << " keys, " << workers << " workers";
        }
      }
    }
    Evidence evidence = observe(limit, held_traffic(seed), limit);
    for (const Group& group : evidence.groups) {
      serve(evidence, group.observations, 1, Duration::from_ms(100));
    }
    for (std::size_t n = 0; n < evidence.observations.size(); n += 20) {
      Observation& o = evidence.observations[n];
      if (o.allowed) o.received = std::min(o.received, o.sent + Duration::from_ms(5));
    }
    const auto held = find_held_answers(evidence);
    EXPECT_FALSE(held && held->is_sure);
  }
}

// Only when it serves as many as the policy admits, and each key's by themselves: then nothing is
// said.
TEST(HeldAnswers, MayBeThoseOfAnUpstreamOfTheSameRateForEachKey) {
  Evidence evidence = prompt_evidence(2);
  for (const Group& group : evidence.groups) {
    serve(evidence, group.observations, 1, Duration::from_ms(100));
  }
  const auto held = find_held_answers(evidence);
  ASSERT_TRUE(held);
  EXPECT_FALSE(held->is_sure);
  const Verification found = verify(evidence);
  EXPECT_EQ(found.findings.disagree, 0U);
  EXPECT_NE(found.why_inconclusive.find("held requests back to 10 a second"), std::string::npos)
      << found.why_inconclusive;
}

// Behind such a gateway a quick upstream makes no difference.
TEST(HeldAnswers, AreFoundBehindOneThatTakesAWhile) {
  Evidence evidence = observe(limit_of("nginx-limit-req rate=10/s burst=5"), held_traffic(4),
                              limit_of("nginx-limit-req rate=10/s burst=5 nodelay=true"));
  RandomSequence draws(RandomStream(7).named("upstream"));
  for (Observation& o : evidence.observations) {
    const auto extra = static_cast<std::int64_t>(draws.uniform() * 20e6);
    if (o.allowed) o.received = o.received + Duration::from_ns(5'000'000 + extra);
  }
  EXPECT_GT(verify(evidence).findings.delays_too_long, 50U);
}

}  // namespace
}  // namespace weir::oracle
