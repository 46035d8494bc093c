#include "gateway/identify.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "gateway/places.hpp"
#include "gateway/policy_support.hpp"

namespace weir::gateway {
namespace {

using boost::asio::ip::make_address;
using testing::HasSubstr;

scenario::Identification place(const std::string& text) {
  const auto parsed = scenario::parse_identification(text);
  EXPECT_TRUE(parsed) << text;
  return parsed.value_or(scenario::Identification());
}

/// A request to be read.
struct Sent {
  boost::beast::http::fields headers;
  std::string target = "/";
  std::string body;
  std::optional<boost::asio::ip::address> peer = make_address("192.0.2.7");

  RequestView view() const { return {"POST", target, headers, body, peer}; }
};

/// What a policy by user finds there.
std::string user_at(const std::string& where, const Sent& sent, TrustedProxies proxies = {}) {
  const BoundPolicy policy = bound_policy(
      R"([{"algorithm": "fixed-window", "limit": 5, "window": "1s", "key": ["user"]}])");
  const Identifier identifier({{place(where)}, {}}, std::move(proxies));
  BoundPolicy::Values values;
  EXPECT_TRUE(identifier.read(sent.view(), policy, values));
  return values.attributes.at(0);
}

TEST(Identifier, ReadsHeadersAndCredentials) {
  Sent sent;
  sent.headers.set("X-User", "  ann ");
  sent.headers.set("Authorization", "bearer sk-1");
  EXPECT_EQ(user_at("header:x-user", sent), "ann");
  EXPECT_EQ(user_at("header:X-Nobody", sent), "");
  EXPECT_EQ(user_at("bearer", sent), "sk-1");
  EXPECT_EQ(user_at("api-key", sent), "sk-1");
  sent.headers.set("api-key", "k2");
  EXPECT_EQ(user_at("api-key", sent), "k2");
  EXPECT_EQ(user_at("header:X-Nobody or header:X-User", sent), "ann");
  EXPECT_EQ(user_at("header:X-Nobody or =anonymous", sent), "anonymous");
  sent.headers.set("Authorization", "Basic abc");
  EXPECT_EQ(user_at("bearer", sent), "");
}

TEST(Identifier, ReadsPathAndQuery) {
  Sent sent;
  sent.target = "/v1/llama%2D70b/chat?user=a+b%26c&empty=&user=second&flag";
  EXPECT_EQ(user_at("path:2", sent), "llama-70b");
  EXPECT_EQ(user_at("path:4", sent), "");
  EXPECT_EQ(user_at("query:user", sent), "a b&c");
  EXPECT_EQ(user_at("query:empty or =none", sent), "");
  EXPECT_EQ(user_at("query:flag or =none", sent), "");
  EXPECT_EQ(user_at("query:other or =none", sent), "none");
}

TEST(Identifier, ReadsBodies) {
  Sent sent;
  sent.body = R"({"model": "large", "n": 7, "stream": true, "deep": {"a": ["x"]}, "none": null})";
  EXPECT_EQ(user_at("body:/model", sent), "large");
  EXPECT_EQ(user_at("body:/n", sent), "7");
  EXPECT_EQ(user_at("body:/stream", sent), "true");
  EXPECT_EQ(user_at("body:/deep/a/0", sent), "x");
  EXPECT_EQ(user_at("body:/deep/a/1", sent), "");
  EXPECT_EQ(user_at("body:/deep or =other", sent), "other");
  EXPECT_EQ(user_at("body:/none or =other", sent), "other");
  sent.body = "{not json";
  EXPECT_EQ(user_at("body:/model or =other", sent), "other");
}

TEST(Identifier, BelievesForwardedAddressesOfProxiesOnly) {
  Sent sent;
  sent.headers.insert("X-Forwarded-For", "203.0.113.9, 198.51.100.4");
  EXPECT_EQ(user_at("client", sent), "192.0.2.7");
  TrustedProxies proxies;
  ASSERT_TRUE(proxies.add("192.0.2.0/24"));
  EXPECT_EQ(user_at("client", sent, proxies), "198.51.100.4");
  ASSERT_TRUE(proxies.add("198.51.100.4"));
  EXPECT_EQ(user_at("client", sent, proxies), "203.0.113.9");
  sent.headers.insert("X-Forwarded-For", "192.0.2.55:4711");
  EXPECT_EQ(user_at("client", sent, proxies), "203.0.113.9");
  sent.headers.set("X-Forwarded-For", "[2001:db8::1]:80, unknown");
  EXPECT_EQ(user_at("client", sent, proxies), "192.0.2.7");
  sent.headers.set("X-Forwarded-For", "[2001:db8::1]:80");
  EXPECT_EQ(user_at("client", sent, proxies), "2001:db8::1");
  sent.peer = make_address("::ffff:192.0.2.1");
  EXPECT_EQ(user_at("client", sent, proxies), "2001:db8::1");
}

TEST(Identifier, KnowsNobodyOnAUnixSocketButWhomItIsTold) {
  Sent sent;
  sent.peer.reset();
  sent.headers.set("X-Forwarded-For", "203.0.113.9");
  EXPECT_EQ(user_at("client", sent), "");
  TrustedProxies proxies;
  ASSERT_TRUE(proxies.add("unix"));
  EXPECT_EQ(user_at("client", sent, proxies), "203.0.113.9");
}

TEST(TrustedProxies, AreNetworks) {
  TrustedProxies proxies;
  for (const char* wrong : {"", "10.0.0.0/33", "10.0.0", "::1/129", "10.0.0.0/", "10.0.0.0/-1"}) {
    EXPECT_FALSE(proxies.add(wrong)) << wrong;
  }
  EXPECT_TRUE(proxies.add("::1"));
  EXPECT_TRUE(proxies.add("0.0.0.0/0"));
}

TEST(Identifier, NeedsTheCostsThatDecide) {
  const BoundPolicy policy = bound_policy(
      R"([{"algorithm": "token-bucket", "capacity": 9, "rate": "9/s", "key": ["user"], "cost": "tokens"}])");
  const Identifier identifier(
      {{place("header:X-User")}, {place("body:/max_tokens or header:X-Tokens")}}, {});
  EXPECT_TRUE(identifier.needs_body());
  Sent sent;
  BoundPolicy::Values values;
  const auto missing = identifier.read(sent.view(), policy, values);
  ASSERT_FALSE(missing);
  EXPECT_THAT(missing.error(), HasSubstr("tokens"));
  sent.headers.set("X-Tokens", "12");
  EXPECT_TRUE(identifier.read(sent.view(), policy, values));
  EXPECT_EQ(values.costs.at(0), 12);
  for (const char* wrong : {"-1", "1.5", "many", "99999999999999999999"}) {
    sent.headers.set("X-Tokens", wrong);
    EXPECT_FALSE(identifier.read(sent.view(), policy, values)) << wrong;
  }
}

TEST(Places, AreThoseOfTheTargetIfNobodySaysAnything) {
  const BoundPolicy policy = bound_policy(
      R"([{"algorithm": "fixed-window", "limit": 5, "window": "1s", "key": ["user", "model", "tier"]}])");
  scenario::TargetSpec target;
  target.url = "http://host/v1/{model}/chat?who={user}";
  target.headers["X-Who"] = {scenario::TextSource::Kind::text, "{user}"};
  const auto places = find_places(policy, &target, {});
  ASSERT_TRUE(places);
  EXPECT_EQ(places->attributes[0].text, "header:X-Who");
  EXPECT_EQ(places->attributes[1].text, "path:2");
  EXPECT_EQ(places->attributes[2].text, "header:X-Tier");
  target.identify["user"] = place("bearer");
  EXPECT_EQ(find_places(policy, &target, {})->attributes[0].text, "bearer");
  EXPECT_EQ(find_places(policy, &target, {{"user", place("client")}})->attributes[0].text,
            "client");
  const auto unknown = find_places(policy, &target, {{"usr", place("client")}});
  ASSERT_FALSE(unknown);
  EXPECT_EQ(unknown.error()[0].message, "no limit reads \"usr\"");
}

TEST(Places, OfCostsHaveToBeSaid) {
  const BoundPolicy policy = bound_policy(
      R"([{"algorithm": "token-bucket", "capacity": 9, "rate": "9/s", "key": ["user"], "cost": "tokens",
           "charge": {"reserve": "max_output"}}])");
  const auto none = find_places(policy, nullptr, {});
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().size(), 2U);
  EXPECT_FALSE(find_places(policy, nullptr,
                           {{"tokens", place("body:/t")}, {"max_output", place("body:/m")}}));
  EXPECT_TRUE(find_places(
      policy, nullptr,
      {{"tokens", place("answer:/usage/total_tokens")}, {"max_output", place("body:/m")}}));
}

}  // namespace
}  // namespace weir::gateway
