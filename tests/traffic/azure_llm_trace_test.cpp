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

const std::string header = "TIMESTAMP,ContextTokens,GeneratedTokens\r\n";

Trace azure(const std::string& rows, bool skip_bad_rows = false) {
  return trace_of(header + rows, TraceFormat::azure_llm, skip_bad_rows);
}
std::string azure_error(const std::string& content, bool skip_bad_rows = false) {
  return error_of(content, TraceFormat::azure_llm, skip_bad_rows);
}

TEST(AzureLlmTrace, ReadsTokensAndTimesInUtc) {
  const Trace trace = azure("2023-11-16 18:17:03.9799600,4808,10\r\n2023-11-16 18:17:04,3180,0");
  // date -u -d '2023-11-16 18:17:03' +%s
  EXPECT_THAT(times_of(trace), ElementsAre(1'700'158'623'979'960'000, 1'700'158'624'000'000'000));
  EXPECT_THAT(amounts_of(trace, "context_tokens"), ElementsAre(4808, 3180));
  EXPECT_THAT(amounts_of(trace, "generated_tokens"), ElementsAre(10, 0));
  EXPECT_THAT(amounts_of(trace, "tokens"), ElementsAre(4818, 3180));
  EXPECT_THAT(trace.attributes, SizeIs(0));
  EXPECT_THAT(trace.costs, SizeIs(3));
}

TEST(AzureLlmTrace, ReadsTimesWithAnOffset) {
  // As in the traces of 2024.
  EXPECT_THAT(times_of(azure("2024-05-10 00:00:00.009930+00:00,2162,5\n")),
              ElementsAre(1'715'299'200'009'930'000));
}

TEST(AzureLlmTrace, RejectsOtherHeaders) {
  const std::string wanted = "; expected TIMESTAMP,ContextTokens,GeneratedTokens";
  EXPECT_EQ(azure_error("time,tokens\n1,2\n", true), "log:1: column 1 is \"time\"" + wanted);
  EXPECT_EQ(azure_error("TIMESTAMP,ContextTokens\n", true), "log:1: column 3 is \"\"" + wanted);
  EXPECT_EQ(azure_error("TIMESTAMP,ContextTokens,GeneratedTokens,Model\n"),
            "log:1: 4 columns" + wanted);
  EXPECT_THAT(azure_error("\"TIMESTAMP\n", true), StartsWith("log:1: a quote that opens field 1"));
}

TEST(AzureLlmTrace, RejectsATraceWithoutRows) {
  EXPECT_EQ(azure_error(""), "log: no rows; expected at least one");
  EXPECT_EQ(azure_error(header), "log: no rows; expected at least one");
}

TEST(AzureLlmTrace, RejectsBadRowsByLine) {
  EXPECT_EQ(azure_error(header + "2023-11-16 18:17:03,1\r\n"),
            "log:2: 2 fields; expected 3 as in the header");
  EXPECT_EQ(azure_error(header + "x\r\n"), "log:2: 1 field; expected 3 as in the header");
  EXPECT_EQ(azure_error(header + "2023-11-16 18:17:03,1,1\r\n16/11/2023,1,1"),
            "log:3: TIMESTAMP \"16/11/2023\": expected a date and time such as 2023-11-16 "
            "18:17:03.9799600");
  EXPECT_EQ(azure_error(header + "2117-01-01 00:00:00,1,1"),
            "log:2: TIMESTAMP \"2117-01-01 00:00:00\" is out of range: expected a year from 1824 "
            "to 2115");
  EXPECT_EQ(azure_error(header + "2023-11-16 18:17:03,1.5,1"),
            "log:2: ContextTokens \"1.5\": expected a whole number of at least 0");
  EXPECT_EQ(azure_error(header + "2023-11-16 18:17:03,1,-1"),
            "log:2: GeneratedTokens \"-1\": expected a whole number of at least 0");
  EXPECT_THAT(azure_error(header + "\"2023-11-16 18:17:03\"x,1,1"),
              HasSubstr("log:2: text after the closing quote of field 1"));
}

TEST(AzureLlmTrace, RejectsASumBeyondTheLargestAmount) {
  const std::string time = "2023-11-16 18:17:03,";
  EXPECT_THAT(amounts_of(azure(time + "9007199254740992,0\n"), "tokens"),
              ElementsAre(9007199254740992));
  EXPECT_EQ(azure_error(header + time + "9007199254740992,1\n"),
            "log:2: 9007199254740992 + 1 tokens; expected a sum of at most 9007199254740992");
}

TEST(AzureLlmTrace, SkipsAndCountsBadRows) {
  const Trace trace =
      azure("2023-11-16 18:17:03,1,1\r\nx,1,1\r\n\"y\"z,1,1\r\n2023-11-16 18:17:02,2,2\r\n", true);
  EXPECT_THAT(amounts_of(trace, "tokens"), ElementsAre(4, 2));
  EXPECT_EQ(trace.out_of_order, 1);
  EXPECT_EQ(trace.bad_rows, 2);
  EXPECT_THAT(trace.first_bad_rows, ElementsAre(StartsWith("log:3: "), StartsWith("log:4: ")));
}

}  // namespace
}  // namespace weir::traffic
