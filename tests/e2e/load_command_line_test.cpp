#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "e2e/load_support.hpp"
#include "e2e/nginx_under_load.hpp"
#include "support/paths.hpp"

// `weir load` as users of curl and wrk try it first, with a scenario file and without one: a real
// nginx has met the requests that were asked for.

namespace weir::e2e {
namespace {

class LoadCommandLine : public NginxUnderLoad {
 protected:
  /// Like the scenario of all these tests but for the target, the traffic and what is given.
  std::string scenario(const std::string& name, std::string_view path, const std::string& target,
                       const std::string& more = "") {
    constexpr const char* text = R"({{
  "name": "{name}", "duration": "400ms", "policy": {{"limits": []}},
  "traffic": [{{
    "name": "all", "arrivals": {{"process": "constant", "rate": "500/s"}},
    "attributes": {{"user": {{"sequence": {{"count": 10}}}}}}, "costs": {{"tokens": 7}}
  }}],
  "target": {{"url": "{url}", "headers": {{"X-User": "{{user}}", "X-Operation": "{{operation}}",
              "X-Tag": "{{tokens}}"}} {target} }} {more}
}})";
    return file(name + ".jsonc",
                fmt::format(text, fmt::arg("name", name), fmt::arg("url", url(path)),
                            fmt::arg("target", target), fmt::arg("more", more)));
  }
};

std::map<std::string, std::int64_t> requests_by_user(const std::vector<NginxRequest>& requests) {
  std::map<std::string, std::int64_t> users;
  for (const NginxRequest& r : requests) ++users[r.user];
  return users;
}

// ---- How much

TEST_F(LoadCommandLine, AUrlAndACountAreEnough) {
  const LoadResult result = run_load({url(free_path), "-n", "300", "-c", "4"});
  ASSERT_EQ(result.exit_code, 0) << result.err;
  expect_adds_up(result);
  EXPECT_EQ(result.number("totals.attempts"), 300);
  EXPECT_EQ(result.number("totals.allowed"), 300);
  EXPECT_EQ(result.report["ended_by"], "max_requests");
  EXPECT_LE(result.number("connections"), 4);
  EXPECT_EQ(log().size(), 300U);
}

// Many more are due at once than there are connections for: those that wait in line count, too.
TEST_F(LoadCommandLine, ACountIsKeptWhereRequestsWaitInLine) {
  const LoadResult result =
      run_load({"--target", url(free_path), "-n", "700", "--rate", "100000/s", "-c", "2"});
  ASSERT_EQ(result.exit_code, 0) << result.err;
  expect_adds_up(result);
  EXPECT_EQ(result.number("totals.attempts"), 700);
  EXPECT_EQ(result.number("schedule.unsent"), 0);
  EXPECT_EQ(log().size(), 700U);
}

TEST_F(LoadCommandLine, ARateAndADurationMakeTheirProduct) {
  const LoadResult result =
      run_load({"--target", url(free_path), "--rate", "600/s", "--duration", "500ms",
                "--connections", "8", "-H", "X-User: {user}", "--users", "30"});
  ASSERT_EQ(result.exit_code, 0) << result.err;
  expect_adds_up(result);
  EXPECT_EQ(result.number("totals.attempts"), 300);
  EXPECT_LE(result.number("connections"), 8);
  EXPECT_FALSE(result.report.contains("ended_by"));
  const auto users = requests_by_user(log());
  EXPECT_LE(users.size(), 30U);
  EXPECT_EQ(result.number("totals.active_keys"), static_cast<std::int64_t>(users.size()));
}

TEST_F(LoadCommandLine, TheSameSeedSendsTheSame) {
  std::vector<std::map<std::string, std::int64_t>> users;
  for (const char* seed : {"5", "5", "6"}) {
    const std::size_t before = log().size();
    const LoadResult result =
        run_load({"--target", url(free_path), "--rate", "2000/s", "--duration", "100ms", "-H",
                  "X-User: {user}", "--seed", seed});
    ASSERT_EQ(result.exit_code, 0) << result.err;
    std::vector<NginxRequest> requests = log();
    requests.erase(requests.begin(), requests.begin() + static_cast<std::ptrdiff_t>(before));
    users.push_back(requests_by_user(requests));
  }
  EXPECT_EQ(users[0], users[1]);
  EXPECT_NE(users[0], users[2]);
}

// ---- What

