#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <map>
#include <set>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "e2e/http_client.hpp"
#include "e2e/load_support.hpp"
#include "e2e/program.hpp"
#include "limiter/entry_support.hpp"
#include "limiter/haproxy_http_req_rate.hpp"

// What `weir load` reports of a real HAProxy that denies by http_req_rate is what HAProxy logged,
// and what its rule admits at the milliseconds that it reckoned with.

namespace weir::e2e {
namespace {

using limiter::HaproxyHttpReqRate;

constexpr std::int64_t haproxy_limit = 20;
constexpr std::int64_t haproxy_period_ms = 300;

constexpr const char* haproxy_load_configuration = R"(
global
  nbthread 1
  maxconn 1000
  log stdout format raw local0
  lua-load {folder}/now.lua
defaults
  mode http
  log global
  timeout connect 5s
  timeout client 60s
  timeout server 60s
frontend limited
  bind 127.0.0.1:{port} backlog 1024
  log-format "request %[var(txn.user)] %[var(txn.operation)] %ST %[var(txn.ms)]"
  http-request set-var(txn.user) req.hdr(x-user)
  http-request set-var(txn.operation) req.hdr(x-operation)
  http-request track-sc0 req.hdr(x-user) table users
  http-request set-var(txn.ms) lua.now_ms
  http-request deny deny_status 429 if {{ sc_http_req_rate(0) gt {limit} }}
  http-request return status 200 content-type text/plain string ok
backend users
  stick-table type string len 32 size 100k expire 1h store http_req_rate({period}ms)
)";

constexpr const char* haproxy_clock = R"(
core.register_fetches("now_ms", function(txn)
  local now = core.now()
  return now.sec * 1000 + now.usec // 1000
end)
)";

/// A line of HAProxy's log.
struct HaproxyRequest {
  std::string user;
  std::string operation;
  int status = 0;
  std::int64_t at_ms = 0;
};

/// Connections on which nothing was asked are logged too, and passed over.
std::vector<HaproxyRequest> read_haproxy_log(const std::string& text) {
  std::vector<HaproxyRequest> requests;
  std::istringstream lines(text);
  for (std::string line, word; std::getline(lines, line);) {
    std::istringstream words(line);
    HaproxyRequest r;
    if (words >> word >> r.user >> r.operation >> r.status >> r.at_ms && word == "request") {
      requests.push_back(r);
    }
  }
  return requests;
}

struct HaproxyLoad {
  const char* name;
  const char* arrivals;
  int users;
  std::int64_t operations;
};

void PrintTo(const HaproxyLoad& load, std::ostream* out) { *out << load.name; }

std::string haproxy_case_name(const testing::TestParamInfo<HaproxyLoad>& info) {
  return info.param.name;
}

std::string haproxy_scenario(const HaproxyLoad& load) {
  constexpr const char* text = R"({{
  "name": "haproxy", "duration": "1500ms", "seed": 7,
  "traffic": [{{
    "name": "all", "arrivals": {arrivals},
    "attributes": {{"user": {{"zipf": {{"count": {users}, "exponent": 1.1}}}}}}
  }}],
  "target": {{
    "url": "http://127.0.0.1:1/", "max_lateness": "60s", "timeout": "60s",
    "headers": {{"X-User": "{{user}}", "X-Operation": "{{operation}}"}}
  }},
  "policy": {{"limits": [{{
    "name": "model", "algorithm": "haproxy-http-req-rate", "key": ["user"],
    "limit": {limit}, "period": "{period}ms"
  }}], "response": {{"denied_status": 429}}}}
}})";
  return fmt::format(text, fmt::arg("arrivals", load.arrivals), fmt::arg("users", load.users),
                     fmt::arg("limit", haproxy_limit), fmt::arg("period", haproxy_period_ms));
}

/// By key, when its requests came.
std::map<std::string, std::vector<std::int64_t>> haproxy_times(
    const std::vector<HaproxyRequest>& requests) {
  std::map<std::string, std::vector<std::int64_t>> times;
  for (const HaproxyRequest& r : requests) times[r.user].push_back(r.at_ms);
  for (auto& [user, at] : times) std::sort(at.begin(), at.end());
  return times;
}

/// How many of them the rule admits. Requests of one key are alike, so the order of those in one
/// millisecond does not matter.
std::int64_t admitted_by_rule(const std::vector<std::int64_t>& at_ms) {
  const HaproxyHttpReqRate rule(haproxy_limit, haproxy_period_ms);
  HaproxyHttpReqRate::State state;
  std::int64_t count = 0;
  for (const std::int64_t ms : at_ms) {
    const Instant at = Instant::from_unix_ns(ms * 1'000'000);
    count += limiter::decide(rule, state, at).allowed ? 1 : 0;
  }
  return count;
}

