#include "traffic/trace.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <numeric>
#include <string>

#include "support/paths.hpp"
#include "traffic/gzip_for_test.hpp"
#include "traffic/temporary_file_for_test.hpp"
#include "traffic/trace_for_test.hpp"

namespace weir::traffic {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

TEST(ReadTrace, ReadsAFileAndHashesIt) {
  const TemporaryFile file("time_ns\n1\n");
  const Result<Trace> trace = read_trace(file.path(), TraceFormat::csv, {});
  ASSERT_TRUE(trace) << trace.error().message;
  EXPECT_EQ(trace->size(), 1u);
  // printf 'time_ns\n1\n' | sha256sum
  EXPECT_EQ(trace->sha256, "d61ac20047ea01df92c55f5512947c1ab0d9e887eaba146d9009fe6bc5a6ad9e");
}

TEST(ReadTrace, UnpacksGzipAndHashesWhatIsStored) {
  const std::string packed = gzip("\xEF\xBB\xBFtime_ns,user\n1,") + gzip("ann\n2,bob\n");
  const TemporaryFile file(packed);
  const Result<Trace> trace = read_trace(file.path(), TraceFormat::csv, {});
  ASSERT_TRUE(trace) << trace.error().message;
  EXPECT_THAT(values_of(*trace, "user"), ::testing::ElementsAre("ann", "bob"));
  const TemporaryFile plain("time_ns,user\n1,ann\n2,bob\n");
  const Result<Trace> same = read_trace(plain.path(), TraceFormat::csv, {});
  ASSERT_TRUE(same) << same.error().message;
  EXPECT_EQ(trace->sha256.size(), 64u);
  EXPECT_NE(trace->sha256, same->sha256);
}

TEST(ReadTrace, NamesTheFileInErrors) {
  const TemporaryFile bad("time_ns\nx\n");
  const Result<Trace> result = read_trace(bad.path(), TraceFormat::csv, {});
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().kind, ErrorKind::cannot_run);
  EXPECT_THAT(result.error().message, StartsWith(bad.path() + ":2: time_ns \"x\""));
}

TEST(ReadTrace, RejectsAPackedFileCutShort) {
  std::string packed = gzip("time_ns\n1\n");
  packed.resize(packed.size() - 3);
  const TemporaryFile file(packed);
  const Result<Trace> result = read_trace(file.path(), TraceFormat::csv, {});
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().message,
            file.path() + ": gzip data that ends early; the file was cut short");
}

TEST(ReadTrace, RejectsAnEmptyFile) {
  const TemporaryFile file("");
  const Result<Trace> result = read_trace(file.path(), TraceFormat::jsonl, {});
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().message, file.path() + ": no rows; expected at least one");
}

TEST(ReadTrace, SaysWhyAFileCannotBeRead) {
  const Result<Trace> missing = read_trace("no/such/file.csv", TraceFormat::csv, {});
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().kind, ErrorKind::cannot_run);
  EXPECT_EQ(missing.error().message, "cannot read no/such/file.csv: No such file or directory");
  const Result<Trace> folder = read_trace(::testing::TempDir(), TraceFormat::csv, {});
  ASSERT_FALSE(folder);
  EXPECT_THAT(folder.error().message, HasSubstr("Is a directory"));
}

TEST(ReadTrace, SkipsBadRowsWhereAsked) {
  const TemporaryFile file("time_ns\nx\n1\n");
  const Result<Trace> trace = read_trace(file.path(), TraceFormat::csv, {true});
  ASSERT_TRUE(trace) << trace.error().message;
  EXPECT_EQ(trace->bad_rows, 1);
}

