#include <fmt/format.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <bit>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "core/random.hpp"
#include "core/text.hpp"
#include "limiter/go_x_time_rate.hpp"
#include "support/paths.hpp"

namespace weir::limiter {
namespace {

// GOPATH mode, so that nothing is downloaded; distributions put libraries below /usr/share/gocode.
constexpr const char* go = "GO111MODULE=off GOPATH=\"$(go env GOPATH):/usr/share/gocode\" go ";

bool succeeds(const std::string& command) {
  return std::system((command + " >/dev/null 2>&1").c_str()) == 0;
}

struct Request {
  Instant at;
  Cost cost = 0;
};

/// One limiter's setting and the requests that it gets.
struct Session {
  Rate rate;
  std::int64_t burst = 0;
  std::vector<Request> requests;
};

/// Requests at and around the instants at which tokens come, and now and then a step back.
Session random_session(RandomSequence draws) {
  const auto below = [&](std::int64_t n) {
    return static_cast<std::int64_t>(draws.below(static_cast<std::uint64_t>(n)));
  };
  constexpr Duration periods[] = {Duration::from_seconds(1), Duration::from_seconds(60),
                                  Duration::from_ms(7), Duration::from_ns(333),
                                  Duration::from_seconds(86'400)};
  Session session{
      .rate = {static_cast<std::uint64_t>(below(20) == 0 ? 0 : 1 + below(1000)), periods[below(5)]},
      .burst = below(10) == 0 ? 0 : 1 + below(40),
      .requests = {}};
  const std::int64_t units =
      std::max<std::int64_t>(static_cast<std::int64_t>(session.rate.units), 1);
  const std::int64_t interval = session.rate.per.ns() / units;
  Instant now = Instant::from_unix_seconds(1'700'000'000) + Duration::from_ns(below(1'000'000'000));
  for (int i = 0; i < 1000; ++i) {
    const std::int64_t kind = below(100);
    std::int64_t gap = 0;
    if (kind < 60) gap = interval * below(4) + below(5) - 2;
    if (kind >= 60 && kind < 70) gap = below(2 * interval + 2);
    if (kind == 99) gap = -below(3 * interval + 2);
    if (kind == 98) gap = interval * (session.burst + 5);
    now += Duration::from_ns(gap);
    session.requests.push_back({now, below(10) < 7 ? 1 : below(session.burst + 2)});
  }
  return session;
}

std::string question(const std::vector<Session>& sessions) {
  std::string text;
  for (const Session& session : sessions) {
    text +=
        fmt::format("limiter {} {} {}\n", session.rate.units, session.rate.per.ns(), session.burst);
    for (const Request& r : session.requests) {
      text += fmt::format("allow {} {}\n", r.at.unix_ns(), r.cost);
    }
  }
  return text;
}

class GoLibrary : public testing::Test {
 protected:
  void SetUp() override {
    if (!succeeds("go version")) GTEST_SKIP() << "there is no Go toolchain";
    if (!succeeds("test \"$(go env GOARCH)\" = amd64")) {
      GTEST_SKIP() << "only on amd64 does Go never fuse a multiplication and an addition";
    }
    if (!succeeds(std::string(go) + "list golang.org/x/time/rate")) {
      GTEST_SKIP() << "golang.org/x/time/rate is not installed (golang-golang-x-time-dev)";
    }
    folder_ = testing::TempDir() + fmt::format("weir_go_{}", getpid());
    std::filesystem::create_directory(folder_);
  }

  void TearDown() override {
    if (!folder_.empty()) std::filesystem::remove_all(folder_);
  }

  /// What the library answers to these lines.
  std::ifstream answers_to(const std::string& lines) {
    std::ofstream(folder_ + "/in") << lines;
    const std::string command =
        fmt::format("cd '{0}' && GOCACHE='{0}/cache' {1} run {2} <in >out 2>errors", folder_, go,
                    WEIR_SOURCE_DIR "/tests/conformance/go/x_time_rate.go");
    EXPECT_EQ(std::system(command.c_str()), 0) << std::ifstream(folder_ + "/errors").rdbuf();
    return std::ifstream(folder_ + "/out");
  }

 private:
  std::string folder_;
};

TEST_F(GoLibrary, DecidesLikeGoXTimeRate) {
  const RandomStream seed(20);
  std::vector<Session> sessions;
  for (std::uint64_t i = 0; i < 300; ++i)
    sessions.push_back(random_session(RandomSequence(seed.numbered(i))));
  std::ifstream answers = answers_to(question(sessions));
  std::int64_t allowed_count = 0;
  std::int64_t denied_count = 0;
  for (const Session& session : sessions) {
    const GoXTimeRate limiter(session.rate, session.burst);
    GoXTimeRate::State state;
    for (const Request& r : session.requests) {
      int allowed = -1;
      answers >> allowed;
      const std::string where = fmt::format("{} burst {}: {} at {}", format_rate(session.rate),
                                            session.burst, r.cost, r.at.unix_ns());
      ASSERT_EQ(limiter.check(state, r.at, r.cost).allowed, allowed == 1) << where;
      (allowed == 1 ? allowed_count : denied_count) += 1;
      if (allowed == 0) continue;
      limiter.charge(state, r.at, r.cost);
      std::uint64_t tokens = 0;
      answers >> std::hex >> tokens >> std::dec;
      // A rate of 0 has a path of its own in v0.3.0, which does not count in tokens.
      if (session.rate.units == 0) continue;
      ASSERT_EQ(std::bit_cast<std::uint64_t>(state.tokens), tokens) << where;
    }
  }
  EXPECT_GT(allowed_count, 50'000);
  EXPECT_GT(denied_count, 50'000);
}

}  // namespace
}  // namespace weir::limiter
