#include <fmt/format.h>
#include <gtest/gtest.h>

#include <ostream>
#include <string>
#include <string_view>
#include <vector>

#include "e2e/limiting_haproxy.hpp"
#include "e2e/load_support.hpp"
#include "e2e/misbehaving_server.hpp"
#include "e2e/program.hpp"
#include "e2e/serve_support.hpp"
#include "store/redis_support.hpp"
#include "support/paths.hpp"

// `weir verify` finds no fault with gateways that enforce the policy which it was given, and finds
// those that enforce another one.

namespace weir::e2e {
namespace {

constexpr const char* verify_scenario = R"({{
  "name": "verify", "duration": "{duration}", "seed": 3,
  "policy": {{ "limits": [ {{ "name": "requests", {limit}, "key": [{key}] }} ],
              "response": {{ "denied_status": 429 }} }},
  "traffic": [{{
    "name": "all", "arrivals": {{"process": "poisson", "rate": "{rate}"}},
    "attributes": {{"user": {{"uniform": {{"count": {users}}}}}}}
  }}],
  "target": {{ "url": "http://127.0.0.1:1/", "headers": {{"X-User": "{{user}}"}} }}
}})";

struct VerifyTraffic {
  std::string_view duration = "3s";
  std::string_view rate = "1000/s";
  int users = 60;
  std::string_view key = R"("user")";
};

/// `weir verify` of a gateway that is believed to enforce that limit.
LoadResult verify_gateway(const std::string& url, std::string_view limit,
                          const VerifyTraffic& traffic = {}) {
  const TemporaryFolder folder;
  folder.write("verify.jsonc",
               fmt::format(verify_scenario, fmt::arg("duration", traffic.duration),
                           fmt::arg("limit", limit), fmt::arg("rate", traffic.rate),
                           fmt::arg("users", traffic.users), fmt::arg("key", traffic.key)));
  return RunningLoad::of_command({WEIR_BINARY, "verify", "--json", "--quiet", "--target", url,
                                  folder.path("verify.jsonc")})
      .wait();
}

// Under a sanitizer answers take so long that too many decisions may be too close to call.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool is_quick = false;
#else
constexpr bool is_quick = true;
#endif

void expect_right(const LoadResult& result) {
  EXPECT_EQ(result.number("verify.disagree"), 0)
      << result.report["verify"]["first_disagreements"].dump(1);
  EXPECT_GT(result.number("verify.near_limit"), 100);
  if (!is_quick && result.report["verdict"] == "inconclusive") return;
  EXPECT_EQ(result.exit_code, 0) << result.err << result.report.value("inconclusive_because", "");
  EXPECT_LT(result.number("verify.undetermined") * 50, result.number("totals.attempts"));
}

void expect_wrong(const LoadResult& result) {
  EXPECT_EQ(result.exit_code, 4) << result.err;
  EXPECT_GT(result.number("verify.disagree"), 0);
}

TEST(Verify, AdviceHasNumbersAsPeopleWriteThem) {
  const RunningGateway gateway({"--limit", "unlimited key=user"});
  ASSERT_TRUE(gateway.is_running());
  const LoadResult result = verify_gateway(
      gateway.url(), R"("algorithm": "token-bucket", "capacity": 1000, "rate": "100000/s")",
      {.duration = "500ms", .rate = "100/s"});
  EXPECT_EQ(result.exit_code, 4) << result.err;
  EXPECT_NE(result.report.value("inconclusive_because", "").find("100,000 a second"),
            std::string::npos)
      << result.report.value("inconclusive_because", "");
}

// ---- nginx

constexpr const char* verify_nginx_configuration = R"(
daemon off;
master_process off;
pid {folder}/nginx.pid;
events {{ worker_connections 1024; }}
http {{
  access_log off;
  client_body_temp_path {folder}/body;
  proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi;
  scgi_temp_path {folder}/scgi;
  limit_req_zone $http_x_user zone=nodelay:8m rate=1r/s;
  limit_req_zone $http_x_user zone=delay:8m rate=10r/s;
  limit_req_zone $http_x_user zone=users:8m rate=10r/s;
  limit_req_zone $http_x_user zone=queue:8m rate=10r/s;
  limit_req_status 429;
  keepalive_requests 1000000;
  server {{
    listen 127.0.0.1:{port} backlog=1024;
    location = /nodelay {{ limit_req zone=nodelay burst=20 nodelay; alias {folder}/answer; }}
    location = /users {{ limit_req zone=users burst=20 nodelay; alias {folder}/answer; }}
    location = /delay {{ limit_req zone=delay burst=20 delay=10; alias {folder}/answer; }}
    location = /queue {{ limit_req zone=queue burst=5; alias {folder}/answer; }}
  }}
}}
)";

