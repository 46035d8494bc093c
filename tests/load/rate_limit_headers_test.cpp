#include "load/rate_limit_headers.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>
#include <set>
#include <string>
#include <vector>

#include "core/text.hpp"

namespace weir::load {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

/// 2026-01-01T00:00:00Z, a Thursday.
constexpr std::int64_t received_s = 1'767'225'600;
constexpr Instant received = Instant::from_unix_seconds(received_s);
constexpr std::string_view date_line = "Date: Thu, 01 Jan 2026 00:00:00 GMT";

using Lines = std::vector<std::string>;

void add_lines(RateLimitHeaders& headers, const Lines& lines) {
  for (const std::string& line : lines) {
    const std::size_t colon = line.find(':');
    headers.add(line.substr(0, colon), line.substr(colon + 1));
  }
}

RateLimitReading reading_of(const Lines& lines, Instant at = received) {
  RateLimitHeaders headers;
  add_lines(headers, lines);
  return headers.read(at);
}

std::vector<std::string> names_of(HeaderFamilies families) {
  std::vector<std::string> names;
  for (std::size_t i = 0; i < header_family_count; ++i) {
    const auto family = static_cast<HeaderFamily>(i);
    if (families.has(family)) names.emplace_back(name_of(family));
  }
  return names;
}

/// "30s", "absent" or "malformed".
std::string shown(const AdvertisedWait& wait) {
  switch (wait.kind) {
    case AdvertisedWait::Kind::absent:
      return "absent";
    case AdvertisedWait::Kind::malformed:
      return "malformed";
    default:
      return format_duration(wait.wait);
  }
}

/// "limit remaining reset", each of them "-" where there is none.
std::string quota_of(const RateLimitReading& reading) {
  const auto number = [](std::optional<std::int64_t> n) { return n ? std::to_string(*n) : "-"; };
  return number(reading.limit) + " " + number(reading.remaining) + " " +
         (reading.reset ? format_duration(*reading.reset) : "-");
}

struct WaitCase {
  std::string value;
  std::string wait;
};

/// Each value as the only one of its header; the family is seen, and malformed where it says so.
void expect_waits(std::string_view header, const std::vector<WaitCase>& cases,
                  const Lines& others = {}) {
  for (const auto& [value, wait] : cases) {
    Lines lines = others;
    lines.push_back(std::string(header) + ":" + value);
    const RateLimitReading reading = reading_of(lines);
    EXPECT_EQ(shown(reading.retry_after), wait) << lines.back();
    EXPECT_FALSE(reading.families.empty()) << lines.back();
    EXPECT_EQ(reading.malformed.empty(), wait != "malformed") << lines.back();
  }
}

/// The reset that each value of the header is read as, "-" where it is malformed.
void expect_resets(std::string_view header, const std::vector<WaitCase>& cases,
                   const Lines& others = {}) {
  for (const auto& [value, reset] : cases) {
    Lines lines = others;
    lines.push_back(std::string(header) + ": " + value);
    const RateLimitReading reading = reading_of(lines);
    EXPECT_EQ(quota_of(reading), "- - " + reset) << lines.back();
    EXPECT_EQ(reading.malformed.empty(), reset != "-") << lines.back();
  }
}

TEST(RateLimitHeaders, SayNothingOfAResponseWithout) {
  const RateLimitReading none = reading_of(
      {"Server: nginx", std::string(date_line), "X-Request-Id: 5", "Content-Length: 12"});
  EXPECT_EQ(none, RateLimitReading());
  EXPECT_EQ(shown(none.retry_after), "absent");
  EXPECT_EQ(quota_of(none), "- - -");
  EXPECT_TRUE(none.families.empty());
}

TEST(RateLimitHeaders, WantWhatTheyReadInAnyLetterCase) {
  std::vector<std::string> names = {"Date",
                                    "Retry-After",
                                    "Retry-After-Ms",
                                    "RateLimit",
                                    "RateLimit-Policy",
                                    "RateLimit-Limit",
                                    "RateLimit-Remaining",
                                    "RateLimit-Reset",
                                    "X-Rate-Limit-Limit",
                                    "X-Rate-Limit-Remaining-Minute"};
  for (const std::string kind : {"Limit", "Remaining", "Reset"}) {
    for (const char* unit : {"", "-Second", "-Minute", "-Hour", "-Day", "-Week", "-Month", "-Year",
                             "-Requests", "-Tokens"}) {
      names.push_back("X-RateLimit-" + kind + unit);
    }
    for (const std::string unit : {"Requests", "Tokens", "Input-Tokens", "Output-Tokens"}) {
      names.push_back("Anthropic-RateLimit-" + unit + "-" + kind);
    }
  }
  for (const std::string& name : names) {
    std::string lower = name;
    std::string upper = name;
    for (char& c : lower) c = static_cast<char>(std::tolower(c));
    for (char& c : upper) c = static_cast<char>(std::toupper(c));
    EXPECT_TRUE(RateLimitHeaders::wants(name)) << name;
    EXPECT_TRUE(RateLimitHeaders::wants(lower)) << lower;
    EXPECT_TRUE(RateLimitHeaders::wants(upper)) << upper;
    EXPECT_FALSE(RateLimitHeaders::wants(name + "x")) << name;
    EXPECT_FALSE(RateLimitHeaders::wants("x" + name)) << name;
    EXPECT_FALSE(RateLimitHeaders::wants(name.substr(1))) << name;
  }
}

TEST(RateLimitHeaders, WantNothingElse) {
  for (const char* name : {"",
                           "D",
                           "Dat",
                           "Data",
                           "Data-Version",
                           "R",
                           "Referrer-Policy",
                           "Retry",
                           "Retry-Afters",
                           "RateLimit-",
                           "RateLimit-Limits",
                           "RateLimit-Resource",
                           "X",
                           "X-RateLimit",
                           "X-RateLimit-",
                           "X-RateLimit-Used",
                           "X-RateLimit-Bucket",
                           "X-RateLimit-Resource",
                           "X-RateLimit--Minute",
                           "X-RateLimit-Limit-",
                           "X-RateLimit-Limit-Fortnight",
                           "X-RateLimit-Reset-After",
                           "X-Content-Type-Options",
                           "X-RateLimit_Remaining",
                           "Anthropic-RateLimit-Requests",
                           "Anthropic-RateLimit-Requests-",
                           "Anthropic-RateLimit-Limit",
                           "Anthropic-RateLimit-Unified-Reset",
                           "Anthropic-Organization-Id-And-What-Else",
                           "Access-Control-Allow-Credentials",
                           "Anthropic-RateLimit-Output-Tokens-Remaining-And-More",
                           "\304ate"}) {
    EXPECT_FALSE(RateLimitHeaders::wants(name)) << name;
    EXPECT_EQ(reading_of({std::string(name) + ": 5"}), RateLimitReading()) << name;
  }
}

TEST(RateLimitHeaders, CountTheFamiliesThatHaveNames) {
  std::set<std::string_view> names;
  for (std::size_t i = 0; i < header_family_count; ++i) {
    names.insert(name_of(static_cast<HeaderFamily>(i)));
  }
  EXPECT_EQ(names.size(), header_family_count);
  EXPECT_FALSE(names.contains(""));
  EXPECT_EQ(name_of(HeaderFamily::retry_after), "retry_after");
  EXPECT_EQ(name_of(HeaderFamily::ietf_08_to_11), "ietf_08_to_11");
  EXPECT_EQ(name_of(HeaderFamily::anthropic), "anthropic");
}

// ---- Retry-After.

TEST(RetryAfter, ReadsSeconds) {
  expect_waits("Retry-After", {{"0", "0s"},
                               {"5", "5s"},
                               {" 5", "5s"},
                               {"\t 120 \t", "2m"},
                               {"007", "7s"},
                               {"316224000", "3660d"},
                               {"316224001", "malformed"},
                               {"9223372036854775807", "malformed"},
                               {"9223372036854775808", "malformed"},
                               {"99999999999999999999999", "malformed"}});
}

TEST(RetryAfter, RejectsWhatIsNoNumberOfSeconds) {
  for (const char* value : {"",
                            " ",
                            "-1",
                            "-0",
                            "+5",
                            "5.0",
                            "0.5",
                            "5s",
                            "5 s",
                            "5, 10",
                            "5,10",
                            "5;",
                            "1e3",
                            "0x10",
                            "soon",
                            R"("5")",
                            "5\r",
                            "NaN",
                            "five",
                            "5 5",
                            "2026-01-01T00:00:30Z",
                            "Thu, 01 Jan 2026 00:00:30 UTC"}) {
    expect_waits("Retry-After", {{value, "malformed"}});
  }
}

TEST(RetryAfter, ReadsDatesAgainstTheResponsesOwn) {
  const std::vector<WaitCase> cases = {{"Thu, 01 Jan 2026 00:00:00 GMT", "0s"},
                                       {"Thu, 01 Jan 2026 00:00:30 GMT", "30s"},
                                       {"Thursday, 01-Jan-26 00:00:30 GMT", "30s"},
                                       {"Thu Jan  1 00:00:30 2026", "30s"},
                                       {"Wed, 09 Jan 2036 00:00:00 GMT", "3660d"},
                                       {"Wed, 09 Jan 2036 00:00:01 GMT", "malformed"},
                                       {"Wed, 31 Dec 2025 23:59:59 GMT", "malformed"},
                                       {"Fri, 31 Dec 9999 23:59:59 GMT", "malformed"}};
  expect_waits("Retry-After", cases, {std::string(date_line)});
  // The server's clock is an hour behind ours, and it does not matter.
  for (const auto& [value, wait] : cases) {
    const Instant later = received + Duration::from_seconds(3600);
    const RateLimitReading reading =
        reading_of({"Retry-After: " + value, std::string(date_line)}, later);
    EXPECT_EQ(shown(reading.retry_after), wait) << value;
  }
}

TEST(RetryAfter, ReadsDatesAgainstOurClockWhereThereIsNoOther) {
  const std::vector<WaitCase> cases = {{"Thu, 01 Jan 2026 00:00:30 GMT", "30s"},
                                       {"Wed, 31 Dec 2025 23:59:58 GMT", "0s"},
                                       {"Wed, 31 Dec 2025 23:59:57 GMT", "malformed"}};
  expect_waits("Retry-After", cases);
  expect_waits("Retry-After", cases, {"Date: today"});
  expect_waits("Retry-After", cases, {"Date:"});
  expect_waits("Retry-After", cases, {"Date: " + std::string(100, '5')});
  // Two that contradict each other.
  expect_waits("Retry-After", cases,
               {"Date: Thu, 01 Jan 2026 00:00:01 GMT", "Date: Thu, 01 Jan 2026 00:00:02 GMT",
                "Date: Thu, 01 Jan 2026 00:00:02 GMT"});
  const RateLimitReading reading =
      reading_of({"Retry-After: Thu, 01 Jan 2026 00:00:30 GMT"}, received + Duration::from_ms(250));
  EXPECT_EQ(shown(reading.retry_after), "29.75s");
}

TEST(RetryAfter, TwoContradictEachOtherEvenWhereTheyAgree) {
  EXPECT_EQ(shown(reading_of({"Retry-After: 5", "retry-after: 10"}).retry_after), "malformed");
  EXPECT_EQ(shown(reading_of({"Retry-After: 5", "Retry-After: 5"}).retry_after), "malformed");
  EXPECT_EQ(shown(reading_of({"Retry-After: 5", "Retry-After: 5", "Retry-After: 5"}).retry_after),
            "malformed");
  EXPECT_EQ(shown(reading_of({"Retry-After: soon", "Retry-After: 5"}).retry_after), "malformed");
}

TEST(RetryAfterMs, ReadsMilliseconds) {
  expect_waits("retry-after-ms", {{"0", "0s"},
                                  {"1500", "1.5s"},
                                  {"20.25", "20.25ms"},
                                  {"0.0000019", "1ns"},
                                  {"1.000000999999", "1ms"},
                                  {"316224000000", "3660d"},
                                  {"316224000000.001", "malformed"},
                                  {"316224000001", "malformed"},
                                  {"9223372036854775808", "malformed"},
                                  {"-1", "malformed"},
                                  {"", "malformed"},
                                  {"1.", "malformed"},
                                  {".5", "malformed"},
                                  {"1.5.2", "malformed"},
                                  {"1e3", "malformed"},
                                  {"20ms", "malformed"},
                                  {"Thu, 01 Jan 2026 00:00:30 GMT", "malformed"}});
}

TEST(RetryAfterMs, WinsWhereItIsGood) {
  const RateLimitReading both = reading_of({"Retry-After: 2", "retry-after-ms: 1200"});
  EXPECT_EQ(shown(both.retry_after), "1.2s");
  EXPECT_THAT(names_of(both.families), ElementsAre("retry_after", "retry_after_ms"));
  EXPECT_THAT(names_of(both.malformed), IsEmpty());

  const RateLimitReading seconds = reading_of({"retry-after-ms: -1", "Retry-After: 2"});
  EXPECT_EQ(shown(seconds.retry_after), "2s");
  EXPECT_THAT(names_of(seconds.malformed), ElementsAre("retry_after_ms"));

  const RateLimitReading ms = reading_of({"retry-after-ms: 1200", "Retry-After: 1.2"});
  EXPECT_EQ(shown(ms.retry_after), "1.2s");
  EXPECT_THAT(names_of(ms.malformed), ElementsAre("retry_after"));

  const RateLimitReading neither = reading_of({"retry-after-ms: 1", "retry-after-ms: 1"});
  EXPECT_EQ(shown(neither.retry_after), "malformed");
}

// ---- X-RateLimit.

TEST(XRateLimit, ReadsLimitRemainingAndReset) {
  for (const std::string prefix :
       {"X-RateLimit-", "x-ratelimit-", "X-Rate-Limit-", "X-RATELIMIT-"}) {
    const RateLimitReading reading = reading_of(
        {prefix + "Limit: 5000", prefix + "Remaining: 4999", prefix + "Reset: 1767225660"});
    EXPECT_EQ(quota_of(reading), "5000 4999 1m") << prefix;
    EXPECT_THAT(names_of(reading.families), ElementsAre("x_ratelimit"));
    EXPECT_THAT(names_of(reading.malformed), IsEmpty());
    EXPECT_EQ(shown(reading.retry_after), "absent");
  }
}

TEST(XRateLimit, TellsSecondsFromEpochsBySize) {
  expect_resets("X-RateLimit-Reset", {{"0", "0s"},
                                      {"60", "1m"},
                                      {"1.25", "1.25s"},
                                      {"316224000", "3660d"},
                                      {"316224000.5", "-"},
                                      // As an epoch of 1980.
                                      {"316224001", "-"},
                                      {"1767225660", "1m"},
                                      {"1767225660.5", "1m0.5s"},
                                      {"999999999999", "-"},
                                      // As an epoch in milliseconds of 2001.
                                      {"1000000000000", "-"},
                                      {"1767225660250", "1m0.25s"},
                                      {"1767225660250.125", "1m0.250125s"},
                                      {"9223372036854775807", "-"},
                                      {"9223372036854775808", "-"}});
}

TEST(XRateLimit, TellsEpochsInMillisecondsFromSecondsBySize) {
  // 10^12 milliseconds are 2001-09-09T01:46:40Z.
  const Instant in_2001 = Instant::from_unix_seconds(999'999'960);
  EXPECT_EQ(quota_of(reading_of({"X-RateLimit-Reset: 1000000000000"}, in_2001)), "- - 40s");
  EXPECT_EQ(quota_of(reading_of({"X-RateLimit-Reset: 999999999999"}, in_2001)), "- - -");
}

TEST(XRateLimit, AResetMayBeJustPast) {
  const std::vector<WaitCase> cases = {{"1767225600", "0s"},
                                       {"1767225598", "0s"},
                                       {"1767225597", "-"},
                                       {"1767225598000", "0s"},
                                       {"1767225597999", "-"},
                                       {"2025-12-31T23:59:58Z", "0s"},
                                       {"2025-12-31T23:59:57.9Z", "-"},
                                       {"Wed, 31 Dec 2025 23:59:58 GMT", "0s"},
                                       {"Wed, 31 Dec 2025 23:59:57 GMT", "-"}};
  expect_resets("X-RateLimit-Reset", cases);
  expect_resets("X-RateLimit-Reset", cases, {std::string(date_line)});
}

TEST(XRateLimit, AResetLiesAtMostTenYearsAhead) {
  expect_resets("X-RateLimit-Reset", {{"2083449600", "3660d"},
                                      {"2083449601", "-"},
                                      {"2083449600000", "3660d"},
                                      {"2083449600001", "-"},
                                      {"2036-01-09T00:00:00Z", "3660d"},
                                      {"2036-01-09T00:00:00.000000001Z", "-"},
                                      {"9223372036855", "-"}});
}

TEST(XRateLimit, ReadsDates) {
  expect_resets("X-RateLimit-Reset", {{"2026-01-01T00:01:00Z", "1m"},
                                      {"2026-01-01T01:01:00.5+01:00", "1m0.5s"},
                                      {"2026-01-01 00:01:00", "1m"},
                                      {"Thu, 01 Jan 2026 00:01:00 GMT", "1m"},
                                      {"Thursday, 01-Jan-26 00:01:00 GMT", "1m"},
                                      {"Thu Jan  1 00:01:00 2026", "1m"},
                                      {"Thu Jan 01 2026 00:01:00 GMT+0100 (CET)", "-"},
                                      {"2026-01-01", "-"},
                                      {"2026-13-01T00:00:00Z", "-"},
                                      {"-60", "-"},
                                      {"", "-"},
                                      {"1m", "-"},
                                      {"60, 30", "-"},
                                      {"60;w=1", "-"},
                                      {"1.", "-"}});
}

TEST(XRateLimit, ReadsEpochsAgainstTheResponsesOwnDate) {
  const Instant an_hour_later = received + Duration::from_seconds(3600);
  EXPECT_EQ(quota_of(reading_of({"X-RateLimit-Reset: 1767225660", std::string(date_line)},
                                an_hour_later)),
            "- - 1m");
  EXPECT_EQ(quota_of(reading_of({"X-RateLimit-Reset: 1767229260"}, an_hour_later)), "- - 1m");
}

TEST(XRateLimit, RejectsAmountsThatAreNone) {
  for (const char* value : {"", "-1", "-0", "+1", "1.0", "1.5", "many", "1e3", "0x1", "5 6",
                            R"("5")", "9223372036854775808", "99999999999999999999"}) {
    for (const std::string header :
         {"X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Remaining-Minute",
          "RateLimit-Limit", "RateLimit-Remaining", "x-ratelimit-limit-tokens",
          "anthropic-ratelimit-tokens-remaining"}) {
      const RateLimitReading reading = reading_of({header + ": " + value, "RateLimit-Reset: 9"});
      EXPECT_EQ(quota_of(reading), "- - 9s") << header << ": " << value;
      EXPECT_EQ(names_of(reading.malformed).size(), 1u) << header << ": " << value;
    }
  }
}

TEST(XRateLimit, ReadsAmountsOf63Bits) {
  EXPECT_EQ(quota_of(reading_of({"X-RateLimit-Limit: 9223372036854775807"})),
            "9223372036854775807 - -");
  EXPECT_EQ(quota_of(reading_of({"X-RateLimit-Remaining: 9223372036854775807"})),
            "- 9223372036854775807 -");
  EXPECT_EQ(quota_of(reading_of({"RateLimit-Limit: 9223372036854775807"})),
            "9223372036854775807 - -");
  EXPECT_EQ(quota_of(reading_of({"X-RateLimit-Limit: 0", "X-RateLimit-Remaining: 0"})), "0 0 -");
}

TEST(XRateLimit, TakesTheLimitInFrontOfEnvoysPolicies) {
  for (const char* value : {"10, 10;w=60", R"(10, 10;w=1;name="foo", 1000;w=3600)",
                            "10,10;window=1", "10;w=60", "10 , 10", "10, anything"}) {
    EXPECT_EQ(quota_of(reading_of({std::string("X-RateLimit-Limit: ") + value})), "10 - -")
        << value;
  }
  EXPECT_EQ(quota_of(reading_of({"X-RateLimit-Limit: name=gold,1000"})), "- - -");
  EXPECT_EQ(quota_of(reading_of({"X-RateLimit-Limit: ,10"})), "- - -");
  // Policies stand behind a limit only.
  EXPECT_EQ(quota_of(reading_of({"X-RateLimit-Remaining: 10, 10;w=60"})), "- - -");
  EXPECT_EQ(quota_of(reading_of({"x-ratelimit-limit-requests: 10, 10;w=60"})), "- - -");
}

TEST(XRateLimit, AFieldThatComesTwiceIsNotBelieved) {
  const RateLimitReading reading = reading_of(
      {"X-RateLimit-Limit: 10", "X-RateLimit-Remaining: 5", "X-Rate-Limit-Remaining: 5"});
  EXPECT_EQ(quota_of(reading), "10 - -");
  EXPECT_THAT(names_of(reading.malformed), ElementsAre("x_ratelimit"));
}

TEST(XRateLimit, OneMalformedFieldLeavesTheOthers) {
  const RateLimitReading reading =
      reading_of({"X-RateLimit-Limit: ten", "X-RateLimit-Remaining: 5", "X-RateLimit-Reset: 60"});
  EXPECT_EQ(quota_of(reading), "- 5 1m");
  EXPECT_THAT(names_of(reading.families), ElementsAre("x_ratelimit"));
  EXPECT_THAT(names_of(reading.malformed), ElementsAre("x_ratelimit"));
}

TEST(XRateLimit, TakesTheTightestOfKongsUnits) {
  const Lines lines = {"X-RateLimit-Limit-Second: 10",   "X-RateLimit-Remaining-Second: 9",
                       "X-RateLimit-Limit-Minute: 100",  "X-RateLimit-Remaining-Minute: 4",
                       "X-RateLimit-Limit-Hour: 1000",   "X-RateLimit-Remaining-Hour: 700",
                       "X-RateLimit-Limit-Day: 1000",    "X-RateLimit-Remaining-Day: 701",
                       "X-RateLimit-Limit-Month: 10000", "X-RateLimit-Remaining-Month: 5000",
                       "X-RateLimit-Limit-Year: 10000",  "X-RateLimit-Remaining-Year: 5001"};
  const RateLimitReading reading = reading_of(lines);
  EXPECT_EQ(quota_of(reading), "100 4 -");
  EXPECT_THAT(names_of(reading.families), ElementsAre("x_ratelimit"));

  // As Kong sends them, with the fields of the IETF for the tightest.
  Lines all = lines;
  all.insert(all.end(), {"RateLimit-Limit: 100", "RateLimit-Remaining: 4", "RateLimit-Reset: 37"});
  const RateLimitReading both = reading_of(all);
  EXPECT_EQ(quota_of(both), "100 4 37s");
  EXPECT_THAT(names_of(both.families), ElementsAre("x_ratelimit", "ietf_00_to_06"));
}

// ---- Which of several quotas.

TEST(TightestQuota, HasTheLeastLeft) {
  EXPECT_EQ(quota_of(reading_of({"X-RateLimit-Remaining-Minute: 1", "X-RateLimit-Limit-Minute: 9",
                                 "X-RateLimit-Remaining-Hour: 0", "X-RateLimit-Limit-Hour: 99"})),
            "99 0 -");
}

TEST(TightestQuota, IsOneThatSaysWhatIsLeft) {
  EXPECT_EQ(quota_of(reading_of({"X-RateLimit-Remaining: 9223372036854775807",
                                 "X-RateLimit-Limit-Hour: 1", "X-RateLimit-Reset-Hour: 5"})),
            "- 9223372036854775807 -");
}

TEST(TightestQuota, ResetsLastWhereAsMuchIsLeft) {
  EXPECT_EQ(quota_of(reading_of({"X-RateLimit-Remaining-Minute: 0", "X-RateLimit-Reset-Minute: 60",
                                 "X-RateLimit-Remaining-Day: 0", "X-RateLimit-Reset-Day: 7200",
                                 "X-RateLimit-Remaining-Hour: 0", "X-RateLimit-Reset-Hour: 3600",
                                 "X-RateLimit-Remaining-Year: 0"})),
            "- 0 2h");
}

TEST(TightestQuota, IsTheSmallestWhereNothingElseIsKnown) {
  EXPECT_EQ(quota_of(reading_of({"X-RateLimit-Limit-Minute: 100", "X-RateLimit-Limit-Second: 10",
                                 "X-RateLimit-Limit-Hour: 1000"})),
            "10 - -");
}

// ---- The IETF's drafts.

TEST(IetfThreeFields, AreOfAnyDraftUpTo06WithoutPolicies) {
  const RateLimitReading reading =
      reading_of({"RateLimit-Limit: 10", "RateLimit-Remaining: 1", "RateLimit-Reset: 7"});
  EXPECT_EQ(quota_of(reading), "10 1 7s");
  EXPECT_THAT(names_of(reading.families), ElementsAre("ietf_00_to_06"));
  EXPECT_THAT(names_of(reading.malformed), IsEmpty());
}

TEST(IetfThreeFields, HaveThePoliciesBehindTheLimitUpTo03) {
  for (const char* value : {"100, 100;w=10", "100, 100;window=10", "100,100;w=10",
                            R"(100, 100;w=10;burst=1000;comment="sliding window", 5000;w=86400)"}) {
    const RateLimitReading reading =
        reading_of({std::string("RateLimit-Limit: ") + value, "RateLimit-Remaining: 0"});
    EXPECT_EQ(quota_of(reading), "100 0 -") << value;
    EXPECT_THAT(names_of(reading.families), ElementsAre("ietf_00_to_03")) << value;
    EXPECT_THAT(names_of(reading.malformed), IsEmpty()) << value;
  }
}

TEST(IetfThreeFields, HaveThePoliciesOnTheirOwnFrom04) {
  const RateLimitReading reading =
      reading_of({R"(RateLimit-Policy: 10;w=1, 50;w=60;comment="fixed, window")",
                  "RateLimit-Limit: 10", "RateLimit-Remaining: 0", "RateLimit-Reset: 1"});
  EXPECT_EQ(quota_of(reading), "10 0 1s");
  EXPECT_THAT(names_of(reading.families), ElementsAre("ietf_04_to_06"));
  EXPECT_THAT(names_of(reading.malformed), IsEmpty());
}

TEST(IetfThreeFields, RejectLimitsThatDoNotParse) {
  for (const char* value : {"100,", "100, 100;w", "100, 100;w=-1", "100, 100;w=1.5", "100, x;w=1",
                            "100, 100;W=1", "100 100", R"("100")", "100;", "100, (1 2)"}) {
    const RateLimitReading reading = reading_of({std::string("RateLimit-Limit: ") + value});
    EXPECT_EQ(quota_of(reading), "- - -") << value;
    EXPECT_THAT(names_of(reading.malformed), ElementsAre("ietf_00_to_06")) << value;
  }
}

TEST(IetfThreeFields, ResetInWholeSeconds) {
  expect_resets("RateLimit-Reset", {{"0", "0s"},
                                    {"316224000", "3660d"},
                                    {"316224001", "-"},
                                    // Not an epoch, as it would be in X-RateLimit-Reset.
                                    {"1767225660", "-"},
                                    {"1.5", "-"},
                                    {"-1", "-"},
                                    {"", "-"},
                                    {"Thu, 01 Jan 2026 00:01:00 GMT", "-"}});
}

TEST(IetfThreeFields, OccurOnce) {
  const RateLimitReading reading =
      reading_of({"RateLimit-Limit: 10", "RateLimit-Limit: 10", "RateLimit-Policy: 10;w=1"});
  EXPECT_EQ(quota_of(reading), "- - -");
  EXPECT_THAT(names_of(reading.malformed), ElementsAre("ietf_04_to_06"));
}

TEST(Ietf07, ReadsADictionary) {
  for (const char* value : {"limit=100, remaining=50, reset=5", "reset=5,remaining=50,limit=100",
                            "limit=100;a=1, remaining=50;b, reset=5",
                            R"(other="x, y", limit=100, remaining=50, reset=5)",
                            "limit=1, limit=100, remaining=50, reset=5"}) {
    const RateLimitReading reading =
        reading_of({std::string("RateLimit: ") + value, "RateLimit-Policy: 100;w=10"});
    EXPECT_EQ(quota_of(reading), "100 50 5s") << value;
    EXPECT_THAT(names_of(reading.families), ElementsAre("ietf_07")) << value;
    EXPECT_THAT(names_of(reading.malformed), IsEmpty()) << value;
  }
}

TEST(Ietf07, MayLeaveOutWhatRemains) {
  EXPECT_EQ(quota_of(reading_of({"RateLimit: limit=100, reset=5"})), "100 - 5s");
}

TEST(Ietf07, MayBeSpreadOverSeveralHeaders) {
  const RateLimitReading reading =
      reading_of({"RateLimit: limit=100, remaining=9", "RateLimit: reset=5, remaining=8"});
  EXPECT_EQ(quota_of(reading), "100 8 5s");
  EXPECT_THAT(names_of(reading.malformed), IsEmpty());
}

TEST(Ietf07, RejectsWhatIsBrokenOrIncomplete) {
  for (const char* value : {"limit=100", "remaining=50", "limit=100, remaining=50", "reset=5",
                            "limit=100, remaining=50, reset=5,", "limit=100, remaining=, reset=5",
                            "limit=100, remaining=-1, reset=5", "limit=100, remaining=1.0, reset=5",
                            R"(limit="100", reset=5)", "limit=100, reset=316224001",
                            "limit=100, reset=-1", "limit=9223372036854775808, reset=5",
                            "limit = 100, reset=5", "limit=100 reset=5", "limit=100, Reset=5"}) {
    const RateLimitReading reading = reading_of({std::string("RateLimit: ") + value});
    EXPECT_EQ(quota_of(reading), "- - -") << value;
    EXPECT_THAT(names_of(reading.families), ElementsAre("ietf_07")) << value;
    EXPECT_THAT(names_of(reading.malformed), ElementsAre("ietf_07")) << value;
  }
}

TEST(Ietf08, ReadsAServiceLimit) {
  for (const char* value :
       {R"("default";r=50;t=30)", R"("default"; r=50; t=30)", "default;r=50;t=30",
        R"("default";pk=:cHsdsRa894==:;t=30;x="a;b";flag;r=50)", R"("default";r=1;r=50;t=30)"}) {
    const RateLimitReading reading = reading_of({std::string("RateLimit: ") + value});
    EXPECT_EQ(quota_of(reading), "- 50 30s") << value;
    EXPECT_THAT(names_of(reading.families), ElementsAre("ietf_08_to_11")) << value;
    EXPECT_THAT(names_of(reading.malformed), IsEmpty()) << value;
  }
}

TEST(Ietf08, MayLeaveOutEitherParameter) {
  EXPECT_EQ(quota_of(reading_of({R"(RateLimit: "a";r=999)"})), "- 999 -");
  EXPECT_EQ(quota_of(reading_of({"RateLimit: quota;t=1", "RateLimit-Policy: quota;q=10"})),
            "10 - 1s");
  EXPECT_EQ(quota_of(reading_of({R"(RateLimit: "a")"})), "- - -");
  EXPECT_THAT(names_of(reading_of({R"(RateLimit: "a")"}).malformed), IsEmpty());
}

TEST(Ietf08, TakesTheLimitFromThePolicyOfThatName) {
  const std::string policy = R"(RateLimit-Policy: "hour";q=1000;w=3600, "day";q=5000;w=86400)";
  EXPECT_EQ(quota_of(reading_of({policy, R"(RateLimit: "day";r=100;t=36000)"})), "5000 100 10h");
  EXPECT_EQ(quota_of(reading_of({R"(RateLimit: "day";r=100;t=36000)", policy})), "5000 100 10h");
  EXPECT_EQ(quota_of(reading_of({policy, R"(RateLimit: "day";r=100, "hour";r=7;t=30)"})),
            "1000 7 30s");
  EXPECT_EQ(quota_of(reading_of({policy, R"(RateLimit: "week";r=100)"})), "- 100 -");
  // In headers of their own.
  EXPECT_EQ(quota_of(reading_of({R"(RateLimit-Policy: "a";q=1)", R"(RateLimit-Policy: "b";q=2)",
                                 R"(RateLimit: "a";r=1)", R"(RateLimit: "b";r=0;t=9)"})),
            "2 0 9s");
  // As express-rate-limit sends it.
  EXPECT_EQ(quota_of(reading_of({R"(RateLimit-Policy: "2-in-10sec"; q=2; w=10; pk=:MTJjYTE3YjQ5:)",
                                 R"(RateLimit: "2-in-10sec"; r=1; t=10)"})),
            "2 1 10s");
}

TEST(Ietf08, HasTheSmallestPolicyWhereNothingIsSaidOfIt) {
  EXPECT_EQ(quota_of(reading_of({R"(RateLimit-Policy: "a";q=100;w=60,"b";q=10;w=1)"})), "10 - -");
}

TEST(Ietf08, RejectsServiceLimitsThatDoNotParse) {
  for (const char* value :
       {R"("a";r=-1)", R"("a";r=1.5)", R"("a";r)", R"("a";r="5")", R"("a";r=x)", R"("a";t=-1)",
        R"("a";t=316224001)", R"("a";r=9223372036854775808)", R"("a";r=1,)", R"("a;r=1)",
        R"("a" ;r=1)", R"("a";r=1;)", R"("a";r=1 "b")", R"("a";R=1)", R"("a";r=1, 5)",
        R"("a";r=1, :YQ==:)", R"("a";r=1;pk=:YQ==)", R"("a";r=1;r=x)"}) {
    const RateLimitReading reading = reading_of({std::string("RateLimit: ") + value});
    EXPECT_EQ(quota_of(reading), "- - -") << value;
    EXPECT_THAT(names_of(reading.families), ElementsAre("ietf_08_to_11")) << value;
    EXPECT_THAT(names_of(reading.malformed), ElementsAre("ietf_08_to_11")) << value;
  }
}

