#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <limits>
#include <string>
#include <thread>
#include <vector>

#include "e2e/load_support.hpp"
#include "e2e/threaded_server.hpp"
#include "support/paths.hpp"

// How runs of `weir load` end that do not end well: exit codes, messages, and what is in the
// report.

namespace weir::e2e {
namespace {

using std::chrono::milliseconds;
using testing::HasSubstr;

/// Answers every request after a while, and counts; dies when it has answered so many.
class CountingServer {
 public:
  explicit CountingServer(milliseconds takes = milliseconds(0),
                          std::int64_t dies_after = std::numeric_limits<std::int64_t>::max())
      : takes_(takes),
        dies_after_(dies_after),
        server_([this](ServedConnection& connection) { serve(connection); }) {}

  std::uint16_t port() const { return server_.port(); }
  std::int64_t requests() const { return requests_; }
  std::int64_t answered() const { return answered_; }
  /// Waits until it has met so many, half a minute at most.
  bool wait_for_requests(std::int64_t count) const {
    for (int i = 0; i < 6'000 && requests_ < count; ++i) {
      std::this_thread::sleep_for(milliseconds(5));
    }
    return requests_ >= count;
  }

 private:
  void serve(ServedConnection& connection) {
    while (connection.read_request()) {
      ++requests_;
      if (takes_ > milliseconds(0)) connection.pause(takes_);
      if (!connection.write(http_answer(200))) return;
      if (++answered_ >= dies_after_) server_.stop_soon();
    }
  }

