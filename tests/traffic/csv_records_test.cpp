#include "traffic/csv_records.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace weir::traffic {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

using Records = std::vector<std::vector<std::string>>;

Records read_all(std::string_view text) {
  Records all;
  CsvRecords records(text);
  while (records.next() == CsvRecords::Status::record) {
    all.emplace_back(records.fields().begin(), records.fields().end());
  }
  return all;
}

TEST(CsvRecords, CutsAtCommasAndLineEnds) {
  EXPECT_EQ(read_all("a,b\n1,2\n"), (Records{{"a", "b"}, {"1", "2"}}));
  EXPECT_EQ(read_all("a,b\r\n1,2\r\n"), (Records{{"a", "b"}, {"1", "2"}}));
}

TEST(CsvRecords, NeedsNoLineEndAfterTheLastRecord) {
  EXPECT_EQ(read_all("a,b\n1,2"), (Records{{"a", "b"}, {"1", "2"}}));
  EXPECT_EQ(read_all("a,b\n1,\"2\""), (Records{{"a", "b"}, {"1", "2"}}));
  EXPECT_EQ(read_all("a,b\n1,2\r"), (Records{{"a", "b"}, {"1", "2"}}));
  EXPECT_EQ(read_all("a,b\n1,\"2\"\r"), (Records{{"a", "b"}, {"1", "2"}}));
}

TEST(CsvRecords, KeepsEmptyFields) {
  EXPECT_EQ(read_all(",\n,,"), (Records{{"", ""}, {"", "", ""}}));
  EXPECT_EQ(read_all("\"\",\"\"\n"), (Records{{"", ""}}));
}

TEST(CsvRecords, PassesOverBlankLines) {
  EXPECT_EQ(read_all("\n\r\na\n\n\r\nb\n\n"), (Records{{"a"}, {"b"}}));
  EXPECT_EQ(read_all(""), Records{});
  EXPECT_EQ(read_all("\n\n"), Records{});
}

TEST(CsvRecords, ReadsQuotedFields) {
  EXPECT_EQ(read_all("\"a,b\",\"c\"\r\n"), (Records{{"a,b", "c"}}));
  EXPECT_EQ(read_all("\"x\ny\",\"\r\n\"\n"), (Records{{"x\ny", "\r\n"}}));
  EXPECT_EQ(read_all("\"say \"\"hi\"\"\",\"\"\"\"\n"), (Records{{"say \"hi\"", "\""}}));
  // Several fields with doubled quotes in one record, long enough to have memory of their own.
  EXPECT_EQ(
      read_all("\"\"\"a\",\"\"\"b\",\"a long field with a quote \"\" in the middle\",\"c\"\"\""),
      (Records{{"\"a", "\"b", "a long field with a quote \" in the middle", "c\""}}));
}

TEST(CsvRecords, KeepsACarriageReturnWithinAField) {
  EXPECT_EQ(read_all("a\rb,c\n"), (Records{{"a\rb", "c"}}));
}

TEST(CsvRecords, CountsPhysicalLines) {
  CsvRecords records("h\n\n\"1\n2\r\n3\",x\nlast");
  ASSERT_EQ(records.next(), CsvRecords::Status::record);
  EXPECT_EQ(records.line(), 1);
  ASSERT_EQ(records.next(), CsvRecords::Status::record);
  EXPECT_EQ(records.line(), 3);  // where it begins
  ASSERT_EQ(records.next(), CsvRecords::Status::record);
  EXPECT_EQ(records.line(), 6);
  EXPECT_EQ(records.next(), CsvRecords::Status::end);
}

TEST(CsvRecords, SaysWhatIsWrongWithTheQuoting) {
  const auto fault_of = [](std::string_view text) {
    CsvRecords records(text);
    EXPECT_EQ(records.next(), CsvRecords::Status::fault);
    return records.fault();
  };
  EXPECT_THAT(fault_of("a,b\"c\n"), HasSubstr("a quote inside field 2"));
  EXPECT_THAT(fault_of("a,\"b\"c\n"), HasSubstr("text after the closing quote of field 2"));
  EXPECT_THAT(fault_of("a,\"b\"\rc\n"), HasSubstr("text after the closing quote of field 2"));
  EXPECT_THAT(fault_of("\"a\nb"), HasSubstr("a quote that opens field 1 and is never closed"));
}

TEST(CsvRecords, GoesOnAfterTheLineWhereAFaultyRecordBegins) {
  CsvRecords records("\"a\nb,c\n\"x\"y,\"\nd\n");
  ASSERT_EQ(records.next(), CsvRecords::Status::fault);
  EXPECT_EQ(records.line(), 1);
  ASSERT_EQ(records.next(), CsvRecords::Status::record);
  EXPECT_EQ(records.line(), 2);
  EXPECT_THAT(records.fields(), ElementsAre("b", "c"));
  ASSERT_EQ(records.next(), CsvRecords::Status::fault);
  EXPECT_EQ(records.line(), 3);
  ASSERT_EQ(records.next(), CsvRecords::Status::record);
  EXPECT_EQ(records.line(), 4);
  EXPECT_THAT(records.fields(), ElementsAre("d"));
  EXPECT_EQ(records.next(), CsvRecords::Status::end);
}

TEST(CsvRecords, EndsAfterAFaultInTheLastLine) {
  CsvRecords records("\"a");
  ASSERT_EQ(records.next(), CsvRecords::Status::fault);
  EXPECT_EQ(records.next(), CsvRecords::Status::end);
}

}  // namespace
}  // namespace weir::traffic
