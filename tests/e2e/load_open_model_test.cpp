#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "e2e/load_support.hpp"
#include "e2e/threaded_server.hpp"
#include "metrics/histogram.hpp"

// A server that stops for one second under a thousand requests a second: the percentiles of an open
// model show that second for every request that was due in it, however few connections there are to
// notice it.

namespace weir::e2e {
namespace {

using metrics::Histogram;
using std::chrono::milliseconds;
using Clock = std::chrono::steady_clock;

constexpr std::int64_t due_in_all = 3'000;
constexpr std::int64_t due_in_stall = 1'000;

/// Answers at once, but for the second that begins a second after its first request.
class StallingServer {
 public:
  struct Answer {
    std::int64_t operation = 0;
    Clock::time_point came;
    /// Just before it was written.
    Clock::time_point answered;
  };

  StallingServer() : server_([this](ServedConnection& connection) { serve(connection); }) {}

  std::uint16_t port() const { return server_.port(); }
  std::vector<Answer> answers() const {
    const std::lock_guard<std::mutex> lock(mutex_);
    return answers_;
  }

 private:
  void serve(ServedConnection& connection) {
    while (const auto request = connection.read_request()) {
      Answer answer{.operation = std::atoll(request->header("x-operation").c_str()),
                    .came = Clock::now(),
                    .answered = {}};
      std::this_thread::sleep_until(may_answer(answer.came));
      answer.answered = Clock::now();
      {
        const std::lock_guard<std::mutex> lock(mutex_);
        answers_.push_back(answer);
      }
      if (!connection.write(http_answer(200))) return;
    }
  }

  Clock::time_point may_answer(Clock::time_point came) {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (!has_begun_) begun_ = came;
    has_begun_ = true;
    const bool is_stalled =
        came >= begun_ + milliseconds(1000) && came < begun_ + milliseconds(2000);
    return is_stalled ? begun_ + milliseconds(2000) : came;
  }

