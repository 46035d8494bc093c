#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "e2e/limiting_haproxy.hpp"
#include "e2e/load_support.hpp"
#include "e2e/program.hpp"
#include "e2e/serve_support.hpp"
#include "support/paths.hpp"
#include "support/run_weir.hpp"

// `weir probe` finds out what gateways enforce: each family under weir serve, nginx and HAProxy.

namespace weir::e2e {
namespace {

using testing::AnyOf;
using testing::HasSubstr;

std::vector<std::string> probe_command(const std::string& url,
                                       const std::vector<std::string>& more = {},
                                       const std::string& max_time = "28s") {
  std::vector<std::string> command = {WEIR_BINARY, "probe", url, "--json", "--max-time", max_time};
  command.insert(command.end(), more.begin(), more.end());
  return command;
}

const std::vector<std::string> by_user = {"--key", "header:X-User"};

/// A gateway, what it enforces, and what a probe may say of it.
struct ProbedLimit {
  std::string words;
  std::string family;
  /// Of a parameter, unless it is empty.
  std::string parameter;
  std::int64_t value = 0;
  std::vector<std::string> serve = {};
};

/// A probe may end undecided on a busy machine, but only between what is true and something else;
/// where it is decided it is right.
void expect_found(const LoadResult& result, const ProbedLimit& limit) {
  ASSERT_TRUE(result.report.is_object()) << result.err;
  const Json& probe = result.report["probe"];
  const std::string told = fmt::format("{}: {}\n{}", limit.words, result.err, result.report.dump());
  EXPECT_LE(probe["requests_used"], 1000) << told;
  if (result.exit_code != 0) {
    EXPECT_EQ(result.exit_code, 4) << told;
    bool is_considered = probe["family"] == limit.family || probe["family"] == "undecided";
    for (const Json& other : probe["alternatives"]) {
      is_considered =
          is_considered || (other["family"] == limit.family && other["unexplained"] == 0);
    }
    EXPECT_TRUE(is_considered) << told;
    return;
  }
  EXPECT_EQ(probe["family"], limit.family) << told;
  if (!limit.parameter.empty()) {
    EXPECT_EQ(probe["parameters"].value(limit.parameter, Json()), limit.value) << told;
  }
  if (limit.family != "none") {
    EXPECT_EQ(probe["keyed_by"], Json::array({"header:X-User"})) << told;
  }
}

TEST(ProbeServe, FindsEveryFamily) {
  const std::vector<ProbedLimit> limits = {
      {"fixed-window limit=12 window=2s key=user", "fixed-window", "limit", 12},
      {"fixed-window limit=9 window=1500ms anchor=first-request key=user", "fixed-window", "limit",
       9},
      {"sliding-window-log limit=10 window=2s key=user", "sliding-window-log", "limit", 10},
      {"sliding-window-counter limit=14 window=2s key=user", "sliding-window-counter", "limit", 14},
      {"token-bucket capacity=8 rate=4/s key=user", "token-bucket", "", 0},
      {"leaky-bucket-queue capacity=4 rate=5/s key=user", "leaky-bucket-queue", "", 0},
      {"concurrency limit=5 key=user", "concurrency", "limit", 5, {"--latency", "150ms"}},
      {"unlimited key=user", "none", "", 0}};
  std::vector<std::unique_ptr<RunningGateway>> gateways;
  std::vector<std::unique_ptr<RunningLoad>> probes;
  for (const ProbedLimit& limit : limits) {
    std::vector<std::string> arguments = {"--limit", limit.words};
    arguments.insert(arguments.end(), limit.serve.begin(), limit.serve.end());
    gateways.push_back(std::make_unique<RunningGateway>(arguments));
    ASSERT_TRUE(gateways.back()->is_running()) << limit.words;
  }
  for (const auto& gateway : gateways) {
    // Neither can be moved.
    probes.emplace_back(
        new RunningLoad(RunningLoad::of_command(probe_command(gateway->url(), by_user, "45s"))));
  }
  int decided = 0;
  for (std::size_t i = 0; i < limits.size(); ++i) {
    const LoadResult result = probes[i]->wait();
    expect_found(result, limits[i]);
    if (result.exit_code == 0) ++decided;
  }
  // Were none of them decided, nothing would have been tested.
  EXPECT_GE(decided, 4);
}

// As in "10 a second and 60 in 15 seconds", what the slower one is told by keys that keep below the
// faster; its policy is what the gateway does.
TEST(ProbeServe, FindsTwoLimitsAndThePolicyIsWhatTheyDo) {
  const RunningGateway gateway({"--limit", "token-bucket capacity=10 rate=10/s key=user", "--limit",
                                "token-bucket capacity=40 rate=2/s key=user"});
  ASSERT_TRUE(gateway.is_running());
  const TemporaryFolder folder;
  const std::string found = folder.path("found.json");
  const LoadResult result =
      RunningLoad::of_command(
          probe_command(gateway.url(), {"--key", "header:X-User", "--out", found}, "70s"))
          .wait();
  expect_found(result, {"two limits", "token-bucket", "capacity", 10});
  if (result.exit_code != 0) GTEST_SKIP() << "undecided, on a machine that is too busy";
  const Json& further = result.report["probe"]["further_limits"];
  ASSERT_EQ(further.size(), 1U) << result.report["probe"].dump();
  EXPECT_EQ(further[0]["family"], "token-bucket");
  EXPECT_EQ(further[0]["parameters"]["capacity"], 40);
  const Json& headers = result.report["probe"]["headers"];
  EXPECT_EQ(headers["told_of"], "tightest") << headers;
  for (const Json& told : {headers["limit"], headers["remaining"], headers["reset"],
                           result.report["probe"]["retry_after"]}) {
    EXPECT_EQ(told["untruthful"], 0) << headers << result.report["probe"]["retry_after"];
    EXPECT_GT(told["truthful"], 50) << headers << result.report["probe"]["retry_after"];
  }
  const LoadResult verified =
      RunningLoad::of_command({WEIR_BINARY, "verify", found, "--json", "--quiet"}).wait();
  EXPECT_EQ(verified.exit_code, 0) << verified.err;
}

// ---- Servers of others

constexpr const char* probe_nginx_configuration = R"(
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
  limit_req_zone $http_x_user zone=users:8m rate=10r/s;
  keepalive_requests 1000000;
  server {{
    listen 127.0.0.1:{port} backlog=1024;
    listen 127.0.0.1:{tls_port} ssl http2;
    ssl_certificate {folder}/certificate.pem;
    ssl_certificate_key {folder}/key.pem;
    location = /limited {{ limit_req zone=users burst=20 nodelay; alias {folder}/answer; }}
    location = /queued {{ limit_req zone=users burst=5; alias {folder}/answer; }}
    location = /with-429 {{
      limit_req zone=users burst=20 nodelay;
      limit_req_status 429;
      alias {folder}/answer;
    }}
  }}
}}
)";