class VerifyNginx : public testing::Test {
 protected:
  void SetUp() override {
    const auto program = find_program("nginx");
    if (!program) GTEST_SKIP() << "nginx is not installed";
    folder_.write("answer", "ok\n");
    server_ = start_server(
        [&](std::uint16_t port) -> std::vector<std::string> {
          folder_.write("nginx.conf",
                        fmt::format(verify_nginx_configuration, fmt::arg("folder", folder_.path()),
                                    fmt::arg("port", port)));
          return nginx_command(*program, folder_);
        },
        folder_.path("output"));
    ASSERT_NE(server_.process, nullptr) << folder_.read("output") << folder_.read("error.log");
  }

  std::string url(std::string_view path) const { return local_url(server_.port, path); }

  LoadResult verify(std::string_view path, std::string_view limit,
                    const VerifyTraffic& traffic = {}) const {
    return verify_gateway(local_url(server_.port, path), limit, traffic);
  }

 private:
  TemporaryFolder folder_;
  Server server_;
};

TEST_F(VerifyNginx, RightPolicyWithoutDelays) {
  expect_right(
      verify("/nodelay",
             R"("algorithm": "nginx-limit-req", "rate": "1/s", "burst": 20, "nodelay": true)"));
}

// README's example.
TEST_F(VerifyNginx, TheBundledScenario) {
  const auto verify_bundled = [this](const std::string& burst) {
    return RunningLoad::of_command({WEIR_BINARY, "verify", "--json", "--quiet", "--target",
                                    url("/users"), "--set", "/policy/limits/0/burst=" + burst,
                                    scenario_path("verify-nginx")})
        .wait();
  };
  const LoadResult right = verify_bundled("20");
  EXPECT_EQ(right.number("verify.disagree"), 0)
      << right.report["verify"]["first_disagreements"].dump(1);
  EXPECT_TRUE(right.report["verify"]["behaves_like"].is_null());
  EXPECT_GT(right.number("verify.near_limit"), 1000);
  const LoadResult wrong = verify_bundled("21");
  expect_wrong(wrong);
  EXPECT_EQ(wrong.report["verify"]["behaves_like"], "a burst of 20");
  ASSERT_FALSE(wrong.report["thresholds"].empty());
  EXPECT_EQ(wrong.report["thresholds"][0]["ok"], false);
}

TEST_F(VerifyNginx, RightPolicyWithDelays) {
  const LoadResult result = verify(
      "/delay", R"("algorithm": "nginx-limit-req", "rate": "10/s", "burst": 20, "delay": 10)",
      {.duration = "3s", .rate = "400/s", .users = 30});
  EXPECT_EQ(result.number("verify.disagree"), 0)
      << result.report["verify"]["first_disagreements"].dump(1);
}

TEST_F(VerifyNginx, ABurstThatIsFivePercentLarger) {
  const LoadResult result = verify(
      "/nodelay", R"("algorithm": "nginx-limit-req", "rate": "1/s", "burst": 21, "nodelay": true)");
  expect_wrong(result);
  EXPECT_GT(result.number("verify.under_admitted"), 10);
}

TEST_F(VerifyNginx, ARateThatIsFivePercentLarger) {
  expect_wrong(verify(
      "/users", R"("algorithm": "nginx-limit-req", "rate": "630/1m", "burst": 20, "nodelay": true)",
      {.duration = "4s", .rate = "1250/s", .users = 80}));
}

TEST_F(VerifyNginx, DelaysWhereThereAreNone) {
  const LoadResult result =
      verify("/nodelay", R"("algorithm": "nginx-limit-req", "rate": "1/s", "burst": 20)");
  expect_wrong(result);
  EXPECT_GT(result.number("verify.delays_too_short"), 10);
}

TEST_F(VerifyNginx, NoDelaysWhereThereAre) {
  const VerifyTraffic traffic{.duration = "3s", .rate = "350/s", .users = 35};
  for (const char* limit :
       {R"("algorithm": "nginx-limit-req", "rate": "10/s", "burst": 5, "nodelay": true)",
        R"("algorithm": "token-bucket", "rate": "10/s", "capacity": 6)"}) {
    const LoadResult result = verify("/queue", limit, traffic);
    expect_wrong(result);
    EXPECT_GT(result.number("verify.delays_too_long"), 100) << limit;
    EXPECT_EQ(result.report["verify"]["behaves_like"], "nginx-limit-req burst=5 rate=10/s")
        << limit;
  }
}