TEST(Ietf08, RejectsPoliciesThatDoNotParse) {
  for (const char* value :
       {R"("a")", R"("a";w=60)", R"("a";q=-1)", R"("a";q="5")", R"("a";q=5;w=-1)",
        R"("a";q=5;w=1.5)", R"("a";q=5,)", R"("a";q=5, 10;w=1)"}) {
    const RateLimitReading reading =
        reading_of({std::string("RateLimit-Policy: ") + value, R"(RateLimit: "a";r=1)"});
    EXPECT_EQ(quota_of(reading), "- 1 -") << value;
    EXPECT_THAT(names_of(reading.malformed), ElementsAre("ietf_08_to_11")) << value;
  }
}

TEST(Ietf08, ABrokenHeaderIsNotBelievedInParts) {
  const RateLimitReading reading =
      reading_of({R"(RateLimit: "a";r=3;t=30, "b";r=-1)", R"(RateLimit: "c";r=9)"});
  EXPECT_EQ(quota_of(reading), "- 9 -");
  EXPECT_THAT(names_of(reading.malformed), ElementsAre("ietf_08_to_11"));
}

TEST(IetfUnclear, IsWhatFitsNoDraft) {
  for (const char* line :
       {"RateLimit:", "RateLimit: 50", "RateLimit: (1 2)", "RateLimit: ;r=5",
        "RateLimit-Policy:", "RateLimit-Policy: limit=5", "RateLimit-Policy: ?1"}) {
    const RateLimitReading reading = reading_of({line});
    EXPECT_EQ(quota_of(reading), "- - -") << line;
    EXPECT_THAT(names_of(reading.families), ElementsAre("ietf_unclear")) << line;
    EXPECT_THAT(names_of(reading.malformed), ElementsAre("ietf_unclear")) << line;
  }
}

