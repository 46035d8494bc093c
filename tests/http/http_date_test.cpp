#include "http/http_date.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <string>

#include "core/text.hpp"

namespace weir::http {
namespace {

/// The date as RFC 3339, or "" for none, read in the given year.
std::string read_date(std::string_view text, const std::string& year = "2026") {
  const std::optional<Instant> at =
      parse_http_date(text, *parse_instant(year + "-07-01T00:00:00Z"));
  return at ? format_instant(*at) : "";
}

TEST(HttpDate, ReadsAllThreeForms) {
  EXPECT_EQ(read_date("Sun, 06 Nov 1994 08:49:37 GMT"), "1994-11-06T08:49:37Z");
  EXPECT_EQ(read_date("Sunday, 06-Nov-94 08:49:37 GMT"), "1994-11-06T08:49:37Z");
  EXPECT_EQ(read_date("Sun Nov  6 08:49:37 1994"), "1994-11-06T08:49:37Z");
  EXPECT_EQ(read_date("Sun Nov 06 08:49:37 1994"), "1994-11-06T08:49:37Z");
  EXPECT_EQ(read_date("Wed Nov 16 08:49:37 1994"), "1994-11-16T08:49:37Z");
}

TEST(HttpDate, KnowsEveryMonthAndWeekday) {
  EXPECT_EQ(read_date("Thu, 01 Jan 2026 00:00:00 GMT"), "2026-01-01T00:00:00Z");
  EXPECT_EQ(read_date("Sun, 01 Feb 2026 00:00:00 GMT"), "2026-02-01T00:00:00Z");
  EXPECT_EQ(read_date("Sun, 01 Mar 2026 00:00:00 GMT"), "2026-03-01T00:00:00Z");
  EXPECT_EQ(read_date("Wed, 01 Apr 2026 00:00:00 GMT"), "2026-04-01T00:00:00Z");
  EXPECT_EQ(read_date("Fri, 01 May 2026 00:00:00 GMT"), "2026-05-01T00:00:00Z");
  EXPECT_EQ(read_date("Mon, 01 Jun 2026 00:00:00 GMT"), "2026-06-01T00:00:00Z");
  EXPECT_EQ(read_date("Wednesday, 01-Jul-26 00:00:00 GMT"), "2026-07-01T00:00:00Z");
  EXPECT_EQ(read_date("Saturday, 01-Aug-26 00:00:00 GMT"), "2026-08-01T00:00:00Z");
  EXPECT_EQ(read_date("Tuesday, 01-Sep-26 00:00:00 GMT"), "2026-09-01T00:00:00Z");
  EXPECT_EQ(read_date("Thursday, 01-Oct-26 00:00:00 GMT"), "2026-10-01T00:00:00Z");
  EXPECT_EQ(read_date("Monday, 02-Nov-26 00:00:00 GMT"), "2026-11-02T00:00:00Z");
  EXPECT_EQ(read_date("Friday, 04-Dec-26 00:00:00 GMT"), "2026-12-04T00:00:00Z");
}

TEST(HttpDate, RejectsEverythingElse) {
  for (const char* text : {"",
                           "0",
                           "Sun",
                           "Sun,",
                           "Sun, 06 Nov 1994 08:49:37",
                           "Sun, 06 Nov 1994 08:49:37 UTC",
                           "Sun, 06 Nov 1994 08:49:37 +0000",
                           "sun, 06 nov 1994 08:49:37 gmt",
                           "SUN, 06 NOV 1994 08:49:37 GMT",
                           " Sun, 06 Nov 1994 08:49:37 GMT",
                           "Sun, 06 Nov 1994 08:49:37 GMT ",
                           "Sun, 06 Nov 1994 08:49:37 GMT, 5",
                           "Sun, 6 Nov 1994 08:49:37 GMT",
                           "Sun, 06 Nov 94 08:49:37 GMT",
                           "Sun,06 Nov 1994 08:49:37 GMT",
                           "Sun, 06-Nov-1994 08:49:37 GMT",
                           "Sun, 06 Nov 1994 8:49:37 GMT",
                           "Sun, 06 Nov 1994 08-49-37 GMT",
                           "Sunday 06-Nov-94 08:49:37 GMT",
                           "Sun Nov 6 08:49:37 1994",
                           "Sun Nov  6 08:49:37 94",
                           "Sun Nov  6 08:49:37 1994 GMT",
                           "1994-11-06T08:49:37Z",
                           ", 06-Nov-94 08:49:37 GMT",
                           "Sonntag, 06-Nov-94 08:49:37 GMT",
                           "Sun, 06 Nov 1994 08:49:37 GM\xD4"}) {
    EXPECT_EQ(read_date(text), "") << text;
  }
}

TEST(HttpDate, RejectsDaysAndTimesThatAreNone) {
  EXPECT_EQ(read_date("Thu, 29 Feb 2024 23:59:59 GMT"), "2024-02-29T23:59:59Z");
  for (const char* text : {"Sun, 29 Feb 2026 00:00:00 GMT", "Sun, 31 Jun 2026 00:00:00 GMT",
                           "Sun, 00 Mar 2026 00:00:00 GMT", "Thu, 01 Foo 2026 00:00:00 GMT",
                           "Thu, 01 Jan 2026 24:00:00 GMT", "Thu, 01 Jan 2026 00:60:00 GMT",
                           "Thu, 01 Jan 2026 00:00:60 GMT", "Thu, 01 Jan 2026 23:59:61 GMT"}) {
    EXPECT_EQ(read_date(text), "") << text;
  }
}

TEST(HttpDate, ALeapSecondIsTheSecondAfterIt) {
  EXPECT_EQ(read_date("Sat, 31 Dec 2016 23:59:60 GMT"), "2017-01-01T00:00:00Z");
}

TEST(HttpDate, TheWeekdayIsThatOfTheDate) {
  EXPECT_EQ(read_date("Mon, 06 Nov 1994 08:49:37 GMT"), "");
  EXPECT_EQ(read_date("Monday, 06-Nov-94 08:49:37 GMT"), "");
  EXPECT_EQ(read_date("Mon Nov  6 08:49:37 1994"), "");
  EXPECT_EQ(read_date("Wed, 31 Dec 1969 23:59:59 GMT"), "1969-12-31T23:59:59Z");
  EXPECT_EQ(read_date("Sat, 27 Dec 1969 00:00:00 GMT"), "1969-12-27T00:00:00Z");
}

TEST(HttpDate, TwoDigitsAreAYearUpToFiftyAhead) {
  // date -u -d 2076-06-01 +%A, and so on.
  EXPECT_EQ(read_date("Monday, 01-Jun-76 00:00:00 GMT"), "2076-06-01T00:00:00Z");
  EXPECT_EQ(read_date("Wednesday, 01-Jun-77 00:00:00 GMT"), "1977-06-01T00:00:00Z");
  EXPECT_EQ(read_date("Wednesday, 01-Jun-77 00:00:00 GMT", "2027"), "");
  EXPECT_EQ(read_date("Tuesday, 01-Jun-77 00:00:00 GMT", "2027"), "2077-06-01T00:00:00Z");
  EXPECT_EQ(read_date("Sunday, 06-Nov-94 08:49:37 GMT", "1994"), "1994-11-06T08:49:37Z");
  EXPECT_EQ(read_date("Saturday, 01-Jan-00 00:00:00 GMT", "1999"), "2000-01-01T00:00:00Z");
}

TEST(HttpDate, StopsWhereInstantsDo) {
  EXPECT_EQ(read_date("Sat, 01 Jan 1678 00:00:00 GMT"), "1678-01-01T00:00:00Z");
  EXPECT_EQ(read_date("Fri, 31 Dec 1677 23:59:59 GMT"), "");
  EXPECT_EQ(read_date("Tue, 31 Dec 2261 23:59:59 GMT"), "2261-12-31T23:59:59Z");
  EXPECT_EQ(read_date("Wed, 01 Jan 2262 00:00:00 GMT"), "");
  EXPECT_EQ(read_date("Fri, 31 Dec 9999 23:59:59 GMT"), "");
  // Read in 2262 it is of 2294, and read in 1677 of 1694.
  EXPECT_FALSE(parse_http_date("Tuesday, 06-Nov-94 00:00:00 GMT", Instant::max()).has_value());
  EXPECT_EQ(parse_http_date("Saturday, 06-Nov-94 00:00:00 GMT", Instant::min()),
            *parse_instant("1694-11-06T00:00:00Z"));
}

}  // namespace
}  // namespace weir::http
