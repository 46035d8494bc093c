#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <string>

#include "probe/probe.hpp"
#include "probe/virtual_gateway.hpp"

namespace weir::probe {
namespace {

/// The number after an option in a text; 0 if there is none.
std::int64_t number_after(const std::string& text, const std::string& option) {
  const std::size_t at = text.find(option + " ");
  return at == std::string::npos ? 0 : std::atoll(text.c_str() + at + option.size() + 1);
}

// Whoever was given a budget that did not do is told of one that is larger, not of another.
TEST(ProbeToldBudget, IsLargerThanTheOneGiven) {
  int told = 0;
  for (const char* limit :
       {"sliding-window-log limit=20 window=9s", "sliding-window-counter limit=8 window=12s",
        "fixed-window limit=30 window=15s", "haproxy-http-req-rate limit=12 period=8s"}) {
    for (const auto& [requests, seconds] : {std::pair(120, 30), {300, 25}, {2'000, 20}}) {
      VirtualSetup setup;
      setup.limits = {limit};
      setup.leg = Duration::from_ms(2);
      setup.budget = {static_cast<std::uint64_t>(requests), Duration::from_seconds(seconds), 200};
      VirtualGateway gateway(setup);
      ProbeOptions options;
      options.candidates = {"header:X-User"};
      const ProbeResult found = run_probe(gateway, options);
      const std::string& why = found.facts.why_undecided;
      if (why.find("say --max-requests") == std::string::npos) continue;
      ++told;
      const std::int64_t more_requests = number_after(why, "--max-requests");
      const std::int64_t more_seconds = number_after(why, "--max-time");
      EXPECT_GE(more_requests, requests) << limit << ": " << why;
      EXPECT_GE(more_seconds, seconds) << limit << ": " << why;
      EXPECT_TRUE(more_requests > requests || more_seconds > seconds) << limit << ": " << why;
    }
  }
  EXPECT_GE(told, 4);
}

}  // namespace
}  // namespace weir::probe
