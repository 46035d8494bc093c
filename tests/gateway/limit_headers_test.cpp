#include "gateway/limit_headers.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "gateway/policy_support.hpp"
#include "load/rate_limit_headers.hpp"

// What the gateway writes of a policy, and what `weir load` reads of it.

namespace weir::gateway {
namespace {

const Instant told_at = Instant::from_unix_ns(1'767'225'600'250'000'000);

/// An answer of a policy with a limit on requests and one on tokens, the second of which denies.
class LimitHeadersOf : public testing::Test {
 protected:
  LimitHeadersOf()
      : policy_(bound_policy(R"([
          {"name": "requests", "algorithm": "fixed-window", "limit": 5, "window": "20s", "key": ["user"]},
          {"name": "tokens", "algorithm": "token-bucket", "capacity": 1000, "rate": "1000/1m",
           "key": ["user"], "cost": "tokens"}])")) {
    asked_ = {{0, 0, "u", 1}, {1, 0, "u", 600}};
    said_.limits = {
        {{}, {5, 3, Duration::from_ms(12'001)}, {5, 3, Duration::from_seconds(13)}, Duration(), {}},
        {{.allowed = false, .delay = {}},
         {1000, 350, Duration::from_ms(39'000)},
         {1000, 350, Duration::from_seconds(39)},
         Duration::from_ms(15'000),
         Duration::from_seconds(15)}};
    said_.allowed = false;
  }

  std::string written(HeaderStyle style,
                      RetryAfterStyle retry_after = RetryAfterStyle::delta_seconds) const {
    std::string out;
    LimitHeaders(policy_, style, retry_after).write(asked_, said_, told_at, true, out);
    return out;
  }
  void allow() {
    said_.allowed = true;
    said_.limits[1].verdict.allowed = true;
  }

  BoundPolicy policy_;
  std::vector<store::LimitAsk> asked_;
  store::Said said_;
};

TEST_F(LimitHeadersOf, TellOfTheLimitThatDenied) {
  EXPECT_EQ(written(HeaderStyle::x_ratelimit),
            "Retry-After: 15\r\nX-RateLimit-Limit: 1000\r\nX-RateLimit-Remaining: 350\r\n"
            "X-RateLimit-Reset: 39\r\n");
  EXPECT_EQ(written(HeaderStyle::x_ratelimit_epoch),
            "Retry-After: 15\r\nX-RateLimit-Limit: 1000\r\nX-RateLimit-Remaining: 350\r\n"
            "X-RateLimit-Reset: 1767225640\r\n");
  EXPECT_EQ(written(HeaderStyle::none), "Retry-After: 15\r\n");
  EXPECT_EQ(written(HeaderStyle::none, RetryAfterStyle::none), "");
}

TEST_F(LimitHeadersOf, TellOfTheOneWithTheLeastLeftWhereAllAllow) {
  allow();
  EXPECT_EQ(written(HeaderStyle::x_ratelimit),
            "X-RateLimit-Limit: 5\r\nX-RateLimit-Remaining: 3\r\nX-RateLimit-Reset: 13\r\n");
}

TEST_F(LimitHeadersOf, AreThoseOfEachDraft) {
  EXPECT_EQ(written(HeaderStyle::ietf_03, RetryAfterStyle::none),
            "RateLimit-Limit: 1000, 5;w=20, 1000;w=60\r\nRateLimit-Remaining: 350\r\n"
            "RateLimit-Reset: 39\r\n");
  EXPECT_EQ(written(HeaderStyle::ietf_06, RetryAfterStyle::none),
            "RateLimit-Limit: 1000\r\nRateLimit-Remaining: 350\r\nRateLimit-Reset: 39\r\n"
            "RateLimit-Policy: 5;w=20, 1000;w=60\r\n");
  EXPECT_EQ(written(HeaderStyle::ietf_07, RetryAfterStyle::none),
            "RateLimit: limit=1000, remaining=350, reset=39\r\n"
            "RateLimit-Policy: 5;w=20, 1000;w=60\r\n");
  EXPECT_EQ(written(HeaderStyle::ietf_10, RetryAfterStyle::none),
            "RateLimit: \"requests\";r=3;t=13, \"tokens\";r=350;t=39\r\n"
            "RateLimit-Policy: \"requests\";q=5;w=20, \"tokens\";q=1000;qu=\"tokens\";w=60\r\n");
}

TEST_F(LimitHeadersOf, AreThoseOfTheApisOfModels) {
  EXPECT_EQ(written(HeaderStyle::openai),
            "Retry-After: 15\r\nretry-after-ms: 15000\r\n"
            "x-ratelimit-limit-requests: 5\r\nx-ratelimit-remaining-requests: 3\r\n"
            "x-ratelimit-reset-requests: 12.001s\r\n"
            "x-ratelimit-limit-tokens: 1000\r\nx-ratelimit-remaining-tokens: 350\r\n"
            "x-ratelimit-reset-tokens: 39s\r\n");
  EXPECT_EQ(
      written(HeaderStyle::anthropic, RetryAfterStyle::none),
      "anthropic-ratelimit-requests-limit: 5\r\nanthropic-ratelimit-requests-remaining: 3\r\n"
      "anthropic-ratelimit-requests-reset: 2026-01-01T00:00:13Z\r\n"
      "anthropic-ratelimit-tokens-limit: 1000\r\nanthropic-ratelimit-tokens-remaining: 350\r\n"
      "anthropic-ratelimit-tokens-reset: 2026-01-01T00:00:40Z\r\n");
}

// The wait begins a quarter of a second after a whole one: a date is a second later than that.
TEST_F(LimitHeadersOf, AreNeverTooShortAsADate) {
  EXPECT_EQ(written(HeaderStyle::none, RetryAfterStyle::http_date),
            "Retry-After: Thu, 01 Jan 2026 00:00:16 GMT\r\n");
}

TEST_F(LimitHeadersOf, SayNothingWhereNoWaitHelps) {
  said_.limits[1].retry_after = std::nullopt;
  EXPECT_EQ(written(HeaderStyle::none), "");
}

TEST_F(LimitHeadersOf, AreReadAsTheyAreMeant) {
  using load::HeaderFamily;
  const std::vector<std::pair<HeaderStyle, HeaderFamily>> styles = {
      {HeaderStyle::x_ratelimit, HeaderFamily::x_ratelimit},
      {HeaderStyle::ietf_03, HeaderFamily::ietf_00_to_03},
      {HeaderStyle::ietf_06, HeaderFamily::ietf_04_to_06},
      {HeaderStyle::ietf_07, HeaderFamily::ietf_07},
      {HeaderStyle::ietf_10, HeaderFamily::ietf_08_to_11},
      {HeaderStyle::openai, HeaderFamily::openai},
      {HeaderStyle::anthropic, HeaderFamily::anthropic}};
  for (const auto& [style, family] : styles) {
    SCOPED_TRACE(static_cast<int>(style));
    load::RateLimitHeaders headers;
    headers.clear();
    const std::string text = written(style);
    for (std::size_t begin = 0; begin < text.size();) {
      const std::size_t end = text.find("\r\n", begin);
      const std::size_t colon = text.find(": ", begin);
      headers.add(text.substr(begin, colon - begin), text.substr(colon + 2, end - colon - 2));
      begin = end + 2;
    }
    const load::RateLimitReading reading = headers.read(told_at);
    EXPECT_TRUE(reading.families.has(family));
    EXPECT_TRUE(reading.malformed.empty());
    EXPECT_EQ(reading.retry_after.wait, Duration::from_seconds(15));
    EXPECT_TRUE(reading.remaining == 350 || reading.remaining == 3);
  }
}

}  // namespace
}  // namespace weir::gateway
