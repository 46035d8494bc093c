#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "scenario/model.hpp"
#include "scenario/scenario_for_test.hpp"

namespace weir::scenario {
namespace {

using ::testing::ElementsAre;

TEST(ParseScenario, SmallScenarioIsRight) { EXPECT_THAT(problems_after({}), ElementsAre()); }

TEST(ParseScenario, EachFaultIsToldAlone) {
  for (const Fault& fault : faults()) {
    SCOPED_TRACE(fault.name);
    EXPECT_THAT(problems_after(fault.changes), ElementsAre(fault.problem));
  }
}

}  // namespace
}  // namespace weir::scenario