TEST_F(LoadCommandLine, ABodyFromAFileIsPostedWithTheUserInIt) {
  const std::string body = file("body.json", R"({"user": "{user}", "text": "two\nlines {x y}"})");
  const LoadResult result =
      run_load({"--target", url(echo_path) + "?who={user}", "-n", "40", "--body", "@" + body, "-H",
                "X-User: {user}", "-H", "X-Tag: one: two"});
  ASSERT_EQ(result.exit_code, 0) << result.err;
  const std::vector<Json> requests = echo_log();
  ASSERT_EQ(requests.size(), 40U);
  std::set<std::string> users;
  for (const Json& r : requests) {
    const std::string user = r["user"];
    users.insert(user);
    EXPECT_EQ(r["method"], "POST");
    EXPECT_EQ(r["uri"], "/echo?who=" + user);
    EXPECT_EQ(r["tag"], "one: two");
    EXPECT_EQ(r["type"], "application/json");
    EXPECT_EQ(r["body"], R"({"user": ")" + user + R"(", "text": "two\nlines {x y}"})");
  }
  EXPECT_GT(users.size(), 1U);
}

TEST_F(LoadCommandLine, TheMethodAndABodyCanBeSaid) {
  const std::vector<std::vector<std::string>> methods = {
      {"-X", "DELETE"}, {"-X", "PUT", "--body", "plain text"}, {"-X", "POST"}};
  for (const auto& words : methods) {
    std::vector<std::string> arguments = {url(echo_path), "-n", "3"};
    arguments.insert(arguments.end(), words.begin(), words.end());
    const LoadResult result = run_load(arguments);
    ASSERT_EQ(result.exit_code, 0) << result.err;
    EXPECT_EQ(result.number("totals.allowed"), 3);
  }
  const std::vector<Json> requests = echo_log();
  ASSERT_EQ(requests.size(), 9U);
  for (std::size_t i = 0; i < requests.size(); ++i) {
    EXPECT_EQ(requests[i]["method"], methods[i / 3][1]);
    EXPECT_EQ(requests[i]["body"], i / 3 == 1 ? "plain text" : "");
  }
}

// ---- Keys that nobody has met

// nginx remembers who has come before, whoever sends it: each key is admitted so often and no more.
TEST_F(LoadCommandLine, FreshKeysMakeEarlierRunsForgotten) {
  std::set<std::string> all;
  std::int64_t sent = 0;
  for (const bool fresh : {false, false, true, true}) {
    std::vector<std::string> arguments = {"--target", url(once_path),   "-n",      "100",
                                          "-H",       "X-User: {user}", "--users", "4"};
    if (fresh) arguments.push_back("--fresh-keys");
    const bool is_known = !fresh && sent > 0;
    const LoadResult result = run_load(arguments);
    ASSERT_EQ(result.exit_code, 0) << result.err;
    sent += 100;
    const auto requests = log();
    ASSERT_EQ(requests.size(), static_cast<std::size_t>(sent));
    std::set<std::string> users;
    for (std::size_t i = requests.size() - 100; i < requests.size(); ++i) {
      users.insert(requests[i].user);
    }
    EXPECT_EQ(users.size(), 4U);
    EXPECT_EQ(result.number("totals.active_keys"), 4);
    EXPECT_EQ(result.number("totals.allowed"), is_known ? 0 : 4 * admitted_once);
    EXPECT_EQ(result.report["target"].contains("nonce"), fresh);
    all.insert(users.begin(), users.end());
    if (!fresh) continue;
    const std::string nonce = result.report["target"]["nonce"];
    for (const std::string& user : users) EXPECT_TRUE(user.ends_with("-" + nonce)) << user;
  }
  EXPECT_EQ(all.size(), 12U);
}

// ---- Caps

TEST_F(LoadCommandLine, TheMostRequestsEndARun) {
  const std::string path = scenario("capped", free_path, R"(, "max_requests": 50)");
  const LoadResult result = run_load({path, "--threads", "1"});
  ASSERT_EQ(result.exit_code, 0) << result.err;
  expect_adds_up(result);
  EXPECT_EQ(result.number("totals.attempts"), 50);
  EXPECT_EQ(result.report["ended_by"], "max_requests");
  const auto requests = log();
  EXPECT_EQ(requests.size(), 50U);
  for (const auto& [user, count] : requests_by_user(requests)) EXPECT_EQ(count, 5) << user;
}

// 14 times 7 is within 100, 15 times is not.
TEST_F(LoadCommandLine, TheHighestCostEndsARun) {
  const std::string path = scenario("dear", free_path, R"(, "max_cost": {"tokens": 100})");
  const LoadResult result = run_load({path});
  ASSERT_EQ(result.exit_code, 0) << result.err;
  expect_adds_up(result);
  EXPECT_EQ(result.number("totals.attempts"), 14);
  EXPECT_EQ(result.number("costs.tokens.offered"), 98);
  EXPECT_EQ(result.report["ended_by"], "max_cost");
  EXPECT_EQ(log().size(), 14U);
}