  mutable std::mutex mutex_;
  bool has_begun_ = false;
  Clock::time_point begun_;
  std::vector<Answer> answers_;
  ThreadedServer server_;
};

LoadResult run_against(const StallingServer& server, const std::vector<std::string>& more) {
  std::vector<std::string> arguments = {"--target", local_url(server.port()),  "--duration", "3s",
                                        "-H",       "X-Operation: {operation}"};
  arguments.insert(arguments.end(), more.begin(), more.end());
  return run_load(arguments);
}

/// How many records are at least that, give or take the histogram's thousandth.
std::int64_t count_from(const Histogram& histogram, milliseconds least) {
  const std::uint64_t count = histogram.count();
  const std::int64_t least_ns = std::chrono::nanoseconds(least).count();
  std::int64_t found = 0;
  for (std::uint64_t rank = 1; rank <= count; ++rank) {
    const auto part = static_cast<std::uint32_t>(rank * 1'000'000 / count);
    found += histogram.percentile(part) >= least_ns ? 1 : 0;
  }
  return found;
}

/// How long each request took at least, from when it was due. One is due every millisecond and none
/// was sent before, so the first was due no later than any came, less a millisecond for each
/// before.
std::vector<Clock::duration> least_latencies(const std::vector<StallingServer::Answer>& answers) {
  const auto due = [](Clock::time_point first, std::int64_t operation) {
    return first + milliseconds(operation);
  };
  Clock::time_point first_due = Clock::time_point::max();
  for (const auto& a : answers) first_due = std::min(first_due, due(a.came, -a.operation));
  std::vector<Clock::duration> latencies;
  for (const auto& a : answers) latencies.push_back(a.answered - due(first_due, a.operation));
  return latencies;
}

std::int64_t count_from(const std::vector<Clock::duration>& latencies, milliseconds least) {
  return std::count_if(latencies.begin(), latencies.end(),
                       [&](Clock::duration latency) { return latency >= least; });
}

/// How many of the requests due in the stall are due so long before its end.
std::int64_t due_before_its_end(milliseconds time) {
  return due_in_stall - time.count() * due_in_stall / 1000;
}

class LoadOpenModel : public testing::TestWithParam<int> {};

TEST_P(LoadOpenModel, ShowsAStallForAllThatWasDueInIt) {
  const StallingServer server;
  const int connections = GetParam();
  const LoadResult result =
      run_against(server, {"--rate", "1000/s", "-c", std::to_string(connections)});
  ASSERT_EQ(result.exit_code, 0) << result.err;
  expect_adds_up(result);
  // All that was planned was sent, however late.
  EXPECT_EQ(result.number("operations.count"), due_in_all);
  EXPECT_EQ(result.number("totals.allowed"), due_in_all);
  EXPECT_EQ(result.number("schedule.unsent"), 0);
  EXPECT_LE(result.number("connections"), connections);

  const metrics::Accumulator sums = result.accumulator();
  const auto known = least_latencies(server.answers());
  ASSERT_EQ(static_cast<std::int64_t>(known.size()), due_in_all);
  constexpr milliseconds slack{100};
  for (milliseconds least{100}; least < milliseconds(1000); least += milliseconds(100)) {
    const std::int64_t shown = count_from(sums.latency_allowed, least);
    EXPECT_GE(shown, count_from(known, least)) << least.count();
    EXPECT_LE(shown, count_from(known, least - slack) + due_in_all / 10) << least.count();
    EXPECT_GE(shown, due_before_its_end(least + slack)) << least.count();
    // Nearly all of it is that they were sent late: no connection was free.
    EXPECT_GE(count_from(sums.live->lateness, least),
              due_before_its_end(least + slack) - connections)
        << least.count();
  }
  // 300 of 3,000 were due in the first 0.3 seconds of it, and 30 in the first 0.03.
  EXPECT_GE(result.number("latency.allowed.p90_ns"), 600'000'000);
  EXPECT_GE(result.number("latency.allowed.p99_ns"), 870'000'000);
}

std::string connections_name(const testing::TestParamInfo<int>& info) {
  return "With" + std::to_string(info.param) + "Connections";
}

INSTANTIATE_TEST_SUITE_P(Connections, LoadOpenModel, testing::Values(64, 4), connections_name);

/// At most so many requests, one after another on each connection, can take that long.
std::int64_t most_so_long(const LoadResult& result, std::int64_t connections, milliseconds time) {
  return connections * (result.took / time + 1);
}

TEST(LoadModels, TheClosedModelHardlySeesTheStall) {
  const StallingServer server;
  const LoadResult open = run_against(server, {"--rate", "1000/s", "-c", "4"});
  const StallingServer other;
  const LoadResult closed = run_against(other, {"-c", "4"});
  ASSERT_EQ(open.exit_code, 0) << open.err;
  ASSERT_EQ(closed.exit_code, 0) << closed.err;
  expect_adds_up(closed);

  constexpr milliseconds half{500};
  const std::int64_t seen_by_open = count_from(open.accumulator().latency_allowed, half);
  const std::int64_t seen_by_closed = count_from(closed.accumulator().latency_allowed, half);
  EXPECT_GT(seen_by_closed, 0);
  EXPECT_LE(seen_by_closed, most_so_long(closed, 4, half));
  const auto share = [](std::int64_t count, const LoadResult& of) {
    return static_cast<double>(count) / static_cast<double>(of.number("totals.allowed"));
  };
  EXPECT_GT(share(seen_by_open, open), 2 * share(seen_by_closed, closed));

  // Latency from the send is what the closed model sees, and stands beside the other.
  const std::int64_t from_send = count_from(open.accumulator().live->sent_allowed, half);
  EXPECT_LE(from_send, most_so_long(open, 4, half));
  EXPECT_GE(seen_by_open, due_before_its_end(half + milliseconds(100)));
}

TEST(LoadModels, WhatIsTooLateIsNeverSentAndNeverForgotten) {
  const StallingServer server;
  const LoadResult result =
      run_against(server, {"--rate", "1000/s", "-c", "4", "--set", "/target/max_lateness=200ms"});
  ASSERT_EQ(result.exit_code, 0) << result.err;
  expect_adds_up(result);
  EXPECT_EQ(result.number("operations.count"), due_in_all);
  EXPECT_EQ(result.number("totals.attempts") + result.number("schedule.unsent"), due_in_all);
  EXPECT_EQ(result.number("operations.abandoned"), result.number("schedule.unsent"));
  EXPECT_EQ(result.number("totals.attempts"), static_cast<std::int64_t>(server.answers().size()));
  EXPECT_GE(result.number("schedule.unsent"), due_before_its_end(milliseconds(300)));
}

}  // namespace
}  // namespace weir::e2e
