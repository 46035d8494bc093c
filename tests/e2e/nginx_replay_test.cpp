#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "core/random.hpp"
#include "e2e/http_client.hpp"
#include "e2e/program.hpp"
#include "limiter/entry_support.hpp"
#include "limiter/nginx_limit_req.hpp"

// What a real nginx decides is what the model decides. nginx logs the milliseconds of the very
// clock that limit_req reads, counted from the connection's start ($connection_time), so that all
// requests on one connection can be replayed without doubt about when they were decided.

namespace weir::e2e {
namespace {

using limiter::NginxLimitReq;
using limiter::NginxLimitReqEntry;

constexpr const char* nginx_configuration = R"(
daemon off;
master_process off;
pid {folder}/nginx.pid;
error_log {folder}/error.log notice;
events {{ worker_connections 128; }}
http {{
  client_body_temp_path {folder}/body;
  proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi;
  scgi_temp_path {folder}/scgi;
  log_format decisions "$http_x_key $limit_req_status $connection_time $request_time";
  access_log {folder}/decisions.log decisions;
  limit_req_zone $http_x_key zone=hard:1m rate=611r/m;
  limit_req_zone $http_x_key zone=soft:1m rate=10r/s;
  keepalive_requests 1000000;
  server {{
    listen 127.0.0.1:{port};
    location = /hard {{ limit_req zone=hard burst=7 nodelay; alias {folder}/answer; }}
    location = /soft {{ limit_req zone=soft burst=4 delay=1; alias {folder}/answer; }}
    location = /other {{ access_log off; alias {folder}/answer; }}
  }}
}}
)";

/// One line of the access log.
struct NginxDecision {
  std::string key;
  std::string status;
  Instant at;
  std::int64_t took_ms = 0;
};

/// "0.125" as 125; nginx writes exactly three decimals.
std::int64_t parse_milliseconds(std::string text) {
  text.erase(std::remove(text.begin(), text.end(), '.'), text.end());
  return std::stoll(text);
}

/// The numbers after "excess: " in the error log's lines that hold `what`, in thousandths.
std::vector<std::int64_t> logged_excesses(const std::string& error_log, std::string_view what) {
  std::vector<std::int64_t> excesses;
  std::istringstream lines(error_log);
  for (std::string line; std::getline(lines, line);) {
    constexpr std::string_view word = "excess: ";
    const std::size_t at = line.find(word);
    if (at == line.npos || line.find(what) == line.npos) continue;
    const std::size_t begin = at + word.size();
    excesses.push_back(
        parse_milliseconds(line.substr(begin, line.find_first_of(", ", begin) - begin)));
  }
  return excesses;
}

class NginxReplay : public testing::Test {
 protected:
  void SetUp() override {
    const auto program = find_program("nginx");
    if (!program) GTEST_SKIP() << "nginx is not installed";
    folder_.write("answer", "ok\n");
    server_ = start_server(
        [&](std::uint16_t port) -> std::vector<std::string> {
          folder_.write("nginx.conf",
                        fmt::format(nginx_configuration, fmt::arg("folder", folder_.path()),
                                    fmt::arg("port", port)));
          return nginx_command(*program, folder_);
        },
        folder_.path("output"));
    ASSERT_NE(server_.process, nullptr) << folder_.read("output") << folder_.read("error.log");
  }

  std::uint16_t port() const { return server_.port; }
  std::string error_log() const { return folder_.read("error.log"); }

  /// The access log once it has so many lines.
  std::vector<NginxDecision> decisions(std::size_t expected) {
    std::vector<NginxDecision> all;
    for (int i = 0; i < 500 && all.size() < expected; ++i) {
      std::this_thread::sleep_for(std::chrono::milliseconds(i == 0 ? 0 : 10));
      all.clear();
      std::istringstream lines(folder_.read("decisions.log"));
      NginxDecision d;
      for (std::string at, took; lines >> d.key >> d.status >> at >> took;) {
        d.at = limiter::after_ms(parse_milliseconds(at));
        d.took_ms = parse_milliseconds(took);
        all.push_back(d);
      }
    }
    return all;
  }