/// Recorded traffic that is no part of the project; what is expected of it was counted with awk,
/// sort and uniq.
class RealTrace : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!std::filesystem::is_directory(WEIR_SHARED_DATA)) {
      GTEST_SKIP() << "the recorded traffic is not at " << WEIR_SHARED_DATA;
    }
  }
  static Trace read(const std::string& file, TraceFormat format) {
    Result<Trace> trace = read_trace(std::string(WEIR_SHARED_DATA) + "/" + file, format, {});
    if (trace) return *trace;
    ADD_FAILURE() << trace.error().message;
    return {};
  }
  static std::int64_t sum_of(const Trace& trace, std::string_view cost) {
    const std::vector<std::int64_t> amounts = amounts_of(trace, cost);
    return std::accumulate(amounts.begin(), amounts.end(), std::int64_t{0});
  }
  static std::ptrdiff_t rows_with(const Trace& trace, std::string_view attribute,
                                  std::string_view value) {
    const std::vector<std::string> values = values_of(trace, attribute);
    return std::count(values.begin(), values.end(), value);
  }
};

TEST_F(RealTrace, AzureCodeCompletion) {
  const Trace trace = read("azure-llm-code-2023.csv", TraceFormat::azure_llm);
  ASSERT_EQ(trace.size(), 8819u);
  EXPECT_EQ(sum_of(trace, "context_tokens"), 18'059'974);
  EXPECT_EQ(sum_of(trace, "generated_tokens"), 245'896);
  EXPECT_EQ(sum_of(trace, "tokens"), 18'305'870);
  EXPECT_EQ(trace.out_of_order, 0);
  EXPECT_EQ(trace.at.front().unix_ns(), 1'700'158'623'979'960'000);
  EXPECT_EQ(trace.at.back().unix_ns(), 1'700'162'059'928'016'000);
  EXPECT_EQ(trace.sha256, "54e9a6d2a4bd06ba1e060304b900abbc74cbea53de96506e60fe5bb4f2277fb6");
}

TEST_F(RealTrace, AzureConversation) {
  const Trace trace = read("azure-llm-conversation-2023.csv", TraceFormat::azure_llm);
  ASSERT_EQ(trace.size(), 19'366u);
  EXPECT_EQ(sum_of(trace, "context_tokens"), 22'361'870);
  EXPECT_EQ(sum_of(trace, "generated_tokens"), 4'088'665);
  EXPECT_EQ(sum_of(trace, "tokens"), 26'450'535);
  EXPECT_EQ(trace.out_of_order, 0);
  EXPECT_EQ(trace.at.front().unix_ns(), 1'700'158'546'680'590'000);
  EXPECT_EQ(trace.at.back().unix_ns(), 1'700'162'048'402'527'000);
}

TEST_F(RealTrace, ApacheCombinedLog) {
  const Trace trace = read("apache-combined.log", TraceFormat::combined_log);
  ASSERT_EQ(trace.size(), 10'000u);
  EXPECT_EQ(trace.out_of_order, 4915);
  EXPECT_EQ(trace.bad_rows, 0);
  EXPECT_TRUE(std::is_sorted(trace.at.begin(), trace.at.end()));
  // From 17/May/2015:10:05:00 to 20/May/2015:21:05:59.
  EXPECT_EQ(trace.at.front().unix_ns(), 1'431'857'100'000'000'000);
  EXPECT_EQ(trace.at.back().unix_ns(), 1'432'155'959'000'000'000);
  EXPECT_EQ(trace.attributes[0].name, "ip");
  EXPECT_EQ(trace.attributes[0].values.size(), 1753u);
  EXPECT_EQ(trace.attributes[0].values.front(), "83.149.9.216");
  EXPECT_EQ(rows_with(trace, "user", "-"), 10'000);
  EXPECT_EQ(rows_with(trace, "method", "GET"), 9952);
  EXPECT_EQ(rows_with(trace, "method", "POST"), 5);
  EXPECT_EQ(trace.attributes[3].name, "path");
  EXPECT_EQ(trace.attributes[3].values.size(), 1368u);
  EXPECT_EQ(rows_with(trace, "status", "200"), 9126);
  EXPECT_EQ(rows_with(trace, "status", "404"), 213);
  EXPECT_EQ(sum_of(trace, "bytes"), 2'747'282'740);
}

}  // namespace
}  // namespace weir::traffic