class LoadHaproxy : public testing::TestWithParam<HaproxyLoad> {
 protected:
  void SetUp() override {
    const auto program = find_program("haproxy");
    if (!program) GTEST_SKIP() << "haproxy is not installed";
    if (std::system((*program + " -vv | grep -q +LUA").c_str()) != 0) {
      GTEST_SKIP() << "this haproxy is built without Lua";
    }
    server_ = start_server(
        [&](std::uint16_t port) -> std::vector<std::string> {
          folder_.write("now.lua", haproxy_clock);
          folder_.write("haproxy.cfg",
                        fmt::format(haproxy_load_configuration, fmt::arg("folder", folder_.path()),
                                    fmt::arg("port", port), fmt::arg("limit", haproxy_limit),
                                    fmt::arg("period", haproxy_period_ms)));
          return {*program, "-db", "-f", folder_.path("haproxy.cfg")};
        },
        folder_.path("output"));
    ASSERT_NE(server_.process, nullptr) << folder_.read("output");
  }

  /// Runs the load, and reads HAProxy's log once it says so much.
  LoadResult run(const HaproxyLoad& load) {
    folder_.write("scenario.jsonc", haproxy_scenario(load));
    return run_load({folder_.path("scenario.jsonc"), "--target", local_url(server_.port, "")});
  }

  /// All that was requested so far. HAProxy may log a request after it has answered it, so one that
  /// comes after all others is waited for.
  std::vector<HaproxyRequest> log() const {
    auto connection = HttpConnection::connect(server_.port);
    if (!connection) return {};
    connection->get("/", {{"X-User", "end"}, {"X-Operation", "end"}});
    for (int i = 0; i < 1000; ++i) {
      std::vector<HaproxyRequest> requests = read_haproxy_log(folder_.read("output"));
      if (!requests.empty() && requests.back().user == "end") {
        requests.pop_back();
        return requests;
      }
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    return {};
  }

 private:
  TemporaryFolder folder_;
  Server server_;
};

TEST_P(LoadHaproxy, ReportsWhatHaproxyDidAndHaproxyKeptItsRule) {
  const HaproxyLoad& load = GetParam();
  const LoadResult result = run(load);
  ASSERT_EQ(result.exit_code, 0) << result.err;
  expect_adds_up(result);
  EXPECT_EQ(result.number("operations.count"), load.operations);
  EXPECT_EQ(result.number("totals.errors"), 0);

  const std::vector<HaproxyRequest> requests = log();
  std::set<std::string> operations;
  for (const HaproxyRequest& r : requests) operations.insert(r.operation);
  EXPECT_EQ(operations.size(), requests.size());
  EXPECT_EQ(result.number("totals.attempts"), static_cast<std::int64_t>(requests.size()));
  const std::int64_t allowed = result.number("totals.allowed");
  EXPECT_EQ(allowed, std::count_if(requests.begin(), requests.end(),
                                   [](const HaproxyRequest& r) { return r.status == 200; }));

  const auto by_user = haproxy_times(requests);
  EXPECT_EQ(result.number("totals.active_keys"), static_cast<std::int64_t>(by_user.size()));
  std::int64_t by_rule = 0;
  std::int64_t at_first = 0;
  for (const auto& [user, at] : by_user) {
    by_rule += admitted_by_rule(at);
    at_first += std::min(haproxy_limit, static_cast<std::int64_t>(at.size()));
  }
  EXPECT_EQ(allowed, by_rule);
  // The same from outside, where only the rule and how long it took are known: a key's first
  // requests are admitted, and no period admits more than the limit.
  EXPECT_GE(allowed, at_first);
  const HaproxyHttpReqRate rule(haproxy_limit, haproxy_period_ms);
  EXPECT_LE(allowed, static_cast<std::int64_t>(by_user.size()) *
                         rule.bound(Duration::from_ms(result.took.count())).value());
}

INSTANTIATE_TEST_SUITE_P(
    Rates, LoadHaproxy,
    testing::Values(
        HaproxyLoad{"SlowerThanTheRule", R"({"process": "constant", "rate": "50/s"})", 1, 75},
        HaproxyLoad{"FasterThanTheRule", R"({"process": "constant", "rate": "500/s"})", 1, 750},
        HaproxyLoad{"MuchFaster", R"({"process": "constant", "rate": "5000/s"})", 1, 7'500},
        // Every batch finds the counters of the one before it forgotten.
        HaproxyLoad{"Batches", R"({"process": "batch", "size": 30, "every": "700ms"})", 1, 90},
        HaproxyLoad{"ManyUsers", R"({"process": "constant", "rate": "5000/s"})", 10'000, 7'500}),
    haproxy_case_name);

}  // namespace
}  // namespace weir::e2e