TEST_F(VerifyNginx, ARateOfItsQueueThatIsTenPercentLarger) {
  const LoadResult result =
      verify("/queue", R"("algorithm": "nginx-limit-req", "rate": "11/s", "burst": 5)",
             {.duration = "5s", .rate = "350/s", .users = 35});
  expect_wrong(result);
  EXPECT_EQ(result.report["verify"]["behaves_like"], "a rate of 10/s");
}

TEST_F(VerifyNginx, AnotherAlgorithmOfTheSameRate) {
  expect_wrong(
      verify("/nodelay", R"("algorithm": "sliding-window-log", "limit": 20, "window": "20s")"));
}

TEST_F(VerifyNginx, TrafficThatIsAllAllowedProvesNothing) {
  const LoadResult result = verify(
      "/nodelay", R"("algorithm": "nginx-limit-req", "rate": "1/s", "burst": 20, "nodelay": true)",
      {.duration = "500ms", .rate = "200/s", .users = 100});
  EXPECT_EQ(result.exit_code, 4);
  EXPECT_EQ(result.report["verdict"], "inconclusive");
  EXPECT_EQ(result.number("verify.disagree"), 0);
}

// ---- HAProxy

TEST(VerifyHaproxy, RightPolicyAndALimitOrPeriodThatIsFivePercentLarger) {
  if (!LimitingHaproxy::is_installed()) GTEST_SKIP() << "haproxy is not installed";
  const LimitingHaproxy haproxy(20, "1s");
  ASSERT_TRUE(haproxy.is_running()) << haproxy.output();
  const auto limit = [](int count) {
    return fmt::format(R"("algorithm": "haproxy-http-req-rate", "limit": {}, "period": "1s")",
                       count);
  };
  const VerifyTraffic traffic{.duration = "3s", .rate = "1000/s", .users = 45};
  expect_right(verify_gateway(haproxy.url(), limit(20), traffic));
  expect_wrong(verify_gateway(haproxy.url(), limit(21), traffic));
}

// ---- Targets that tell nothing

TEST(VerifyTarget, ThatAnswersNothingSaysNothingOfItsClock) {
  const MisbehavingServer server;
  const LoadResult result =
      verify_gateway(local_url(server.port(), "/close-at-once"),
                     R"("algorithm": "fixed-window", "limit": 5, "window": "200ms")",
                     {.duration = "300ms", .rate = "200/s", .users = 5});
  EXPECT_EQ(result.exit_code, 5);
  EXPECT_NE(result.err.find("not one request was answered"), std::string::npos) << result.err;
  EXPECT_TRUE(result.report["verify"]["clock_offset_ns"].is_null()) << result.report["verify"];
}

TEST(VerifyTarget, TrafficOptionsAreNamedThatAScenarioLeavesNoRoomFor) {
  const LoadResult result =
      RunningLoad::of_command({WEIR_BINARY, "verify", "--duration", "1s", "--target",
                               "http://127.0.0.1:1", scenario_path("verify-nginx")})
          .wait();
  EXPECT_EQ(result.exit_code, 2);
  EXPECT_NE(result.err.find("--set /duration=5s"), std::string::npos) << result.err;
  EXPECT_EQ(result.err.find("name a scenario file"), std::string::npos) << result.err;
}

// ---- weir serve

struct ServedLimit {
  const char* algorithm;
  /// As on the command line and as in a scenario.
  const char* words;
  const char* json;
  /// How long an answer takes, for limits to which that matters.
  const char* latency = "";
  bool redis_holds_it = true;
};

void PrintTo(const ServedLimit& limit, std::ostream* out) {
  *out << limit.algorithm << " " << limit.words;
}