TEST(IetfUnclear, IsAPolicyThatFitsSeveralDrafts) {
  const RateLimitReading alone = reading_of({"RateLimit-Policy: 100;w=60"});
  EXPECT_EQ(quota_of(alone), "- - -");
  EXPECT_THAT(names_of(alone.families), ElementsAre("ietf_unclear"));
  EXPECT_THAT(names_of(alone.malformed), IsEmpty());
}

TEST(IetfPolicies, AreOfTheDraftOfTheOtherFieldsEvenIfBroken) {
  for (const char* value : {"100;w", "100;w=x", "100;w=60,", R"(100;w=60, "a";q=5)", "-1;w=60"}) {
    const std::string policy = std::string("RateLimit-Policy: ") + value;
    EXPECT_THAT(names_of(reading_of({policy}).malformed), ElementsAre("ietf_unclear")) << value;
    EXPECT_THAT(names_of(reading_of({policy, "RateLimit-Limit: 100"}).malformed),
                ElementsAre("ietf_04_to_06"))
        << value;
    EXPECT_THAT(names_of(reading_of({"RateLimit: limit=100, reset=1", policy}).malformed),
                ElementsAre("ietf_07"))
        << value;
  }
}

// ---- OpenAI and Anthropic.

TEST(OpenAi, ReadsTheTighterOfRequestsAndTokens) {
  const Lines lines = {"x-ratelimit-limit-requests: 60",     "x-ratelimit-limit-tokens: 150000",
                       "x-ratelimit-remaining-requests: 59", "x-ratelimit-remaining-tokens: 149984",
                       "x-ratelimit-reset-requests: 1s",     "x-ratelimit-reset-tokens: 6m0s"};
  const RateLimitReading reading = reading_of(lines);
  EXPECT_EQ(quota_of(reading), "60 59 1s");
  EXPECT_THAT(names_of(reading.families), ElementsAre("openai"));
  EXPECT_THAT(names_of(reading.malformed), IsEmpty());

  EXPECT_EQ(quota_of(reading_of({lines[0], lines[1], lines[2], "X-RateLimit-Remaining-Tokens: 7",
                                 lines[4], lines[5]})),
            "150000 7 6m");
}

