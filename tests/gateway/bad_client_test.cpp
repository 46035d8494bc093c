#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <fstream>
#include <string>
#include <vector>

#include "gateway/running_server.hpp"

namespace weir::gateway {
namespace {

using testing::HasSubstr;

class BadClient : public testing::Test {
 protected:
  BadClient() : options(options_for_test(script)) {}

  /// The status that a new connection gets for those bytes; also checks that it is then closed.
  int status_for(RunningServer& server, std::string_view bytes) {
    RawClient client = server.client();
    EXPECT_TRUE(client.send(bytes));
    const ClientAnswer answer = client.receive();
    EXPECT_EQ(answer.header("connection"), "close") << bytes;
    EXPECT_TRUE(client.is_closed_by_server()) << bytes;
    return answer.status;
  }
  GatekeeperScript script;
  ServerOptions options;
};

TEST_F(BadClient, IsToldWhatIsWrong) {
  RunningServer server(options);
  const std::string nul("GET /\0 HTTP/1.1\r\nHost: a\r\n\r\n", 28);
  const std::string nul_value("GET / HTTP/1.1\r\nHost: a\r\nX: \0\r\n\r\n", 34);
  const std::vector<std::pair<int, std::string>> requests = {
      {400, "garbage\r\n\r\n"},
      {400, "GET / HTTP/1.1\nHost: a\n\n"},
      {400, "GET / HTTP/1.1\r\nHost: a\nX: y\r\n\r\n"},
      {400, "GET  / HTTP/1.1\r\nHost: a\r\n\r\n"},
      {400, "GET / HTTP/1.1x\r\nHost: a\r\n\r\n"},
      {400, "GET / HTTP/1.1\r\n\r\n"},
      {400, "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n"},
      {400, "GET / HTTP/1.0\r\nHost: a\r\nHost: b\r\n\r\n"},
      {400, "GET / HTTP/1.1\r\nHost: a b\r\n\r\n"},
      {400, "GET / HTTP/1.1\r\nHost: a/b\r\n\r\n"},
      {400, "GET / HTTP/1.1\r\nHost : a\r\n\r\n"},
      {400, "GET / HTTP/1.1\r\nHost: a\r\n: b\r\n\r\n"},
      {400, "GET ftp://a/ HTTP/1.1\r\nHost: a\r\n\r\n"},
      {400, "GET * HTTP/1.1\r\nHost: a\r\n\r\n"},
      {400, "GET relative HTTP/1.1\r\nHost: a\r\n\r\n"},
      {400, nul},
      {400, nul_value},
      {400, std::string("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n", 13)},
      {400, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab"},
      {400, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\na"},
      {400, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n"},
      {400, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: +1\r\n\r\na"},
      {400, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1 1\r\n\r\na"},
      {400, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999999999999\r\n\r\n"},
      {400,
       "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n"},
      {400,
       "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n"},
      {400, "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"},
      {400, "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"},
      {400, "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nabc\r\n"},
      {400,
       "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
       "10000000000000000\r\n"},
      {400, "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1;" +
                std::string(40'000, 'x')},
      {501, "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip\r\n\r\n"},
      {501, "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n"},
      {501, "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked, identity\r\n\r\n"},
      {501, "GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n"},
      {505, "GET / HTTP/2.0\r\nHost: a\r\n\r\n"},
      {505, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"},
      {505, "GET / HTTP/0.9\r\n\r\n"},
      {405, "CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n\r\n"},
      {414, "GET /" + std::string(9000, 'a') + " HTTP/1.1\r\nHost: a\r\n\r\n"},
      {414, "GET /" + std::string(100'000, 'a')},
      {431, "GET / HTTP/1.1\r\nHost: a\r\nX: " + std::string(40'000, 'a') + "\r\n\r\n"},
      {431, "GET / HTTP/1.1\r\nHost: a\r\nX: " + std::string(100'000, 'a')},
  };
  for (const auto& [status, request] : requests) {
    EXPECT_EQ(status_for(server, request), status) << request.substr(0, 200);
  }
  // Whose body went wrong was admitted before, and has ended.
  EXPECT_THAT(script.seen(), testing::Each(testing::Field(&SeenRequest::method, "POST")));
  EXPECT_EQ(script.seen().size(), 4u);
  for (const EndedRequest& ended : script.wait_for_ended(4)) EXPECT_EQ(ended.end.status, 400);
  std::string many = "GET / HTTP/1.1\r\nHost: a\r\n";
  for (int i = 0; i < 5000; ++i) many += fmt::format("X{}: y\r\n", i);
  EXPECT_EQ(status_for(server, many + "\r\n"), 431);
  const ServerFigures figures = server.figures();
  const auto bad = [&](BadRequest kind) {
    return figures.bad_requests[static_cast<std::size_t>(kind)];
  };
  EXPECT_EQ(bad(BadRequest::bad_host), 5u);
  EXPECT_EQ(bad(BadRequest::unknown_coding), 3u);
  EXPECT_EQ(bad(BadRequest::bad_version), 3u);
  EXPECT_EQ(bad(BadRequest::target_too_long), 2u);
  EXPECT_EQ(bad(BadRequest::head_too_large), 3u);
  EXPECT_EQ(bad(BadRequest::bad_method), 1u);
}

TEST_F(BadClient, IsAnsweredAfterWhatWasGood) {
  RunningServer server(options);
  RawClient client = server.client();
  ASSERT_TRUE(client.send(get("/") + get("/") + "garbage\r\n\r\n" + get("/")));
  EXPECT_EQ(client.receive().status, 200);
  EXPECT_EQ(client.receive().status, 200);
  EXPECT_EQ(client.receive().status, 400);
  EXPECT_TRUE(client.is_closed_by_server());
  EXPECT_EQ(script.seen().size(), 2u);
}

TEST_F(BadClient, MayStillBeUnderstood) {
  RunningServer server(options);
  RawClient client = server.client();
  EXPECT_EQ(client.ask("\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n").status, 200);
  EXPECT_EQ(client.ask("GET http://b.test:80?x HTTP/1.1\r\nHost: a\r\n\r\n").status, 200);
  EXPECT_EQ(client.ask("OPTIONS * HTTP/1.1\r\nHost:\r\n\r\n").status, 200);
  EXPECT_EQ(client.ask("BREW /pot HTTP/1.1\r\nHost: a\r\nX:\r\nY: \t z \t\r\n\r\n").status, 200);
  EXPECT_EQ(client.ask(get("/", "Connection: Upgrade\r\nUpgrade: h2c\r\n")).status, 200);
  EXPECT_EQ(script.seen()[1].target, "/?x");
  EXPECT_EQ(script.seen()[1].host, "b.test:80");
  EXPECT_EQ(script.seen()[2].target, "*");
  EXPECT_EQ(script.seen()[3].method, "BREW");
}

TEST_F(BadClient, GetsItsAnswerThoughItEndedSending) {
  RunningServer server(options);
  RawClient client = server.client();
  ASSERT_TRUE(client.send(get("/") + get("/")));
  client.end_sending();
  EXPECT_EQ(client.receive().status, 200);
  EXPECT_EQ(client.receive().status, 200);
  EXPECT_TRUE(client.is_closed_by_server());
}

TEST_F(BadClient, ThatLeavesInTheMiddleIsForgotten) {
  script.needs_body = true;
  RunningServer server(options);
  for (const std::string& part :
       {std::string(), std::string("GET / HT"), std::string("GET / HTTP/1.1\r\nHost: a\r\n"),
        post("/", "0123").substr(0, post("/", "0123").size() - 2)}) {
    RawClient ends = server.client();
    ASSERT_TRUE(ends.send(part));
    ends.end_sending();
    EXPECT_TRUE(ends.is_closed_by_server());
    RawClient resets = server.client();
    ASSERT_TRUE(resets.send(part));
    resets.reset();
  }
  EXPECT_TRUE(comes_true([&] { return server.figures().connections_closed == 8; }));
  EXPECT_TRUE(script.seen().empty());
}

TEST_F(BadClient, ThatIsTooSlowIsToldSo) {
  options.timeouts.head = options.timeouts.body = options.timeouts.idle = Duration::from_ms(60);
  script.needs_body = true;
  RunningServer server(options);
  EXPECT_EQ(status_for(server, "GET / HTTP/1.1\r\nHost: a\r\n"), 408);
  EXPECT_EQ(status_for(server, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nabc"), 408);
  // One that sends a little all the time is no better.
  RawClient drips = server.client();
  int sent = 0;
  ASSERT_TRUE(drips.send("GET / HTTP/1.1\r\n"));
  while (sent < 1000 && !drips.has_bytes_within(std::chrono::milliseconds(10))) {
    drips.send("X: y\r\n");
    ++sent;
  }
  EXPECT_EQ(drips.receive().status, 408);
  // Who has asked nothing, or nothing more, is told nothing.
  EXPECT_TRUE(server.client().is_closed_by_server());
  RawClient idle = server.client();
  EXPECT_EQ(idle.ask(post("/", "abc")).status, 200);
  EXPECT_TRUE(idle.is_closed_by_server());
}

TEST_F(BadClient, ThatTakesNoAnswerIsLeft) {
  BuiltinAnswerSpec answer;
  answer.body = std::string(16'000'000, 'x');
  options.make_backend = builtin_answer(answer);
  options.timeouts.write = Duration::from_ms(60);
  RunningServer server(options);
  RawClient client = server.client();
  ASSERT_TRUE(client.send(get("/")));
  EXPECT_TRUE(comes_true([&] { return server.figures().connections_closed == 1; }));
  EXPECT_LT(client.read_to_end().size(), answer.body.size());
}

TEST_F(BadClient, ThatSendsTooMuchIsRefused) {
  script.needs_body = true;
  options.max_body = 1000;
  RunningServer server(options);
  RawClient fits = server.client();
  EXPECT_EQ(fits.ask(post("/", std::string(1000, 'x'))).status, 200);
  EXPECT_EQ(status_for(server, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1001\r\n\r\n"), 413);
  EXPECT_EQ(status_for(server,
                       "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1001\r\n"
                       "Expect: 100-continue\r\n\r\n"),
            413);
  // One without an end is refused long before.
  RawClient endless = server.client();
  ASSERT_TRUE(endless.send("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"));
  const std::string chunk = "100\r\n" + std::string(256, 'x') + "\r\n";
  int chunks = 0;
  while (chunks < 100'000 && !endless.has_bytes_within(std::chrono::milliseconds(0))) {
    endless.send_some(chunk);
    ++chunks;
  }
  EXPECT_EQ(endless.receive().status, 413);
  EXPECT_LT(chunks, 100'000);
  EXPECT_EQ(script.seen().size(), 1u);
}

TEST_F(BadClient, MayPipelineWithoutReading) {
  BuiltinAnswerSpec answer;
  answer.body = std::string(10'000, 'x');
  options.make_backend = builtin_answer(answer);
  RunningServer server(options);
  RawClient client = server.client();
  // What waits to be written is bounded, so that at some time nothing more is read.
  const std::string request = get("/");
  std::size_t asked = 0;
  std::size_t stalls = 0;
  while (asked < 100'000 && stalls < 50) {
    const std::size_t sent = client.send_some(request);
    if (sent == request.size()) {
      ++asked;
      stalls = 0;
    } else {
      if (sent > 0) {
        ASSERT_TRUE(client.send(request.substr(sent)));
        ++asked;
      }
      ++stalls;
      client.has_bytes_within(std::chrono::milliseconds(0));
      std::this_thread::sleep_for(std::chrono::milliseconds(2));
    }
    if (asked >= 20'000) break;
  }
  EXPECT_LT(script.seen().size(), 5'000u);
  for (std::size_t i = 0; i < asked; ++i) ASSERT_EQ(client.receive().status, 200) << i;
}

std::size_t resident_kib() {
  std::ifstream status("/proc/self/status");
  std::string word;
  while (status >> word) {
    if (word == "VmRSS:") {
      std::size_t kib = 0;
      status >> kib;
      return kib;
    }
  }
  return 0;
}

TEST_F(BadClient, MayBeOneOfManyThatAreIdle) {
  rlimit limit{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &limit), 0);
  // Both ends are ours.
  const std::size_t count =
      std::min<std::size_t>(5'000, static_cast<std::size_t>(limit.rlim_max) / 2 - 200);
  RunningServer server(options);
  std::vector<RawClient> idle;
  idle.reserve(count);
  for (std::size_t i = 0; i < count / 10; ++i) idle.push_back(server.client());
  for (RawClient& client : idle) ASSERT_EQ(client.ask(get("/")).status, 200);
  const std::size_t before = resident_kib();
  const std::size_t first = idle.size();
  while (idle.size() < count) {
    idle.push_back(server.client());
    ASSERT_EQ(idle.back().ask(get("/")).status, 200) << idle.size();
  }
  const std::size_t grown = resident_kib() - before;
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
  EXPECT_LT(grown * 1024 / (count - first), 6'000u);
#endif
  RecordProperty("bytes_per_connection", static_cast<int>(grown * 1024 / (count - first)));
  RawClient client = server.client();
  EXPECT_EQ(client.ask(get("/")).status, 200);
  EXPECT_EQ(server.figures().connections_open(), count + 1);
}

}  // namespace
}  // namespace weir::gateway
