#include "gateway/upstream.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <thread>

#include "e2e/program.hpp"
#include "gateway/fake_upstream.hpp"
#include "gateway/running_server.hpp"
#include "http/url.hpp"

namespace weir::gateway {
namespace {

using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

constexpr std::string_view plain = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi";

class GatewayUpstream : public testing::Test {
 protected:
  ServerOptions options(std::uint16_t port, std::string_view path = "") {
    spec.url = *http::parse_url(fmt::format("http://127.0.0.1:{}{}", port, path));
    ServerOptions made = options_for_test(script);
    made.make_backend = *upstream(spec);
    made.timeouts = timeouts;
    return made;
  }
  /// What an upstream reads if the gateway is sent that.
  std::string passed_on(std::string_view request, std::string_view path = "") {
    std::string seen;
    FakeUpstream fake([&](RawClient& connection, int) {
      seen = connection.read_request();
      connection.send(plain);
      connection.read_to_end();
    });
    RunningServer server(options(fake.port(), path));
    RawClient client = server.client();
    EXPECT_EQ(client.ask(request).status, 200);
    return seen;
  }
  GatekeeperScript script;
  UpstreamSpec spec;
  ClientTimeouts timeouts;
};

std::uint64_t failures(const RunningServer& server, UpstreamFailure why) {
  return server.figures().upstream_failures[static_cast<std::size_t>(why)];
}

TEST_F(GatewayUpstream, AnswersByTheUpstreamOnOneConnection) {
  FakeUpstream fake(FakeUpstream::answers(
      "HTTP/1.1 201 Created\r\nX-A: 1\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\n"
      "Content-Length: 2\r\n\r\nhi"));
  script.rule = [](const SeenRequest&) {
    Admission admission;
    admission.headers = "X-Left: 3\r\n";
    return admission;
  };
  RunningServer server(options(fake.port()));
  RawClient client = server.client();
  for (int i = 0; i < 5; ++i) {
    const ClientAnswer answer = client.ask(get("/"));
    EXPECT_EQ(answer.status, 201);
    EXPECT_EQ(answer.body, "hi");
    EXPECT_EQ(answer.header("x-a"), "1");
    EXPECT_EQ(answer.header("x-left"), "3");
    EXPECT_EQ(answer.header("date"), "Sun, 06 Nov 1994 08:49:37 GMT");
  }
  EXPECT_EQ(fake.connections(), 1);
  EXPECT_EQ(script.wait_for_ended(5)[4].end.status, 201);
  EXPECT_EQ(server.figures().upstream_requests, 5u);
  EXPECT_EQ(server.figures().upstream_connections, 1u);
}

TEST_F(GatewayUpstream, PassesOnWhatIsMeantForTheUpstream) {
  const std::string seen = passed_on(
      "GET http://b.test/x?y=z HTTP/1.1\r\nHost: a.test\r\nX-User: u\r\nAccept-Encoding: gzip\r\n"
      "Connection: keep-alive, X-Hop\r\nX-Hop: 1\r\nKeep-Alive: 5\r\nTE: trailers\r\n"
      "Proxy-Authorization: secret\r\nUpgrade: h2c\r\nX-Forwarded-For: 10.0.0.1\r\n\r\n",
      "/base/");
  EXPECT_THAT(seen, StartsWith("GET /base/x?y=z HTTP/1.1\r\nHost: 127.0.0.1:"));
  EXPECT_THAT(seen, HasSubstr("X-User: u\r\n"));
  EXPECT_THAT(seen, HasSubstr("Accept-Encoding: gzip\r\n"));
  EXPECT_THAT(seen, HasSubstr("X-Forwarded-For: 10.0.0.1, 127.0.0.1\r\n"));
  EXPECT_THAT(seen, HasSubstr("X-Forwarded-Proto: http\r\n"));
  EXPECT_THAT(seen, HasSubstr("X-Forwarded-Host: b.test\r\n"));
  for (const char* dropped : {"Connection", "Hop", "Keep-Alive", "TE:", "secret", "Upgrade",
                              "Content-Length", "Transfer-Encoding", "Via"}) {
    EXPECT_THAT(seen, Not(HasSubstr(dropped)));
  }
}

TEST_F(GatewayUpstream, PassesTheHostAndNamesItselfIfItShall) {
  spec.pass_host = spec.via = true;
  script.reads_answers = true;
  const std::string seen = passed_on(get("/", "Accept-Encoding: gzip\r\n"));
  EXPECT_THAT(seen, HasSubstr("Host: a.test\r\n"));
  EXPECT_THAT(seen, HasSubstr("Via: 1.1 weir\r\n"));
  // Somebody wants to read the answer.
  EXPECT_THAT(seen, Not(HasSubstr("Accept-Encoding")));
}

TEST_F(GatewayUpstream, DropsWhatIsNotMeantForTheClient) {
  FakeUpstream fake(FakeUpstream::answers(
      "HTTP/1.1 200 OK\r\nConnection: X-Hop\r\nX-Hop: 1\r\nKeep-Alive: timeout=5\r\nServer: s\r\n"
      "Set-Cookie: a\r\nSet-Cookie: b\r\nContent-Length: 0\r\n\r\n"));
  RunningServer server(options(fake.port()));
  RawClient client = server.client();
  const ClientAnswer answer = client.ask(get("/"));
  EXPECT_THAT(answer.head, Not(HasSubstr("Hop")));
  EXPECT_THAT(answer.head, Not(HasSubstr("Keep-Alive")));
  EXPECT_THAT(answer.head, HasSubstr("Set-Cookie: a\r\nSet-Cookie: b\r\n"));
  EXPECT_EQ(answer.header("server"), "s");
}

TEST_F(GatewayUpstream, PassesBodiesOfEitherFraming) {
  EXPECT_THAT(passed_on(post("/", "body")), testing::EndsWith("Content-Length: 4\r\n\r\nbody"));
  EXPECT_THAT(passed_on(post("/", "")), HasSubstr("Content-Length: 0\r\n"));
  script.needs_body = true;
  EXPECT_THAT(passed_on("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
                        "2\r\nab\r\n3\r\ncde\r\n0\r\n\r\n"),
              testing::EndsWith("Content-Length: 5\r\n\r\nabcde"));
}

TEST_F(GatewayUpstream, PassesPiecesOfARequestAsTheyCome) {
  std::atomic<int> read = 0;
  FakeUpstream fake([&](RawClient& connection, int) {
    EXPECT_THAT(connection.read_until("\r\n\r\n"), HasSubstr("Transfer-Encoding: chunked\r\n"));
    EXPECT_EQ(connection.read_bytes(8), "3\r\nabc\r\n");
    read = 1;
    EXPECT_EQ(connection.read_until("0\r\n\r\n"), "2\r\nde\r\n0\r\n\r\n");
    connection.send(plain);
    connection.read_to_end();
  });
  RunningServer server(options(fake.port()));
  RawClient client = server.client();
  ASSERT_TRUE(
      client.send("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
                  "3\r\nabc\r\n"));
  // It came through before the request was complete.
  ASSERT_TRUE(comes_true([&] { return read == 1; }));
  EXPECT_EQ(client.ask("2\r\nde\r\n0\r\n\r\n").body, "hi");
}

TEST_F(GatewayUpstream, PassesAnEventStreamPieceByPiece) {
  std::atomic<int> may_send = 0;
  FakeUpstream fake([&](RawClient& connection, int) {
    connection.read_request();
    connection.send(
        "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"
        "Transfer-Encoding: chunked\r\n\r\n");
    for (int i = 1; i <= 3; ++i) {
      if (!comes_true([&] { return may_send >= i; })) return;
      connection.send(fmt::format("9\r\ndata: {}\n\n\r\n", i));
    }
    connection.send("0\r\n\r\n");
    connection.read_to_end();
  });
  script.reads_answers = true;
  RunningServer server(options(fake.port()));
  RawClient client = server.client();
  ASSERT_TRUE(client.send(get("/")));
  EXPECT_THAT(client.read_until("\r\n\r\n"), HasSubstr("Transfer-Encoding: chunked\r\n"));
  for (int i = 1; i <= 3; ++i) {
    may_send = i;
    EXPECT_EQ(client.read_bytes(14), fmt::format("9\r\ndata: {}\n\n\r\n", i));
  }
  EXPECT_EQ(client.read_bytes(5), "0\r\n\r\n");
  const EndedRequest ended = script.wait_for_ended(1).at(0);
  EXPECT_EQ(ended.body_read, "data: 1\n\ndata: 2\n\ndata: 3\n\n");
  EXPECT_EQ(ended.content_type_read, "text/event-stream");
}

TEST_F(GatewayUpstream, PassesLargeBodiesBothWaysUnderBackPressure) {
  const std::size_t size = std::size_t{24} << 20;
  FakeUpstream fake([&](RawClient& connection, int) {
    connection.read_until("\r\n\r\n");
    EXPECT_EQ(connection.read_bytes(size).size(), size);
    connection.send(fmt::format("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", size));
    connection.send(std::string(size, 'y'));
    connection.read_to_end();
  });
  RunningServer server(options(fake.port()));
  RawClient client = server.client();
  ASSERT_TRUE(client.send(post("/", std::string(size, 'x'))));
  const ClientAnswer answer = client.receive();
  EXPECT_EQ(answer.body.size(), size);
  EXPECT_EQ(answer.body.find_first_not_of('y'), std::string::npos);
}

TEST_F(GatewayUpstream, ReadsNoFasterThanTheClient) {
  std::atomic<std::size_t> written = 0;
  FakeUpstream fake([&](RawClient& connection, int) {
    connection.read_request();
    connection.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
    const std::string chunk = "10000\r\n" + std::string(65536, 'x') + "\r\n";
    for (int i = 0; i < 1024 && connection.send(chunk); ++i) written += 65536;
    connection.send("0\r\n\r\n");
    connection.read_to_end();
  });
  RunningServer server(options(fake.port()));
  RawClient client = server.client();
  ASSERT_TRUE(client.send(get("/")));
  // Sockets hold some of it, but far from all.
  std::size_t before = 1;
  EXPECT_TRUE(comes_true([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
    return std::exchange(before, written.load()) == written;
  }));
  EXPECT_LT(written, std::size_t{48} << 20);
  EXPECT_EQ(client.receive().body.size(), std::size_t{64} << 20);
}

TEST_F(GatewayUpstream, KnowsTheEndOfEveryAnswer) {
  const std::vector<std::string> answers = {
      "HTTP/1.1 200 OK\r\n\r\nto the end", "HTTP/1.0 200 OK\r\nContent-Length: 3\r\n\r\nabc",
      "HTTP/1.1 204 No Content\r\n\r\n", "HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n",
      "HTTP/1.1 103 Early Hints\r\nLink: l\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n" +
          std::string(plain)};
  FakeUpstream fake([&](RawClient& connection, int number) {
    connection.read_request();
    connection.send(answers[static_cast<std::size_t>(number)]);
  });
  spec.max_idle = 0;
  RunningServer server(options(fake.port()));
  RawClient client = server.client();
  EXPECT_EQ(client.ask(get("/")).body, "to the end");
  EXPECT_EQ(client.ask(get("/")).body, "abc");
  const ClientAnswer none = client.ask(get("/"));
  EXPECT_EQ(none.status, 204);
  EXPECT_THAT(none.head, Not(HasSubstr("Content-Length")));
  EXPECT_EQ(client.ask(get("/")).header("content-length"), "9");
  const ClientAnswer hints = client.ask(get("/"));
  EXPECT_EQ(hints.status, 103);
  EXPECT_EQ(hints.header("link"), "l");
  EXPECT_EQ(client.receive().body, "hi");
}

TEST_F(GatewayUpstream, AnswersHeadAndHttp10) {
  FakeUpstream fake([](RawClient& connection, int) {
    EXPECT_THAT(connection.read_request(), StartsWith("HEAD "));
    connection.send("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n");
    EXPECT_THAT(connection.read_request(), StartsWith("GET / HTTP/1.1\r\n"));
    connection.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n");
    connection.read_to_end();
  });
  RunningServer server(options(fake.port()));
  RawClient client = server.client();
  ASSERT_TRUE(client.send("HEAD / HTTP/1.1\r\nHost: a\r\n\r\n"));
  EXPECT_EQ(client.receive(true).header("content-length"), "5");
  const ClientAnswer old = client.ask("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
  EXPECT_EQ(old.body, "hi");
  EXPECT_EQ(old.header("connection"), "close");
  EXPECT_EQ(old.header("transfer-encoding"), "");
}

TEST_F(GatewayUpstream, TriesAgainWhereAKeptConnectionWasClosed) {
  FakeUpstream fake([](RawClient& connection, int number) {
    connection.read_request();
    connection.send(plain);
    if (number > 0) connection.read_to_end();
    // The first one is closed when the next request is on its way.
    connection.read_request();
  });
  RunningServer server(options(fake.port()));
  RawClient client = server.client();
  EXPECT_EQ(client.ask(get("/")).status, 200);
  EXPECT_EQ(client.ask(get("/")).status, 200);
  EXPECT_EQ(fake.connections(), 2);
  EXPECT_EQ(failures(server, UpstreamFailure::reset), 0u);
}

TEST_F(GatewayUpstream, RepeatsNothingThatMayHaveHadAnEffect) {
  FakeUpstream fake([](RawClient& connection, int) {
    connection.read_request();
    connection.send(plain);
    connection.read_request();
  });
  RunningServer server(options(fake.port()));
  RawClient client = server.client();
  EXPECT_EQ(client.ask(post("/", "a")).status, 200);
  const ClientAnswer answer = client.ask(post("/", "a"));
  EXPECT_EQ(answer.status, 502);
  EXPECT_THAT(answer.body, HasSubstr("reset"));
  EXPECT_EQ(fake.connections(), 1);
  EXPECT_EQ(failures(server, UpstreamFailure::reset), 1u);
  EXPECT_FALSE(script.wait_for_ended(2)[1].end.dropped);
}

TEST_F(GatewayUpstream, SaysWhenNobodyIsThere) {
  RunningServer server(options(e2e::free_port()));
  RawClient client = server.client();
  EXPECT_EQ(client.ask(get("/")).status, 502);
  EXPECT_EQ(client.ask(post("/", "abc")).status, 502);
  EXPECT_EQ(failures(server, UpstreamFailure::refused), 2u);
  EXPECT_TRUE(script.wait_for_ended(2)[0].end.dropped);
  EXPECT_EQ(script.ended()[0].end.status, 502);
}

TEST_F(GatewayUpstream, WaitsNoLongerThanItShall) {
  FakeUpstream fake([](RawClient& connection, int number) {
    connection.read_request();
    if (number == 1) connection.send("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc");
    connection.read_to_end();
  });
  spec.first_byte_timeout = spec.idle_timeout = Duration::from_ms(50);
  RunningServer server(options(fake.port()));
  RawClient client = server.client();
  const ClientAnswer late = client.ask(get("/"));
  EXPECT_EQ(late.status, 504);
  EXPECT_EQ(failures(server, UpstreamFailure::first_byte_timeout), 1u);
  EXPECT_TRUE(script.wait_for_ended(1)[0].end.dropped);
  // What has begun cannot be answered otherwise: the client sees that it is cut short.
  ASSERT_TRUE(client.send(get("/")));
  client.read_until("\r\n\r\n");
  EXPECT_EQ(client.read_to_end(), "abc");
  EXPECT_EQ(failures(server, UpstreamFailure::idle_timeout), 1u);
}

TEST_F(GatewayUpstream, SaysWhatIsNoAnswer) {
  const std::vector<std::string> answers = {
      "garbage\r\n\r\n",
      "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabc",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
      "HTTP/1.1 20",
      "",
      "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n"};
  FakeUpstream fake([&](RawClient& connection, int number) {
    connection.read_request();
    connection.send(answers[static_cast<std::size_t>(number)]);
  });
  RunningServer server(options(fake.port()));
  RawClient client = server.client();
  for (const std::string& answer : answers) EXPECT_EQ(client.ask(get("/")).status, 502) << answer;
  EXPECT_EQ(failures(server, UpstreamFailure::malformed), 4u);
  EXPECT_EQ(failures(server, UpstreamFailure::cut_short), 1u);
  EXPECT_EQ(failures(server, UpstreamFailure::reset), 1u);
}

TEST_F(GatewayUpstream, TellsWhenTheUpstreamIsOverloaded) {
  FakeUpstream fake(
      FakeUpstream::answers("HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n"));
  RunningServer server(options(fake.port()));
  RawClient client = server.client();
  EXPECT_EQ(client.ask(get("/")).status, 503);
  EXPECT_TRUE(script.wait_for_ended(1)[0].end.dropped);
  EXPECT_EQ(script.ended()[0].end.status, 503);
}

TEST_F(GatewayUpstream, LeavesTheUpstreamWhenTheClientLeaves) {
  std::atomic<bool> is_asked = false;
  std::atomic<bool> is_left = false;
  FakeUpstream fake([&](RawClient& connection, int) {
    connection.read_request();
    is_asked = true;
    connection.read_to_end();
    is_left = true;
  });
  RunningServer server(options(fake.port()));
  RawClient client = server.client();
  ASSERT_TRUE(client.send(get("/")));
  ASSERT_TRUE(comes_true([&] { return is_asked.load(); }));
  client.close();
  EXPECT_TRUE(comes_true([&] { return is_left.load(); }));
  EXPECT_EQ(script.wait_for_ended(1).size(), 1u);
}

TEST_F(GatewayUpstream, ReadsOnForTheDebtWhenTheClientLeaves) {
  std::atomic<bool> may_end = false;
  std::atomic<bool> is_asked = false;
  FakeUpstream fake([&](RawClient& connection, int) {
    connection.read_request();
    connection.send("HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nabc");
    is_asked = true;
    if (comes_true([&] { return may_end.load(); })) connection.send("def");
    connection.read_to_end();
  });
  script.reads_answers = true;
  RunningServer server(options(fake.port()));
  RawClient client = server.client();
  ASSERT_TRUE(client.send(get("/")));
  ASSERT_TRUE(comes_true([&] { return is_asked.load(); }));
  client.reset();
  ASSERT_TRUE(comes_true([&] { return server.figures().clients_left == 1; }));
  EXPECT_TRUE(script.ended().empty());
  may_end = true;
  EXPECT_EQ(script.wait_for_ended(1).at(0).body_read, "abcdef");
  EXPECT_TRUE(comes_true([&] { return server.figures().connections_open() == 0; }));
}

TEST_F(GatewayUpstream, ReadsOnForTheDebtNoLongerThanItShall) {
  std::atomic<bool> is_asked = false;
  FakeUpstream fake([&](RawClient& connection, int) {
    connection.read_request();
    connection.send("HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nabc");
    is_asked = true;
    connection.read_to_end();
  });
  script.reads_answers = true;
  timeouts.settle = Duration::from_ms(50);
  RunningServer server(options(fake.port()));
  RawClient client = server.client();
  ASSERT_TRUE(client.send(get("/")));
  EXPECT_THAT(client.read_until("abc"), HasSubstr("200 OK"));
  client.close();
  EXPECT_EQ(script.wait_for_ended(1).at(0).body_read, "abc");
  EXPECT_TRUE(comes_true([&] { return server.figures().connections_open() == 0; }));
}

TEST_F(GatewayUpstream, PassesAnotherProtocolBothWays) {
  FakeUpstream fake([](RawClient& connection, int) {
    const std::string request = connection.read_request();
    EXPECT_THAT(request, HasSubstr("Connection: Upgrade\r\n"));
    EXPECT_THAT(request, HasSubstr("Upgrade: echo\r\n"));
    connection.send(
        "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n"
        "\r\nhello");
    EXPECT_EQ(connection.read_bytes(4), "ping");
    connection.send("pong");
  });
  spec.allow_upgrade = true;
  RunningServer server(options(fake.port()));
  RawClient client = server.client();
  ASSERT_TRUE(client.send(get("/", "Connection: upgrade\r\nUpgrade: echo\r\n")));
  const std::string head = client.read_until("\r\n\r\n");
  EXPECT_THAT(head, HasSubstr("101 Switching"));
  EXPECT_THAT(head, HasSubstr("Upgrade: echo\r\n"));
  EXPECT_EQ(client.read_bytes(5), "hello");
  ASSERT_TRUE(client.send("ping"));
  EXPECT_EQ(client.read_to_end(), "pong");
  EXPECT_EQ(script.wait_for_ended(1)[0].end.status, 101);
}

TEST_F(GatewayUpstream, RefusesAnotherProtocolWhereItMayNotPassIt) {
  FakeUpstream fake(FakeUpstream::answers(std::string(plain)));
  RunningServer server(options(fake.port()));
  RawClient client = server.client();
  EXPECT_EQ(client.ask(get("/", "Connection: upgrade\r\nUpgrade: websocket\r\n")).status, 501);
}

TEST_F(GatewayUpstream, TellsAClientToSendItsBody) {
  FakeUpstream fake(FakeUpstream::answers(std::string(plain)));
  RunningServer server(options(fake.port()));
  RawClient client = server.client();
  EXPECT_EQ(client
                .ask("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n"
                     "Expect: 100-continue\r\n\r\n")
                .status,
            100);
  EXPECT_EQ(client.ask("body").body, "hi");
}

TEST_F(GatewayUpstream, PassesAnAnswerThatComesBeforeTheBody) {
  FakeUpstream fake([](RawClient& connection, int) {
    connection.read_until("\r\n\r\n");
    connection.send("HTTP/1.1 413 Too Large\r\nContent-Length: 3\r\n\r\nbig");
    connection.read_to_end();
  });
  RunningServer server(options(fake.port()));
  RawClient client = server.client();
  ASSERT_TRUE(client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10000000\r\n\r\nabc"));
  const ClientAnswer answer = client.receive();
  EXPECT_EQ(answer.status, 413);
  EXPECT_EQ(answer.body, "big");
  EXPECT_EQ(answer.header("connection"), "close");
}

TEST(GatewayUpstreamUrl, SaysWhatItCannotUse) {
  const auto tried = [](std::string_view url) {
    UpstreamSpec spec;
    spec.url = *http::parse_url(url);
    const auto made = upstream(spec);
    return made ? std::string() : made.error().message;
  };
  EXPECT_EQ(tried("http://127.0.0.1:1/a"), "");
  EXPECT_THAT(tried("https://127.0.0.1/"), HasSubstr("not https"));
  EXPECT_THAT(tried("http://u:p@127.0.0.1/"), HasSubstr("no user"));
  EXPECT_THAT(tried("http://127.0.0.1/?a"), HasSubstr("no query"));
}

}  // namespace
}  // namespace weir::gateway