TEST(OpenAi, ResetsAfterADurationOfGo) {
  expect_resets("x-ratelimit-reset-requests", {{"0s", "0s"},
                                               {"1s", "1s"},
                                               {"6m0s", "6m"},
                                               {"20ms", "20ms"},
                                               {"1h2m3.5s", "1h2m3.5s"},
                                               {"120us", "120us"},
                                               {"120\xC2\xB5s", "120us"},
                                               {"1.5\xCE\xBCs", "1.5us"},
                                               {"15ns", "15ns"},
                                               {"87840h0m0s", "3660d"},
                                               {"87840h0m0.000000001s", "-"},
                                               {"99999999999999999999h", "-"},
                                               {"-1s", "-"},
                                               {"1s 2ms", "-"},
                                               {"s", "-"},
                                               {"1.s", "-"},
                                               {"soon as", "-"},
                                               {"", "-"}});
}

TEST(OpenAi, ResetsLikeXRateLimitWhereItHasNoUnit) {
  expect_resets("x-ratelimit-reset-tokens", {{"0", "0s"},
                                             {"60", "1m"},
                                             {"1767225660", "1m"},
                                             {"1767225660000", "1m"},
                                             {"2026-01-01T00:01:00Z", "1m"}});
}

TEST(OpenAi, RejectsAzuresMinusOne) {
  const RateLimitReading reading =
      reading_of({"x-ratelimit-limit-tokens: -1", "x-ratelimit-remaining-tokens: -1",
                  "x-ratelimit-reset-tokens: 0"});
  EXPECT_EQ(quota_of(reading), "- - 0s");
  EXPECT_THAT(names_of(reading.malformed), ElementsAre("openai"));
}

