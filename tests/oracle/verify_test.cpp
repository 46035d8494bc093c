#include "oracle/verify.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <ostream>
#include <string>
#include <tuple>
#include <vector>

#include "oracle/inconclusive.hpp"
#include "oracle/likeness.hpp"
#include "oracle/virtual_target.hpp"

namespace weir::oracle {
namespace {

/// Limits whose units come back a few times a second, with a random setting each.
std::vector<std::string> some_limits(std::uint64_t seed) {
  RandomSequence draws(RandomStream(seed).named("limits"));
  const std::uint64_t rate = 1 + draws.below(10);
  const std::uint64_t burst = 1 + draws.below(20);
  const std::uint64_t limit = 1 + draws.below(20);
  const std::uint64_t window_ms = 500 + draws.below(3000);
  const std::uint64_t seconds = 1 + draws.below(3);
  const auto per_window = fmt::format("limit={} window={}ms", limit, window_ms);
  const auto bucket = fmt::format("rate={}/s burst={}", rate, burst);
  return {
      "fixed-window " + per_window,
      "fixed-window anchor=first-request " + per_window,
      "fixed-window count_denied=true anchor=first-request " + per_window,
      "sliding-window-log " + per_window,
      "sliding-window-log count_denied=true " + per_window,
      "sliding-window-counter " + per_window,
      "sliding-window-counter anchor=first-request " + per_window,
      "sliding-window-segments segments=5 " + per_window,
      fmt::format("token-bucket rate={}/s capacity={}", rate, burst),
      fmt::format("token-bucket refill=interval rate={}/2s capacity={}", rate, burst + rate),
      fmt::format("leaky-bucket rate={}/s capacity={}", rate, burst),
      fmt::format("leaky-bucket-queue rate={}/s capacity={}", rate, burst),
      "gcra " + bucket,
      fmt::format("trtcm rate={}/s burst={} peak_rate={}/s peak_burst={}", rate, burst, 2 * rate,
                  1 + burst / 2),
      fmt::format("nginx-limit-req rate={}/s burst={} nodelay=true", rate, burst),
      fmt::format("nginx-limit-req rate={}/s burst={}", rate, burst),
      fmt::format("nginx-limit-req rate={}/s burst={} delay={}", rate, burst, burst / 2),
      fmt::format("haproxy-http-req-rate limit={} period={}s", limit, seconds),
      fmt::format("envoy-local max_tokens={} tokens_per_fill={} fill_interval={}s", burst, rate,
                  seconds),
      fmt::format("envoy-ratelimit limit={} unit=second", limit),
      fmt::format("kong-local limit={} period=second", limit),
      "go-x-time-rate " + bucket,
      "go-redis-rate " + bucket,
      "rust-governor " + bucket,
      fmt::format("redis-cell max_burst={} count={} period=1s", burst, rate),
      fmt::format("stripe rate={}/s capacity={}", rate, burst + rate),
      fmt::format("python-limits-moving-window limit={} window={}s", limit, seconds),
      fmt::format("gubernator-token limit={} duration={}ms", limit, window_ms),
  };
}

VirtualTraffic some_traffic(std::uint64_t seed, Duration delay) {
  RandomSequence draws(RandomStream(seed).named("traffic"));
  VirtualTraffic traffic;
  traffic.seed = seed;
  traffic.delay = delay;
  traffic.requests_per_second = 3.0 + static_cast<double>(draws.below(20));
  traffic.burst = 1 + draws.below(8);
  traffic.clock_offset = Duration::from_us(static_cast<std::int64_t>(draws.below(400'000)));
  return traffic;
}

std::string words_of(const Evidence& evidence, const Verification& found) {
  std::string text = fmt::format("{} of {} wrong, {} undetermined", found.findings.disagree,
                                 found.decisions(), found.findings.undetermined);
  if (found.offset) {
    text += fmt::format("; offset {} to {} us", found.offset->least.ns() / 1000,
                        found.offset->most.ns() / 1000);
  }
  for (const std::uint32_t n : found.first_disagreements) {
    const Observation& o = evidence.observations[n];
    text += fmt::format("\n  {} at {} took {} us: mark {}", o.allowed ? "allowed" : "denied",
                        o.sent.unix_ns(), (o.received - o.sent).ns() / 1000,
                        static_cast<int>(found.findings.marks[n]));
  }
  return text;
}

constexpr std::array<Duration, 3> delays = {Duration::from_us(200), Duration::from_ms(1),
                                            Duration::from_ms(20)};

/// How many rounds of all limits and delays a test makes; more when asked for.
std::uint64_t rounds() {
  const char* asked = std::getenv("WEIR_ORACLE_ROUNDS");
  return asked == nullptr ? 1 : std::strtoull(asked, nullptr, 10);
}

TEST(Verify, NeverCallsTheRightPolicyWrong) {
  std::uint64_t decisions = 0;
  std::uint64_t near_decisions = 0;
  std::uint64_t near_undetermined = 0;
  for (std::uint64_t seed = 1; seed <= rounds(); ++seed) {
    for (const std::string& words : some_limits(seed)) {
      const policy::Limit limit = limit_of(words);
      for (const Duration delay : delays) {
        const VirtualTraffic traffic = some_traffic(seed * 7 + decisions % 5, delay);
        const Evidence evidence = observe(limit, traffic, limit);
        const Verification found = verify(evidence);
        decisions += found.decisions();
        if (delay == delays[0] && !words.starts_with("nginx")) {
          near_decisions += found.decisions();
          near_undetermined += found.findings.undetermined;
        }
        EXPECT_EQ(found.findings.disagree, 0U) << words << ", " << delay.ns() / 1000 << " us, seed "
                                               << seed << ": " << words_of(evidence, found);
        EXPECT_EQ(found.findings.remaining.disagree, 0U) << words << ", seed " << seed;
        EXPECT_EQ(found.findings.reset_after.disagree, 0U) << words << ", seed " << seed;
        EXPECT_EQ(found.findings.retry_after.disagree, 0U) << words << ", seed " << seed;
        if (std::getenv("WEIR_ORACLE_SHOW") != nullptr) {
          fmt::print("{:60} {:6} us {:5.2f} % undetermined {}\n", words, delay.ns() / 1000,
                     100.0 * static_cast<double>(found.findings.undetermined) /
                         static_cast<double>(found.decisions()),
                     found.why_inconclusive);
        }
      }
    }
  }
  EXPECT_LT(near_undetermined * 50, near_decisions);
  EXPECT_GT(decisions, rounds() * 100'000);
}

/// A gateway that runs one thing and is believed to run another.
struct Mistake {
  std::string truth;
  std::string belief;
};

void PrintTo(const Mistake& mistake, std::ostream* out) {
  *out << mistake.truth << " instead of " << mistake.belief;
}

class VerifyMistake : public ::testing::TestWithParam<Mistake> {};

TEST_P(VerifyMistake, IsFound) {
  VirtualTraffic traffic = some_traffic(3, Duration::from_us(200));
  traffic.requests_per_second = 30.0;
  traffic.requests = 5'000;
  const Evidence evidence =
      observe(limit_of(GetParam().truth), traffic, limit_of(GetParam().belief));
  const Verification found = verify(evidence);
  EXPECT_GT(found.findings.disagree, 0U) << words_of(evidence, found);
}

INSTANTIATE_TEST_SUITE_P(
    FivePercentOrTheWrongAlgorithm, VerifyMistake,
    ::testing::Values(
        Mistake{"gcra rate=21/s burst=20", "gcra rate=20/s burst=20"},
        Mistake{"gcra rate=19/s burst=20", "gcra rate=20/s burst=20"},
        Mistake{"gcra rate=10/s burst=21", "gcra rate=10/s burst=20"},
        Mistake{"gcra rate=10/s burst=19", "gcra rate=10/s burst=20"},
        Mistake{"token-bucket rate=10/s capacity=21", "token-bucket rate=10/s capacity=20"},
        Mistake{"nginx-limit-req rate=10/s burst=21 nodelay=true",
                "nginx-limit-req rate=10/s burst=20 nodelay=true"},
        Mistake{"nginx-limit-req rate=21/s burst=20 nodelay=true",
                "nginx-limit-req rate=20/s burst=20 nodelay=true"},
        Mistake{"nginx-limit-req rate=10/s burst=20",
                "nginx-limit-req rate=10/s burst=20 delay=10"},
        Mistake{"nginx-limit-req rate=10/s burst=20 nodelay=true",
                "nginx-limit-req rate=10/s burst=20"},
        Mistake{"haproxy-http-req-rate limit=63 period=3s",
                "haproxy-http-req-rate limit=60 period=3s"},
        Mistake{"haproxy-http-req-rate limit=60 period=3s",
                "haproxy-http-req-rate limit=60 period=3150ms"},
        Mistake{"fixed-window limit=21 window=1s", "fixed-window limit=20 window=1s"},
        Mistake{"fixed-window limit=19 window=1s", "fixed-window limit=20 window=1s"},
        Mistake{"fixed-window limit=20 window=1050ms", "fixed-window limit=20 window=1s"},
        Mistake{"sliding-window-log limit=21 window=1s", "sliding-window-log limit=20 window=1s"},
        Mistake{"sliding-window-log limit=20 window=1s",
                "sliding-window-counter limit=20 window=1s anchor=first-request"},
        Mistake{"sliding-window-log limit=20 window=1s", "fixed-window limit=20 window=1s"},
        Mistake{"fixed-window limit=20 window=1s", "sliding-window-log limit=20 window=1s"},
        Mistake{"fixed-window limit=20 window=1s",
                "fixed-window limit=20 window=1s anchor=first-request"},
        Mistake{"token-bucket rate=10/s capacity=20",
                "token-bucket rate=10/s capacity=20 refill=interval"},
        Mistake{"gcra rate=20/s burst=20", "sliding-window-log limit=20 window=1s"},
        Mistake{"leaky-bucket rate=20/s capacity=20", "leaky-bucket-queue rate=20/s capacity=20"},
        Mistake{"unlimited", "gcra rate=20/s burst=20"}));

// A client's or the network's hiccup, which says nothing of how long decisions take.
TEST(Verify, OneSlowDenialDoesNotMakeEveryDecisionUncertain) {
  const std::string queue = "leaky-bucket-queue rate=10/s capacity=10";
  VirtualTraffic traffic;
  traffic.delay = Duration::from_us(200);
  traffic.requests = 4'000;
  traffic.requests_per_second = 12.0;
  Evidence evidence = observe(limit_of(queue), traffic, limit_of(queue));
  const auto denial = std::find_if(evidence.observations.begin(), evidence.observations.end(),
                                   [](const Observation& o) { return !o.allowed; });
  ASSERT_NE(denial, evidence.observations.end());
  denial->received = denial->received + Duration::from_ms(500);
  const Verification right = verify(evidence);
  EXPECT_EQ(right.findings.disagree, 0U) << words_of(evidence, right);
  EXPECT_EQ(right.why_inconclusive, "");
  evidence.limits = {limit_of("leaky-bucket-queue rate=10/s capacity=11")};
  EXPECT_GT(verify(evidence).findings.disagree, 100U);
}

// Where late decisions leave much open, no other policy must seem to explain all that was prompt.
void expect_nothing_else_settles(const Evidence& evidence, const Verification& found,
                                 const std::string& words) {
  if (!is_too_open(found.findings.undetermined, found.decisions()) && !found.takes_late) return;
  const auto prompt = verify_prompt(evidence);
  if (!prompt || prompt->findings.disagree == 0) return;
  const auto likeness = find_likeness(evidence, *prompt);
  EXPECT_FALSE(likeness && likeness->settles) << words << " like " << likeness->words;
}

// One that is late and admitted can take the place of others, and spoils no key but its own.
TEST(Verify, NeverCallsLateDecisionsWrong) {
  std::uint64_t decisions = 0;
  std::uint64_t undetermined = 0;
  for (std::uint64_t seed = 1; seed <= rounds(); ++seed) {
    for (const std::string& words : some_limits(seed)) {
      const policy::Limit limit = limit_of(words);
      VirtualTraffic traffic = some_traffic(seed, Duration::from_us(200));
      traffic.one_late_in = 100 + seed % 3 * 400;
      traffic.requests = rounds() > 1 ? 2'000 : 600;
      Evidence evidence = observe(limit, traffic, limit);
      const Verification found = verify(evidence);
      EXPECT_EQ(found.findings.disagree, 0U)
          << words << ", seed " << seed << ": " << words_of(evidence, found);
      EXPECT_EQ(found.findings.remaining.disagree, 0U) << words << ", seed " << seed;
      for (Observation& observation : evidence.observations) observation.told = {};
      const Verification untold = verify(evidence);
      EXPECT_EQ(untold.findings.disagree, 0U)
          << words << ", nothing told, seed " << seed << ": " << words_of(evidence, untold);
      expect_nothing_else_settles(evidence, untold, fmt::format("{}, seed {}", words, seed));
      decisions += untold.decisions();
      undetermined += untold.findings.undetermined;
      if (std::getenv("WEIR_ORACLE_SHOW") == nullptr) continue;
      const auto open = [](const Verification& v) {
        return 100.0 * static_cast<double>(v.findings.undetermined) /
               static_cast<double>(v.decisions());
      };
      fmt::print("{:60} seed {:2}: {:5.2f} % undetermined, {:5.2f} % untold\n", words, seed,
                 open(found), open(untold));
    }
  }
  EXPECT_LT(undetermined * 50, decisions);
}

TEST(Verify, ALateDecisionSpoilsNoKeyButItsOwn) {
  for (const char* words : {"fixed-window limit=7 window=2326ms", "go-x-time-rate rate=8/s burst=3",
                            "leaky-bucket-queue rate=5/s capacity=13"}) {
    const policy::Limit limit = limit_of(words);
    VirtualTraffic traffic = some_traffic(3, Duration::from_us(200));
    traffic.one_late_in = 500;
    Evidence evidence = observe(limit, traffic, limit);
    for (Observation& observation : evidence.observations) observation.told = {};
    const Verification found = verify(evidence);
    EXPECT_EQ(found.findings.disagree, 0U) << words << ": " << words_of(evidence, found);
    EXPECT_LT(found.findings.undetermined * 50, found.decisions()) << words;
  }
}

/// Requests of six keys, each of which has its own limit, and all share another.
Evidence evidence_of_two_limits(const std::string& shared, std::uint64_t burst = 1) {
  const policy::Limit each = limit_of("gcra rate=5/s burst=5");
  VirtualTraffic traffic = some_traffic(5, Duration::from_us(200));
  traffic.keys = 6;
  traffic.requests = 600;
  traffic.requests_per_second = 8.0;
  traffic.burst = burst;
  traffic.clock_offset = Duration();
  Evidence evidence = observe(each, traffic, each);
  evidence.limits.push_back(limit_of(shared));
  Group all;
  for (std::uint16_t key = 0; key < evidence.groups.size(); ++key) {
    all.entries.push_back({.limit = 0, .variant = 0});
    for (const std::uint32_t n : evidence.groups[key].observations) {
      all.observations.push_back(n);
      evidence.observations[n].asks = {{.entry = key, .cost = 1}, {.entry = 6, .cost = 1}};
    }
  }
  all.entries.push_back({.limit = 1, .variant = 0});
  std::sort(all.observations.begin(), all.observations.end(), [&](auto a, auto b) {
    return evidence.observations[a].sent < evidence.observations[b].sent;
  });
  evidence.groups = {all};
  for (Observation& o : evidence.observations) o.told = {};
  decide_jointly(evidence);
  return evidence;
}

// Two limits at once, one of them shared by all keys.
TEST(Verify, FollowsSeveralLimits) {
  Evidence evidence = evidence_of_two_limits("gcra rate=20/s burst=10");
  const Verification found = verify(evidence);
  EXPECT_EQ(found.findings.disagree, 0U) << words_of(evidence, found);
  EXPECT_LT(found.findings.undetermined, found.decisions() / 10) << words_of(evidence, found);
  EXPECT_TRUE(limits_not_reached(evidence, found.findings).empty());
  evidence.limits[1] = limit_of("gcra rate=2000/s burst=1000");
  decide_jointly(evidence);
  EXPECT_EQ(limits_not_reached(evidence, verify(evidence).findings), std::vector<std::size_t>{1});
  evidence = evidence_of_two_limits("gcra rate=20/s burst=10");
  evidence.limits[0] = limit_of("gcra rate=6/s burst=5");
  EXPECT_GT(verify(evidence).findings.disagree, 0U);
}

TEST(Verify, FollowsSeveralLimitsWithASharedWindowOfTheGatewaysClock) {
  Evidence evidence = evidence_of_two_limits("fixed-window limit=20 window=1s");
  const Verification found = verify(evidence);
  EXPECT_EQ(found.findings.disagree, 0U) << words_of(evidence, found);
  EXPECT_LT(found.findings.undetermined, found.decisions() / 50) << words_of(evidence, found);
  ASSERT_TRUE(found.offset);
  EXPECT_LE(found.offset->least, Duration::from_ms(1));
  EXPECT_GE(found.offset->most, Duration::from_ms(-1));
  for (const char* wrong :
       {"fixed-window limit=21 window=1s", "fixed-window limit=20 window=1200ms"}) {
    evidence.limits[1] = limit_of(wrong);
    EXPECT_GT(verify(evidence).findings.disagree, 0U) << wrong;
  }
}

TEST(Verify, FindsTheOffsetOfASharedWindowAmongManyThatSeemLikely) {
  Evidence evidence = evidence_of_two_limits("fixed-window limit=20 window=1s", 3);
  const Verification found = verify(evidence);
  EXPECT_EQ(found.findings.disagree, 0U) << words_of(evidence, found);
  EXPECT_EQ(found.why_inconclusive, "");
}

TEST(Verify, SaysWhatTheGatewayBehavesLike) {
  for (const auto& [truth, belief, words] :
       {std::tuple("gcra rate=10/s burst=21", "gcra rate=10/s burst=20", "a burst of 21"),
        std::tuple("sliding-window-log limit=20 window=1s", "fixed-window limit=20 window=1s",
                   "sliding-window-log limit=20 window=1s"),
        std::tuple("unlimited", "gcra rate=10/s burst=5",
                   "no limit, or one that this traffic does not reach")}) {
    VirtualTraffic traffic = some_traffic(3, Duration::from_us(200));
    traffic.requests_per_second = 30.0;
    traffic.requests = 800;
    traffic.keys = 8;
    const Evidence evidence = observe(limit_of(truth), traffic, limit_of(belief));
    const auto likeness = find_likeness(evidence, verify(evidence));
    ASSERT_TRUE(likeness) << truth << " instead of " << belief;
    EXPECT_EQ(likeness->words, words);
  }
  const policy::Limit right = limit_of("gcra rate=10/s burst=5");
  const Evidence evidence = observe(right, some_traffic(1, Duration::from_us(200)), right);
  EXPECT_FALSE(find_likeness(evidence, verify(evidence)));
}

// nginx's clock on most kernels.
TEST(Verify, FindsTheTicksOfTheGatewaysClock) {
  const policy::Limit limit = limit_of("nginx-limit-req rate=10/s burst=20 nodelay=true");
  VirtualTraffic traffic = some_traffic(2, Duration::from_us(200));
  traffic.requests_per_second = 12.0;
  traffic.burst = 2;
  traffic.requests = 10'000;
  traffic.keys = 60;
  traffic.clock_tick = Duration::from_ms(4);
  const Evidence evidence = observe(limit, traffic, limit);
  const Verification found = verify(evidence);
  EXPECT_EQ(found.findings.disagree, 0U) << words_of(evidence, found);
  EXPECT_EQ(found.tick, Duration::from_ms(4));
  EXPECT_LT(found.findings.undetermined * 50, found.decisions()) << words_of(evidence, found);
}

TEST(Verify, SaysThatTrafficWhichIsAllAllowedProvesNothing) {
  const policy::Limit limit = limit_of("gcra rate=1000/s burst=1000");
  const Verification found = verify(observe(limit, some_traffic(1, Duration::from_ms(1)), limit));
  EXPECT_EQ(found.findings.agree, 2'000U);
  EXPECT_NE(found.why_inconclusive.find("all allowed proves nothing"), std::string::npos);
}

TEST(Verify, WhereNothingLimitsAllIsAllowed) {
  const policy::Limit none = limit_of("unlimited");
  const Verification right = verify(observe(none, some_traffic(1, Duration::from_ms(1)), none));
  EXPECT_EQ(right.why_inconclusive, "");
  EXPECT_EQ(right.findings.disagree, 0U);
  const policy::Limit some = limit_of("gcra rate=1/s burst=2");
  EXPECT_GT(verify(observe(some, some_traffic(1, Duration::from_ms(1)), none)).findings.disagree,
            0U);
}

TEST(Verify, FindsTheOffsetOfTheClockThatWindowsGoBy) {
  const policy::Limit limit = limit_of("fixed-window limit=5 window=2s");
  VirtualTraffic traffic = some_traffic(2, Duration::from_us(200));
  traffic.clock_offset = Duration::from_ms(-123);
  const Verification found = verify(observe(limit, traffic, limit));
  ASSERT_TRUE(found.offset);
  EXPECT_LE(found.offset->least, traffic.clock_offset);
  EXPECT_GE(found.offset->most, traffic.clock_offset);
  EXPECT_LT((found.offset->most - found.offset->least), Duration::from_ms(30));
}

TEST(Verify, ASingleDisagreementBreedsNoOthers) {
  const policy::Limit limit = limit_of("sliding-window-log limit=20 window=1s");
  VirtualTraffic traffic = some_traffic(4, Duration::from_us(200));
  traffic.requests_per_second = 30.0;
  Evidence evidence = observe(limit, traffic, limit);
  std::size_t turned = 0;
  for (std::size_t i = 100; i < evidence.observations.size(); i += 200) {
    evidence.observations[i].allowed = !evidence.observations[i].allowed;
    ++turned;
  }
  const Verification found = verify(evidence);
  EXPECT_GT(found.findings.disagree, turned / 2) << words_of(evidence, found);
  EXPECT_LT(found.findings.disagree, turned * 4) << words_of(evidence, found);
}

}  // namespace
}  // namespace weir::oracle
