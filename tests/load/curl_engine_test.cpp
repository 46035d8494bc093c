#include "load/curl_engine.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cstdlib>
#include <string>
#include <thread>
#include <vector>

#include "e2e/program.hpp"
#include "load/curl_run.hpp"
#include "load/scripted_server.hpp"

// What libcurl's engine writes and what it makes of answers, good and bad, of a server that does as
// it is told.

namespace weir::load {
namespace {

using scenario::TargetSpec;
using testing::HasSubstr;
using testing::Not;
using Then = ScriptedAnswer::Then;

ScriptedAnswer curl_ok(std::string_view more_headers = "", Then then = Then::keep) {
  return {fmt::format("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n{}\r\nok\n", more_headers), then};
}

TargetSpec curl_target(std::string method, std::string body) {
  TargetSpec target;
  target.method = std::move(method);
  target.body.text = std::move(body);
  return target;
}

/// What becomes of a request that is answered so.
Reply curl_reply_to(const ScriptedAnswer& answer, const TargetSpec& target = {}) {
  ScriptedServer server(answer);
  return CurlRun(server.url(), target).reply();
}

// ---- Requests

TEST(CurlEngine, WritesTheTemplateAndNothingElse) {
  ScriptedServer server(curl_ok());
  TargetSpec target;
  target.headers["X-User"].text = "{user}";
  target.headers["X-Empty"].text = "";
  target.headers["Cookie"].text = "a=b";
  CurlRun(server.url("/v1/../{user}?q=%7B"), target).exchange(2);
  ASSERT_EQ(server.requests().size(), 2U);
  EXPECT_EQ(server.requests()[1], fmt::format("GET /v1/../user-1?q=%7B HTTP/1.1\r\n"
                                              "Host: 127.0.0.1:{}\r\n"
                                              "Cookie: a=b\r\n"
                                              "X-Empty:\r\n"
                                              "X-User: user-1\r\n"
                                              "User-Agent: weir/" WEIR_VERSION "\r\n"
                                              "Accept: */*\r\n\r\n",
                                              server.port()));
}

TEST(CurlEngine, WritesBodies) {
  ScriptedServer server(curl_ok());
  CurlRun(server.url(), curl_target("", "hello {user}")).exchange();
  CurlRun(server.url(), curl_target("POST", "")).exchange();
  CurlRun(server.url(), curl_target("PUT", std::string(200'000, 'x'))).exchange();
  CurlRun(server.url(), curl_target("DELETE", "[]")).exchange();
  const std::vector<std::string> requests = server.requests();
  ASSERT_EQ(requests.size(), 4U);
  EXPECT_THAT(requests[0], HasSubstr("POST / HTTP/1.1\r\n"));
  EXPECT_THAT(requests[0], HasSubstr("Content-Length: 12\r\n"));
  EXPECT_THAT(requests[0], HasSubstr("\r\n\r\nhello user-0"));
  EXPECT_THAT(requests[0], Not(HasSubstr("Content-Type")));
  EXPECT_THAT(requests[1], HasSubstr("POST / HTTP/1.1\r\n"));
  EXPECT_THAT(requests[1], HasSubstr("Content-Length: 0\r\n"));
  EXPECT_THAT(requests[2], HasSubstr("PUT / HTTP/1.1\r\n"));
  EXPECT_THAT(requests[2], HasSubstr("\r\n\r\n" + std::string(200'000, 'x')));
  EXPECT_THAT(requests[2], Not(HasSubstr("Expect")));
  EXPECT_THAT(requests[3], HasSubstr("DELETE / HTTP/1.1\r\n"));
  EXPECT_THAT(requests[3], HasSubstr("Content-Type: application/json\r\n"));
}

TEST(CurlEngine, ExpectsNoBodyAfterHead) {
  ScriptedServer server({"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n", Then::keep});
  CurlRun run(server.url(), curl_target("HEAD", ""));
  for (const Heard& heard : run.exchange(3)) {
    EXPECT_EQ(heard.reply.failure, Failure::none);
    EXPECT_EQ(heard.reply.body_bytes, 0U);
  }
  EXPECT_EQ(run.engine().connections_opened(), 1U);
  EXPECT_THAT(server.requests()[0], HasSubstr("HEAD / HTTP/1.1\r\n"));
}

TEST(CurlEngine, LeavesTheProxiesOfTheEnvironmentAlone) {
  ScriptedServer server(curl_ok());
  ScriptedServer proxy({"HTTP/1.1 502 No\r\nContent-Length: 0\r\n\r\n", Then::keep});
  for (const char* name : {"http_proxy", "all_proxy"}) setenv(name, proxy.url("").c_str(), 1);
  CurlRun direct(server.url());
  EXPECT_TRUE(direct.reach());
  EXPECT_EQ(direct.reply().status, 200);
  EXPECT_EQ(proxy.connections(), 0);

  // And the exceptions to them as well.
  setenv("no_proxy", "*", 1);
  TargetSpec target;
  target.proxy = proxy.url("");
  EXPECT_EQ(CurlRun(server.url(), target).reply().status, 502);
  for (const char* name : {"http_proxy", "all_proxy", "no_proxy"}) unsetenv(name);
}

TEST(CurlEngine, SendsToAProxy) {
  ScriptedServer proxy(curl_ok("X-RateLimit-Remaining: 5\r\n"));
  TargetSpec target;
  target.proxy = proxy.url("");
  CurlRun run("http://gateway.test/a?b", target);
  EXPECT_TRUE(run.reach());
  EXPECT_TRUE(proxy.requests().empty());
  EXPECT_EQ(run.exchange()[0].reading.remaining, 5);
  EXPECT_EQ(proxy.requests()[0],
            "GET http://gateway.test/a?b HTTP/1.1\r\nHost: gateway.test\r\n"
            "User-Agent: weir/" WEIR_VERSION "\r\nAccept: */*\r\n\r\n");
}

TEST(CurlEngine, TellsAProxyNothingOfTheRequestWhenItAsksForATunnel) {
  ScriptedServer proxy(
      {"HTTP/1.1 403 No\r\nX-RateLimit-Remaining: 5\r\nContent-Length: 0\r\n\r\n", Then::keep});
  TargetSpec target;
  target.proxy = proxy.url("");
  target.headers["Authorization"].text = "Bearer secret";
  CurlRun run("https://gateway.test/", target);
  EXPECT_EQ(run.reply().failure, Failure::unreachable);
  EXPECT_THAT(proxy.requests()[0], HasSubstr("CONNECT gateway.test:443 HTTP/1.1\r\n"));
  EXPECT_THAT(proxy.requests()[0], Not(HasSubstr("secret")));
}

// ---- Answers

TEST(CurlEngine, ReadsAnAnswer) {
  ScriptedServer server(
      curl_ok("x-ratelimit-limit: 10\r\nX-RateLimit-Remaining:\t7 \r\nX-RateLimit-Reset: 30\r\n"));
  CurlRun run(server.url());
  const Instant before = run.clock().now();
  const Heard heard = run.exchange()[0];
  EXPECT_EQ(heard.reply.failure, Failure::none);
  EXPECT_EQ(heard.reply.status, 200);
  EXPECT_EQ(heard.reply.body_bytes, 3U);
  EXPECT_FALSE(heard.reply.body_cut);
  EXPECT_FALSE(heard.reply.resent);
  EXPECT_LT(before, heard.reply.written);
  EXPECT_LT(heard.reply.written, heard.reply.first_byte);
  EXPECT_LE(heard.reply.first_byte, heard.reply.end);
  EXPECT_LE(heard.reply.end, run.clock().now());
  EXPECT_EQ(heard.reading.limit, 10);
  EXPECT_EQ(heard.reading.remaining, 7);
  EXPECT_EQ(heard.reading.reset, Duration::from_seconds(30));
}

TEST(CurlEngine, FollowsNoRedirect) {
  EXPECT_EQ(curl_reply_to({"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\n"
                           "Content-Length: 0\r\n\r\n",
                           Then::keep})
                .status,
            302);
}

TEST(CurlEngine, ReadsTheHeadersOfTheLastHeadOnly) {
  ScriptedServer server(
      {"HTTP/1.1 103 Early Hints\r\nRetry-After: 1\r\n\r\n"
       "HTTP/1.1 429 Too Many Requests\r\nTransfer-Encoding: chunked\r\nTrailer: Retry-After\r\n"
       "X-RateLimit-Remaining: 3\r\n\r\n"
       "3\r\nno\n\r\n0\r\nRetry-After: 2\r\n\r\n",
       Then::keep});
  CurlRun run(server.url());
  const Heard heard = run.exchange(2)[1];
  EXPECT_EQ(heard.reply.failure, Failure::none);
  EXPECT_EQ(heard.reply.status, 429);
  EXPECT_EQ(heard.reply.body_bytes, 3U);
  EXPECT_EQ(heard.reading.remaining, 3);
  EXPECT_EQ(heard.reading.retry_after.kind, AdvertisedWait::Kind::absent);
  EXPECT_EQ(server.connections(), 1);
}

TEST(CurlEngine, ReadsABodyThatEndsWithTheConnection) {
  ScriptedServer server({"HTTP/1.0 200 OK\r\n\r\nuntil the end", Then::close});
  CurlRun run(server.url());
  for (const Heard& heard : run.exchange(3)) {
    EXPECT_EQ(heard.reply.failure, Failure::none);
    EXPECT_EQ(heard.reply.body_bytes, 13U);
  }
  EXPECT_EQ(run.engine().connections_opened(), 3U);
}

TEST(CurlEngine, CutsABodyThatIsTooLong) {
  ScriptedServer server(
      {"HTTP/1.1 200 OK\r\nContent-Length: 100000000\r\n"
       "X-RateLimit-Remaining: 3\r\n\r\n" +
           std::string(1'000'000, 'x'),
       Then::stall});
  TargetSpec target;
  target.max_body = 100'000;
  CurlRun run(server.url(), target);
  for (const Heard& heard : run.exchange(2)) {
    EXPECT_EQ(heard.reply.failure, Failure::none);
    EXPECT_EQ(heard.reply.status, 200);
    EXPECT_TRUE(heard.reply.body_cut);
    EXPECT_GT(heard.reply.body_bytes, 100'000U);
    EXPECT_LT(heard.reply.body_bytes, 1'000'000U);
    EXPECT_EQ(heard.reading.remaining, 3);
  }
  EXPECT_EQ(run.engine().connections_opened(), 2U);
  target.max_body = 3;
  EXPECT_FALSE(curl_reply_to(curl_ok(), target).body_cut);
}

// ---- Failures

TEST(CurlEngine, NamesFailuresByKind) {
  const std::string head = "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n";
  const struct {
    std::string bytes;
    Then then;
    Failure failure;
  } cases[] = {
      {"", Then::close, Failure::closed_early},
      {"HTTP/1.1 200 OK\r\nContent-", Then::close, Failure::closed_early},
      {head + "half", Then::close, Failure::closed_early},
      {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab", Then::close,
       Failure::closed_early},
      {"", Then::reset, Failure::reset},
      {"HTTP/1.1 200 OK\r\nContent-", Then::reset, Failure::reset},
      {head + "half", Then::reset, Failure::reset},
      {"SSH-2.0-OpenSSH_9.2\r\n", Then::keep, Failure::malformed},
      {"HTTP/1.1 2x0 OK\r\nContent-Length: 0\r\n\r\n", Then::keep, Failure::malformed},
      {"HTTP/1.1 200 OK\r\nContent-Length: many\r\n\r\n", Then::keep, Failure::malformed},
      {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n", Then::keep,
       Failure::malformed},
  };
  for (const auto& c : cases) {
    const Reply reply = curl_reply_to({c.bytes, c.then});
    EXPECT_EQ(name_of(reply.failure), name_of(c.failure)) << c.bytes;
    EXPECT_EQ(reply.status, 0);
    EXPECT_EQ(reply.body_bytes, 0U);
    EXPECT_LT(reply.written, reply.end);
    if (c.failure != Failure::malformed) {
      EXPECT_EQ(reply.first_byte == reply.end, c.bytes.empty()) << c.bytes;
    }
  }
}

TEST(CurlEngine, TakesHeadsOfSomeSize) {
  const auto answer = [](int lines) {
    std::string text = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n";
    for (int i = 0; i < lines; ++i) text += "X-Filler: " + std::string(1'000, 'x') + "\r\n";
    return ScriptedAnswer{text + "\r\n", Then::keep};
  };
  EXPECT_EQ(curl_reply_to(answer(100)).failure, Failure::none);
  EXPECT_EQ(curl_reply_to(answer(250)).failure, Failure::none);
  EXPECT_EQ(curl_reply_to(answer(260)).failure, Failure::malformed);
  const std::string line = "X-Filler: " + std::string(120'000, 'x') + "\r\n";
  EXPECT_EQ(curl_reply_to({"HTTP/1.1 200 OK\r\n" + line + "\r\n", Then::close}).failure,
            Failure::malformed);
}

TEST(CurlEngine, HearsOfARefusedConnectionLater) {
  CurlRun run(fmt::format("http://127.0.0.1:{}/", e2e::free_port()));
  run.begin(1);
  EXPECT_TRUE(run.heard.empty());
  EXPECT_FALSE(run.engine().can_send());
  run.wait();
  const Reply reply = run.heard[0].reply;
  EXPECT_EQ(reply.failure, Failure::refused);
  EXPECT_EQ(reply.written, reply.end);
  EXPECT_EQ(reply.first_byte, reply.end);
  EXPECT_EQ(run.engine().connections_opened(), 0U);
  for (const Heard& heard : run.exchange(100)) EXPECT_EQ(heard.reply.failure, Failure::refused);
}

TEST(CurlEngine, SaysWhenThereAreNoFileDescriptors) {
  ScriptedServer server(curl_ok());
  CurlRun run(server.url());
  rlimit limit = {};
  ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &limit), 0);
  // The lowest that is free is the first that is too many.
  const int free = dup(0);
  close(free);
  const rlimit few{.rlim_cur = static_cast<rlim_t>(free), .rlim_max = limit.rlim_max};
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &few), 0);
  const Reply reply = run.reply();
  setrlimit(RLIMIT_NOFILE, &limit);
  EXPECT_EQ(reply.failure, Failure::no_file_descriptor);
  EXPECT_EQ(run.reply().failure, Failure::none);
}

// libcurl remembers a reset even where it could help itself.
TEST(CurlEngine, DoesNotTakeAnEarlierFailureForTheReason) {
  ScriptedServer server([](int connection, int request) -> ScriptedAnswer {
    if (request == 0) return curl_ok();
    if (connection == 0) return {"", Then::reset};
    return {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n", Then::keep};
  });
  CurlRun run(server.url());
  const auto heard = run.exchange(3);
  EXPECT_EQ(heard[1].reply.failure, Failure::none);
  EXPECT_TRUE(heard[1].reply.resent);
  EXPECT_EQ(heard[2].reply.failure, Failure::malformed);
}

TEST(CurlEngine, SendsAgainWhatAKeptConnectionWasClosedUnder) {
  for (const Then end : {Then::close, Then::reset}) {
    const auto script = [end](int connection, int request) -> ScriptedAnswer {
      if (connection == 0 && request == 1) return {"", end};
      return curl_ok();
    };
    ScriptedServer server(script);
    CurlRun get(server.url());
    const auto heard = get.exchange(3);
    EXPECT_FALSE(heard[0].reply.resent);
    EXPECT_TRUE(heard[1].reply.resent);
    EXPECT_EQ(heard[1].reply.failure, Failure::none);
    EXPECT_FALSE(heard[2].reply.resent);
    EXPECT_EQ(get.engine().connections_opened(), 2U);

    // What must not be done twice is not.
    ScriptedServer other(script);
    CurlRun post(other.url(), curl_target("POST", "pay"));
    const auto answers = post.exchange(3);
    EXPECT_EQ(answers[1].reply.failure,
              end == Then::close ? Failure::closed_early : Failure::reset);
    EXPECT_FALSE(answers[1].reply.resent);
    EXPECT_EQ(answers[2].reply.failure, Failure::none);
    EXPECT_EQ(other.requests().size(), 3U);
  }
}

// ---- Timeouts

TEST(CurlEngine, EndsWhatTakesTooLong) {
  const std::string head = "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n";
  TargetSpec whole;
  whole.timeout = Duration::from_ms(150);
  EXPECT_EQ(curl_reply_to({"", Then::stall}, whole).failure, Failure::timeout_first_byte);
  EXPECT_EQ(curl_reply_to({head + "half", Then::stall}, whole).failure, Failure::timeout);

  TargetSpec first_byte;
  first_byte.first_byte_timeout = Duration::from_ms(100);
  ScriptedServer server({"", Then::stall});
  CurlRun run(server.url(), first_byte, 20);
  const Instant begun = run.clock().now();
  for (const Heard& heard : run.exchange(20)) {
    EXPECT_EQ(heard.reply.failure, Failure::timeout_first_byte);
    EXPECT_GE(heard.reply.end - begun, Duration::from_ms(100));
    EXPECT_LT(heard.reply.end - begun, Duration::from_seconds(4));
    EXPECT_LT(heard.reply.written, heard.reply.end);
    EXPECT_EQ(heard.reply.first_byte, heard.reply.end);
  }
  EXPECT_EQ(run.engine().connections_opened(), 20U);
}

TEST(CurlEngine, EndsAConnectionThatTakesTooLong) {
  // It says nothing to a TLS handshake.
  ScriptedServer server({"", Then::stall});
  TargetSpec target;
  target.connect_timeout = Duration::from_ms(100);
  const std::string url = fmt::format("https://127.0.0.1:{}/", server.port());
  CurlRun run(url, target);
  EXPECT_EQ(run.reply().failure, Failure::timeout_connect);
  const auto reached = run.reach();
  ASSERT_FALSE(reached);
  EXPECT_EQ(reached.error().kind, ErrorKind::target_unreachable);
  EXPECT_THAT(reached.error().message,
              HasSubstr(fmt::format("https://127.0.0.1:{}: cannot be reached: ", server.port())));
}

// ---- Connections

TEST(CurlEngine, KeepsConnections) {
  ScriptedServer server(curl_ok());
  CurlRun one(server.url());
  one.exchange(50);
  EXPECT_EQ(one.engine().connections_opened(), 1U);
  EXPECT_EQ(server.connections(), 1);

  CurlRun eight(server.url(), {}, 8);
  eight.begin(80);
  EXPECT_FALSE(eight.engine().can_send());
  eight.wait();
  EXPECT_TRUE(eight.engine().can_send());
  EXPECT_LE(eight.engine().connections_opened(), 8U);
  EXPECT_EQ(server.connections(), 1 + static_cast<int>(eight.engine().connections_opened()));
}

TEST(CurlEngine, OutlivesClosedConnectionsWhoseNumbersAreUsedAgain) {
  ScriptedServer server([](int connection, int request) -> ScriptedAnswer {
    return curl_ok("", (connection + request) % 3 == 0 ? Then::close : Then::keep);
  });
  CurlRun run(server.url(), {}, 10);
  for (const Heard& heard : run.exchange(500)) EXPECT_EQ(heard.reply.failure, Failure::none);
  EXPECT_GE(run.engine().connections_opened(), 100U);
}

TEST(CurlEngine, CanGoAtAnyTime) {
  ScriptedServer server({"", Then::stall});
  CurlRun run(server.url(), {}, 10);
  run.begin(10);
  for (int i = 0; i < 20; ++i) run.turn();
  run.drop_engine();
  run.loop().restart();
  run.loop().poll();
  EXPECT_TRUE(run.heard.empty());

  // With handlers of its own still in the loop.
  CurlRun refused(fmt::format("http://127.0.0.1:{}/", e2e::free_port()), {}, 10);
  refused.begin(10);
  refused.drop_engine();
  refused.loop().poll();
  EXPECT_TRUE(refused.heard.empty());
}

TEST(CurlEngine, WorksInEveryThread) {
  ScriptedServer server(curl_ok());
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      CurlRun run(server.url(), {}, 4);
      for (const Heard& heard : run.exchange(100)) EXPECT_EQ(heard.reply.status, 200);
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(server.requests().size(), 400U);
}

TEST(CurlEngine, LooksAHostUp) {
  ScriptedServer server(curl_ok());
  CurlRun run(fmt::format("http://localhost:{}/", server.port()), {}, 4);
  EXPECT_TRUE(run.reach());
  for (const Heard& heard : run.exchange(8)) EXPECT_EQ(heard.reply.status, 200);
  EXPECT_EQ(CurlRun("http://no-such-host.invalid/").reply().failure, Failure::unreachable);
}

// ---- Before a run

TEST(ReachByCurl, OpensAConnectionAndSendsNothing) {
  ScriptedServer server(curl_ok());
  CurlRun run(server.url());
  EXPECT_TRUE(run.reach());
  run.exchange();
  EXPECT_EQ(server.connections(), 2);
  EXPECT_EQ(server.requests().size(), 1U);
}

TEST(ReachByCurl, SaysWhyItCannot) {
  const std::uint16_t port = e2e::free_port();
  TargetSpec target;
  const auto reached = CurlRun(fmt::format("https://127.0.0.1:{}/path?key=1", port)).reach();
  ASSERT_FALSE(reached);
  EXPECT_EQ(reached.error().kind, ErrorKind::target_unreachable);
  EXPECT_EQ(reached.error().message,
            fmt::format("https://127.0.0.1:{}: cannot be reached: Connection refused", port));

  const auto unknown = CurlRun("http://no-such-host.invalid/").reach();
  ASSERT_FALSE(unknown);
  EXPECT_THAT(unknown.error().message,
              HasSubstr("http://no-such-host.invalid: cannot be reached: "));
}

}  // namespace
}  // namespace weir::load