/// A real nginx that limits by X-User, with 503 and with 429, and the latter over TLS as well.
class ProbeNginx : public testing::Test {
 protected:
  void SetUp() override {
    const auto program = find_program("nginx");
    const auto openssl = find_program("openssl");
    if (!program || !openssl) GTEST_SKIP() << "nginx or openssl is not installed";
    folder_.write("answer", "ok\n");
    Process certificate(
        {*openssl, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=localhost",
         "-keyout", folder_.path("key.pem"), "-out", folder_.path("certificate.pem")},
        folder_.path("openssl"));
    while (certificate.is_running()) std::this_thread::sleep_for(std::chrono::milliseconds(10));
    tls_port_ = free_port();
    server_ = start_server(
        [&](std::uint16_t port) -> std::vector<std::string> {
          folder_.write("nginx.conf",
                        fmt::format(probe_nginx_configuration, fmt::arg("folder", folder_.path()),
                                    fmt::arg("port", port), fmt::arg("tls_port", tls_port_)));
          return nginx_command(*program, folder_);
        },
        folder_.path("output"));
    ASSERT_NE(server_.process, nullptr) << folder_.read("output") << folder_.read("error.log");
  }

  TemporaryFolder folder_;
  std::uint16_t tls_port_ = 0;
  Server server_;
};

