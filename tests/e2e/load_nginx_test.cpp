#include <fmt/format.h>
#include <gtest/gtest.h>
#include <time.h>

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "e2e/load_support.hpp"
#include "e2e/nginx_under_load.hpp"
#include "limiter/entry_support.hpp"
#include "limiter/nginx_limit_req.hpp"

// What `weir load` reports of a real nginx with limit_req is what nginx did: its access log has
// every request that weir counts, once, and its decisions; and what it admitted is what the rule
// admits of the requests that it got, when it got them.

namespace weir::e2e {
namespace {

using limiter::NginxLimitReq;

/// How far the clock that the access log shows and the one that limit_req decides by may run apart
/// between two requests: the second is read from a coarse clock, and both are cut to milliseconds.
std::int64_t clock_slack_ms() {
  timespec resolution = {};
  clock_getres(CLOCK_MONOTONIC_COARSE, &resolution);
  return resolution.tv_nsec / 1'000'000 + 3;
}

/// By key, when its requests came.
std::map<std::string, std::vector<std::int64_t>> times_by_user(
    const std::vector<NginxRequest>& requests) {
  std::map<std::string, std::vector<std::int64_t>> times;
  for (const NginxRequest& r : requests) times[r.user].push_back(r.begun_ms);
  for (auto& [user, at] : times) std::sort(at.begin(), at.end());
  return times;
}

/// How many of these requests of one key the rule admits with that burst.
std::int64_t admitted(const std::vector<std::int64_t>& at_ms, std::int64_t rate_per_second,
                      std::int64_t burst) {
  const NginxLimitReq rule(rate_per_second * 1000, burst * 1000, NginxLimitReq::nodelay);
  NginxLimitReq::State state;
  std::int64_t count = 0;
  for (const std::int64_t ms : at_ms) {
    const Instant at = Instant::from_unix_ns(ms * 1'000'000);
    count += limiter::decide(rule, state, at).allowed ? 1 : 0;
  }
  return count;
}

struct Bounds {
  std::int64_t least = 0;
  std::int64_t most = 0;
};

/// What the rule can have admitted of all requests. No rule admits more of equal requests than one
/// that admits whenever it can, so a burst larger by what leaks while the clocks run apart admits
/// at least as many as nginx did, and one that is smaller by it at most as many.
Bounds admissible(const std::vector<NginxRequest>& requests, const NginxRule& rule) {
  const std::int64_t slack = 1 + rule.rate_per_second * clock_slack_ms() / 1000;
  Bounds bounds;
  for (const auto& [user, at] : times_by_user(requests)) {
    bounds.least +=
        admitted(at, rule.rate_per_second, std::max<std::int64_t>(rule.burst - slack, 0));
    bounds.most += admitted(at, rule.rate_per_second, rule.burst + slack);
  }
  return bounds;
}

std::int64_t count_allowed(const std::vector<NginxRequest>& requests) {
  return std::count_if(requests.begin(), requests.end(),
                       [](const NginxRequest& r) { return r.is_allowed(); });
}

/// That the log has each operation at most once, and as many as weir says it sent.
void expect_each_once(const LoadResult& result, const std::vector<NginxRequest>& requests) {
  std::set<std::string> operations;
  for (const NginxRequest& r : requests) operations.insert(r.operation);
  EXPECT_EQ(operations.size(), requests.size());
  EXPECT_EQ(result.number("totals.attempts"), static_cast<std::int64_t>(requests.size()));
  EXPECT_EQ(result.number("schedule.resent"), 0);
}

/// A load of one second.
struct NginxLoad {
  int per_second = 0;
  int users = 1;
  NginxRule rule;
};

std::string text_of(const NginxLoad& load) {
  return fmt::format("{}ASecondOf{}Users{}", load.per_second, load.users,
                     load.rule.path == NginxUnderLoad::delay.path ? "Delay" : "Nodelay");
}

void PrintTo(const NginxLoad& load, std::ostream* out) { *out << text_of(load); }

std::string nginx_case_name(const testing::TestParamInfo<NginxLoad>& info) {
  return text_of(info.param);
}

/// The user in a header; a few users ask much more often than others.
std::string nginx_scenario(const NginxLoad& load) {
  constexpr const char* text = R"({{
  "name": "nginx", "duration": "1s", "seed": 7,
  "traffic": [{{
    "name": "all",
    "arrivals": {{"process": "constant", "rate": "{per_second}/s"}},
    "attributes": {{"user": {{"zipf": {{"count": {users}, "exponent": 1.1}}}}}}
  }}],
  "target": {{
    "url": "http://127.0.0.1:1{path}", "connections": 64, "max_lateness": "60s", "timeout": "60s",
    "headers": {{"X-User": "{{user}}", "X-Operation": "{{operation}}"}}
  }},
  "policy": {{"limits": [{{
    "name": "model", "algorithm": "nginx-limit-req", "key": ["user"],
    "rate": "{rate}/s", "burst": {burst}, "nodelay": true
  }}], "response": {{"denied_status": 429}}}}
}})";
  return fmt::format(text, fmt::arg("per_second", load.per_second), fmt::arg("users", load.users),
                     fmt::arg("path", load.rule.path), fmt::arg("rate", load.rule.rate_per_second),
                     fmt::arg("burst", load.rule.burst));
}