TEST(Anthropic, ReadsTheTightestOfItsQuotas) {
  const RateLimitReading reading = reading_of(
      {"anthropic-ratelimit-requests-limit: 50", "anthropic-ratelimit-requests-remaining: 49",
       "anthropic-ratelimit-requests-reset: 2026-01-01T00:00:01Z",
       "anthropic-ratelimit-tokens-limit: 40000", "anthropic-ratelimit-tokens-remaining: 12000",
       "anthropic-ratelimit-tokens-reset: 2026-01-01T00:00:40Z",
       "anthropic-ratelimit-input-tokens-limit: 30000",
       "anthropic-ratelimit-input-tokens-remaining: 30",
       "anthropic-ratelimit-input-tokens-reset: 2026-01-01T00:00:30Z",
       "anthropic-ratelimit-output-tokens-limit: 10000",
       "anthropic-ratelimit-output-tokens-remaining: 10000",
       "anthropic-ratelimit-output-tokens-reset: 2026-01-01T00:00:00Z", "retry-after: 30",
       std::string(date_line)});
  EXPECT_EQ(quota_of(reading), "30000 30 30s");
  EXPECT_EQ(shown(reading.retry_after), "30s");
  EXPECT_THAT(names_of(reading.families), ElementsAre("retry_after", "anthropic"));
  EXPECT_THAT(names_of(reading.malformed), IsEmpty());
}

