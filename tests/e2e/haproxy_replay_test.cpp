#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <map>
#include <string>
#include <thread>
#include <vector>

#include "core/random.hpp"
#include "e2e/http_client.hpp"
#include "e2e/program.hpp"
#include "limiter/entry_support.hpp"
#include "limiter/haproxy_http_req_rate.hpp"

// What a real HAProxy counts and decides is what the model does. Each answer carries the
// millisecond that HAProxy reckoned with and the rates that it read: of a table with an even
// period, which decides, and of one with an odd period.

namespace weir::e2e {
namespace {

using limiter::HaproxyHttpReqRate;

constexpr const char* haproxy_configuration = R"(
global
  nbthread 1
  lua-load {folder}/now.lua
defaults
  mode http
  timeout connect 5s
  timeout client 60s
  timeout server 60s
frontend limited
  bind 127.0.0.1:{port}
  http-request track-sc0 req.hdr(x-key) table even
  http-request track-sc1 req.hdr(x-key) table odd
  http-request set-var(txn.ms) lua.now_ms
  http-request set-var(txn.even) sc_http_req_rate(0)
  http-request set-var(txn.odd) sc_http_req_rate(1)
  http-request deny deny_status 429 hdr x-ms "%[var(txn.ms)]" hdr x-even "%[var(txn.even)]" hdr x-odd "%[var(txn.odd)]" if {{ sc_http_req_rate(0) gt 6 }}
  http-request return status 200 hdr x-ms "%[var(txn.ms)]" hdr x-even "%[var(txn.even)]" hdr x-odd "%[var(txn.odd)]"
backend even
  stick-table type string len 32 size 10k expire 1h store http_req_rate(200ms)
backend odd
  stick-table type string len 32 size 10k expire 1h store http_req_rate(77ms)
)";

constexpr const char* clock_in_lua = R"(
core.register_fetches("now_ms", function(txn)
  local now = core.now()
  return now.sec * 1000 + now.usec // 1000
end)
)";

struct HaproxyDecision {
  std::string key;
  bool allowed = false;
  Instant at;
  std::int64_t even_rate = 0;
  std::int64_t odd_rate = 0;
};

/// 0 where the text is not a number, which no clock and no counted rate shows.
std::int64_t number(std::string_view text) { return parse_integer(text).value_or(0); }

/// Bursts, short pauses, and now and then one of up to two periods.
std::vector<HaproxyDecision> send_haproxy_bursts(HttpConnection& connection, RandomSequence draws) {
  std::vector<HaproxyDecision> decisions;
  for (int i = 0; i < 600; ++i) {
    const std::uint64_t kind = draws.below(100);
    if (kind >= 70) {
      const std::uint64_t most_ms = kind < 98 ? 12 : 300;
      std::this_thread::sleep_for(std::chrono::microseconds(draws.below(1000 * most_ms)));
    }
    const std::string key = fmt::format("key-{}", draws.below(6));
    const HttpResponse response = connection.get("/", {{"X-Key", key}});
    if (response.status != 200 && response.status != 429) return {};
    decisions.push_back({.key = key,
                         .allowed = response.status == 200,
                         .at = Instant() + Duration::from_ms(number(response.header("x-ms"))),
                         .even_rate = number(response.header("x-even")),
                         .odd_rate = number(response.header("x-odd"))});
  }
  return decisions;
}

/// How many requests, from the first on, have the rates (and the answers) of that limiter.
std::size_t explained(const std::vector<HaproxyDecision>& decisions,
                      const HaproxyHttpReqRate& model, std::int64_t HaproxyDecision::*rate,
                      Duration clock_off = {}) {
  std::map<std::string, HaproxyHttpReqRate::State> states;
  std::size_t n = 0;
  for (const HaproxyDecision& d : decisions) {
    HaproxyHttpReqRate::State& state = states[d.key];
    const Instant at = d.at + clock_off;
    if (model.rate_counting(state, at, 1) != d.*rate) break;
    const bool allowed = limiter::decide(model, state, at).allowed;
    if (rate == &HaproxyDecision::even_rate && allowed != d.allowed) break;
    ++n;
  }
  return n;
}

HaproxyHttpReqRate haproxy_model(std::string_view settings) {
  return limiter::make<limiter::HaproxyHttpReqRateEntry>(settings);
}

class HaproxyReplay : public testing::Test {
 protected:
  void SetUp() override {
    const auto program = find_program("haproxy");
    if (!program) GTEST_SKIP() << "haproxy is not installed";
    if (std::system((*program + " -vv | grep -q +LUA").c_str()) != 0) {
      GTEST_SKIP() << "this haproxy is built without Lua";
    }
    server_ = start_server(
        [&](std::uint16_t port) -> std::vector<std::string> {
          folder_.write("now.lua", clock_in_lua);
          folder_.write("haproxy.cfg",
                        fmt::format(haproxy_configuration, fmt::arg("folder", folder_.path()),
                                    fmt::arg("port", port)));
          return {*program, "-db", "-f", folder_.path("haproxy.cfg")};
        },
        folder_.path("output"));
    ASSERT_NE(server_.process, nullptr) << folder_.read("output");
  }

  std::uint16_t port() const { return server_.port; }

 private:
  TemporaryFolder folder_;
  Server server_;
};

TEST_F(HaproxyReplay, CountsAndDecidesLikeHaproxyToTheMillisecond) {
  auto connection = HttpConnection::connect(port());
  ASSERT_TRUE(connection.has_value());
  const auto decisions = send_haproxy_bursts(*connection, RandomSequence(RandomStream(8)));
  ASSERT_FALSE(decisions.empty()) << "HAProxy did not answer";
  std::size_t denied = 0;
  for (const HaproxyDecision& d : decisions) denied += d.allowed ? 0 : 1;
  EXPECT_GT(denied, 50U);
  EXPECT_LT(denied, decisions.size() - 50);

  const std::size_t all = decisions.size();
  EXPECT_EQ(
      explained(decisions, haproxy_model("limit=6 period=200ms"), &HaproxyDecision::even_rate),
      all);
  EXPECT_EQ(explained(decisions, haproxy_model("limit=6 period=77ms"), &HaproxyDecision::odd_rate),
            all);

  // Nothing else explains it: another limit or period, or periods that begin at odd milliseconds.
  const auto even = [&](std::string_view settings, Duration clock_off = {}) {
    return explained(decisions, haproxy_model(settings), &HaproxyDecision::even_rate, clock_off);
  };
  EXPECT_LT(even("limit=7 period=200ms"), all);
  EXPECT_LT(even("limit=5 period=200ms"), all);
  EXPECT_LT(even("limit=6 period=210ms"), all);
  EXPECT_LT(even("limit=6 period=190ms"), all);
  EXPECT_LT(even("limit=6 period=200ms", Duration::from_ms(1)), all);
  EXPECT_LT(explained(decisions, haproxy_model("limit=6 period=76ms"), &HaproxyDecision::odd_rate),
            all);
  EXPECT_LT(explained(decisions, haproxy_model("limit=6 period=78ms"), &HaproxyDecision::odd_rate),
            all);
}

}  // namespace
}  // namespace weir::e2e