  milliseconds takes_;
  std::int64_t dies_after_;
  std::atomic<std::int64_t> requests_{0};
  std::atomic<std::int64_t> answered_{0};
  ThreadedServer server_;
};

/// Takes connections and requests and never says a word.
ThreadedServer silent_server() {
  return ThreadedServer([](ServedConnection& connection) { connection.wait_for_close(); });
}

// ---- Nobody there

TEST(LoadEnds, AnUnreachableTargetIsSaidBeforeAnyLoad) {
  const std::string url = local_url(free_port());
  const LoadResult result = run_load({"--target", url, "--rate", "100/s", "--duration", "1h"});
  EXPECT_EQ(result.exit_code, 5);
  EXPECT_EQ(result.out, "");
  EXPECT_THAT(result.err, HasSubstr("cannot be reached"));
  EXPECT_THAT(result.err, HasSubstr("refused"));

  const LoadResult unknown = run_load({"--target", "http://no-such-host.invalid/", "-n", "1"});
  EXPECT_EQ(unknown.exit_code, 5);
  EXPECT_EQ(unknown.out, "");
  EXPECT_THAT(unknown.err, HasSubstr("no-such-host.invalid"));
}

TEST(LoadEnds, ATargetThatNeverAnswersIsNoSuccess) {
  const ThreadedServer server = silent_server();
  const LoadResult result =
      run_load({"--target", local_url(server.port()), "--rate", "50/s", "--duration", "200ms",
                "--timeout", "300ms", "--set", R"(/thresholds=["totals.denied == 0"])"});
  EXPECT_EQ(result.exit_code, 5);
  EXPECT_THAT(result.err, HasSubstr("not one request was answered"));
  expect_adds_up(result);
  EXPECT_EQ(result.number("totals.attempts"), 10);
  EXPECT_EQ(result.count("errors.timeout_first_byte"), 10);
  EXPECT_EQ(result.report["verdict"], "inconclusive");
  EXPECT_LT(result.took, std::chrono::seconds(30));
}

// ---- Dead half way

LoadResult run_until_it_dies(const std::vector<std::string>& more) {
  const CountingServer server(milliseconds(0), 150);
  std::vector<std::string> arguments = {
      "--target", local_url(server.port()), "--rate", "500/s", "--duration", "1s", "-c", "8"};
  arguments.insert(arguments.end(), more.begin(), more.end());
  LoadResult result = run_load(arguments);
  expect_adds_up(result);
  EXPECT_EQ(result.number("operations.count"), 500);
  EXPECT_EQ(result.number("totals.attempts") + result.number("schedule.unsent"), 500);
  EXPECT_EQ(result.number("totals.allowed"), server.answered());
  EXPECT_GT(result.number("totals.errors"), 0);
  EXPECT_GT(result.count("errors.refused"), 0);
  return result;
}

TEST(LoadEnds, ATargetThatDiesHalfWayIsAResult) {
  const LoadResult result = run_until_it_dies({});
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_EQ(result.report["verdict"], "pass");
}

TEST(LoadEnds, ADeathCanFailAThreshold) {
  const LoadResult result = run_until_it_dies({"--set", R"(/thresholds=["totals.errors == 0"])"});
  EXPECT_EQ(result.exit_code, 4) << result.err;
  EXPECT_EQ(result.report["verdict"], "fail");
}

// ---- Interrupted

class LoadInterrupted : public testing::TestWithParam<int> {};

TEST_P(LoadInterrupted, DrainsAndReports) {
  const CountingServer server(milliseconds(200));
  const TemporaryFolder folder;
  RunningLoad load({"--target", local_url(server.port()), "--rate", "200/s", "--duration", "10m",
                    "--out", folder.path("reports")});
  ASSERT_TRUE(server.wait_for_requests(60));
  load.send_signal(GetParam());
  const LoadResult result = load.wait();
  EXPECT_EQ(result.exit_code, 130) << result.err;
  expect_adds_up(result);
  EXPECT_EQ(result.report["interrupted"], true);
  EXPECT_EQ(result.report["verdict"], "inconclusive");
  // Whatever was sent has been waited for.
  EXPECT_GE(result.number("totals.attempts"), 60);
  EXPECT_EQ(result.number("totals.allowed"), result.number("totals.attempts"));
  EXPECT_EQ(server.requests(), result.number("totals.attempts"));
  EXPECT_EQ(result.number("operations.count"),
            result.number("totals.attempts") + result.number("schedule.unsent"));
  EXPECT_EQ(Json::parse(folder.read("reports/load.json"), nullptr, false), result.report);
}

std::string signal_name(const testing::TestParamInfo<int>& info) {
  return info.param == SIGINT ? "SIGINT" : "SIGTERM";
}

INSTANTIATE_TEST_SUITE_P(Signals, LoadInterrupted, testing::Values(SIGINT, SIGTERM), signal_name);

TEST(LoadEnds, AfterAnInterruptionNoOtherScenarioIsRun) {
  const CountingServer server;
  const TemporaryFolder folder;
  for (const char* name : {"first", "second"}) {
    folder.write(fmt::format("{}.jsonc", name), fmt::format(R"({{
      "name": "{}", "duration": "10m", "policy": {{"limits": []}},
      "traffic": [{{"name": "all", "clients": {{"count": 2, "think_time": "1ms"}}}}],
      "target": {{"url": "{}"}}
    }})",
                                                            name, local_url(server.port())));
  }
  RunningLoad load(
      {folder.path("first.jsonc"), folder.path("second.jsonc"), "--out", folder.path("reports")});
  ASSERT_TRUE(server.wait_for_requests(20));
  load.send_signal(SIGINT);
  const LoadResult result = load.wait();
  EXPECT_EQ(result.exit_code, 130) << result.err;
  expect_adds_up(result);
  EXPECT_EQ(result.number("totals.attempts"), server.requests());
  EXPECT_FALSE(folder.read("reports/first.json").empty());
  EXPECT_TRUE(folder.read("reports/second.json").empty());
}

