#include "sweep/values.hpp"

#include <gmock/gmock.h>

namespace weir::sweep {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

std::vector<std::string> values(std::string_view text) {
  const auto parsed = parse_values(text);
  EXPECT_TRUE(parsed) << text << ": " << parsed.error();
  return parsed.value_or(std::vector<std::string>{});
}

std::string complaint(std::string_view text) {
  const auto parsed = parse_values(text);
  EXPECT_FALSE(parsed) << text;
  return parsed ? "" : parsed.error();
}

TEST(SweepValues, WholeNumbersStayWhole) {
  EXPECT_THAT(values("10..50:5"), ElementsAre("10", "20", "30", "40", "50"));
  EXPECT_THAT(values("1..10:4"), ElementsAre("1", "4", "7", "10"));
  EXPECT_THAT(values("0..10:5"), ElementsAre("0", "3", "5", "8", "10"));
  EXPECT_THAT(values("50..10:3"), ElementsAre("50", "30", "10"));
  EXPECT_THAT(values("-4..4:3"), ElementsAre("-4", "0", "4"));
}

TEST(SweepValues, WhatComesOutTwiceStaysOnce) {
  EXPECT_THAT(values("1..3:9"), ElementsAre("1", "2", "3"));
  EXPECT_THAT(values("5..5:4"), ElementsAre("5"));
  EXPECT_THAT(values("a,b,a"), ElementsAre("a", "b"));
}

TEST(SweepValues, LargestNumbersDoNotOverflow) {
  EXPECT_THAT(values("-9223372036854775808..9223372036854775807:3"),
              ElementsAre("-9223372036854775808", "0", "9223372036854775807"));
  EXPECT_EQ(values("1..9223372036854775807:64:log").size(), 64u);
}

TEST(SweepValues, EvenFactors) {
  EXPECT_THAT(values("1..1000:4:log"), ElementsAre("1", "10", "100", "1000"));
  EXPECT_THAT(values("1/s..100/s:3:log"), ElementsAre("1/s", "10/s", "100/s"));
  EXPECT_THAT(values("1ms..100s:6:log"),
              ElementsAre("1ms", "10ms", "100ms", "1000ms", "10000ms", "100s"));
  EXPECT_THAT(complaint("0..10:3:log"), HasSubstr("above 0"));
}

TEST(SweepValues, DurationsKeepTheirUnit) {
  EXPECT_THAT(values("1s..1m:3"), ElementsAre("1s", "30.5s", "1m"));
  EXPECT_THAT(values("0..10s:3"), ElementsAre("0", "5s", "10s"));
  EXPECT_THAT(values("1s..2s:4"), ElementsAre("1s", "1.333s", "1.667s", "2s"));
  EXPECT_THAT(values("100ms..1s:3"), ElementsAre("100ms", "550ms", "1s"));
  EXPECT_THAT(values("1ns..4ns:4"), ElementsAre("1ns", "2ns", "3ns", "4ns"));
  EXPECT_THAT(values("1us..2us:3"), ElementsAre("1us", "1.5us", "2us"));
  for (const std::string& value : values("1h..2d:7")) EXPECT_TRUE(parse_duration(value)) << value;
}

TEST(SweepValues, RatesKeepTheirPeriod) {
  EXPECT_THAT(values("10/s..100/s:4"), ElementsAre("10/s", "40/s", "70/s", "100/s"));
  EXPECT_THAT(values("60/1m..120/1m:3"), ElementsAre("60/1m", "90/1m", "120/1m"));
  EXPECT_THAT(complaint("60/1m..2/s:3"), HasSubstr("different periods"));
}

TEST(SweepValues, DecimalNumbers) {
  EXPECT_THAT(values("0..1.5:4"), ElementsAre("0", "0.5", "1", "1.5"));
  EXPECT_THAT(values("0.1..0.2:2"), ElementsAre("0.1", "0.2"));
}

TEST(SweepValues, ListsOfAnything) {
  EXPECT_THAT(values("gcra,token-bucket"), ElementsAre("gcra", "token-bucket"));
  EXPECT_THAT(values("7"), ElementsAre("7"));
  EXPECT_THAT(values(R"(["a","b"],["a"])"), ElementsAre(R"(["a","b"])", R"(["a"])"));
  EXPECT_THAT(values(R"({"x":"},","y":[1,2]},"1..2:3","\",")"),
              ElementsAre(R"({"x":"},","y":[1,2]})", R"("1..2:3")", R"("\",")"));
}

TEST(SweepValues, WrongOnesSayWhatWouldBeRight) {
  EXPECT_THAT(complaint("1..5"), HasSubstr("FROM..TO:STEPS"));
  EXPECT_THAT(complaint("1..5:3:lgo"), HasSubstr(":log"));
  EXPECT_THAT(complaint("1..5:1"), HasSubstr("from 2"));
  EXPECT_THAT(complaint("1..5:x"), HasSubstr("from 2"));
  EXPECT_THAT(complaint("1s..5:3"), HasSubstr("must both be"));
  EXPECT_THAT(complaint("a,,b"), HasSubstr("empty"));
  EXPECT_THAT(complaint(""), HasSubstr("empty"));
}

}  // namespace
}  // namespace weir::sweep
