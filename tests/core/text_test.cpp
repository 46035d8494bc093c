#include "core/text.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "core/random.hpp"
#include "support/int64.hpp"

namespace weir {
namespace {

using testing::HasSubstr;

std::int64_t duration_ns(std::string_view text) {
  const Parsed<Duration> d = parse_duration(text);
  EXPECT_TRUE(d.has_value()) << d.error();
  return d.value_or(Duration::from_ns(-1)).ns();
}

std::string duration_error(std::string_view text) {
  const Parsed<Duration> d = parse_duration(text);
  EXPECT_FALSE(d.has_value()) << text << " was read as " << d->ns() << " ns";
  return d.has_value() ? "" : d.error();
}

std::int64_t instant_ns(std::string_view text) {
  const Parsed<Instant> at = parse_instant(text);
  EXPECT_TRUE(at.has_value()) << at.error();
  return at.value_or(Instant::from_unix_ns(-1)).unix_ns();
}

std::int64_t unix_ns(std::string_view text) {
  const Parsed<Instant> at = parse_unix_seconds(text);
  EXPECT_TRUE(at.has_value()) << at.error();
  return at.value_or(Instant::from_unix_ns(-1)).unix_ns();
}

/// Some 64-bit numbers of every size.
std::int64_t some_integer(RandomSequence& random) {
  const auto value = static_cast<std::int64_t>(random.bits());
  return value >> random.below(64);
}

TEST(ParseInteger, ReadsDigitsWithAnOptionalSign) {
  EXPECT_EQ(parse_integer("0"), 0);
  EXPECT_EQ(parse_integer("-17"), -17);
  EXPECT_EQ(parse_integer("+17"), 17);
  EXPECT_EQ(parse_integer("0042"), 42);
  EXPECT_EQ(parse_integer("9223372036854775807"), int64_max);
  EXPECT_EQ(parse_integer("-9223372036854775808"), int64_min);
}

TEST(ParseInteger, NamesWhatItFoundAndWhatWouldBeRight) {
  for (const char* text : {"", "+", "-", "+-5", "-+5", "--5", " 5", "5 ", "5.0", "1e3", "0x10"}) {
    const Parsed<std::int64_t> n = parse_integer(text);
    ASSERT_FALSE(n.has_value()) << text;
    EXPECT_EQ(n.error(),
              "not a whole number: \"" + std::string(text) + "\" (write digits: 0, 42, -7)");
  }
}

TEST(ParseInteger, RefusesWhatDoesNotFit) {
  for (const char* text : {"9223372036854775808", "-9223372036854775809", "+9223372036854775808"}) {
    const Parsed<std::int64_t> n = parse_integer(text);
    ASSERT_FALSE(n.has_value()) << text;
    EXPECT_THAT(n.error(), HasSubstr("out of range"));
  }
}

TEST(ParseDuration, ReadsEveryUnit) {
  EXPECT_EQ(duration_ns("7ns"), 7);
  EXPECT_EQ(duration_ns("7us"), 7'000);
  EXPECT_EQ(duration_ns("250ms"), 250'000'000);
  EXPECT_EQ(duration_ns("7s"), 7'000'000'000);
  EXPECT_EQ(duration_ns("7m"), 420'000'000'000);
  EXPECT_EQ(duration_ns("7h"), 25'200'000'000'000);
  EXPECT_EQ(duration_ns("2d"), 172'800'000'000'000);
  EXPECT_EQ(duration_ns("1w"), 604'800'000'000'000);
}

TEST(ParseDuration, AddsUnitsThatGetSmaller) {
  EXPECT_EQ(duration_ns("1h30m"), 5'400'000'000'000);
  EXPECT_EQ(duration_ns("1w1d1h1m1s1ms1us1ns"), 694'861'001'001'001);
  EXPECT_EQ(duration_ns("1m90s"), 150'000'000'000);
  EXPECT_EQ(duration_ns("0s"), 0);
  EXPECT_EQ(duration_ns("0"), 0);
}

TEST(ParseDuration, ReadsFractionsExactly) {
  EXPECT_EQ(duration_ns("1.5s"), 1'500'000'000);
  EXPECT_EQ(duration_ns("0.1s"), 100'000'000);
  EXPECT_EQ(duration_ns("0.000000001s"), 1);
  EXPECT_EQ(duration_ns("1.50000000000000000000000s"), 1'500'000'000);
  EXPECT_EQ(duration_ns("1.5h30m"), 7'200'000'000'000);
  EXPECT_EQ(duration_ns("2.0ns"), 2);
  // A 65,536th of a week is a whole number of nanoseconds: its digits are all needed.
  EXPECT_EQ(duration_ns("0.0000152587890625w"), 604'800'000'000'000 / 65'536);
  EXPECT_EQ(604'800'000'000'000 % 65'536, 0);
}

TEST(ParseDuration, RefusesFractionsOfANanosecond) {
  for (const char* text : {"1.5ns", "0.0000000001s", "0.3333us", "0.00000762939453125w"}) {
    EXPECT_THAT(duration_error(text), HasSubstr("whole number of nanoseconds")) << text;
  }
}

TEST(ParseDuration, NamesWhatItFoundAndWhatWouldBeRight) {
  EXPECT_EQ(duration_error("5 sec"),
            "not a duration: \"5 sec\" (write a number and a unit: 250ms, 1h30m, 2d)");
  for (const char* text : {"", "5", "s", "1.s", ".5s", "1..5s", "5S", " 5s", "5s ", "1h 30m", "+5s",
                           "1h30", "00", "5e3s", "1,5s"}) {
    EXPECT_THAT(duration_error(text), HasSubstr("write a number and a unit")) << text;
  }
  EXPECT_THAT(duration_error("-5s"), HasSubstr("must not be negative"));
}

TEST(ParseDuration, WantsEachUnitOnceAndLargerOnesFirst) {
  for (const char* text : {"30m1h", "1s1s", "5ms1s", "1h1m1h"}) {
    EXPECT_THAT(duration_error(text), HasSubstr("larger ones first")) << text;
  }
}

TEST(ParseDuration, ReachesTheLargestDurationAndNoFurther) {
  EXPECT_EQ(duration_ns("9223372036854775807ns"), int64_max);
  EXPECT_EQ(duration_ns("106751d23h47m16.854775807s"), int64_max);
  for (const char* text : {"9223372036854775808ns", "106751d23h47m16.854775808s", "106752d",
                           "15250.3w", "99999999999999999999999999999999s"}) {
    EXPECT_THAT(duration_error(text), HasSubstr("duration too long")) << text;
  }
}

TEST(ErrorTexts, AreFitForATerminal) {
  EXPECT_THAT(duration_error("\x1b[31m"), HasSubstr("\"\\x1b[31m\""));
  EXPECT_THAT(duration_error("5\n"), HasSubstr("\"5\\x0a\""));
  const std::string cut = duration_error(std::string(1'000'000, '9'));
  EXPECT_LT(cut.size(), 200);
  EXPECT_THAT(cut, HasSubstr("999…\""));
  // 59 letters, and then a letter of two bytes across the border.
  EXPECT_THAT(duration_error(std::string(59, 'x') + "éé"), HasSubstr("xx…\""));
}

TEST(FormatDuration, WritesWhatAPersonWould) {
  EXPECT_EQ(format_duration(Duration()), "0s");
  EXPECT_EQ(format_duration(Duration::from_ns(1)), "1ns");
  EXPECT_EQ(format_duration(Duration::from_ms(250)), "250ms");
  EXPECT_EQ(format_duration(Duration::from_ns(1'234'567)), "1.234567ms");
  EXPECT_EQ(format_duration(Duration::from_ms(1'500)), "1.5s");
  EXPECT_EQ(format_duration(Duration::from_seconds(5'400)), "1h30m");
  EXPECT_EQ(format_duration(Duration::from_seconds(86'400)), "1d");
  EXPECT_EQ(format_duration(Duration::from_seconds(864'000)), "10d");
  EXPECT_EQ(format_duration(Duration::from_ms(3'600'250)), "1h0.25s");
  EXPECT_EQ(format_duration(Duration::from_ms(-1'500)), "-1.5s");
  EXPECT_EQ(format_duration(Duration::max()), "106751d23h47m16.854775807s");
  EXPECT_EQ(format_duration(Duration::from_ns(int64_min)), "-106751d23h47m16.854775808s");
}

TEST(FormatDuration, IsReadBackExactly) {
  RandomSequence random(RandomStream(1));
  for (int i = 0; i < 20'000; ++i) {
    const std::int64_t ns = some_integer(random) & int64_max;
    ASSERT_EQ(duration_ns(format_duration(Duration::from_ns(ns))), ns);
  }
}

TEST(FormatDurationShort, RoundsToThreeDigits) {
  const auto text = [](std::int64_t ns) { return format_duration_short(Duration::from_ns(ns)); };
  EXPECT_EQ(text(0), "0s");
  EXPECT_EQ(text(999), "999ns");
  EXPECT_EQ(text(1'234'999), "1.23ms");
  EXPECT_EQ(text(1'235'000), "1.24ms");
  EXPECT_EQ(text(12'349'999), "12.3ms");
  EXPECT_EQ(text(12'350'000), "12.4ms");
  EXPECT_EQ(text(999'499'999), "999ms");
  EXPECT_EQ(text(999'500'000), "1s");
  EXPECT_EQ(text(250'000'000), "250ms");
  EXPECT_EQ(text(-1'500'000'000), "-1.5s");
}

TEST(FormatDurationShort, WritesTwoUnitsFromAMinuteOn) {
  const auto text = [](std::int64_t ms) { return format_duration_short(Duration::from_ms(ms)); };
  EXPECT_EQ(text(59'949), "59.9s");
  EXPECT_EQ(text(59'950), "1m");
  EXPECT_EQ(text(125'000), "2m05s");
  EXPECT_EQ(text(3'599'499), "59m59s");
  EXPECT_EQ(text(3'599'500), "1h");
  EXPECT_EQ(text(5'400'000), "1h30m");
  EXPECT_EQ(text(86'400'000 * std::int64_t{2} + std::int64_t{3} * 3'600'000), "2d03h");
  EXPECT_EQ(text(86'400'000 * std::int64_t{100} - 1), "100d");
  EXPECT_EQ(format_duration_short(Duration::max()), "106752d");
  EXPECT_EQ(format_duration_short(Duration::from_ns(int64_min)), "-106752d");
}

TEST(ParseRate, ReadsUnitsAndPeriod) {
  EXPECT_EQ(parse_rate("5/s"), (Rate{5, Duration::from_seconds(1)}));
  EXPECT_EQ(parse_rate("100/1m"), (Rate{100, Duration::from_seconds(60)}));
  EXPECT_EQ(parse_rate("100/m"), (Rate{100, Duration::from_seconds(60)}));
  EXPECT_EQ(parse_rate("1/250ms"), (Rate{1, Duration::from_ms(250)}));
  EXPECT_EQ(parse_rate("2/1h30m"), (Rate{2, Duration::from_seconds(5'400)}));
  EXPECT_EQ(parse_rate("0/s"), (Rate{0, Duration::from_seconds(1)}));
}

TEST(ParseRate, DoesNotReduce) { EXPECT_NE(parse_rate("100/1m"), parse_rate("50/30s")); }

TEST(ParseRate, TakesUnitsUpTo2To53) {
  EXPECT_EQ(parse_rate("9007199254740992/s")->units, std::uint64_t{1} << 53);
  for (const char* text : {"9007199254740993/s", "99999999999999999999999/s"}) {
    const Parsed<Rate> rate = parse_rate(text);
    ASSERT_FALSE(rate.has_value()) << text;
    EXPECT_THAT(rate.error(), HasSubstr("at most 9007199254740992 units"));
  }
}

TEST(ParseRate, NamesWhatItFoundAndWhatWouldBeRight) {
  for (const char* text : {"", "5", "/s", "5/", "5/sec", "5/1", "-5/s", "0.5/s", "5 /s", "5/s/s"}) {
    const Parsed<Rate> rate = parse_rate(text);
    ASSERT_FALSE(rate.has_value()) << text;
    EXPECT_THAT(rate.error(),
                HasSubstr("not a rate: \"" + std::string(text) + "\" (write a whole"));
  }
  EXPECT_EQ(parse_rate("5/0s").error(), "not a rate: \"5/0s\" (the period must be longer than 0s)");
  EXPECT_FALSE(parse_rate("5/0").has_value());
}

TEST(FormatRate, IsReadBackExactly) {
  EXPECT_EQ(format_rate({100, Duration::from_seconds(60)}), "100/1m");
  EXPECT_EQ(format_rate({5, Duration::from_seconds(1)}), "5/s");
  for (const char* text : {"5/s", "100/1m", "1/250ms", "0/s", "7/1h0.25s"}) {
    EXPECT_EQ(format_rate(*parse_rate(text)), text);
  }
}

TEST(ParseInstant, ReadsRfc3339) {
  EXPECT_EQ(instant_ns("1970-01-01T00:00:00Z"), 0);
  EXPECT_EQ(instant_ns("2026-01-01T00:00:00.25Z"), 1'767'225'600'250'000'000);
  EXPECT_EQ(instant_ns("2026-01-01 00:00:00"), 1'767'225'600'000'000'000);
  EXPECT_EQ(instant_ns("2026-01-01t00:00:00z"), 1'767'225'600'000'000'000);
  EXPECT_EQ(instant_ns("2026-01-01T01:30:00+01:30"), 1'767'225'600'000'000'000);
  EXPECT_EQ(instant_ns("2025-12-31T15:30:00-08:30"), 1'767'225'600'000'000'000);
  EXPECT_EQ(instant_ns("1969-12-31T23:59:59.999999999Z"), -1);
  EXPECT_EQ(instant_ns("2023-11-16 18:15:46.6805900"), 1'700'158'546'680'590'000);
}

TEST(ParseInstant, CutsOffDigitsBeyondNanoseconds) {
  EXPECT_EQ(instant_ns("1970-01-01T00:00:00.0000000019999Z"), 1);
  EXPECT_EQ(instant_ns("1969-12-31T23:59:59.9999999989999Z"), -2);
}

TEST(ParseInstant, KnowsTheCalendar) {
  EXPECT_EQ(instant_ns("2024-02-29T00:00:00Z"), 1'709'164'800'000'000'000);
  EXPECT_EQ(instant_ns("2000-02-29T00:00:00Z"), 951'782'400'000'000'000);
  for (const char* text : {"2023-02-29T00:00:00Z", "1900-02-29T00:00:00Z", "2024-04-31T00:00:00Z",
                           "2024-00-01T00:00:00Z", "2024-13-01T00:00:00Z", "2024-01-00T00:00:00Z",
                           "2024-01-32T00:00:00Z"}) {
    EXPECT_FALSE(parse_instant(text).has_value()) << text;
  }
}

TEST(ParseInstant, TakesALeapSecondOnlyAtTheEndOfADay) {
  EXPECT_EQ(instant_ns("2016-12-31T23:59:60Z"), instant_ns("2017-01-01T00:00:00Z"));
  EXPECT_EQ(instant_ns("2017-01-01T00:59:60+01:00"), instant_ns("2017-01-01T00:00:00Z"));
  EXPECT_FALSE(parse_instant("2016-12-31T23:58:60Z").has_value());
  EXPECT_FALSE(parse_instant("2016-12-31T23:59:60+01:00").has_value());
  EXPECT_FALSE(parse_instant("2016-12-31T23:59:61Z").has_value());
}

TEST(ParseInstant, NamesWhatItFoundAndWhatWouldBeRight) {
  for (const char* text :
       {"", "2026-01-01", "2026-01-01T", "2026-01-01T00:00Z", "2026-01-01T24:00:00Z",
        "2026-01-01T00:60:00Z", "2026-01-01T00:00:00.Z", "2026-01-01T00:00:00+0100",
        "2026-01-01T00:00:00+24:00", "2026-01-01T00:00:00Zx", "2026-01-01T00:00:00 Z",
        "26-01-01T00:00:00Z", "2026-1-1T00:00:00Z", "2026/01/01T00:00:00Z", "1700000000"}) {
    const Parsed<Instant> at = parse_instant(text);
    ASSERT_FALSE(at.has_value()) << text;
    EXPECT_THAT(at.error(),
                HasSubstr("not an instant: \"" + std::string(text) + "\" (write RFC 3339"));
  }
}

TEST(ParseInstant, ReachesTheEndsOfTimeAndNoFurther) {
  EXPECT_EQ(instant_ns("2262-04-11T23:47:16.854775807Z"), int64_max);
  EXPECT_EQ(instant_ns("1677-09-21T00:12:43.145224192Z"), int64_min);
  for (const char* text : {"2262-04-11T23:47:16.854775808Z", "1677-09-21T00:12:43.145224191Z",
                           "9999-12-31T23:59:59Z", "0000-01-01T00:00:00Z"}) {
    const Parsed<Instant> at = parse_instant(text);
    ASSERT_FALSE(at.has_value()) << text;
    EXPECT_THAT(at.error(), HasSubstr("instant out of range"));
  }
}

TEST(FormatInstant, WritesAsManyDecimalsAsAreNeeded) {
  EXPECT_EQ(format_instant(Instant()), "1970-01-01T00:00:00Z");
  EXPECT_EQ(format_instant(Instant::from_unix_ns(250'000'000)), "1970-01-01T00:00:00.25Z");
  EXPECT_EQ(format_instant(Instant::from_unix_ns(-1)), "1969-12-31T23:59:59.999999999Z");
  EXPECT_EQ(format_instant(Instant::from_unix_seconds(951'782'399)), "2000-02-28T23:59:59Z");
  EXPECT_EQ(format_instant(Instant::max()), "2262-04-11T23:47:16.854775807Z");
  EXPECT_EQ(format_instant(Instant::min()), "1677-09-21T00:12:43.145224192Z");
}

TEST(FormatInstant, IsReadBackExactly) {
  RandomSequence random(RandomStream(2));
  for (int i = 0; i < 20'000; ++i) {
    const std::int64_t ns = some_integer(random);
    ASSERT_EQ(instant_ns(format_instant(Instant::from_unix_ns(ns))), ns);
  }
}

TEST(ParseUnixSeconds, IsExact) {
  EXPECT_EQ(unix_ns("0"), 0);
  EXPECT_EQ(unix_ns("1700000000"), 1'700'000'000'000'000'000);
  EXPECT_EQ(unix_ns("1700000000.25"), 1'700'000'000'250'000'000);
  EXPECT_EQ(unix_ns("1700000000.123456789"), 1'700'000'000'123'456'789);
  EXPECT_EQ(unix_ns("1700000000.1234567899"), 1'700'000'000'123'456'789);
  EXPECT_EQ(unix_ns("-1.5"), -1'500'000'000);
  EXPECT_EQ(unix_ns("-0.000000001"), -1);
}

TEST(ParseUnixSeconds, ReachesTheEndsOfTimeAndNoFurther) {
  EXPECT_EQ(unix_ns("9223372036.854775807"), int64_max);
  EXPECT_EQ(unix_ns("-9223372036.854775808"), int64_min);
  for (const char* text : {"9223372036.854775808", "-9223372036.854775809", "9223372037",
                           "1700000000000", "99999999999999999999999"}) {
    const Parsed<Instant> at = parse_unix_seconds(text);
    ASSERT_FALSE(at.has_value()) << text;
    EXPECT_THAT(at.error(), HasSubstr("instant out of range"));
  }
}

TEST(ParseUnixSeconds, NamesWhatItFoundAndWhatWouldBeRight) {
  for (const char* text : {"", "-", ".5", "5.", "1.7e9", "1 ", "+1", "1.2.3", "nan"}) {
    const Parsed<Instant> at = parse_unix_seconds(text);
    ASSERT_FALSE(at.has_value()) << text;
    EXPECT_THAT(at.error(), HasSubstr("not a time in seconds: \"" + std::string(text) + "\""));
  }
}

TEST(FormatCount, PartsThousands) {
  EXPECT_EQ(format_count(0), "0");
  EXPECT_EQ(format_count(999), "999");
  EXPECT_EQ(format_count(1'000), "1,000");
  EXPECT_EQ(format_count(12'345'678), "12,345,678");
  EXPECT_EQ(format_count(-123), "-123");
  EXPECT_EQ(format_count(-1'234), "-1,234");
  EXPECT_EQ(format_count(int64_min), "-9,223,372,036,854,775,808");
}

TEST(DaysFromCivil, CountsEveryDayOfTheGregorianCalendar) {
  const auto is_leap = [](std::int64_t y) { return y % 4 == 0 && (y % 100 != 0 || y % 400 == 0); };
  constexpr unsigned lengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  std::int64_t expected = days_from_civil(1600, 1, 1);
  for (std::int64_t year = 1600; year < 2400; ++year) {
    for (unsigned month = 1; month <= 12; ++month) {
      const unsigned length = lengths[month - 1] + (month == 2 && is_leap(year) ? 1 : 0);
      for (unsigned day = 1; day <= length; ++day) {
        ASSERT_EQ(days_from_civil(year, month, day), expected++) << year << '-' << month;
      }
    }
  }
  EXPECT_EQ(days_from_civil(1970, 1, 1), 0);
  EXPECT_EQ(days_from_civil(2026, 1, 1), 20'454);
  EXPECT_EQ(days_from_civil(-400, 3, 1) + 146'097, days_from_civil(0, 3, 1));
}

TEST(Nearest, FindsWhatWasProbablyMeant) {
  const std::vector<std::string_view> names{"limit", "window", "anchor", "key", "count_denied"};
  EXPECT_EQ(nearest("limit", names), "limit");
  EXPECT_EQ(nearest("limt", names), "limit");
  EXPECT_EQ(nearest("limits", names), "limit");
  EXPECT_EQ(nearest("windwo", names), "window");
  EXPECT_EQ(nearest("kye", names), "key");
  EXPECT_EQ(nearest("count-denied", names), "count_denied");
}

TEST(Nearest, SaysNothingWhereNothingIsNear) {
  EXPECT_EQ(nearest("burst", {"limit", "window", "key"}), "");
  EXPECT_EQ(nearest("", {"limit"}), "");
  EXPECT_EQ(nearest("limit", {}), "");
  // Two edits away of six letters are near, three are not; of five letters, two are not.
  EXPECT_EQ(nearest("windXY", {"window"}), "window");
  EXPECT_EQ(nearest("winXYZ", {"window"}), "");
  EXPECT_EQ(nearest("limXY", {"limit"}), "");
}

TEST(Nearest, PrefersTheFewestEditsAndThenTheFirst) {
  EXPECT_EQ(nearest("capacit", {"capability", "capacity"}), "capacity");
  EXPECT_EQ(nearest("rata", {"rate", "rats"}), "rate");
  // A swap is one edit: two letters of this word are in each other's place.
  EXPECT_EQ(nearest("isze", {"doze", "size"}), "size");
}

}  // namespace
}  // namespace weir