TEST(Anthropic, ResetsAtARfc3339Date) {
  expect_resets("anthropic-ratelimit-requests-reset", {{"2026-01-01T00:01:00Z", "1m"},
                                                       {"2026-01-01T00:01:00.5+00:00", "1m0.5s"},
                                                       {"2025-12-31T23:59:58Z", "0s"},
                                                       {"2025-12-31T23:59:57Z", "-"},
                                                       {"60", "-"},
                                                       {"1767225660", "-"},
                                                       {"1m", "-"},
                                                       {"Thu, 01 Jan 2026 00:01:00 GMT", "-"},
                                                       {"", "-"}});
}

// ---- The collection.

TEST(RateLimitHeaders, ForgetWhatWasCleared) {
  RateLimitHeaders headers;
  add_lines(headers, {"Date: Thu, 01 Jan 2026 01:00:00 GMT", "Retry-After: soon",
                      R"(RateLimit: "a";r=0)", "X-RateLimit-Limit: 5"});
  EXPECT_FALSE(headers.read(received).families.empty());
  headers.clear();
  EXPECT_EQ(headers.read(received), RateLimitReading());
  add_lines(headers, {"Retry-After: Thu, 01 Jan 2026 00:00:30 GMT"});
  EXPECT_EQ(headers.read(received), reading_of({"Retry-After: Thu, 01 Jan 2026 00:00:30 GMT"}));
}