// What is under way would take ten minutes; a second signal ends it at once.
TEST(LoadEnds, ASecondSignalWaitsForNothing) {
  std::atomic<int> met{0};
  const ThreadedServer server([&met](ServedConnection& connection) {
    if (connection.read_request()) ++met;
    connection.wait_for_close();
  });
  RunningLoad load({"--target", local_url(server.port()), "-c", "2", "--timeout", "10m"});
  for (int i = 0; i < 6'000 && met < 2; ++i) std::this_thread::sleep_for(milliseconds(5));
  ASSERT_EQ(met, 2);
  // Not so soon after each other that they are one wish.
  for (int i = 0; i < 20 && load.is_running(); ++i) {
    load.send_signal(SIGINT);
    std::this_thread::sleep_for(milliseconds(500));
  }
  const LoadResult result = load.wait();
  EXPECT_EQ(result.exit_code, 128 + SIGINT);
  EXPECT_EQ(result.out, "");
}

// ---- Too few file descriptors

LoadResult run_with_limit(const std::string& ulimit, const std::vector<std::string>& arguments) {
  std::string command = ulimit + "; exec \"$@\"";
  std::vector<std::string> words = {"/bin/sh", "-c", command, "sh", WEIR_BINARY, "load", "--json"};
  words.insert(words.end(), arguments.begin(), arguments.end());
  return RunningLoad::of_command(words).wait();
}

TEST(LoadEnds, TooFewFileDescriptorsAreExplainedBeforeAnyLoad) {
  const CountingServer server;
  const std::string url = local_url(server.port());
  const LoadResult result =
      run_with_limit("ulimit -n 50", {"--target", url, "-n", "10", "--connections", "200"});
  EXPECT_EQ(result.exit_code, 1);
  EXPECT_EQ(result.out, "");
  EXPECT_THAT(result.err, HasSubstr("file descriptors"));
  EXPECT_THAT(result.err, HasSubstr("--connections"));
  EXPECT_THAT(result.err, HasSubstr("ulimit"));
  EXPECT_EQ(server.requests(), 0);
}

TEST(LoadEnds, FileDescriptorsAreRaisedToTheHardLimit) {
  const CountingServer server;
  const LoadResult result = run_with_limit(
      "ulimit -Sn 50", {"--target", local_url(server.port()), "-n", "400", "--connections", "200"});
  ASSERT_EQ(result.exit_code, 0) << result.err;
  expect_adds_up(result);
  EXPECT_EQ(result.number("totals.allowed"), 400);
}

// ---- Nonsense

struct Nonsense {
  std::vector<std::string> arguments;
  /// What the message must name.
  std::string named;
};

TEST(LoadEnds, NonsenseOnTheCommandLineIsNamed) {
  const std::string url = "http://127.0.0.1:9/";
  const std::vector<Nonsense> all = {
      {{}, "--target"},
      {{"--target", "nonsense"}, "--target"},
      {{"--target", "ftp://127.0.0.1/"}, "--target"},
      {{"--target", "http://127.0.0.1:99999/"}, "port"},
      {{"--target", url + "{who}"}, "who"},
      {{url, url}, "one target"},
      {{url, "--rate", "fast"}, "--rate"},
      {{url, "--rate", "0/s"}, "--rate"},
      {{url, "--rate", "-5/s"}, "--rate"},
      {{url, "-n", "0"}, "-n"},
      {{url, "-n", "ten"}, "-n"},
      {{url, "-c", "0"}, "--connections"},
      {{url, "--duration", "never"}, "--duration"},
      {{url, "--duration", "0s"}, "--duration"},
      {{url, "-H", "no colon"}, "-H"},
      {{url, "-H", "Bad Name: x"}, "-H"},
      {{url, "-H", "Content-Length: 5"}, "-H"},
      {{url, "-X", "GE T"}, "-X"},
      {{url, "--denied", "never"}, "--denied"},
      {{url, "--denied", "42"}, "--denied"},
      {{url, "--engine", "rust"}, "--engine"},
      {{url, "--timeout", "0s"}, "--timeout"},
      {{url, "--users", "none"}, "--users"},
      {{url, "--threads", "0"}, "--threads"},
      {{url, "--seed", "x"}, "--seed"},
      {{url, "--set", "nonsense"}, "--set"},
      {{url, "--set", "/nope=1"}, "/nope"},
      {{url, "--frob"}, "--frob"},
      {{"some.jsonc", "--rate", "5/s"}, "--rate"},
      {{"one.jsonc", "two.jsonc", "--hdr-log", "x"}, "--hdr-log"},
  };
  for (const Nonsense& nonsense : all) {
    const LoadResult result = run_load(nonsense.arguments);
    EXPECT_EQ(result.exit_code, 2) << testing::PrintToString(nonsense.arguments) << result.err;
    EXPECT_THAT(result.err, HasSubstr(nonsense.named));
    EXPECT_EQ(result.out, "");
  }
}

}  // namespace
}  // namespace weir::e2e
