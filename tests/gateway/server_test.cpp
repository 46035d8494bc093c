#include "gateway/server.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>

#include "e2e/program.hpp"
#include "gateway/running_server.hpp"

namespace weir::gateway {
namespace {

using testing::HasSubstr;
using testing::Not;

Admission denied_with(std::string body) {
  Admission denied;
  denied.allowed = false;
  denied.status = 429;
  denied.content_type = "application/json";
  denied.body = std::move(body);
  denied.headers = "Retry-After: 7\r\n";
  denied.denied_by = "requests";
  return denied;
}

class GatewayServer : public testing::Test {
 protected:
  ServerOptions options(BuiltinAnswerSpec answer = {}) {
    return options_for_test(script, std::move(answer));
  }
  GatekeeperScript script;
};

TEST_F(GatewayServer, AnswersOneRequestAfterAnotherOnAConnection) {
  RunningServer server(options());
  RawClient client = server.client();
  for (int i = 0; i < 3; ++i) {
    const ClientAnswer answer = client.ask(get("/a?b=c"));
    EXPECT_EQ(answer.status, 200);
    EXPECT_EQ(answer.body, "ok\n");
    EXPECT_EQ(answer.header("content-type"), "text/plain");
    EXPECT_EQ(answer.header("content-length"), "3");
    EXPECT_TRUE(answer.headers.contains("date"));
    EXPECT_FALSE(answer.headers.contains("connection"));
  }
  EXPECT_EQ(script.wait_for_ended(3).size(), 3u);
  EXPECT_EQ(script.seen()[0].method, "GET");
  EXPECT_EQ(script.seen()[0].target, "/a?b=c");
  EXPECT_EQ(script.seen()[0].host, "a.test");
  EXPECT_TRUE(script.seen()[0].has_peer);
  EXPECT_EQ(script.ended()[0].end.status, 200);
  EXPECT_FALSE(script.ended()[0].end.dropped);
  EXPECT_EQ(server.figures().connections_accepted, 1u);
  EXPECT_EQ(server.figures().requests, 3u);
  EXPECT_EQ(server.figures().answers[2], 3u);
}

TEST_F(GatewayServer, AnswersPipelinedRequestsInOrder) {
  script.rule = [](const SeenRequest& request) {
    Admission admission;
    admission.headers = fmt::format("X-Target: {}\r\n", request.target);
    return admission;
  };
  RunningServer server(options());
  RawClient client = server.client();
  std::string all;
  for (int i = 0; i < 500; ++i) all += get(fmt::format("/{}", i));
  // The last one is cut in two.
  ASSERT_TRUE(client.send(all.substr(0, all.size() - 5)));
  for (int i = 0; i < 499; ++i) {
    ASSERT_EQ(client.receive().header("x-target"), fmt::format("/{}", i));
  }
  ASSERT_TRUE(client.send(all.substr(all.size() - 5)));
  EXPECT_EQ(client.receive().header("x-target"), "/499");
}

TEST_F(GatewayServer, ReadsARequestThatComesByteByByte) {
  script.needs_body = true;
  RunningServer server(options());
  RawClient client = server.client();
  for (const char c : post("/a", "0123456789")) ASSERT_TRUE(client.send({&c, 1}));
  EXPECT_EQ(client.receive().status, 200);
  for (const char c :
       std::string_view("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n"
                        "\r\n3;x=y\r\nabc\r\n2\r\nde\r\n0\r\nTrailer: t\r\n\r\n")) {
    ASSERT_TRUE(client.send({&c, 1}));
  }
  EXPECT_EQ(client.receive().status, 200);
  EXPECT_EQ(script.seen()[0].body, "0123456789");
  EXPECT_EQ(script.seen()[1].body, "abcde");
}

TEST_F(GatewayServer, DeniesWithTheGatekeepersAnswer) {
  script.rule = [](const SeenRequest&) { return denied_with("{\"error\":1}"); };
  RunningServer server(options());
  RawClient client = server.client();
  for (int i = 0; i < 2; ++i) {
    const ClientAnswer answer = client.ask(get("/"));
    EXPECT_EQ(answer.status, 429);
    EXPECT_THAT(answer.head, HasSubstr("429 Too Many Requests"));
    EXPECT_EQ(answer.header("content-type"), "application/json");
    EXPECT_EQ(answer.header("retry-after"), "7");
    EXPECT_EQ(answer.body, "{\"error\":1}");
  }
  EXPECT_EQ(server.figures().answers[4], 2u);
  EXPECT_TRUE(script.ended().empty());
}

TEST_F(GatewayServer, DropsTheBodyOfADeniedRequestAndGoesOn) {
  script.rule = [](const SeenRequest& request) {
    return request.method == "POST" ? denied_with("no") : Admission();
  };
  RunningServer server(options());
  RawClient client = server.client();
  const std::string body(50'000, 'x');
  const std::string request = post("/", body);
  ASSERT_TRUE(client.send(request.substr(0, 1000)));
  EXPECT_EQ(client.receive().status, 429);
  ASSERT_TRUE(client.send(request.substr(1000)));
  EXPECT_EQ(client.ask(get("/")).status, 200);
}

TEST_F(GatewayServer, ClosesAfterADenialWhoseBodyIsNotWorthReading) {
  script.rule = [](const SeenRequest&) { return denied_with("no"); };
  RunningServer server(options());
  RawClient large = server.client();
  ASSERT_TRUE(large.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\n0123"));
  EXPECT_EQ(large.receive().header("connection"), "close");
  // It may go on sending: nothing resets the connection before the answer is read.
  EXPECT_TRUE(large.send(std::string(100'000, 'x')));
  RawClient expecting = server.client();
  const ClientAnswer answer = expecting.ask(
      "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\nExpect: 100-continue\r\n\r\n");
  EXPECT_EQ(answer.status, 429);
  EXPECT_EQ(answer.header("connection"), "close");
  EXPECT_TRUE(expecting.is_closed_by_server());
}

TEST_F(GatewayServer, TellsAClientThatWaitsToSendItsBody) {
  RunningServer server(options());
  RawClient client = server.client();
  const ClientAnswer interim =
      client.ask("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n");
  EXPECT_EQ(interim.status, 100);
  EXPECT_EQ(client.ask("body").status, 200);
  // One that does not wait needs no telling.
  EXPECT_EQ(client.ask(post("/", "body", "Expect: 100-continue\r\n")).status, 200);
}

TEST_F(GatewayServer, AnswersHeadWithoutABody) {
  RunningServer server(options());
  RawClient client = server.client();
  ASSERT_TRUE(client.send("HEAD / HTTP/1.1\r\nHost: a\r\n\r\n" + get("/")));
  const ClientAnswer head = client.receive(true);
  EXPECT_EQ(head.header("content-length"), "3");
  EXPECT_EQ(client.receive().body, "ok\n");
}

TEST_F(GatewayServer, ClosesAsTheClientWants) {
  RunningServer server(options());
  RawClient closes = server.client();
  EXPECT_EQ(closes.ask(get("/", "Connection: close\r\n")).header("connection"), "close");
  EXPECT_TRUE(closes.is_closed_by_server());
  RawClient old = server.client();
  EXPECT_EQ(old.ask("GET / HTTP/1.0\r\n\r\n").body, "ok\n");
  EXPECT_TRUE(old.is_closed_by_server());
  RawClient kept = server.client();
  for (int i = 0; i < 2; ++i) {
    const ClientAnswer answer = kept.ask("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
    EXPECT_EQ(answer.header("connection"), "keep-alive");
  }
}

TEST_F(GatewayServer, DelaysWhatIsToBeDelayed) {
  script.rule = [](const SeenRequest&) {
    Admission admission;
    admission.delay = Duration::from_ms(30);
    return admission;
  };
  RunningServer server(options());
  RawClient client = server.client();
  const auto begun = std::chrono::steady_clock::now();
  EXPECT_EQ(client.ask(get("/")).status, 200);
  EXPECT_GE(std::chrono::steady_clock::now() - begun, std::chrono::milliseconds(30));
  EXPECT_EQ(script.wait_for_ended(1).size(), 1u);
}

TEST_F(GatewayServer, WaitsForDecisionsThatComeLate) {
  script.late_rule = [](const SeenRequest& request, boost::asio::io_context& loop,
                        GatekeeperScript::Decided decided) {
    if (request.target != "/late") return false;
    boost::asio::post(loop, [decided] {
      Admission admission;
      admission.headers = "X-Late: yes\r\n";
      decided(std::move(admission));
    });
    return true;
  };
  RunningServer server(options());
  RawClient client = server.client();
  ASSERT_TRUE(client.send(get("/late") + get("/now")));
  EXPECT_EQ(client.receive().header("x-late"), "yes");
  EXPECT_EQ(client.receive().header("x-late"), "");
}

TEST_F(GatewayServer, EndsWhatIsAdmittedAfterItsClientHasLeft) {
  std::function<void()> decide_now;
  std::atomic<bool> is_asked = false;
  boost::asio::io_context* on = nullptr;
  script.late_rule = [&](const SeenRequest&, boost::asio::io_context& loop,
                         GatekeeperScript::Decided decided) {
    on = &loop;
    decide_now = [decided] { decided(Admission()); };
    is_asked = true;
    return true;
  };
  RunningServer server(options());
  {
    RawClient client = server.client();
    ASSERT_TRUE(client.send(get("/")));
    ASSERT_TRUE(comes_true([&] { return is_asked.load(); }));
  }
  ASSERT_TRUE(comes_true([&] { return server.figures().connections_closed == 1; }));
  EXPECT_TRUE(script.ended().empty());
  boost::asio::post(*on, [&] { decide_now(); });
  EXPECT_EQ(script.wait_for_ended(1).size(), 1u);
  EXPECT_EQ(script.ended()[0].end.status, 0);
}

TEST_F(GatewayServer, EndsADelayedRequestWhoseClientLeaves) {
  script.rule = [](const SeenRequest&) {
    Admission admission;
    admission.delay = Duration::from_seconds(3600);
    return admission;
  };
  RunningServer server(options());
  {
    RawClient client = server.client();
    ASSERT_TRUE(client.send(get("/")));
    ASSERT_TRUE(comes_true([&] { return !script.seen().empty(); }));
  }
  ASSERT_EQ(script.wait_for_ended(1).size(), 1u);
  EXPECT_EQ(script.ended()[0].end.status, 0);
  EXPECT_EQ(server.figures().clients_left, 1u);
}

TEST_F(GatewayServer, GivesTheAnswerToThoseWhoReadIt) {
  script.reads_answers = true;
  RunningServer server(options());
  RawClient client = server.client();
  EXPECT_EQ(client.ask(get("/")).status, 200);
  ASSERT_EQ(script.wait_for_ended(1).size(), 1u);
  EXPECT_EQ(script.ended()[0].status_read, 200);
  EXPECT_EQ(script.ended()[0].body_read, "ok\n");
}

TEST_F(GatewayServer, AnswersTooLargeForTheSocketArriveWhole) {
  BuiltinAnswerSpec answer;
  answer.body = std::string(8'000'000, 'x');
  RunningServer server(options(answer));
  RawClient client = server.client();
  ASSERT_TRUE(client.send(get("/") + get("/")));
  EXPECT_EQ(client.receive().body.size(), answer.body.size());
  EXPECT_EQ(client.receive().body.size(), answer.body.size());
}

TEST_F(GatewayServer, TakesItsTimeWhereItIsToldTo) {
  BuiltinAnswerSpec answer;
  answer.latency = traffic::ConstantNumber{20e6};
  RunningServer server(options(answer));
  RawClient client = server.client();
  const auto begun = std::chrono::steady_clock::now();
  EXPECT_EQ(client.ask(get("/")).status, 200);
  EXPECT_EQ(client.ask(post("/", "abc")).status, 200);
  EXPECT_GE(std::chrono::steady_clock::now() - begun, std::chrono::milliseconds(40));
}

// ---- Pages

class EchoPages final : public Pages {
 public:
  explicit EchoPages(Role role) : role_(role) {}
  bool serve(const RequestView& request, std::function<void(Page&&)> ready) override {
    if (!request.path().starts_with("/weir/")) return false;
    Page page;
    page.body = fmt::format("{} {} {}", role_ == Role::admin ? "admin" : "traffic", request.method,
                            request.body);
    page.headers = "X-Page: yes\r\n";
    ready(std::move(page));
    return true;
  }
  bool needs_body() const override { return role_ == Role::admin; }

 private:
  Role role_;
};

TEST_F(GatewayServer, ServesPagesBeforeItAsks) {
  ServerOptions with_pages = options();
  with_pages.listeners.push_back(
      {ListenEndpoint{.path = "", .host = "127.0.0.1", .port = 0}, Role::admin});
  with_pages.make_pages = [](boost::asio::io_context&, Role role) {
    return std::make_unique<EchoPages>(role);
  };
  RunningServer server(with_pages);
  RawClient client = server.client();
  const ClientAnswer page = client.ask(get("/weir/a"));
  EXPECT_EQ(page.body, "traffic GET ");
  EXPECT_EQ(page.header("x-page"), "yes");
  EXPECT_TRUE(script.seen().empty());
  EXPECT_EQ(client.ask(get("/other")).body, "ok\n");
  RawClient admin(server.port(1));
  EXPECT_EQ(admin.ask(post("/weir/a", "body")).body, "admin POST body");
  EXPECT_EQ(admin.ask(get("/other")).status, 404);
  EXPECT_EQ(script.seen().size(), 1u);
}

// ---- Life

TEST_F(GatewayServer, DealsConnectionsOutToItsThreads) {
  script.rule = [](const SeenRequest&) {
    Admission admission;
    admission.headers =
        fmt::format("X-Thread: {}\r\n", std::hash<std::thread::id>()(std::this_thread::get_id()));
    return admission;
  };
  ServerOptions threads = options();
  threads.threads = 3;
  RunningServer server(threads);
  std::map<std::string, int, std::less<>> on_thread;
  for (int i = 0; i < 9; ++i) {
    RawClient client = server.client();
    ++on_thread[std::string(client.ask(get("/")).header("x-thread"))];
  }
  ASSERT_EQ(on_thread.size(), 3u);
  for (const auto& [thread, count] : on_thread) EXPECT_EQ(count, 3);
}

TEST_F(GatewayServer, LetsAnswersEndWhenItIsStopped) {
  BuiltinAnswerSpec answer;
  answer.latency = traffic::ConstantNumber{100e6};
  RunningServer server(options(answer));
  RawClient idle = server.client();
  EXPECT_EQ(idle.ask(get("/")).status, 200);
  RawClient busy = server.client();
  ASSERT_TRUE(busy.send(get("/")));
  ASSERT_TRUE(comes_true([&] { return script.seen().size() == 2; }));
  server->stop(Duration::from_seconds(20));
  EXPECT_TRUE(idle.is_closed_by_server());
  EXPECT_EQ(busy.receive().body, "ok\n");
  EXPECT_TRUE(busy.is_closed_by_server());
  server.join();
  EXPECT_EQ(script.ended().size(), 2u);
  EXPECT_EQ(server.figures().connections_open(), 0u);
}

TEST_F(GatewayServer, CutsOffWhatDoesNotEndWithinTheGrace) {
  BuiltinAnswerSpec answer;
  answer.latency = traffic::ConstantNumber{3600e9};
  RunningServer server(options(answer));
  RawClient client = server.client();
  ASSERT_TRUE(client.send(get("/")));
  ASSERT_TRUE(comes_true([&] { return script.seen().size() == 1; }));
  server.stop(Duration::from_ms(20));
  EXPECT_TRUE(client.is_closed_by_server());
  EXPECT_EQ(script.ended().size(), 1u);
}

TEST_F(GatewayServer, IsStoppedAgainWithLessGrace) {
  BuiltinAnswerSpec answer;
  answer.latency = traffic::ConstantNumber{3600e9};
  RunningServer server(options(answer));
  RawClient client = server.client();
  ASSERT_TRUE(client.send(get("/")));
  ASSERT_TRUE(comes_true([&] { return script.seen().size() == 1; }));
  server->stop(Duration::from_seconds(3600));
  server.stop(Duration());
  EXPECT_TRUE(client.is_closed_by_server());
}

TEST_F(GatewayServer, EndsRequestsByTheGatekeeperThatAdmittedThem) {
  BuiltinAnswerSpec answer;
  answer.latency = traffic::ConstantNumber{50e6};
  RunningServer server(options(answer));
  GatekeeperScript second;
  second.rule = [](const SeenRequest&) { return denied_with("second"); };
  RawClient client = server.client();
  ASSERT_TRUE(client.send(get("/")));
  ASSERT_TRUE(comes_true([&] { return script.seen().size() == 1; }));
  server->replace_gatekeepers(second.factory());
  EXPECT_EQ(client.receive().body, "ok\n");
  EXPECT_TRUE(comes_true([&] { return client.ask(get("/")).body == "second"; }));
  EXPECT_GE(script.wait_for_ended(1).size(), 1u);
  EXPECT_TRUE(second.ended().empty());
  server.stop();
}

TEST_F(GatewayServer, RefusesConnectionsBeyondItsMost) {
  ServerOptions few = options();
  few.max_connections = 2;
  RunningServer server(few);
  RawClient first = server.client();
  {
    RawClient second = server.client();
    EXPECT_EQ(first.ask(get("/")).status, 200);
    EXPECT_EQ(second.ask(get("/")).status, 200);
    RawClient third = server.client();
    EXPECT_EQ(third.receive().status, 503);
  }
  EXPECT_TRUE(comes_true([&] { return server.client().ask(get("/")).status == 200; }));
  EXPECT_GE(server.figures().connections_refused, 1u);
}

TEST_F(GatewayServer, ListensOnAUnixSocket) {
  const e2e::TemporaryFolder folder;
  const std::string path = folder.path("socket");
  ServerOptions on_unix = options();
  on_unix.listeners = {{*parse_listen_endpoint("unix:" + path)}};
  {
    RunningServer server(on_unix);
    RawClient client(path);
    for (int i = 0; i < 3; ++i) EXPECT_EQ(client.ask(get("/")).status, 200);
    EXPECT_FALSE(script.seen()[0].has_peer);
    // Nobody takes it away from a server that runs.
    const auto second = Server::open(options_for_test(script));
    ASSERT_TRUE(second);
    const auto taken = ListeningSocket::open(on_unix.listeners[0].endpoint, 1);
    ASSERT_FALSE(taken);
    EXPECT_THAT(taken.error().message, HasSubstr("another program listens"));
  }
  struct stat status {};
  EXPECT_NE(::stat(path.c_str(), &status), 0);
}

TEST_F(GatewayServer, ReplacesTheFileOfADeadUnixSocketAndNoOther) {
  const e2e::TemporaryFolder folder;
  const std::string path = folder.path("socket");
  const pid_t child = ::fork();
  if (child == 0) {
    // Ends without a chance to tidy up.
    const auto abandoned = ListeningSocket::open({path, "", 0}, 1);
    ::_exit(abandoned ? 0 : 1);
  }
  int ended = 1;
  ::waitpid(child, &ended, 0);
  ASSERT_EQ(ended, 0);
  struct stat status {};
  ASSERT_EQ(::stat(path.c_str(), &status), 0);
  EXPECT_TRUE(ListeningSocket::open({path, "", 0}, 1));
  folder.write("file", "precious");
  const auto file = ListeningSocket::open({folder.path("file"), "", 0}, 1);
  ASSERT_FALSE(file);
  EXPECT_THAT(file.error().message, HasSubstr("no socket"));
  EXPECT_EQ(folder.read("file"), "precious");
}

TEST(ListenEndpointText, SaysWhatIsWrong) {
  const auto parsed = [](std::string_view text) { return parse_listen_endpoint(text).value(); };
  EXPECT_EQ(parsed("127.0.0.1:80").host, "127.0.0.1");
  EXPECT_EQ(parsed("127.0.0.1:80").port, 80);
  EXPECT_EQ(parsed(":8080").host, "");
  EXPECT_EQ(parsed("[::1]:0").host, "::1");
  EXPECT_EQ(parsed("localhost:65535").port, 65535);
  EXPECT_EQ(parsed("unix:/run/a").path, "/run/a");
  for (const std::string_view bad :
       {"", "80", "a", "a:", "a:b", "a:-1", "a:+1", "a:65536", "::1:80", "[::1]", "[]:80", "a b:80",
        "unix:", "http://a:80"}) {
    const auto endpoint = parse_listen_endpoint(bad);
    ASSERT_FALSE(endpoint) << bad;
    EXPECT_THAT(endpoint.error().message, HasSubstr("HOST:PORT")) << bad;
  }
}

TEST_F(GatewayServer, SaysWhyItCannotListen) {
  RunningServer server(options());
  ServerOptions taken = options();
  taken.listeners[0].endpoint.port = server.port();
  const auto opened = Server::open(taken);
  ASSERT_FALSE(opened);
  EXPECT_THAT(opened.error().message, HasSubstr("in use"));
}

}  // namespace
}  // namespace weir::gateway
