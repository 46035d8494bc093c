#include "load/request_template.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>

#include "support/run_weir.hpp"
#include "traffic/stream.hpp"

namespace weir::load {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

/// Requests with a user (three generated, and "a/ b" and "{\"x\"\n}" by name), a tier and tokens.
class Requests : public testing::Test {
 protected:
  Requests() {
    Dictionary user("user");
    user.reserve_generated(3);
    strange_ = user.intern("a/ b\"\n");
    Dictionary tier("tier");
    tier.intern("free");
    columns_.dictionaries.push_back(std::move(user));
    columns_.dictionaries.push_back(std::move(tier));
    columns_.costs = {"tokens"};
    block_ = traffic::empty_block(columns_);
    block_.at.push_back(Instant());
    block_.operation.push_back(41);
    block_.traffic_class.push_back(0);
    block_.attributes[0].push_back(2);
    block_.attributes[1].push_back(0);
    block_.costs[0].push_back(800);
  }

  Result<RequestTemplate> make(const std::string& nonce = "") {
    return RequestTemplate::make(target_, url_, {.columns = &columns_, .nonce = nonce});
  }
  std::string http(const std::string& nonce = "") {
    const auto requests = make(nonce);
    EXPECT_TRUE(requests) << requests.error().message;
    std::string out;
    if (requests) requests->append_http1({.block = &block_}, out);
    return out;
  }
  void header(const std::string& name, const std::string& value) {
    target_.headers[name] = {scenario::TextSource::Kind::text, value};
  }

  Columns columns_;
  RequestBlock block_;
  ValueId strange_ = 0;
  scenario::TargetSpec target_;
  std::string url_ = "http://host:81/v1/{user}?tier={tier}";
};

TEST_F(Requests, AreWrittenWithWhatIsImplied) {
  EXPECT_EQ(http(),
            "GET /v1/user-2?tier=free HTTP/1.1\r\nHost: host:81\r\nUser-Agent: weir/" WEIR_VERSION
            "\r\nAccept: */*\r\n\r\n");
}

TEST_F(Requests, HaveABodyOfItsLength) {
  target_.body.text = R"({"max_tokens": {tokens}, "n": {operation}})";
  header("X-User", "{user}");
  const std::string text = http();
  EXPECT_THAT(text, StartsWith("POST /v1/user-2?tier=free HTTP/1.1\r\n"));
  EXPECT_THAT(text, HasSubstr("\r\nX-User: user-2\r\n"));
  EXPECT_THAT(text, HasSubstr("\r\nContent-Type: application/json\r\n"));
  EXPECT_THAT(text, HasSubstr("\r\nContent-Length:         28\r\n"));
  EXPECT_THAT(text, EndsWith("\r\n\r\n{\"max_tokens\": 800, \"n\": 41}"));
}

TEST_F(Requests, WithoutABodySayItIsEmptyWhereOneIsExpected) {
  target_.method = "PUT";
  EXPECT_THAT(http(), HasSubstr("\r\nContent-Length:          0\r\n\r\n"));
}

TEST_F(Requests, MakeValuesSafeWhereTheyStand) {
  block_.attributes[0][0] = strange_;
  target_.body.text = R"({"user": "{user}"})";
  header("X-User", "{user}");
  const std::string text = http();
  EXPECT_THAT(text, HasSubstr(" /v1/a%2F%20b%22%0A?tier"));
  EXPECT_THAT(text, HasSubstr("\r\nX-User: a/ b\" \r\n"));
  EXPECT_THAT(text, EndsWith(R"({"user": "a/ b\"\u000a"})"));
}

TEST_F(Requests, CarryTheNonceOnlyInGeneratedValues) {
  EXPECT_THAT(http("k3x9q1"), StartsWith("GET /v1/user-2-k3x9q1?tier=free HTTP"));
  block_.attributes[0][0] = strange_;
  EXPECT_THAT(http("k3x9q1"), Not(HasSubstr("k3x9q1")));
}

TEST_F(Requests, CanStandForAnotherKey) {
  const auto requests = make();
  ASSERT_TRUE(requests);
  const std::vector<std::size_t> replaced = {0};
  std::string out;
  requests->append_http1(
      {.block = &block_, .row = 0, .replaced = &replaced, .replacement = "audit-0"}, out);
  EXPECT_THAT(out, StartsWith("GET /v1/audit-0?tier=free HTTP"));
  EXPECT_TRUE(requests->names_any({0}));
  EXPECT_TRUE(requests->names_any({1}));
  EXPECT_FALSE(requests->names_any({2}));
}

TEST_F(Requests, IdentifyThemselves) {
  url_ = "http://host/";
  target_.identify = {{"user", *scenario::parse_identification("header:X-User or query:u")},
                      {"tier", *scenario::parse_identification("query:tier")}};
  const std::string text = http();
  EXPECT_THAT(text, StartsWith("GET /?tier=free HTTP"));
  EXPECT_THAT(text, HasSubstr("\r\nX-User: user-2\r\n"));
  target_.identify = {{"user", *scenario::parse_identification("bearer")}};
  EXPECT_THAT(http(), HasSubstr("\r\nAuthorization: Bearer user-2\r\n"));
  target_.identify = {{"user", *scenario::parse_identification("api-key or bearer")}};
  EXPECT_THAT(http(), HasSubstr("\r\nX-API-Key: user-2\r\n"));
}

TEST_F(Requests, TakeUserAndPasswordFromTheUrl) {
  url_ = "http://me:secret@host/";
  EXPECT_THAT(http(), HasSubstr("\r\nAuthorization: Basic bWU6c2VjcmV0\r\n"));
  EXPECT_THAT(http(), HasSubstr("\r\nHost: host\r\n"));
}

TEST_F(Requests, MayHaveAnotherHost) {
  header("host", "gateway.example");
  EXPECT_THAT(http(), HasSubstr("\r\nHost: gateway.example\r\n"));
  EXPECT_THAT(http(), Not(HasSubstr("host:81")));
}

TEST_F(Requests, TakeSecretsFromFilesAndTheEnvironment) {
  const std::string path = test::temporary_path("key.txt");
  std::ofstream(path) << "s3cret\r\n";
  target_.headers["X-File"] = {scenario::TextSource::Kind::file, path};
  ASSERT_EQ(setenv("WEIR_TEST_SECRET", "hidden", 1), 0);
  target_.headers["X-Env"] = {scenario::TextSource::Kind::environment, "WEIR_TEST_SECRET"};
  const std::string text = http();
  EXPECT_THAT(text, HasSubstr("\r\nX-Env: hidden\r\n"));
  EXPECT_THAT(text, HasSubstr("\r\nX-File: s3cret\r\n"));
}

TEST_F(Requests, SayWhichSecretIsMissing) {
  target_.headers["X-Env"] = {scenario::TextSource::Kind::environment, "WEIR_TEST_NOT_SET"};
  const auto missing = make();
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().kind, ErrorKind::cannot_run);
  EXPECT_THAT(missing.error().message, HasSubstr("WEIR_TEST_NOT_SET"));
  target_.headers = {{"X-File", {scenario::TextSource::Kind::file, "/nowhere/key"}}};
  EXPECT_THAT(make().error().message, HasSubstr("/nowhere/key"));
}