constexpr ServedLimit canonical_limits[] = {
    {"fixed-window", "limit=10 window=1s", R"("limit": 10, "window": "1s")"},
    {"fixed-window", "limit=10 window=1s anchor=first-request count_denied=true",
     R"("limit": 10, "window": "1s", "anchor": "first-request", "count_denied": true)"},
    {"sliding-window-log", "limit=10 window=1s", R"("limit": 10, "window": "1s")"},
    {"sliding-window-counter", "limit=10 window=1s", R"("limit": 10, "window": "1s")"},
    {"sliding-window-segments", "limit=10 window=1s segments=4",
     R"("limit": 10, "window": "1s", "segments": 4)"},
    {"token-bucket", "capacity=10 rate=2/s", R"("capacity": 10, "rate": "2/s")"},
    {"token-bucket", "capacity=10 rate=2/s refill=interval",
     R"("capacity": 10, "rate": "2/s", "refill": "interval")"},
    {"leaky-bucket", "capacity=10 rate=2/s", R"("capacity": 10, "rate": "2/s")"},
    {"leaky-bucket-queue", "capacity=3 rate=4/s", R"("capacity": 3, "rate": "4/s")"},
    {"gcra", "rate=2/s burst=10", R"("rate": "2/s", "burst": 10)"},
    {"trtcm", "rate=4/s burst=8 peak_rate=8/s peak_burst=5",
     R"("rate": "4/s", "burst": 8, "peak_rate": "8/s", "peak_burst": 5)"},
    {"concurrency", "limit=4", R"("limit": 4)", "500ms"},
    {"concurrency", "limit=2 queue=2", R"("limit": 2, "queue": 2)", "400ms", false},
    {"aimd", "initial_limit=2 min_limit=1 max_limit=4",
     R"("initial_limit": 2, "min_limit": 1, "max_limit": 4)", "500ms", false},
    {"vegas", "initial_limit=2 max_concurrency=4", R"("initial_limit": 2, "max_concurrency": 4)",
     "500ms", false},
    {"gradient2", "initial_limit=2 min_limit=1 max_concurrency=4",
     R"("initial_limit": 2, "min_limit": 1, "max_concurrency": 4)", "500ms", false}};

/// `weir serve` of that limit, and `weir verify` of it.
LoadResult verify_served(const ServedLimit& limit, std::vector<std::string> store) {
  std::vector<std::string> arguments = {
      "--limit", fmt::format("{} {} key=user", limit.algorithm, limit.words)};
  if (*limit.latency != '\0') arguments.insert(arguments.end(), {"--latency", limit.latency});
  arguments.insert(arguments.end(), store.begin(), store.end());
  const RunningGateway gateway(arguments);
  EXPECT_TRUE(gateway.is_running());
  return verify_gateway(gateway.url(),
                        fmt::format(R"("algorithm": "{}", {})", limit.algorithm, limit.json),
                        {.duration = "2s", .rate = "800/s", .users = 50});
}

class VerifyServe : public testing::TestWithParam<ServedLimit> {};

TEST_P(VerifyServe, RightPolicy) {
  const LoadResult result = verify_served(GetParam(), {});
  EXPECT_EQ(result.number("verify.disagree"), 0)
      << result.report["verify"]["first_disagreements"].dump(1);
  for (const char* told : {"remaining", "reset", "retry_after"}) {
    EXPECT_EQ(result.number(fmt::format("verify.{}.disagree", told)), 0) << told;
  }
  EXPECT_GT(result.number("verify.near_limit"), 100);
  EXPECT_GT(result.number("verify.agree"), 100);
}

INSTANTIATE_TEST_SUITE_P(Canonical, VerifyServe, testing::ValuesIn(canonical_limits));

// Enough requests of each key to see its limit move from where it begins to where it stays. On a
// machine that is stalled too much may be too close to call, but not every time.
TEST(VerifyWeirServe, AnAdaptiveLimitIsShownByEnoughRequestsOfAKey) {
  const RunningGateway gateway(
      {"--limit", "vegas initial_limit=2 max_concurrency=4 key=user", "--latency", "200ms"});
  ASSERT_TRUE(gateway.is_running());
  const auto verify_with_most = [&](int most, std::string_view duration) {
    return verify_gateway(
        gateway.url(),
        fmt::format(R"("algorithm": "vegas", "initial_limit": 2, "max_concurrency": {})", most),
        {.duration = duration, .rate = "300/s", .users = 6});
  };
  constexpr int most_runs = 3;
  LoadResult right = verify_with_most(4, "5s");
  for (int run = 1; run < most_runs && right.report["verdict"] == "inconclusive"; ++run) {
    right = verify_with_most(4, "5s");
  }
  expect_right(right);
  expect_wrong(verify_with_most(3, "1s"));
}

class VerifyServeRedis : public testing::TestWithParam<ServedLimit> {};

TEST_P(VerifyServeRedis, RightPolicy) {
  if (!store::RedisServer::is_installed()) GTEST_SKIP() << "redis-server is not installed";
  if (!GetParam().redis_holds_it) GTEST_SKIP() << "Redis does not hold it";
  const store::RedisServer redis;
  const LoadResult result = verify_served(
      GetParam(),
      {"--store", fmt::format("redis://127.0.0.1:{}", redis.port()), "--store-timeout", "10s"});
  EXPECT_EQ(result.number("verify.disagree"), 0)
      << result.report["verify"]["first_disagreements"].dump(1);
  for (const char* told : {"remaining", "reset", "retry_after"}) {
    EXPECT_EQ(result.number(fmt::format("verify.{}.disagree", told)), 0) << told;
  }
  EXPECT_GT(result.number("verify.near_limit"), 100);
  EXPECT_GT(result.number("verify.agree"), 100);
}