TEST(RateLimitHeaders, MayBeReadAgainAndAddedTo) {
  RateLimitHeaders headers;
  add_lines(headers, {"X-RateLimit-Reset: 1767225660"});
  EXPECT_EQ(quota_of(headers.read(received)), "- - 1m");
  EXPECT_EQ(quota_of(headers.read(received + Duration::from_seconds(20))), "- - 40s");
  add_lines(headers, {"X-RateLimit-Remaining: 0"});
  EXPECT_EQ(quota_of(headers.read(received)), "- 0 1m");
}

TEST(RateLimitHeaders, CopyTheirValues) {
  RateLimitHeaders headers;
  std::string name = "Retry-After";
  std::string value = "30";
  headers.add(name, value);
  name.assign(name.size(), 'x');
  value.assign(value.size(), 'x');
  EXPECT_EQ(shown(headers.read(received).retry_after), "30s");
}

TEST(RateLimitHeaders, MayComeInAnyOrder) {
  Lines lines = {std::string(date_line),
                 "Retry-After: Thu, 01 Jan 2026 00:00:30 GMT",
                 R"(RateLimit-Policy: "a";q=10;w=1)",
                 R"(RateLimit: "a";r=0;t=30)",
                 "X-RateLimit-Remaining: 3",
                 "X-RateLimit-Reset: 1767225660"};
  const RateLimitReading first = reading_of(lines);
  EXPECT_EQ(shown(first.retry_after), "30s");
  EXPECT_EQ(quota_of(first), "10 0 30s");
  std::sort(lines.begin(), lines.end());
  do {
    EXPECT_EQ(reading_of(lines), first);
  } while (std::next_permutation(lines.begin(), lines.end()));
}

TEST(RateLimitHeaders, AreReadAtAnyInstant) {
  const Lines lines = {"Retry-After: Thu, 01 Jan 2026 00:00:30 GMT",
                       "X-RateLimit-Reset: 2000000000",
                       "anthropic-ratelimit-tokens-reset: 2262-04-11T23:47:16Z"};
  for (const Instant at : {Instant::min(), Instant::max(), Instant()}) {
    const RateLimitReading reading = reading_of(lines, at);
    EXPECT_EQ(shown(reading.retry_after), "malformed");
  }
  EXPECT_EQ(quota_of(reading_of({lines[2]}, Instant::max())), "- - 0s");
}

}  // namespace
}  // namespace weir::load
