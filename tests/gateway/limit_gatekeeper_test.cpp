#include "gateway/limit_gatekeeper.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "gateway/places.hpp"
#include "gateway/policy_support.hpp"
#include "store/memory_store.hpp"

namespace weir::gateway {
namespace {

using testing::HasSubstr;
using testing::Not;

/// A gatekeeper over a memory store, asked as a server would.
class Gate : public testing::Test {
 protected:
  void open(std::string_view limits, const std::map<std::string, std::string>& identify = {}) {
    BoundPolicy policy = bound_policy(limits);
    std::map<std::string, scenario::Identification> given;
    for (const auto& [name, where] : identify) given[name] = *scenario::parse_identification(where);
    auto places = find_places(policy, nullptr, given);
    ASSERT_TRUE(places) << places.error()[0].message;
    auto store =
        store::make_memory_store(policy.definition(), {.environment = {.start = clock_.now()}});
    ASSERT_TRUE(store);
    LimitHeaders headers(policy, HeaderStyle::x_ratelimit, RetryAfterStyle::delta_seconds);
    rules_ = std::make_shared<Rules>(Rules{.policy = std::move(policy),
                                           .identifier = Identifier(std::move(*places), {}),
                                           .headers = std::move(headers),
                                           .store = std::move(*store),
                                           .metrics = metrics_,
                                           .clock = clock_});
  }

  Admission ask(const std::string& user, const std::string& target = "/",
                const std::string& body = "") {
    if (!gate_) gate_ = std::make_unique<LimitGatekeeper>(rules_, loop_);
    boost::beast::http::fields headers;
    headers.set("X-User", user);
    headers.set("Accept", "text/plain");
    if (!request_id_.empty()) headers.set("X-Request-Id", request_id_);
    Admission admission;
    EXPECT_TRUE(gate_->decide({"POST", target, headers, body, std::nullopt}, admission, nullptr));
    return admission;
  }

  /// An answer that tells its usage.
  void answer(Admission& admission, int status, const std::string& body) {
    boost::beast::http::fields headers;
    headers.set(boost::beast::http::field::content_type, "application/json");
    ASSERT_TRUE(admission.debt);
    admission.debt->answer_begins(status, headers);
    admission.debt->answer_goes_on(body);
    gate_->end(std::move(admission.debt), {status, false});
  }

  Clock clock_;
  boost::asio::io_context loop_;
  std::shared_ptr<Metrics> metrics_ = std::make_shared<Metrics>();
  std::shared_ptr<Rules> rules_;
  std::unique_ptr<LimitGatekeeper> gate_;
  std::string request_id_;
};

constexpr const char* two_an_hour =
    R"([{"name": "counter", "algorithm": "fixed-window", "limit": 2, "window": "1h",
         "anchor": "first-request", "key": ["user"]}])";

TEST_F(Gate, TellsWhatIsLeftAndWhyNot) {
  open(two_an_hour);
  EXPECT_THAT(ask("ann").headers,
              HasSubstr("X-RateLimit-Remaining: 1\r\nX-RateLimit-Reset: 3600\r\n"));
  EXPECT_TRUE(ask("ann").allowed);
  const Admission denied = ask("ann");
  EXPECT_FALSE(denied.allowed);
  EXPECT_EQ(denied.status, 429);
  EXPECT_EQ(denied.denied_by, "counter");
  EXPECT_THAT(denied.headers, HasSubstr("Retry-After: 3600\r\n"));
  EXPECT_THAT(denied.body, HasSubstr("The limit \"counter\" (fixed-window limit=2 window=1h "
                                     "anchor=first-request) is used up. Try again in 3,600"));
  EXPECT_TRUE(ask("bob").allowed);
  const Metrics::Totals totals = metrics_->totals();
  EXPECT_EQ(totals.allowed, 3U);
  EXPECT_EQ(totals.denied, 1U);
  EXPECT_EQ(totals.denied_by.at("counter"), 1U);
}

TEST_F(Gate, LetsExemptPathsPass) {
  open(two_an_hour);
  rules_->exempt = {"/health", "/static/*"};
  for (int i = 0; i < 5; ++i) {
    EXPECT_TRUE(ask("ann", "/health?x=1").allowed);
    EXPECT_TRUE(ask("ann", "/static/a.css").allowed);
  }
  // What an upstream may take for another path is none of them.
  for (const char* path :
       {"/static/../secret", "/static/%2E%2e/secret", "/static//x", "/static/.."}) {
    EXPECT_THAT(ask("bob", path).headers, HasSubstr("X-RateLimit-Limit")) << path;
  }
  ask("ann", "/healthy");
  ask("ann");
  EXPECT_FALSE(ask("ann").allowed);
  EXPECT_EQ(metrics_->totals().exempt, 10U);
}

TEST_F(Gate, DeniesNothingInADryRun) {
  open(two_an_hour);
  rules_->dry_run = true;
  for (int i = 0; i < 2; ++i) EXPECT_THAT(ask("ann").headers, Not(HasSubstr("Dry-Run")));
  const Admission passed = ask("ann");
  EXPECT_TRUE(passed.allowed);
  EXPECT_THAT(passed.headers, HasSubstr("X-RateLimit-Dry-Run: denied\r\n"));
  EXPECT_THAT(passed.headers, Not(HasSubstr("Retry-After")));
  EXPECT_EQ(metrics_->totals().denied_by.at("counter"), 1U);
  EXPECT_EQ(metrics_->totals().passed_anyway, 1U);
}