INSTANTIATE_TEST_SUITE_P(Canonical, VerifyServeRedis, testing::ValuesIn(canonical_limits));

// Two limits at once, one of which charges what answers tell.
TEST(VerifyWeirServe, CostsThatAnswersTell) {
  const RunningGateway gateway({scenario_path("serve-ai-inference"), "--answer", "openai",
                                "--completion-tokens", "200", "--request-id", "X-Request-Id"});
  ASSERT_TRUE(gateway.is_running());
  const LoadResult result =
      RunningLoad::of_command({WEIR_BINARY, "verify", "--json", "--quiet", "--target",
                               fmt::format("http://127.0.0.1:{}", gateway.port()), "--set",
                               "/duration=5s", scenario_path("serve-ai-inference")})
          .wait();
  EXPECT_EQ(result.number("verify.disagree"), 0)
      << result.err << result.report["verify"]["first_disagreements"].dump(1);
  EXPECT_GT(result.number("verify.near_limit"), 50);
  EXPECT_GT(result.number("verify.agree"), result.number("verify.undetermined"));
}

// Answers tell of the tighter of two limits, whichever that is.
TEST(VerifyWeirServe, JudgesWhatIsToldOfTwoLimits) {
  TemporaryFolder folder;
  folder.write("two.json", R"({"name": "two", "duration": "3s",
      "policy": {"limits": [
        {"name": "window", "algorithm": "fixed-window", "limit": 10, "window": "1s",
         "key": ["user"]},
        {"name": "bucket", "algorithm": "token-bucket", "capacity": 25, "rate": "3/s",
         "key": ["user"]}]},
      "traffic": [{"name": "users", "arrivals": {"process": "poisson", "rate": "600/s"},
                   "attributes": {"user": {"uniform": {"count": 40}}}}],
      "target": {"url": "http://127.0.0.1:1/", "headers": {"X-User": "{user}"}}})");
  for (const char* headers : {"x-ratelimit", "ietf-draft-03"}) {
    const RunningGateway gateway({folder.path("two.json"), "--headers", headers});
    ASSERT_TRUE(gateway.is_running());
    const LoadResult result =
        RunningLoad::of_command({WEIR_BINARY, "verify", "--json", "--quiet", "--target",
                                 fmt::format("http://127.0.0.1:{}", gateway.port()),
                                 folder.path("two.json")})
            .wait();
    EXPECT_EQ(result.number("verify.disagree"), 0) << headers << result.err;
    for (const char* told : {"remaining", "reset", "retry_after"}) {
      EXPECT_EQ(result.number(fmt::format("verify.{}.disagree", told)), 0) << headers << told;
      EXPECT_GT(result.number(fmt::format("verify.{}.agree", told)), 100) << headers << told;
    }
  }
}

TEST(VerifyWeirServe, MoreSlotsThanThereShouldBe) {
  const RunningGateway gateway({"--limit", "concurrency limit=5 key=user", "--latency", "500ms"});
  ASSERT_TRUE(gateway.is_running());
  const LoadResult result =
      verify_gateway(gateway.url(), R"("algorithm": "concurrency", "limit": 4)",
                     {.duration = "3s", .rate = "200/s", .users = 8});
  expect_wrong(result);
  EXPECT_EQ(result.report["verify"].value("behaves_like", ""), "a limit of 5");
}

TEST(VerifyWeirServe, ABurstThatIsSmaller) {
  const RunningGateway gateway({"--limit", "gcra rate=2/s burst=19 key=user"});
  ASSERT_TRUE(gateway.is_running());
  const LoadResult result =
      verify_gateway(gateway.url(), R"("algorithm": "gcra", "rate": "2/s", "burst": 20)");
  expect_wrong(result);
  EXPECT_EQ(result.report["verify"].value("behaves_like", ""), "a burst of 19");
}

TEST(VerifyWeirServe, AKeyThatThePolicyLacks) {
  const RunningGateway gateway({"--limit", "gcra rate=10/s burst=5 key=user"});
  ASSERT_TRUE(gateway.is_running());
  const LoadResult result =
      verify_gateway(gateway.url(), R"("algorithm": "gcra", "rate": "10/s", "burst": 5)",
                     {.duration = "3s", .rate = "500/s", .users = 20, .key = ""});
  expect_wrong(result);
  EXPECT_EQ(result.report["verify"]["behaves_like"], "a limit for each user");
}

}  // namespace
}  // namespace weir::e2e
