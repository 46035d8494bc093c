#include <fmt/format.h>
#include <gtest/gtest.h>

#include <string>

#include "probe/probe.hpp"
#include "probe/virtual_gateway.hpp"

namespace weir::probe {
namespace {

struct FewKeys {
  const char* limit;
  const char* family;
  std::uint64_t keys;
};

// With few values a key has to be whole again before each experiment, but not between the parts of
// one: what comes back meanwhile is what they ask for.
TEST(ProbeFewKeys, WaitOnceForAllPartsOfAnExperiment) {
  for (const FewKeys& few :
       {FewKeys{"token-bucket capacity=10 rate=2/s", "token-bucket", 2},
        FewKeys{"fixed-window limit=10 window=4s", "fixed-window", 2},
        FewKeys{"sliding-window-log limit=8 window=5s", "sliding-window-log", 3},
        FewKeys{"token-bucket capacity=6 rate=1/s", "token-bucket", 1}}) {
    VirtualSetup setup;
    setup.limits = {few.limit};
    setup.fresh_keys = few.keys;
    setup.budget = {1'000, Duration::from_seconds(240), 200};
    VirtualGateway gateway(setup);
    ProbeOptions options;
    options.candidates = {"header:X-User"};
    const metrics::ProbeFacts facts = run_probe(gateway, options).facts;
    const std::string told = fmt::format("{} of {} keys: {} {}", few.limit, few.keys,
                                         facts.found.family, facts.why_undecided);
    EXPECT_EQ(facts.found.family, few.family) << told;
    int parts = 0;
    for (std::size_t e = 1; e < facts.experiments.size(); ++e) {
      const auto& before = facts.experiments[e - 1];
      const auto& one = facts.experiments[e];
      if (one.name != "ask until admitted") continue;
      ++parts;
      EXPECT_LT(one.begin - (before.begin + before.duration), Duration::from_ms(1'500)) << told;
    }
    EXPECT_GE(parts, 1) << told;
  }
}

}  // namespace
}  // namespace weir::probe
