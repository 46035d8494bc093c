#include <gtest/gtest.h>

#include <string>

#include "oracle/likeness.hpp"
#include "oracle/verify.hpp"
#include "oracle/virtual_target.hpp"

// What a verification says of the gateway's clock, which windows at fixed times go by.

namespace weir::oracle {
namespace {

VirtualTraffic clocked_traffic() {
  VirtualTraffic traffic;
  traffic.delay = Duration::from_us(200);
  traffic.requests_per_second = 30.0;
  traffic.requests = 4'000;
  traffic.clock_offset = Duration::from_ms(-123);
  return traffic;
}

void expect_close_to_true(const ClockOffset& offset) {
  EXPECT_LE(offset.least, Duration::from_ms(-120));
  EXPECT_GE(offset.most, Duration::from_ms(-126));
  EXPECT_LT(offset.most - offset.least, Duration::from_ms(60));
}

TEST(VerifyOffset, IsStatedWhereASingleDecisionIsWrong) {
  const policy::Limit limit = limit_of("fixed-window limit=20 window=1s");
  Evidence evidence = observe(limit, clocked_traffic(), limit);
  evidence.observations[2'000].allowed = !evidence.observations[2'000].allowed;
  const Verification found = verify(evidence);
  EXPECT_GT(found.findings.disagree, 0U);
  ASSERT_TRUE(found.offset);
  expect_close_to_true(*found.offset);
}

TEST(VerifyOffset, IsUnknownWhereNoneExplainsNearlyAll) {
  const std::string window = "fixed-window limit=20 window=1s";
  for (const char* truth :
       {"fixed-window limit=21 window=1s", "gcra rate=20/s burst=20", "deny-all"}) {
    const Evidence evidence = observe(limit_of(truth), clocked_traffic(), limit_of(window));
    const Verification found = verify(evidence);
    EXPECT_GT(found.findings.disagree, 0U) << truth;
    EXPECT_TRUE(found.depends_on_clock) << truth;
    EXPECT_FALSE(found.offset) << truth << ": " << found.offset->least.ns() << " to "
                               << found.offset->most.ns();
  }
}

TEST(VerifyOffset, IsThatOfWhatTheGatewayBehavesLike) {
  VirtualTraffic traffic = clocked_traffic();
  traffic.requests = 1'600;
  traffic.keys = 8;
  const Evidence evidence = observe(limit_of("fixed-window limit=21 window=1s"), traffic,
                                    limit_of("fixed-window limit=20 window=1s"));
  const auto likeness = find_likeness(evidence, verify(evidence));
  ASSERT_TRUE(likeness);
  EXPECT_EQ(likeness->words, "a limit of 21");
  ASSERT_TRUE(likeness->offset);
  expect_close_to_true(*likeness->offset);
}

// What is left of a window tells of it, even where nothing is denied.
TEST(VerifyOffset, ShowsInWhatIsToldAlone) {
  const policy::Limit limit = limit_of("kong-local limit=17 period=second");
  VirtualTraffic traffic = clocked_traffic();
  traffic.requests_per_second = 4.0;
  traffic.burst = 2;
  traffic.requests = 1'000;
  const Evidence evidence = observe(limit, traffic, limit);
  for (const Observation& observation : evidence.observations) ASSERT_TRUE(observation.allowed);
  const Verification found = verify(evidence);
  EXPECT_EQ(found.findings.disagree, 0U);
  EXPECT_EQ(found.findings.remaining.disagree, 0U);
  EXPECT_GT(found.findings.remaining.agree, 300U);
  ASSERT_TRUE(found.offset);
  EXPECT_LE(found.offset->least, traffic.clock_offset);
  EXPECT_GE(found.offset->most, traffic.clock_offset);
}

TEST(VerifyOffset, IsUnknownWhereNothingWasAnswered) {
  const policy::Limit limit = limit_of("fixed-window limit=20 window=1s");
  Evidence evidence = observe(limit, clocked_traffic(), limit);
  for (Observation& observation : evidence.observations) {
    observation.is_known = false;
    observation.allowed = true;
    observation.told = {};
  }
  const Verification found = verify(evidence);
  EXPECT_EQ(found.findings.undetermined, found.decisions());
  EXPECT_FALSE(found.offset);
}

TEST(VerifyOffset, LiesWithinWhatTheEvidenceAllows) {
  const policy::Limit limit = limit_of("fixed-window limit=20 window=1s");
  Evidence evidence = observe(limit, clocked_traffic(), limit);
  evidence.offset = {Duration::from_ms(-130), Duration::from_ms(-120)};
  const Verification found = verify(evidence);
  EXPECT_EQ(found.findings.disagree, 0U);
  ASSERT_TRUE(found.offset);
  EXPECT_GE(found.offset->least, evidence.offset.least);
  EXPECT_LE(found.offset->most, evidence.offset.most);
}

// The one that a store has, say, behind a gateway that dates its answers itself.
TEST(VerifyOffset, MayBeThatOfAClockWhichAnswersAreNotDatedBy) {
  for (const char* words : {"fixed-window limit=12 window=4s", "fixed-window limit=5 window=1s"}) {
    const policy::Limit limit = limit_of(words);
    VirtualTraffic traffic;
    traffic.delay = Duration::from_us(200);
    traffic.clock_offset = Duration::from_ms(-1400);
    Evidence evidence = observe(limit, traffic, limit);
    evidence.offset = {Duration::from_ms(-10), Duration::from_ms(400)};
    const Verification found = verify(evidence);
    EXPECT_EQ(found.findings.disagree, 0U) << words;
    EXPECT_EQ(found.why_inconclusive, "") << words;
    evidence.limits = {limit_of(words[19] == '1' ? "fixed-window limit=13 window=4s"
                                                 : "fixed-window limit=6 window=1s")};
    EXPECT_GT(verify(evidence).findings.disagree, 10U) << words;
  }
}

}  // namespace
}  // namespace weir::oracle
