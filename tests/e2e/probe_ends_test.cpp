#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <csignal>
#include <string>
#include <thread>
#include <vector>

#include "e2e/limiting_server.hpp"
#include "e2e/load_support.hpp"
#include "e2e/program.hpp"
#include "e2e/serve_support.hpp"
#include "e2e/threaded_server.hpp"
#include "support/paths.hpp"
#include "support/run_weir.hpp"

// How `weir probe` ends where there is nothing to find, and what it says then.

namespace weir::e2e {
namespace {

using testing::HasSubstr;

/// A probe by X-User, with further arguments.
LoadResult probed(const std::string& url, const std::vector<std::string>& more = {}) {
  std::vector<std::string> command = {WEIR_BINARY, "probe",         url,          "--json",
                                      "--key",     "header:X-User", "--max-time", "20s"};
  command.insert(command.end(), more.begin(), more.end());
  return RunningLoad::of_command(command).wait();
}

/// A server that answers every request alike.
class AnsweringServer {
 public:
  explicit AnsweringServer(std::string answer)
      : answer_(std::move(answer)), server_([this](ServedConnection& connection) {
          while (connection.read_request() && connection.write(answer_)) {
          }
        }) {}
  std::string url() const { return local_url(server_.port()); }

 private:
  std::string answer_;
  ThreadedServer server_;
};

std::string why_inconclusive_of(const LoadResult& result) {
  return result.report.is_object() ? result.report.value("inconclusive_because", "") : result.err;
}

TEST(ProbeEnds, WhatCannotBeReached) {
  const std::string url = local_url(free_port(), "/");
  const test::ProgramResult run = test::run_weir({"probe", url});
  EXPECT_EQ(run.exit_code, 5);
  EXPECT_THAT(run.err, HasSubstr("cannot be reached"));
}

TEST(ProbeEnds, WrongUsage) {
  const auto error_of = [](std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), "probe");
    const test::ProgramResult run = test::run_weir(arguments);
    EXPECT_EQ(run.exit_code, 2) << run.err;
    return run.err;
  };
  const std::string url = "http://127.0.0.1:1/";
  EXPECT_THAT(error_of({}), HasSubstr("name a --target URL"));
  EXPECT_THAT(error_of({url, "--key", "X-User"}), HasSubstr("header:X-User"));
  EXPECT_THAT(error_of({url, "--max-rate", "fast"}), HasSubstr("--max-rate fast"));
  EXPECT_THAT(error_of({url, "--max-time", "0s"}), HasSubstr("--max-time 0s"));
  EXPECT_THAT(error_of({url, "--max-requests", "0"}), HasSubstr("--max-requests 0"));
  EXPECT_THAT(error_of({url, "--keys", "keys.txt"}), HasSubstr("say with --key"));
  EXPECT_THAT(error_of({"ftp://a/"}), HasSubstr("http"));
}

TEST(ProbeEnds, AFileOfValuesThatGivesNoneIsNoUsage) {
  for (const char* file : {"/dev/null", "/tmp", "/nowhere/keys.txt"}) {
    const test::ProgramResult run =
        test::run_weir({"probe", "http://127.0.0.1:1/", "--key", "bearer", "--keys", file});
    EXPECT_EQ(run.exit_code, 1) << file;
    EXPECT_THAT(run.err, HasSubstr(std::string("--keys ") + file));
  }
}

TEST(ProbeEnds, SaysBeforehandAndTellsAStory) {
  const RunningGateway gateway({"--limit", "unlimited key=user"});
  ASSERT_TRUE(gateway.is_running());
  const test::ProgramResult run = test::run_weir({"probe", gateway.url(), "--key", "header:X-User",
                                                  "--max-requests", "300", "--max-time", "20s"});
  EXPECT_THAT(run.err, HasSubstr("about to send at most 300 requests to " + gateway.url()));
  EXPECT_THAT(run.err, HasSubstr("never more than 200 in a second, for at most 20s"));
  EXPECT_THAT(run.out, HasSubstr("probe of " + gateway.url()));
  EXPECT_THAT(run.out, HasSubstr("no limit that"));
}

TEST(ProbeEnds, AnswersThatMeanNeitherAreSaid) {
  const RunningGateway gateway({"--limit", "unlimited key=user", "--answer", "404"});
  ASSERT_TRUE(gateway.is_running());
  const LoadResult result = probed(gateway.url());
  EXPECT_EQ(result.exit_code, 4) << result.err;
  EXPECT_THAT(result.report.value("inconclusive_because", ""), HasSubstr("404"));
  EXPECT_LT(result.report["probe"]["requests_used"], 100);
}

TEST(ProbeEnds, AnInterruptedProbeReportsWhatIsKnown) {
  const RunningGateway gateway({"--limit", "fixed-window limit=10 window=10s key=user"});
  ASSERT_TRUE(gateway.is_running());
  RunningLoad probe = RunningLoad::of_command(
      {WEIR_BINARY, "probe", gateway.url(), "--json", "--key", "header:X-User"});
  std::this_thread::sleep_for(std::chrono::seconds(2));
  probe.send_signal(SIGINT);
  const LoadResult result = probe.wait();
  EXPECT_EQ(result.exit_code, 130) << result.err;
  EXPECT_EQ(result.report["interrupted"], true);
  EXPECT_EQ(result.report["verdict"], "inconclusive");
  EXPECT_GT(result.report["probe"]["requests_used"], 0);
}

TEST(ProbeEnds, ABlackHoleIsAskedLittle) {
  ThreadedServer silent([](ServedConnection& connection) { connection.wait_for_close(); });
  const LoadResult result = probed(local_url(silent.port()), {"--timeout", "500ms"});
  EXPECT_EQ(result.exit_code, 5) << result.err;
  EXPECT_THAT(result.err, HasSubstr("requests was answered: timeout_first_byte"));
  ASSERT_TRUE(result.report.is_object());
  EXPECT_LE(result.report["probe"]["requests_used"], 6);
}