// ---- Limits of the machine

// In a network of its own that has ten ports for connections: the other twenty get none.
TEST_F(LoadCommandLine, LocalPortsThatRunOutAreExplained) {
  const auto program = find_program("nginx");
  constexpr const char* own_network =
      "ip link set lo up && echo 40000 40009 > /proc/sys/net/ipv4/ip_local_port_range";
  const auto in_own_network = [&](const std::string& then) {
    return RunningLoad::of_command({"/usr/bin/env", "unshare", "-rn", "sh", "-c",
                                    fmt::format("{} || exit 77; {}", own_network, then)})
        .wait();
  };
  if (in_own_network("true").exit_code != 0) GTEST_SKIP() << "there can be no network of its own";
  constexpr const char* script = R"(
{nginx} -p {folder} -c {folder}/nginx.conf -e {folder}/error.log &
for i in $(seq 100); do
  {weir} load {url} -c 30 --duration 200ms --no-color --out {folder}/reports
  code=$?
  [ $code -eq 5 ] || break
  sleep 0.1
done
kill $!
exit $code)";
  LoadResult result = in_own_network(
      fmt::format(script, fmt::arg("nginx", *program), fmt::arg("folder", folder().path()),
                  fmt::arg("weir", WEIR_BINARY), fmt::arg("url", url(free_path))));
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_NE(result.out.find("no local port was free"), std::string::npos) << result.out;
  result.report = Json::parse(folder().read("reports/load.json"), nullptr, false);
  expect_adds_up(result);
  EXPECT_GT(result.count("errors.no_local_port"), 0);
  EXPECT_EQ(result.number("totals.errors"), result.count("errors.no_local_port"));
  EXPECT_GT(result.number("totals.allowed"), 0);
}

// ---- Reports and verdicts

TEST_F(LoadCommandLine, SeveralScenariosGiveAReportEach) {
  const std::string first = scenario("first", free_path, R"(, "max_requests": 20)");
  const std::string second = scenario("second", once_path, "");
  const std::string reports = folder().path("reports");
  const LoadResult result = run_load({first, second, "--out", reports});
  ASSERT_EQ(result.exit_code, 0) << result.err;
  const auto report = [&](const char* name) {
    return Json::parse(folder().read(std::string("reports/") + name), nullptr, false);
  };
  EXPECT_EQ(report("first.json")["totals"]["attempts"], 20);
  EXPECT_EQ(report("first.json")["totals"]["denied"], 0);
  EXPECT_EQ(report("second.json")["totals"]["attempts"], 200);
  EXPECT_EQ(report("second.json")["totals"]["allowed"], 10 * admitted_once);
  EXPECT_EQ(report("second.json")["scenario"]["name"], "second");
  EXPECT_EQ(log().size(), 220U);
}

TEST_F(LoadCommandLine, ThresholdsOnLiveFieldsDecideTheExitCode) {
  const std::string good = R"(, "thresholds": ["statuses.200 >= 1", "schedule.unsent < 1",
    "latency_from_send.allowed.p50_ns < 1h", "schedule.lateness.p50_ns < 1h",
    "errors.timeout == 0", "statuses.503 < 1", "audit.requests == 0", "connections <= 64"])";
  const LoadResult passed = run_load({scenario("good", free_path, "", good)});
  EXPECT_EQ(passed.exit_code, 0) << passed.report["thresholds"].dump(1) << passed.err;
  EXPECT_EQ(passed.report["verdict"], "pass");

  const std::string bad = R"(, "thresholds": ["statuses.200 >= 1", "statuses.429 == 0"])";
  const LoadResult failed = run_load({scenario("bad", once_path, "", bad)});
  EXPECT_EQ(failed.exit_code, 4) << failed.err;
  EXPECT_EQ(failed.report["verdict"], "fail");
  EXPECT_EQ(failed.report["thresholds"][0]["ok"], true);
  EXPECT_EQ(failed.report["thresholds"][1]["ok"], false);
  EXPECT_EQ(failed.report["thresholds"][1]["value"], failed.report["totals"]["denied"]);

  // The worst of several counts, whichever comes last.
  EXPECT_EQ(run_load({folder().path("bad.jsonc"), folder().path("good.jsonc")}).exit_code, 4);
}

}  // namespace
}  // namespace weir::e2e
