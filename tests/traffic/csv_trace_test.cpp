#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "traffic/trace_for_test.hpp"

namespace weir::traffic {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

Trace csv(std::string_view content, bool skip_bad_rows = false) {
  return trace_of(content, TraceFormat::csv, skip_bad_rows);
}
std::string csv_error(std::string_view content, bool skip_bad_rows = false) {
  return error_of(content, TraceFormat::csv, skip_bad_rows);
}

TEST(CsvTrace, ReadsTimesCostsAndAttributes) {
  const Trace trace =
      csv("user,time_ns,cost,model,cost.tokens\n"
          "ann,1000,2,large,700\n"
          "bob,2000,3,small,800\n"
          "ann,2000,0,small,9007199254740992\n");
  EXPECT_THAT(times_of(trace), ElementsAre(1000, 2000, 2000));
  EXPECT_THAT(values_of(trace, "user"), ElementsAre("ann", "bob", "ann"));
  EXPECT_THAT(values_of(trace, "model"), ElementsAre("large", "small", "small"));
  EXPECT_THAT(amounts_of(trace, "cost"), ElementsAre(2, 3, 0));
  EXPECT_THAT(amounts_of(trace, "tokens"), ElementsAre(700, 800, 9007199254740992));
  ASSERT_EQ(trace.attributes.size(), 2u);
  EXPECT_EQ(trace.attributes[0].name, "user");
  EXPECT_THAT(trace.attributes[0].values, ElementsAre("ann", "bob"));
  ASSERT_EQ(trace.costs.size(), 2u);
  EXPECT_EQ(trace.out_of_order, 0);
  EXPECT_EQ(trace.bad_rows, 0);
  EXPECT_EQ(trace.sha256, "");
}

TEST(CsvTrace, ReadsTimesInSecondsExactly) {
  const Trace trace = csv("time\n-0.5\n0\n1.5e-3\n12e-1\n1700000000.123456789\n1.700000001E+9\n");
  EXPECT_THAT(times_of(trace), ElementsAre(-500'000'000, 0, 1'500'000, 1'200'000'000,
                                           1'700'000'000'123'456'789, 1'700'000'001'000'000'000));
}

TEST(CsvTrace, ReadsDatesWithAndWithoutAnOffset) {
  const Trace trace = csv("time\n1970-01-01T00:00:01.25Z\n1970-01-01 01:00:02+01:00\n");
  EXPECT_THAT(times_of(trace), ElementsAre(1'250'000'000, 2'000'000'000));
}

TEST(CsvTrace, ReadsQuotedFieldsAndEitherLineEnd) {
  const Trace trace =
      csv("\xEF\xBB\xBF\"time_ns\",\"the, user\"\r\n"
          "1,\"a\"\"b\"\r\n"
          "\r\n"
          "2,\"c\r\nd\"\n"
          "3,");
  EXPECT_THAT(values_of(trace, "the, user"), ElementsAre("a\"b", "c\r\nd", ""));
}

TEST(CsvTrace, SortsByTimeStablyAndCountsRowsOutOfOrder) {
  const Trace trace = csv("time_ns,id,cost\n5,a,1\n3,b,2\n4,c,3\n3,d,4\n3,e,5\n9,f,6\n");
  EXPECT_THAT(times_of(trace), ElementsAre(3, 3, 3, 4, 5, 9));
  EXPECT_THAT(values_of(trace, "id"), ElementsAre("b", "d", "e", "c", "a", "f"));
  EXPECT_THAT(amounts_of(trace, "cost"), ElementsAre(2, 4, 5, 3, 1, 6));
  // 3 after 5, and 3 after 4.
  EXPECT_EQ(trace.out_of_order, 2);
  // Ids keep the order of the file.
  EXPECT_THAT(trace.attributes[0].values, ElementsAre("a", "b", "c", "d", "e", "f"));
}

TEST(CsvTrace, MayHaveNoAttributesAndNoCosts) {
  const Trace trace = csv("time\n1\n");
  EXPECT_EQ(trace.size(), 1u);
  EXPECT_THAT(trace.attributes, IsEmpty());
  EXPECT_THAT(trace.costs, IsEmpty());
}

TEST(CsvTrace, TellsAttributesFromCostsByTheWholeName) {
  const Trace trace = csv("time,costs,Cost,cost_usd,cost.a\n1,x,y,z,4\n");
  EXPECT_EQ(trace.attributes.size(), 3u);
  EXPECT_THAT(amounts_of(trace, "a"), ElementsAre(4));
}

TEST(CsvTrace, RejectsFaultsOfTheHeader) {
  // Skipping bad rows is no help against these.
  EXPECT_EQ(csv_error("", true),
            "log: empty; expected a header row with a column time_ns or time, such as "
            "time_ns,user,cost");
  EXPECT_EQ(csv_error("\n\r\n", true), csv_error("", true));
  EXPECT_EQ(csv_error("time,user,,cost\n1,a,b,2\n", true),
            "log:1: column 3 has no name; every column needs one");
  EXPECT_EQ(csv_error("time,user,cost,user\n1,a,2,b\n", true),
            "log:1: columns 2 and 4 are both named \"user\"; every name may stand once");
  EXPECT_EQ(csv_error("time,time\n1,1\n", true),
            "log:1: columns 1 and 2 are both named \"time\"; every name may stand once");
  EXPECT_EQ(csv_error("time,time_ns\n1,1\n", true),
            "log:1: both a column time_ns and a column time; expected one");
  EXPECT_EQ(csv_error("\nTime,user\n1,a\n", true),
            "log:2: no column time_ns or time among \"Time\", \"user\"; expected a header row with "
            "a column time_ns or time, such as time_ns,user,cost");
  EXPECT_THAT(csv_error("a,b,c,d,e,f,g,h,i\n", true), HasSubstr("\"h\", ...; expected"));
  EXPECT_EQ(csv_error("time,cost.\n1,1\n", true),
            "log:1: \"cost.\" names no cost; expected cost or cost.NAME");
  EXPECT_EQ(csv_error("time,cost.cost\n1,1\n", true),
            "log:1: \"cost.cost\"; expected cost, as the default cost is called");
  EXPECT_THAT(csv_error("time,\"user\n1,a\n", true),
              StartsWith("log:1: a quote that opens field 2 and is never closed"));
}

TEST(CsvTrace, RejectsATraceWithoutRows) {
  EXPECT_EQ(csv_error("time,user\n"), "log: no rows; expected at least one");
  EXPECT_EQ(csv_error("time,user", true), "log: no rows; expected at least one");
  EXPECT_EQ(csv_error("time,user\nx,a\ny,b\n", true).substr(0, 65),
            "log: none of the 2 rows can be read; the first: log:2: time \"x\": ");
}

TEST(CsvTrace, RejectsBadRowsByLine) {
  EXPECT_EQ(csv_error("time,user,cost\n1,a,2\n2,b\n"),
            "log:3: 2 fields; expected 3 as in the header");
  EXPECT_EQ(csv_error("time,user\nonly\n"), "log:2: 1 field; expected 2 as in the header");
  EXPECT_EQ(csv_error("time,user\n1,a,\n"), "log:2: 3 fields; expected 2 as in the header");
  EXPECT_EQ(csv_error("time_ns\n\n1.5\n"),
            "log:3: time_ns \"1.5\": expected whole nanoseconds since 1970, such as "
            "1700000000250000000");
  EXPECT_EQ(csv_error("time\nyesterday\n"),
            "log:2: time \"yesterday\": expected seconds since 1970, such as 1700000000.25, or a "
            "date and time, such as 2026-01-01T00:00:00.25Z, from the year 1824 to 2115");
  for (const char* time : {"", "2026-01-01", "2026-13-01T00:00:00Z", "1e999", "1e", "e5", "1e-",
                           "1.5.5", "--1", " 1", "1 ", "0x10", "nan", "1e41", "-1e-41"}) {
    EXPECT_THAT(csv_error(std::string("time,u\n") + time + ",a\n"),
                StartsWith("log:2: time \"" + std::string(time) + "\": expected seconds"));
  }
  EXPECT_EQ(csv_error("time,\"u\"\n1,\"x\ny\"\n2,\"x\"y\n"),
            "log:4: text after the closing quote of field 2; expected a comma or a line end");
  EXPECT_EQ(csv_error("time,u\n1,a\"b\n"),
            "log:2: a quote inside field 2; expected the whole field in quotes, and quotes in it "
            "doubled");
}

TEST(CsvTrace, TakesWholeCostsOnly) {
  EXPECT_THAT(amounts_of(csv("time,cost\n1,0\n"), "cost"), ElementsAre(0));
  EXPECT_EQ(csv_error("time,cost\n1,-1\n"),
            "log:2: cost \"-1\": expected a whole number of at least 0");
  EXPECT_EQ(csv_error("time,cost.tokens\n1,9007199254740993\n"),
            "log:2: cost.tokens \"9007199254740993\": expected at most 9007199254740992");
  for (const char* cost : {"", "3.0", "1e3", "many", " 1"}) {
    EXPECT_EQ(
        csv_error(std::string("time,cost.tokens\n1,") + cost + "\n"),
        "log:2: cost.tokens \"" + std::string(cost) + "\": expected a whole number of at least 0");
  }
}

TEST(CsvTrace, TakesTimesFrom1824To2115Only) {
  // 2^62 nanoseconds either way, exclusive.
  EXPECT_THAT(times_of(csv("time_ns\n-4611686018427387903\n4611686018427387903\n")),
              ElementsAre(-4611686018427387903, 4611686018427387903));
  const std::string expected = " is out of range: expected a year from 1824 to 2115";
  EXPECT_EQ(csv_error("time_ns\n4611686018427387904\n"),
            "log:2: time_ns \"4611686018427387904\"" + expected);
  EXPECT_EQ(csv_error("time_ns\n-4611686018427387904\n"),
            "log:2: time_ns \"-4611686018427387904\"" + expected);
  EXPECT_EQ(csv_error("time\n2117-01-01T00:00:00Z\n"),
            "log:2: time \"2117-01-01T00:00:00Z\"" + expected);
  // Milliseconds taken for seconds do not even fit an instant.
  EXPECT_THAT(csv_error("time\n1700000000250\n"), HasSubstr("expected seconds since 1970"));
}

TEST(CsvTrace, SkipsAndCountsBadRows) {
  const Trace trace =
      csv("time_ns,user,cost\n"
          "1,a,1\n"
          "x,never,1\n"
          "5,never,-1\n"
          "3,b\n"
          "\"4\"\",c,1\n"
          "0,b\"c,1\n"
          "0\n"
          "2,b,1\n",
          true);
  EXPECT_THAT(times_of(trace), ElementsAre(1, 2));
  EXPECT_THAT(values_of(trace, "user"), ElementsAre("a", "b"));
  // A bad row leaves no value behind, and is no neighbour in time.
  EXPECT_THAT(trace.attributes[0].values, ElementsAre("a", "b"));
  EXPECT_EQ(trace.out_of_order, 0);
  EXPECT_EQ(trace.bad_rows, 6);
  EXPECT_THAT(trace.first_bad_rows,
              ElementsAre(StartsWith("log:3: time_ns \"x\""), StartsWith("log:4: cost \"-1\""),
                          StartsWith("log:5: 2 fields"), StartsWith("log:6: "),
                          StartsWith("log:7: a quote inside field 2")));
}

TEST(CsvTrace, ShowsFoundTextShortAndPrintable) {
  EXPECT_THAT(csv_error("time_ns\n\x1b[31m\xff\n"), HasSubstr("time_ns \"\\x1b[31m\\xff\": "));
  EXPECT_THAT(csv_error("time_ns\n" + std::string(1000, '9') + "\n"),
              HasSubstr("\"" + std::string(60, '9') + "...\""));
}

TEST(CsvTrace, KeepsManyDistinctValuesApart) {
  std::string content = "time_ns,user\n";
  for (int i = 0; i < 50'000; ++i) {
    content += std::to_string(i) + ",user-" + std::to_string(i % 20'000) + "\n";
  }
  const Trace trace = csv(content);
  EXPECT_EQ(trace.attributes[0].values.size(), 20'000u);
  for (const std::size_t row : {0u, 19'999u, 20'000u, 49'999u}) {
    EXPECT_EQ(trace.attributes[0].values[trace.attributes[0].ids[row]],
              "user-" + std::to_string(row % 20'000));
  }
}

}  // namespace
}  // namespace weir::traffic