TEST_F(Requests, RefuseASecretThatWouldEndItsHeader) {
  ASSERT_EQ(setenv("WEIR_TEST_SECRET", "a\r\nX-Other: b", 1), 0);
  target_.headers["X-Env"] = {scenario::TextSource::Kind::environment, "WEIR_TEST_SECRET"};
  EXPECT_THAT(make().error().message, HasSubstr("X-Env must be one line"));
}

TEST_F(Requests, RefuseNamesThatNoRequestHas) {
  header("X-User", "{usr}");
  const auto requests = make();
  ASSERT_FALSE(requests);
  EXPECT_EQ(requests.error().kind, ErrorKind::invalid_scenario);
  EXPECT_THAT(requests.error().message, HasSubstr("{usr}"));
}

TEST_F(Requests, KnowWhetherTheyMayBeSentTwice) {
  EXPECT_TRUE(make()->is_idempotent());
  target_.method = "POST";
  EXPECT_FALSE(make()->is_idempotent());
}

TEST_F(Requests, AreAvailablePartByPart) {
  target_.body.text = "plain {user}";
  const auto requests = make();
  ASSERT_TRUE(requests);
  const RenderedRow row{.block = &block_};
  std::string url, body, header;
  requests->append_url(row, url);
  requests->append_body(row, body);
  requests->append_header(0, row, header);
  EXPECT_EQ(url, "http://host:81/v1/user-2?tier=free");
  EXPECT_EQ(body, "plain user-2");
  EXPECT_EQ(header, "Host: host:81");
}

}  // namespace
}  // namespace weir::load
