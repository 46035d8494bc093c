#include <gtest/gtest.h>

#include <string>

#include "limiter/catalogue.hpp"

namespace weir::limiter {
namespace {

TEST(TryMake, SaysWhatStandsAgainstAnEntrysParameters) {
  const AlgorithmInfo& info = *find_algorithm("gcra");
  Parameters parameters;
  parameters.set("rate", Rate{1, Duration::from_seconds(1)});
  parameters.set("burst", std::int64_t{5});
  EXPECT_EQ(try_make(info, parameters, {}), std::nullopt);
  parameters.set("rate", Rate{0, Duration::from_seconds(1)});
  const std::optional<Problem> problem = try_make(info, parameters, {});
  ASSERT_TRUE(problem);
  EXPECT_EQ(problem->pointer, "rate");
}

}  // namespace
}  // namespace weir::limiter