TEST(ProbeEnds, SaysWhatWouldGiveAnAnswer) {
  const AnsweringServer wants_credentials(http_answer(401));
  LoadResult result = probed(wants_credentials.url());
  EXPECT_EQ(result.exit_code, 4) << result.err;
  EXPECT_THAT(why_inconclusive_of(result), HasSubstr("--key bearer --keys FILE"));
  const AnsweringServer redirects(http_answer(302, "Location: /login\r\n"));
  result = probed(redirects.url());
  EXPECT_EQ(result.exit_code, 4) << result.err;
  EXPECT_THAT(why_inconclusive_of(result), HasSubstr("every answer was a redirect (302)"));
  EXPECT_EQ(result.report["probe"]["allowed_status"], 302);
  const AnsweringServer denies(http_answer(429));
  result = probed(denies.url());
  EXPECT_EQ(result.exit_code, 4) << result.err;
  EXPECT_THAT(why_inconclusive_of(result), HasSubstr("even the first request was denied"));
  EXPECT_EQ(result.report["probe"]["alternatives"], Json::array());
}

/// A server that admits the first requests and denies all others in a way of its own.
class OwnDenials {
 public:
  explicit OwnDenials(std::string denial)
      : denial_(std::move(denial)), server_([this](ServedConnection& connection) {
          constexpr int admitted = 10;
          while (connection.read_request()) {
            if (!connection.write(count_++ < admitted ? http_answer(200) : denial_)) return;
          }
        }) {}
  std::string url() const { return local_url(server_.port()); }

 private:
  std::string denial_;
  std::atomic<int> count_ = 0;
  ThreadedServer server_;
};

TEST(ProbeEnds, DenialsOfAnUnusualStatusAreNotTakenForNoLimit) {
  const OwnDenials fails(http_answer(500));
  LoadResult result = probed(fails.url());
  EXPECT_EQ(result.exit_code, 4) << result.err;
  EXPECT_THAT(why_inconclusive_of(result), HasSubstr("say --denied 500"));
  EXPECT_EQ(result.report["probe"]["family"], "undecided");
  const OwnDenials redirects(http_answer(302, "Location: /wait\r\n"));
  result = probed(redirects.url());
  EXPECT_EQ(result.exit_code, 4) << result.err;
  EXPECT_THAT(why_inconclusive_of(result), HasSubstr("say --denied 302"));
}

TEST(ProbeEnds, ASmallBudgetProvesNothing) {
  const LimitingServer server({.capacity = 50});
  const LoadResult result = probed(local_url(server.port()), {"--max-requests", "20"});
  EXPECT_EQ(result.exit_code, 4) << result.err;
  EXPECT_THAT(why_inconclusive_of(result), HasSubstr("before the budget ended"));
  EXPECT_EQ(server.decisions().size(), 20U);
  EXPECT_THAT(why_inconclusive_of(probed(local_url(server.port()), {"--max-requests", "5"})),
              HasSubstr("--max-requests"));
}

TEST(ProbeEnds, SaysThatAPlainPortDoesNotSpeakTls) {
  ThreadedServer plain([](ServedConnection& connection) {
    connection.write(http_answer(400));
    connection.wait_for_close();
  });
  const LoadResult result = probed("https" + local_url(plain.port()).substr(4));
  EXPECT_EQ(result.exit_code, 5) << result.err;
  EXPECT_THAT(result.err, HasSubstr("try http://"));
}

TEST(ProbeEnds, HeadersThatCannotBeReadAreCounted) {
  const LimitingServer server(
      {.capacity = 5, .for_one = std::chrono::milliseconds(200), .retry_after = "soon"});
  const LoadResult result = probed(local_url(server.port()), {"--max-requests", "40"});
  ASSERT_TRUE(result.report.is_object()) << result.err;
  EXPECT_EQ(result.report["probe"]["headers"]["malformed"]["retry_after"],
            result.report["probe"]["retry_after"]["present"].get<int>() +
                result.report["statuses"]["429"].get<int>());
}

TEST(ProbeEnds, WhatCannotBeWrittenIsNoticedBeforeARequestIsSent) {
  const LimitingServer server({});
  for (const char* option : {"--out", "--html", "--junit", "--markdown", "--csv"}) {
    for (const char* file : {"/nowhere/at/all/file", "/tmp"}) {
      const LoadResult result = probed(local_url(server.port()), {option, file});
      EXPECT_EQ(result.exit_code, 1) << option;
      EXPECT_THAT(result.err, HasSubstr(std::string("cannot write ") + file)) << option;
    }
  }
  EXPECT_EQ(server.decisions().size(), 0U);
}

TEST(ProbeEnds, TheSeedMakesTheKeys) {
  std::vector<std::string> users;
  for (const char* seed : {"7", "7", "8", ""}) {
    const LimitingServer server({});
    std::vector<std::string> more = {"--max-requests", "12"};
    if (*seed != '\0') more.insert(more.end(), {"--seed", seed});
    const LoadResult result = probed(local_url(server.port()), more);
    ASSERT_TRUE(result.report.is_object()) << result.err;
    if (*seed != '\0') {
      EXPECT_EQ(result.report["seed"], std::stoi(seed));
    }
    ASSERT_GT(server.decisions().size(), 0U);
    users.push_back(server.decisions().front().user);
  }
  EXPECT_EQ(users[0], users[1]);
  EXPECT_NE(users[0], users[2]);
  EXPECT_NE(users[0], users[3]);
  EXPECT_NE(users[2], users[3]);
}

}  // namespace
}  // namespace weir::e2e
