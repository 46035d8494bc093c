#include "gateway/policy_support.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <utility>

#include "scenario/model.hpp"

namespace weir::gateway {

BoundPolicy bound_policy(std::string_view limits) {
  const std::string text = fmt::format(
      R"({{"name": "x", "duration": "1s", "policy": {{"limits": {}}},
          "traffic": [{{"name": "t", "arrivals": {{"process": "poisson", "rate": "1/s"}},
            "attributes": {{"user": "u", "model": "m", "tier": "free"}},
            "costs": {{"tokens": 1, "max_output": 1}}}}]}})",
      limits);
  const auto scenario = scenario::parse_scenario(text, {});
  EXPECT_TRUE(scenario) << (scenario ? ""
                                     : scenario.error()[0].pointer + scenario.error()[0].message);
  auto bound = BoundPolicy::bind(scenario->policies.at(0), {.start = Instant()}, "/policy");
  EXPECT_TRUE(bound) << (bound ? "" : bound.error()[0].message);
  return std::move(*bound);
}

}  // namespace weir::gateway
