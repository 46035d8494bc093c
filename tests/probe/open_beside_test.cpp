#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "probe/probe.hpp"
#include "probe/virtual_gateway.hpp"

namespace weir::probe {
namespace {

ProbeResult probed(VirtualSetup setup) {
  setup.leg = Duration::from_ms(1);
  VirtualGateway gateway(setup);
  ProbeOptions options;
  options.candidates = {"header:X-User"};
  return run_probe(gateway, options);
}

VirtualSetup setup_of(std::vector<std::string> limits, std::uint64_t requests, int seconds) {
  VirtualSetup setup;
  setup.limits = std::move(limits);
  setup.budget = {requests, Duration::from_seconds(seconds), 200};
  return setup;
}

// Whoever reads that nothing explains what was seen is told that it may be two limits' doing.
TEST(ProbeOpenBeside, SaysThatTwoKindsMayShowAtOnce) {
  constexpr const char* bucket = "token-bucket capacity=5 rate=2/s";
  int undecided = 0;
  for (const auto& [slots, requests] : {std::pair("concurrency limit=4", 250),
                                        {"concurrency limit=4", 1'000},
                                        {"concurrency limit=8", 100},
                                        {"concurrency limit=2", 250}}) {
    VirtualSetup setup = setup_of({bucket, slots}, static_cast<std::uint64_t>(requests), 20);
    setup.service = Duration::from_ms(150);
    const metrics::ProbeFacts facts = probed(setup).facts;
    if (facts.found.family != "undecided") continue;
    ++undecided;
    EXPECT_THAT(facts.why_undecided, testing::AnyOf(testing::HasSubstr("both show"),
                                                    testing::HasSubstr("a slower limit shows")));
  }
  EXPECT_GE(undecided, 3);
}

// Not where answers take no time.
TEST(ProbeOpenBeside, SaysNothingOfTwoKindsWhereNoneMayBe) {
  int undecided = 0;
  for (const char* limit :
       {"sliding-window-log limit=20 window=9s", "fixed-window limit=30 window=15s",
        "sliding-window-counter limit=8 window=12s"}) {
    const metrics::ProbeFacts facts = probed(setup_of({limit}, 120, 20)).facts;
    if (facts.found.family == "undecided") ++undecided;
    EXPECT_THAT(facts.why_undecided, testing::Not(testing::HasSubstr("both show"))) << limit;
  }
  EXPECT_GE(undecided, 2);
}

}  // namespace
}  // namespace weir::probe
