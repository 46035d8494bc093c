#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "traffic/trace_for_test.hpp"

namespace weir::traffic {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::SizeIs;
using ::testing::StartsWith;

Trace jsonl(std::string_view content, bool skip_bad_rows = false) {
  return trace_of(content, TraceFormat::jsonl, skip_bad_rows);
}
std::string jsonl_error(std::string_view content, bool skip_bad_rows = false) {
  return error_of(content, TraceFormat::jsonl, skip_bad_rows);
}

TEST(JsonlTrace, ReadsTimesCostsAndAttributes) {
  const Trace trace = jsonl(
      "{\"time_ns\": 1000, \"user\": \"ann\", \"cost\": 2, \"cost.tokens\": 700}\n"
      "{\"cost.tokens\": \"800\", \"user\": \"bob\", \"cost\": 3, \"time_ns\": \"2000\"}\r\n"
      "{\"time\": 3e-6, \"user\": \"ann\", \"cost\": 0, \"cost.tokens\": 9007199254740992}");
  EXPECT_THAT(times_of(trace), ElementsAre(1000, 2000, 3000));
  EXPECT_THAT(values_of(trace, "user"), ElementsAre("ann", "bob", "ann"));
  EXPECT_THAT(amounts_of(trace, "cost"), ElementsAre(2, 3, 0));
  EXPECT_THAT(amounts_of(trace, "tokens"), ElementsAre(700, 800, 9007199254740992));
  EXPECT_THAT(trace.attributes, SizeIs(1));
  EXPECT_THAT(trace.costs, SizeIs(2));
}

TEST(JsonlTrace, ReadsTimesFromTheTextAndNotFromADouble) {
  // No double is any of these.
  const Trace trace = jsonl(
      "{\"time\": 1700000000.123456789}\n"
      "{\"time\": \"1700000000.123456790\"}\n"
      "{\"time\": 1.700000000123456791e9}\n"
      "{\"time\": \"2023-11-14T22:13:20.123456792Z\"}\n"
      "{\"time_ns\": 1700000000123456793}\n"
      "{\"time\": 1700000001}\n");
  EXPECT_THAT(times_of(trace), ElementsAre(1'700'000'000'123'456'789, 1'700'000'000'123'456'790,
                                           1'700'000'000'123'456'791, 1'700'000'000'123'456'792,
                                           1'700'000'000'123'456'793, 1'700'000'001'000'000'000));
}

TEST(JsonlTrace, TakesNumbersAndBooleansByTheirText) {
  const Trace trace = jsonl(
      "{\"time_ns\":1,\"a\":1}\n{\"time_ns\":2,\"a\":\"1\"}\n{\"time_ns\":3,\"a\":1.50}\n"
      "{\"time_ns\":4,\"a\":18446744073709551615}\n{\"time_ns\":5,\"a\":-7}\n"
      "{\"time_ns\":6,\"a\":123456789012345678901234567890}\n"
      "{\"time_ns\":7,\"a\":true}\n{\"time_ns\":8,\"a\":false}\n{\"time_ns\":9,\"a\":null}\n");
  EXPECT_THAT(values_of(trace, "a"),
              ElementsAre("1", "1", "1.50", "18446744073709551615", "-7",
                          "123456789012345678901234567890", "true", "false", ""));
  // The number 1 and the string "1" are one value.
  EXPECT_EQ(trace.attributes[0].ids[0], trace.attributes[0].ids[1]);
}

TEST(JsonlTrace, DecodesEscapes) {
  const Trace trace = jsonl("{\"time_ns\":1,\"us\\u0065r\":\"a\\n\\\"\\u00e9\"}\n");
  EXPECT_THAT(values_of(trace, "user"), ElementsAre("a\n\"\xc3\xa9"));
}

TEST(JsonlTrace, FillsWhatIsMissing) {
  const Trace trace = jsonl(
      "{\"time_ns\":1}\n"
      "{\"time_ns\":2,\"user\":\"ann\",\"cost\":5,\"cost.tokens\":7}\n"
      "{\"time_ns\":3,\"cost\":null,\"cost.tokens\":null}\n"
      "{\"time_ns\":4,\"tier\":\"pro\"}\n");
  EXPECT_THAT(values_of(trace, "user"), ElementsAre("", "ann", "", ""));
  EXPECT_THAT(values_of(trace, "tier"), ElementsAre("", "", "", "pro"));
  EXPECT_THAT(amounts_of(trace, "cost"), ElementsAre(1, 5, 1, 1));
  EXPECT_THAT(amounts_of(trace, "tokens"), ElementsAre(0, 7, 0, 0));
}

TEST(JsonlTrace, SortsByTimeStably) {
  const Trace trace = jsonl(
      "{\"time_ns\":2,\"id\":\"a\",\"cost\":10}\n{\"time_ns\":1,\"id\":\"b\",\"cost\":20}\n"
      "{\"time_ns\":2,\"id\":\"c\",\"cost\":30}\n");
  EXPECT_THAT(values_of(trace, "id"), ElementsAre("b", "a", "c"));
  EXPECT_THAT(amounts_of(trace, "cost"), ElementsAre(20, 10, 30));
  EXPECT_EQ(trace.out_of_order, 1);
}

TEST(JsonlTrace, PassesOverBlankLinesAndAByteOrderMark) {
  const Trace trace = jsonl("\xEF\xBB\xBF\n  \t\r\n{\"time_ns\":1}\n\n{ \"time_ns\" : 2 } \n\n");
  EXPECT_THAT(times_of(trace), ElementsAre(1, 2));
}

TEST(JsonlTrace, RejectsATraceWithoutRows) {
  EXPECT_EQ(jsonl_error(""), "log: no rows; expected at least one");
  EXPECT_EQ(jsonl_error("\n\n", true), "log: no rows; expected at least one");
  EXPECT_THAT(jsonl_error("[]\n", true),
              StartsWith("log: none of the 1 rows can be read; the first: log:1: JSON that is no"));
}

TEST(JsonlTrace, RejectsLinesThatAreNoFlatObject) {
  EXPECT_EQ(jsonl_error("{\"time_ns\":1}\n\n{\"time_ns\":1,}\n"),
            "log:3: no valid JSON at byte 14; expected one object in each line");
  for (const char* line : {"{", "{\"time_ns\":1", "{\"time_ns\":1}}", "{\"time_ns\":1} {}", "nul",
                           "{\"time_ns\":1,\"a\":\"\xff\"}", R"({"time_ns":1,"a":1e999})",
                           "{'time_ns':1}", "{\"time_ns\":1} // x"}) {
    EXPECT_THAT(jsonl_error(line), HasSubstr("log:1: no valid JSON at byte ")) << line;
  }
  for (const char* line : {"1", "1.5", "\"text\"", "true", "null", "[]", "[{\"time_ns\":1}]"}) {
    EXPECT_EQ(jsonl_error(line), "log:1: JSON that is no object; expected one object in each line");
  }
  for (const char* nested : {"{}", "[]", "[[[[[[", "{\"b\":1}"}) {
    EXPECT_EQ(jsonl_error("{\"time_ns\":1,\"a\":" + std::string(nested) + "}"),
              "log:1: \"a\" holds an object or array; expected a string, number or boolean");
  }
}

TEST(JsonlTrace, RejectsBadMembers) {
  EXPECT_EQ(jsonl_error("{\"user\":\"a\"}"), "log:1: no time; expected a member time_ns or time");
  EXPECT_EQ(jsonl_error("{\"time\":1,\"time_ns\":1}"),
            "log:1: both time_ns and time; expected one of them");
  EXPECT_EQ(jsonl_error("{\"time_ns\":1,\"a\":1,\"a\":1}"),
            "log:1: \"a\" stands twice; expected every member once");
  EXPECT_EQ(jsonl_error("{\"time_ns\":1,\"time_ns\":1}"),
            "log:1: \"time_ns\" stands twice; expected every member once");
  EXPECT_EQ(jsonl_error("{\"time_ns\":1,\"\":1}"),
            "log:1: a member without a name; expected a name for every value");
  EXPECT_THAT(jsonl_error("{\"time_ns\":1.0}"),
              StartsWith("log:1: time_ns \"1.0\": expected whole nanoseconds"));
  EXPECT_THAT(jsonl_error("{\"time\":null}"), StartsWith("log:1: time \"\": expected seconds"));
  EXPECT_THAT(jsonl_error("{\"time\":true}"), StartsWith("log:1: time \"true\": expected seconds"));
  EXPECT_EQ(jsonl_error("{\"time_ns\":1,\"cost\":3.0}"),
            "log:1: cost \"3.0\": expected a whole number of at least 0");
  EXPECT_EQ(jsonl_error("{\"time_ns\":1,\"cost.x\":-3}"),
            "log:1: cost.x \"-3\": expected a whole number of at least 0");
  EXPECT_EQ(jsonl_error("{\"time_ns\":1,\"cost\":true}"),
            "log:1: cost \"true\": expected a whole number of at least 0");
  EXPECT_EQ(jsonl_error("{\"time_ns\":1,\"cost.\":1}"),
            "log:1: \"cost.\" names no cost; expected cost or cost.NAME");
  EXPECT_EQ(jsonl_error("{\"time_ns\":1,\"cost.cost\":1}"),
            "log:1: \"cost.cost\"; expected cost, as the default cost is called");
}

TEST(JsonlTrace, BadRowsLeaveNothingBehind) {
  const Trace trace = jsonl(
      "{\"time_ns\":1,\"a\":\"x\"}\n"
      "{\"time_ns\":\"?\",\"b\":\"never\"}\n"
      "{\"c\":\"never\",\"cost.d\":1,\"a\":\"never\"}\n"
      "not json\n"
      "{\"time_ns\":2,\"a\":\"y\"}\n",
      true);
  ASSERT_THAT(trace.attributes, SizeIs(1));
  EXPECT_THAT(trace.attributes[0].values, ElementsAre("x", "y"));
  EXPECT_THAT(trace.costs, SizeIs(0));
  EXPECT_EQ(trace.bad_rows, 3);
  EXPECT_THAT(trace.first_bad_rows, SizeIs(3));
}

TEST(JsonlTrace, AllowsAThousandDifferentMembers) {
  std::string content;
  for (int i = 0; i < 1000; ++i) {
    content += R"({"time_ns":1,"a)" + std::to_string(i) + "\":1}\n";
  }
  EXPECT_THAT(jsonl(content).attributes, SizeIs(1000));
  EXPECT_EQ(jsonl_error(content + "{\"time_ns\":1,\"b\":1}\n"),
            "log:1001: more than 1000 different members so far; expected fewer");
  EXPECT_EQ(jsonl(content + "{\"time_ns\":1,\"b\":1}\n{\"time_ns\":1,\"a0\":1}\n", true).size(),
            1001u);
}

}  // namespace
}  // namespace weir::traffic