 private:
  TemporaryFolder folder_;
  Server server_;
};

/// Bursts with pauses around what the zone "hard" takes to let one or a few in.
std::vector<NginxDecision> send_nginx_bursts(HttpConnection& connection, RandomSequence draws) {
  std::vector<NginxDecision> seen;
  for (int i = 0; i < 900; ++i) {
    const std::uint64_t kind = draws.below(100);
    if (kind >= 80) {
      const std::uint64_t most_ms = kind < 98 ? 12 : 150;
      std::this_thread::sleep_for(std::chrono::microseconds(draws.below(1000 * most_ms)));
    }
    const std::string key = fmt::format("key-{}", draws.below(4));
    const int status = connection.get("/hard", {{"X-Key", key}}).status;
    seen.push_back({key, status == 200 ? "PASSED" : status == 503 ? "REJECTED" : "?", {}, 0});
  }
  return seen;
}

/// How many decisions, from the first on, are those of that limiter; with the excesses that are
/// denied for.
struct Explanation {
  std::size_t decisions = 0;
  std::vector<std::int64_t> denied_for;
};

Explanation explain(const std::vector<NginxDecision>& decisions, const NginxLimitReq& model) {
  std::map<std::string, NginxLimitReq::State> states;
  Explanation explained;
  for (const NginxDecision& d : decisions) {
    NginxLimitReq::State& state = states[d.key];
    const std::int64_t excess = model.excess_counting(state, d.at, 1);
    const bool allowed = limiter::decide(model, state, d.at).allowed;
    if (allowed != (d.status == "PASSED")) break;
    if (!allowed) explained.denied_for.push_back(excess);
    ++explained.decisions;
  }
  return explained;
}

NginxLimitReq nginx_model(std::string_view settings) {
  return limiter::make<NginxLimitReqEntry>(settings);
}

TEST_F(NginxReplay, DecidesLikeNginxToTheMillisecond) {
  auto connection = HttpConnection::connect(port());
  ASSERT_TRUE(connection.has_value());
  const auto sent = send_nginx_bursts(*connection, RandomSequence(RandomStream(7)));
  const auto decided = decisions(sent.size());
  ASSERT_EQ(decided.size(), sent.size());
  std::size_t denied = 0;
  for (std::size_t i = 0; i < sent.size(); ++i) {
    ASSERT_EQ(decided[i].key, sent[i].key);
    ASSERT_EQ(decided[i].status, sent[i].status);
    denied += decided[i].status == "REJECTED" ? 1 : 0;
  }
  EXPECT_GT(denied, 100U);
  EXPECT_LT(denied, sent.size() - 50);

  const Explanation right = explain(decided, nginx_model("rate=611/m burst=7 nodelay=true"));
  ASSERT_EQ(right.decisions, decided.size())
      << "disagrees first at " << (decided[right.decisions].at - limiter::noon).ns();
  EXPECT_EQ(right.denied_for, logged_excesses(error_log(), "limiting requests"));

  // Nothing else explains it.
  for (const char* wrong : {"rate=611/m burst=8 nodelay=true", "rate=611/m burst=6 nodelay=true",
                            "rate=642/m burst=7 nodelay=true", "rate=580/m burst=7 nodelay=true"}) {
    EXPECT_LT(explain(decided, nginx_model(wrong)).decisions, decided.size()) << wrong;
  }
}

TEST_F(NginxReplay, HoldsBackAsLongAsTheExcessAsks) {
  constexpr int keys = 5;
  constexpr int at_once = 8;
  std::vector<HttpConnection> connections;
  for (int i = 0; i < keys * at_once; ++i) {
    connections.push_back(std::move(HttpConnection::connect(port()).value()));
    // nginx has accepted it and is waiting for the next request.
    ASSERT_EQ(connections.back().get("/other", {}).status, 200);
  }
  for (int i = 0; i < keys * at_once; ++i) {
    ASSERT_TRUE(connections[static_cast<std::size_t>(i)].send(
        "/soft", {{"X-Key", fmt::format("key-{}", i / at_once)}}));
  }
  for (HttpConnection& connection : connections) connection.receive();
  const auto decided = decisions(connections.size());
  std::vector<std::int64_t> took_ms;
  for (const NginxDecision& d : decided) {
    if (d.status == "DELAYED") took_ms.push_back(d.took_ms);
  }

  const NginxLimitReq soft = nginx_model("rate=10/s burst=4 delay=1");
  std::vector<std::int64_t> asked_ms;
  for (const std::int64_t excess : logged_excesses(error_log(), "delaying request")) {
    const NginxLimitReq::State before{.excess = excess - 1000, .last_ms = 0};
    asked_ms.push_back(soft.check(before, Instant(), 1).delay.ns() / 1'000'000);
  }
  ASSERT_EQ(took_ms.size(), asked_ms.size());
  ASSERT_GE(took_ms.size(), static_cast<std::size_t>(keys));
  // Requests end in the order of their ends, so the k-th shortest is the one asked for k-th least.
  std::sort(took_ms.begin(), took_ms.end());
  std::sort(asked_ms.begin(), asked_ms.end());
  std::int64_t least_late = took_ms[0] - asked_ms[0];
  for (std::size_t i = 0; i < took_ms.size(); ++i) {
    // The two are cut to milliseconds of two clocks; a busy machine can only make it longer.
    EXPECT_GE(took_ms[i], asked_ms[i] - 1);
    least_late = std::min(least_late, took_ms[i] - asked_ms[i]);
  }
  EXPECT_LE(least_late, 9);
  EXPECT_GE(asked_ms.back(), 200);
}

}  // namespace
}  // namespace weir::e2e
