#include "traffic/value_file.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "traffic/temporary_file_for_test.hpp"

namespace weir::traffic {
namespace {

using ::testing::ElementsAre;

TEST(ValueFile, ReadsAValueALine) {
  const TemporaryFile file(
      "\xEF\xBB\xBF"
      "ann\r\n\nbob \n#1\r\n\r\nann");
  const auto values = read_value_file(file.path());
  ASSERT_TRUE(values) << values.error().message;
  EXPECT_THAT(*values, ElementsAre("ann", "bob ", "#1", "ann"));
}

TEST(ValueFile, RejectsAFileWithoutValues) {
  const TemporaryFile file("\n\r\n");
  const auto values = read_value_file(file.path());
  ASSERT_FALSE(values);
  EXPECT_EQ(values.error().message, file.path() + ": no values; expected one a line");
  const auto missing = read_value_file("no/such/file");
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().message, "cannot read no/such/file: No such file or directory");
}

TEST(NumberFile, ReadsANumberALine) {
  const TemporaryFile file("# latencies\n12\r\n 0.25\t# the fast one\n\n-1e-3\n#\n0");
  const auto numbers = read_number_file(file.path());
  ASSERT_TRUE(numbers) << numbers.error().message;
  EXPECT_THAT(*numbers, ElementsAre(12.0, 0.25, -1e-3, 0.0));
}

TEST(NumberFile, RejectsWhatIsNoNumberByLine) {
  for (const std::string text : {"1,5", "12ms", "nan", "inf", "1e999", "0x10", "1 2", "+"}) {
    const TemporaryFile file("1\n\n" + text + "\n");
    const auto numbers = read_number_file(file.path());
    ASSERT_FALSE(numbers) << text;
    EXPECT_EQ(numbers.error().message,
              file.path() + ":3: \"" + text + "\": expected a number, such as 0.25");
  }
}

TEST(NumberFile, RejectsAFileWithoutNumbers) {
  const TemporaryFile file("# nothing\n");
  const auto numbers = read_number_file(file.path());
  ASSERT_FALSE(numbers);
  EXPECT_EQ(numbers.error().message, file.path() + ": no numbers; expected one a line");
  EXPECT_FALSE(read_number_file("no/such/file"));
}

TEST(DurationFile, ReadsADurationALine) {
  const TemporaryFile file("# latencies\n12ms\r\n 1m30s\t# the slow one\n\n0");
  const auto durations = read_duration_file(file.path());
  ASSERT_TRUE(durations) << durations.error().message;
  EXPECT_THAT(*durations,
              ElementsAre(Duration::from_ms(12), Duration::from_seconds(90), Duration()));
}

TEST(DurationFile, RejectsWhatIsNoDurationByLine) {
  for (const std::string text : {"12", "-1s", "1s 2s", "ms"}) {
    const TemporaryFile file("1s\n\n" + text + "\n");
    const auto durations = read_duration_file(file.path());
    ASSERT_FALSE(durations) << text;
    EXPECT_EQ(durations.error().message,
              file.path() + ":3: \"" + text + "\": expected a duration, such as 250ms");
  }
  const TemporaryFile empty("");
  EXPECT_EQ(read_duration_file(empty.path()).error().message,
            empty.path() + ": no durations; expected one a line");
}

}  // namespace
}  // namespace weir::traffic