class LoadNginx : public NginxUnderLoad, public testing::WithParamInterface<NginxLoad> {};

TEST_P(LoadNginx, ReportsWhatNginxDidAndNginxKeptItsRule) {
  const NginxLoad& load = GetParam();
  const std::string scenario = file("scenario.jsonc", nginx_scenario(load));
  const LoadResult result = run_load({scenario, "--target", url("")});
  ASSERT_EQ(result.exit_code, 0) << result.err;
  expect_adds_up(result);
  EXPECT_EQ(result.number("operations.count"), load.per_second);
  EXPECT_EQ(result.number("totals.errors"), 0);
  EXPECT_EQ(result.number("audit.requests"), 0);

  const std::vector<NginxRequest> requests = log();
  expect_each_once(result, requests);
  const auto by_user = times_by_user(requests);
  EXPECT_EQ(result.number("totals.active_keys"), static_cast<std::int64_t>(by_user.size()));
  const std::int64_t allowed = result.number("totals.allowed");
  EXPECT_EQ(allowed, count_allowed(requests));
  EXPECT_EQ(result.count("statuses.429"), result.number("totals.denied"));

  const Bounds bounds = admissible(requests, load.rule);
  EXPECT_GE(allowed, bounds.least);
  EXPECT_LE(allowed, bounds.most);
  // The same from outside, where only the rule and how long it took are known.
  const auto keys = static_cast<std::int64_t>(by_user.size());
  EXPECT_LE(allowed, keys * (load.rule.burst + 1 +
                             load.rule.rate_per_second * (result.took.count() + 1) / 1000));
}

INSTANTIATE_TEST_SUITE_P(Rates, LoadNginx,
                         testing::Values(NginxLoad{50, 1, NginxUnderLoad::nodelay},
                                         NginxLoad{500, 1, NginxUnderLoad::nodelay},
                                         NginxLoad{5'000, 1, NginxUnderLoad::nodelay},
                                         NginxLoad{50, 10'000, NginxUnderLoad::nodelay},
                                         NginxLoad{500, 10'000, NginxUnderLoad::nodelay},
                                         NginxLoad{5'000, 10'000, NginxUnderLoad::nodelay},
                                         NginxLoad{50, 1, NginxUnderLoad::delay},
                                         NginxLoad{500, 1, NginxUnderLoad::delay},
                                         NginxLoad{5'000, 10'000, NginxUnderLoad::delay}),
                         nginx_case_name);

/// The k-th largest of the values, from 0.
std::int64_t kth_largest(std::vector<std::int64_t> values, std::size_t k) {
  std::sort(values.begin(), values.end(), std::greater<>());
  return values.at(k);
}

// Thirty at once: one and five more are let through, five are held back up to a quarter of a
// second, and the rest is denied.
TEST_F(NginxUnderLoad, HeldBackAnswersShowInTheLatency) {
  const LoadResult result =
      run_load({"--target", url(delay.path), "-H", "X-User: one", "--rate", "30000/s", "-n", "30",
                "--connections", "30", "--duration", "100ms"});
  ASSERT_EQ(result.exit_code, 0) << result.err;
  expect_adds_up(result);
  const std::vector<NginxRequest> requests = log();
  ASSERT_EQ(requests.size(), 30U);
  std::vector<std::int64_t> took;
  std::int64_t delayed = 0;
  for (const NginxRequest& r : requests) {
    if (r.is_allowed()) took.push_back(r.took_ms);
    delayed += r.decision == "DELAYED" ? 1 : 0;
  }
  ASSERT_GE(delayed, delay.burst - 1 - delay_after);
  // nginx reads its clock once for all that it finds to do, so it may count a little more than
  // passed.
  constexpr std::int64_t margin_ms = 50;
  const metrics::Histogram latency = result.accumulator().latency_allowed;
  ASSERT_EQ(latency.count(), took.size());
  for (std::size_t k = 0; k < static_cast<std::size_t>(delayed); ++k) {
    const auto part = static_cast<std::uint32_t>(1'000'000 * (took.size() - k) / took.size());
    EXPECT_GE(latency.percentile(part), (kth_largest(took, k) - margin_ms) * 1'000'000) << k;
  }
  // Where one is denied, the bucket was full but for less than one request.
  ASSERT_GT(result.number("totals.denied"), 0);
  EXPECT_GE(kth_largest(took, 0),
            1000 * (delay.burst - 1 - delay_after) / delay.rate_per_second - 1);
}

}  // namespace
}  // namespace weir::e2e
