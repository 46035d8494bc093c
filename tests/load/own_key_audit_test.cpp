#include "load/own_key_audit.hpp"

#include <gtest/gtest.h>

namespace weir::load {
namespace {

using Kind = OwnKeyAudit::Step::Kind;
using Finding = OwnKeyAudit::Step::Finding;

Instant at_ms(std::int64_t ms) { return Instant() + Duration::from_ms(ms); }
Duration seconds(std::int64_t s) { return Duration::from_seconds(s); }

constexpr Duration nothing = Duration::max();

/// An audit whose first requests were allowed, and one written at 0 ms and answered at 10 ms
/// denied.
OwnKeyAudit::Step denied_at_first(OwnKeyAudit& audit, Duration told) {
  EXPECT_EQ(audit.begin(at_ms(0)).kind, Kind::send);
  for (int i = 0; i < 5; ++i) {
    const auto step = audit.answered(Meaning::allowed, at_ms(0), at_ms(0), nothing);
    EXPECT_EQ(step.kind, Kind::send);
    EXPECT_EQ(step.at, at_ms(0));
  }
  return audit.answered(Meaning::denied, at_ms(0), at_ms(10), told);
}

TEST(OwnKeyAudit, AsksBeforeThePromisedInstantAndAtIt) {
  OwnKeyAudit audit;
  auto step = denied_at_first(audit, seconds(5));
  ASSERT_EQ(step.kind, Kind::send);
  // A second and a margin before the earliest instant that can have been meant.
  EXPECT_EQ(step.at, at_ms(3'950));
  step = audit.answered(Meaning::denied, at_ms(3'950), at_ms(3'960), seconds(2));
  ASSERT_EQ(step.kind, Kind::send);
  EXPECT_EQ(step.at, at_ms(5'010)) << "the promise is not put off by less than its own resolution";
}

TEST(OwnKeyAudit, FollowsAPromiseThatADeniedRequestPutsOff) {
  OwnKeyAudit audit;
  denied_at_first(audit, seconds(5));
  const auto step = audit.answered(Meaning::denied, at_ms(3'950), at_ms(3'960), seconds(5));
  ASSERT_EQ(step.kind, Kind::send);
  EXPECT_EQ(step.at, at_ms(8'960));
}

TEST(OwnKeyAudit, HonestIsDeniedBeforeAndAdmittedAt) {
  OwnKeyAudit audit;
  denied_at_first(audit, seconds(5));
  auto step = audit.answered(Meaning::denied, at_ms(3'950), at_ms(3'960), seconds(1));
  ASSERT_EQ(step.kind, Kind::send);
  EXPECT_EQ(step.at, at_ms(5'010));
  step = audit.answered(Meaning::allowed, at_ms(5'010), at_ms(5'011), nothing);
  EXPECT_EQ(step.kind, Kind::over);
  EXPECT_EQ(step.finding, Finding::honest);
}

TEST(OwnKeyAudit, TooShortIsDeniedAtThePromisedInstant) {
  OwnKeyAudit audit;
  denied_at_first(audit, seconds(5));
  audit.answered(Meaning::denied, at_ms(3'950), at_ms(3'960), seconds(1));
  const auto step = audit.answered(Meaning::denied, at_ms(5'010), at_ms(5'011), seconds(1));
  EXPECT_EQ(step.kind, Kind::over);
  EXPECT_EQ(step.finding, Finding::too_short);
}

TEST(OwnKeyAudit, TooLongIsAdmittedASecondBefore) {
  OwnKeyAudit audit;
  denied_at_first(audit, seconds(5));
  const auto step = audit.answered(Meaning::allowed, at_ms(3'950), at_ms(3'999), nothing);
  EXPECT_EQ(step.kind, Kind::over);
  EXPECT_EQ(step.finding, Finding::too_long);
}

TEST(OwnKeyAudit, AnAdmissionThatMayHaveComeLaterSaysNothing) {
  OwnKeyAudit audit;
  denied_at_first(audit, seconds(5));
  const auto step = audit.answered(Meaning::allowed, at_ms(3'950), at_ms(4'001), nothing);
  EXPECT_EQ(step.kind, Kind::over);
  EXPECT_EQ(step.finding, Finding::none);
}

TEST(OwnKeyAudit, APromiseOfASecondLeavesNoTimeBefore) {
  OwnKeyAudit audit;
  const auto step = denied_at_first(audit, seconds(1));
  ASSERT_EQ(step.kind, Kind::send);
  EXPECT_EQ(step.at, at_ms(1'010));
  EXPECT_EQ(audit.answered(Meaning::allowed, at_ms(1'010), at_ms(1'011), nothing).finding,
            Finding::honest);
}

TEST(OwnKeyAudit, EndsWhereNothingIsPromised) {
  OwnKeyAudit audit;
  EXPECT_EQ(denied_at_first(audit, nothing).kind, Kind::over);
}

TEST(OwnKeyAudit, EndsWhereNothingIsDenied) {
  OwnKeyAudit audit;
  int sent = 1;
  while (audit.answered(Meaning::allowed, at_ms(0), at_ms(1), nothing).kind == Kind::send) ++sent;
  EXPECT_EQ(sent, OwnKeyAudit::most_requests);
}

TEST(OwnKeyAudit, EndsWithAnError) {
  OwnKeyAudit audit;
  EXPECT_EQ(audit.answered(Meaning::unexpected, at_ms(0), at_ms(1), nothing).kind, Kind::over);
}

}  // namespace
}  // namespace weir::load