// Who denies otherwise than the product does says with its header who it is.
TEST_F(ProbeNginx, IsNamedWhateverItDeniesWithAndOverHttp2) {
  const std::string url = fmt::format("https://127.0.0.1:{}/with-429", tls_port_);
  const LoadResult result =
      RunningLoad::of_command(
          probe_command(url, {"--key", "header:X-User", "--insecure", "--http2"}, "20s"))
          .wait();
  expect_found(result, {"nginx", "token-bucket", "burst", 20});
  if (result.exit_code != 0) GTEST_SKIP() << "undecided, on a machine that is too busy";
  EXPECT_EQ(result.report["probe"]["algorithm"], "nginx-limit-req");
  EXPECT_EQ(result.report["probe"]["denied_status"], 429);
  EXPECT_THAT(result.report["probe"].value("server", ""), HasSubstr("nginx"));
  EXPECT_EQ(result.report["target"]["engine"], "libcurl");
}

TEST_F(ProbeNginx, FindsLimitReqAndThePolicyIsWhatItDoes) {
  const std::string url = local_url(server_.port, "/limited");
  const std::string found = folder_.path("found.json");
  const LoadResult result =
      RunningLoad::of_command(probe_command(url, {"--key", "header:X-User", "--out", found}))
          .wait();
  const ProbedLimit limit{"nginx", "token-bucket", "burst", 20};
  expect_found(result, limit);
  if (result.exit_code != 0) GTEST_SKIP() << "undecided, on a machine that is too busy";
  const Json& probe = result.report["probe"];
  EXPECT_EQ(probe["algorithm"], "nginx-limit-req");
  EXPECT_EQ(probe["parameters"]["rate"], "10/s");
  EXPECT_EQ(probe["denied_status"], 503);
  EXPECT_EQ(probe["headers"]["families"], Json::array());

  const LoadResult verified =
      RunningLoad::of_command({WEIR_BINARY, "verify", found, "--json", "--quiet"}).wait();
  EXPECT_EQ(verified.number("verify.disagree"), 0) << verified.report["verify"].dump(1);
  EXPECT_GT(verified.number("verify.near_limit"), 100);
  const test::ProgramResult simulated = test::run_weir({"simulate", found, "--json"});
  EXPECT_EQ(simulated.exit_code, 0) << simulated.err;
  const RunningGateway gateway({found});
  ASSERT_TRUE(gateway.is_running());
  int allowed = 0;
  for (int i = 0; i < 30; ++i) {
    if (fetch(gateway.port(), "/", {{"X-User", "somebody"}}).status == 200) ++allowed;
  }
  EXPECT_GE(allowed, 21);
  EXPECT_LT(allowed, 30);
}

// What waits leaves up to a millisecond late, so that its rate is measured as a hair less.
TEST_F(ProbeNginx, FindsTheRateOfAQueueAsItWasWritten) {
  const std::string url = local_url(server_.port, "/queued");
  const LoadResult result = RunningLoad::of_command(probe_command(url, by_user)).wait();
  expect_found(result, {"nginx", "leaky-bucket-queue", "burst", 5});
  if (result.exit_code != 0) GTEST_SKIP() << "undecided, on a machine that is too busy";
  EXPECT_EQ(result.report["probe"]["algorithm"], "nginx-limit-req");
  EXPECT_EQ(result.report["probe"]["parameters"]["rate"], "10/s") << result.report["probe"];
}

TEST(ProbeHaproxy, FindsHttpReqRate) {
  if (!LimitingHaproxy::is_installed()) GTEST_SKIP() << "haproxy is not installed";
  const LimitingHaproxy haproxy(10, "2s");
  ASSERT_TRUE(haproxy.is_running()) << haproxy.output();
  const LoadResult result = RunningLoad::of_command(probe_command(haproxy.url(), by_user)).wait();
  expect_found(result, {"haproxy", "sliding-window-counter", "limit", 10});
  if (result.exit_code != 0) GTEST_SKIP() << "undecided, on a machine that is too busy";
  EXPECT_EQ(result.report["probe"]["algorithm"], "haproxy-http-req-rate");
}

}  // namespace
}  // namespace weir::e2e
