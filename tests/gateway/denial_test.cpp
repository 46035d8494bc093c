#include "gateway/denial.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace weir::gateway {
namespace {

using Json = nlohmann::json;

const Denial denial{.status = 429,
                    .reason = "the limit \"counter\" (fixed-window limit=5 window=20s) is used up",
                    .limit = "counter",
                    .cost = "",
                    .wait = Duration::from_ms(12'300)};

TEST(Denial, IsAProblemOrWordsAsTheClientLikes) {
  for (const char* accept : {"", "*/*", "application/json", "text/html;q=0.5, application/*",
                             "application/problem+json, text/plain;q=0.9"}) {
    EXPECT_EQ(write_denial(denial, accept, HeaderStyle::x_ratelimit).content_type,
              "application/problem+json")
        << accept;
  }
  for (const char* accept :
       {"text/plain", "text/html, */*;q=0.8", "TEXT/*", "text/plain, application/json;q=0.2"}) {
    const DenialText text = write_denial(denial, accept, HeaderStyle::x_ratelimit);
    EXPECT_EQ(text.content_type, "text/plain; charset=utf-8") << accept;
    EXPECT_EQ(text.body,
              "The limit \"counter\" (fixed-window limit=5 window=20s) is used up. Try again in 13 "
              "seconds.\n");
  }
}

TEST(Denial, SaysWhichLimitAndWhenToTryAgain) {
  const Json problem = Json::parse(write_denial(denial, "", HeaderStyle::none).body);
  EXPECT_EQ(problem["status"], 429);
  EXPECT_EQ(problem["title"], "Too Many Requests");
  EXPECT_EQ(problem["type"], "https://iana.org/assignments/http-problem-types#quota-exceeded");
  EXPECT_EQ(problem["violated-policies"], Json::array({"counter"}));
  EXPECT_EQ(problem["retry_after"], 13);
}

TEST(Denial, HasTheFormOfTheApiWhoseHeadersAreSpoken) {
  Denial of_tokens = denial;
  of_tokens.cost = "tokens";
  const Json openai = Json::parse(write_denial(of_tokens, "", HeaderStyle::openai).body);
  EXPECT_EQ(openai["error"]["type"], "tokens");
  EXPECT_EQ(openai["error"]["code"], "rate_limit_exceeded");
  const Json anthropic = Json::parse(write_denial(denial, "", HeaderStyle::anthropic).body);
  EXPECT_EQ(anthropic["error"]["type"], "rate_limit_error");
}

TEST(Denial, TakesWhateverClientsSent) {
  Denial strange = denial;
  strange.reason = "limit \"x\" knows no tier \"\xff\x01\"";
  strange.limit.clear();
  strange.wait.reset();
  const Json problem = Json::parse(write_denial(strange, "", HeaderStyle::none).body);
  EXPECT_EQ(problem["type"], "about:blank");
  EXPECT_FALSE(problem.contains("retry_after"));
}

}  // namespace
}  // namespace weir::gateway