TEST_F(Gate, KnowsARequestThatIsRepeated) {
  open(two_an_hour);
  rules_->request_id_header = "X-Request-Id";
  request_id_ = "one";
  for (int i = 0; i < 5; ++i) EXPECT_TRUE(ask("ann").allowed);
  request_id_ = "two";
  EXPECT_TRUE(ask("ann").allowed);
  request_id_ = "three";
  EXPECT_FALSE(ask("ann").allowed);
  EXPECT_EQ(metrics_->totals().repeated, 4U);
}

TEST_F(Gate, RefusesWhatDoesNotSayItsCost) {
  open(
      R"([{"name": "budget", "algorithm": "token-bucket", "capacity": 100, "rate": "1/h", "key": ["user"],
            "cost": "tokens"}])",
      {{"tokens", "body:/max_tokens"}});
  const Admission refused = ask("ann", "/", R"({"model": "x"})");
  EXPECT_FALSE(refused.allowed);
  EXPECT_EQ(refused.status, 400);
  EXPECT_THAT(refused.body, HasSubstr("tokens"));
  EXPECT_THAT(ask("ann", "/", R"({"max_tokens": 30})").headers,
              HasSubstr("X-RateLimit-Remaining: 70"));
  EXPECT_EQ(metrics_->totals().unclear, 1U);
}

TEST_F(Gate, SaysWhenNoWaitHelps) {
  open(
      R"([{"name": "budget", "algorithm": "token-bucket", "capacity": 100, "rate": "1/h", "key": ["user"],
            "cost": "tokens"}])",
      {{"tokens", "body:/max_tokens"}});
  const Admission denied = ask("ann", "/", R"({"max_tokens": 101})");
  EXPECT_FALSE(denied.allowed);
  EXPECT_THAT(denied.body, HasSubstr("asks for 101 of the limit"));
  EXPECT_THAT(denied.headers, Not(HasSubstr("Retry-After")));
}

TEST_F(Gate, KnowsARepetitionByWhatIsAsked) {
  open(R"([{"name": "all", "algorithm": "fixed-window", "limit": 3, "window": "1h", "key": []},
           {"name": "budget", "algorithm": "token-bucket", "capacity": 100, "rate": "1/h", "key": [],
            "cost": "tokens", "when": {"tier": "free"}}])",
       {{"tokens", "body:/max_tokens"}, {"tier", "query:tier"}});
  rules_->request_id_header = "X-Request-Id";
  request_id_ = "same";
  EXPECT_TRUE(ask("ann", "/?tier=free", R"({"max_tokens": 3})").allowed);
  EXPECT_TRUE(ask("ann", "/?tier=free", R"({"max_tokens": 3})").allowed);
  EXPECT_EQ(metrics_->totals().repeated, 1U);
  EXPECT_TRUE(ask("ann", "/?tier=pro", R"({"max_tokens": 3})").allowed);
  EXPECT_TRUE(ask("ann", "/?tier=free", R"({"max_tokens": 4})").allowed);
  EXPECT_FALSE(ask("ann", "/?tier=free", R"({"max_tokens": 5})").allowed);
  EXPECT_EQ(metrics_->totals().repeated, 1U);
}

TEST_F(Gate, SettlesWhatTheAnswerTells) {
  open(
      R"([{"name": "budget", "algorithm": "token-bucket", "capacity": 100, "rate": "1/h", "key": ["user"],
            "cost": "tokens", "charge": {"reserve": "max_output", "settle": "refund"}}])",
      {{"tokens", "answer:/usage/total_tokens"}, {"max_output", "body:/max_tokens"}});
  Admission first = ask("ann", "/", R"({"max_tokens": 60})");
  EXPECT_THAT(first.headers, HasSubstr("X-RateLimit-Remaining: 40"));
  EXPECT_TRUE(first.debt->reads_answer());
  answer(first, 200, R"({"usage": {"total_tokens": 25}})");
  Admission second = ask("ann", "/", R"({"max_tokens": 5})");
  EXPECT_THAT(second.headers, HasSubstr("X-RateLimit-Remaining: 70"));
  // What failed costs nothing; what succeeded and did not tell keeps what was reserved.
  answer(second, 500, "{}");
  Admission third = ask("ann", "/", R"({"max_tokens": 10})");
  EXPECT_THAT(third.headers, HasSubstr("X-RateLimit-Remaining: 65"));
  answer(third, 200, "{}");
  EXPECT_THAT(ask("ann", "/", R"({"max_tokens": 0})").headers,
              HasSubstr("X-RateLimit-Remaining: 65"));
  EXPECT_EQ(metrics_->totals().cost_unknown, 1U);
}

TEST_F(Gate, HoldsASlotUntilTheAnswersEnd) {
  open(R"([{"name": "slots", "algorithm": "concurrency", "limit": 1, "key": ["user"]}])");
  Admission first = ask("ann");
  ASSERT_TRUE(first.allowed);
  EXPECT_FALSE(first.debt->reads_answer());
  EXPECT_FALSE(ask("ann").allowed);
  EXPECT_TRUE(ask("bob").allowed);
  gate_->end(std::move(first.debt), {200, false});
  EXPECT_TRUE(ask("ann").allowed);
}

TEST_F(Gate, SaysWhenThereIsNoRoomForMore) {
  open(two_an_hour);
  auto store = store::make_memory_store(rules_->policy.definition(),
                                        {.environment = {.start = clock_.now()}, .max_keys = 1});
  ASSERT_TRUE(store);
  rules_->store = std::move(*store);
  EXPECT_TRUE(ask("ann").allowed);
  const Admission refused = ask("bob");
  EXPECT_EQ(refused.status, 503);
  EXPECT_THAT(refused.headers, HasSubstr("Retry-After: 1\r\n"));
  EXPECT_EQ(metrics_->totals().unavailable, 1U);
}

}  // namespace
}  // namespace weir::gateway
