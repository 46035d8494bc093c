#include <gtest/gtest.h>

#include <string>
#include <tuple>

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

TEST(VerifyOffset, IsStatedOfAGatewayWithAnotherLimitWhoseWindowsShowIt) {
  const Evidence evidence = observe(limit_of("fixed-window limit=21 window=1s"), clocked_traffic(),
                                    limit_of("fixed-window limit=20 window=1s"));
  const Verification found = verify(evidence);
  EXPECT_GT(found.findings.disagree, 0U);
  ASSERT_TRUE(found.offset);
  EXPECT_LE(found.offset->least, Duration::from_ms(-120));
  EXPECT_GE(found.offset->most, Duration::from_ms(-126));
  EXPECT_LT(found.offset->most - found.offset->least, Duration::from_ms(60));
}

TEST(VerifyOffset, IsUnknownWhereNoOffsetExplainsClearlyMore) {
  const std::string window = "fixed-window limit=20 window=1s";
  for (const char* truth : {"sliding-window-log limit=20 window=1s", "gcra rate=20/s burst=20",
                            "unlimited", "deny-all"}) {
    const Verification found =
        verify(observe(limit_of(truth), clocked_traffic(), limit_of(window)));
    EXPECT_GT(found.findings.disagree, 0U) << truth;
    EXPECT_TRUE(found.depends_on_clock) << truth;
    EXPECT_FALSE(found.offset) << truth << ": " << found.offset->least.ns() << " to "
                               << found.offset->most.ns();
  }
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

}  // namespace
}  // namespace weir::oracle
