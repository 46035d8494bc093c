#include "report/hdr_log.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <cstdio>
#include <filesystem>
#include <sstream>

#include "core/random.hpp"
#include "support/run_weir.hpp"

namespace weir::report {
namespace {

using testing::ContainsRegex;
using testing::HasSubstr;

constexpr const char* hdr_jar = "/usr/share/java/hdrhistogram.jar";

std::string output_of(const std::string& command) {
  std::string output;
  std::FILE* const pipe = popen(command.c_str(), "r");
  if (pipe == nullptr) return output;
  std::array<char, 4096> chunk = {};
  for (std::size_t n = 0; (n = std::fread(chunk.data(), 1, chunk.size(), pipe)) > 0;) {
    output.append(chunk.data(), n);
  }
  pclose(pipe);
  return output;
}

metrics::Outcome logged_outcome() {
  metrics::Outcome outcome;
  outcome.start = Instant::from_unix_seconds(1'700'000'000);
  outcome.duration = Duration::from_seconds(2);
  outcome.series_interval = Duration::from_seconds(1);
  metrics::Accumulator a;
  a.series.resize(2);
  const RandomStream random(7);
  for (std::uint64_t i = 0; i < 100'000; ++i) {
    const auto ns = static_cast<std::int64_t>(random.below(i, 50'000'000));
    a.series[i % 2].latency.record(ns);
    a.latency_allowed.record(ns);
  }
  outcome.policies.push_back({"", a});
  return outcome;
}

TEST(HdrLog, HasALineAnIntervalAndOneATag) {
  const std::string log = hdr_log(logged_outcome());
  EXPECT_THAT(log, HasSubstr("#[Histogram log format version 1.3]\n"));
  EXPECT_THAT(log, HasSubstr("#[StartTime: 1700000000.000 (seconds since epoch), "
                             "2023-11-14T22:13:20Z]\n"));
  EXPECT_THAT(log, ContainsRegex("\n0.000,1.000,(49.99|50.00)"));
  EXPECT_THAT(log, ContainsRegex("\n1.000,1.000,(49.99|50.00)"));
  EXPECT_THAT(log, ContainsRegex("\nTag=allowed,0.000,2.000,(49.99|50.00)"));
  EXPECT_THAT(log, HasSubstr("\nTag=denied,0.000,2.000,0.000,HISTF"));
}

/// "VALUE,PERCENTILE,COUNT,..." of HdrHistogram's tool: the value at that share of all.
std::int64_t value_at(const std::string& csv, double share) {
  std::istringstream lines(csv);
  for (std::string line; std::getline(lines, line);) {
    double value = 0.0, percentile = 0.0;
    if (std::sscanf(line.c_str(), "%lf,%lf", &value, &percentile) != 2) continue;
    if (percentile >= share) return static_cast<std::int64_t>(value);
  }
  return -1;
}

TEST(HdrLog, IsReadByHdrHistogramItself) {
  if (!std::filesystem::exists(hdr_jar)) GTEST_SKIP() << "HdrHistogram for Java is not installed";
  if (output_of("java -version 2>&1").empty()) GTEST_SKIP() << "java is not installed";
  const metrics::Outcome outcome = logged_outcome();
  const std::string path = test::temporary_path("latencies.hlog");
  ASSERT_TRUE(write_hdr_log(path, outcome));
  const auto processed = [&](const std::string& words) {
    return output_of(
        fmt::format("java -cp {} org.HdrHistogram.HistogramLogProcessor -i {} "
                    "-outputValueUnitRatio 1 -csv {} 2>&1",
                    hdr_jar, path, words));
  };
  const metrics::Histogram& allowed = outcome.policies[0].accumulator.latency_allowed;
  for (const std::string words : {"-tag allowed", ""}) {
    const std::string csv = processed(words);
    ASSERT_THAT(csv, HasSubstr("\"Value\",\"Percentile\"")) << words;
    EXPECT_EQ(value_at(csv, 0.5), allowed.percentile(500'000)) << words;
    EXPECT_EQ(value_at(csv, 0.75), allowed.percentile(750'000)) << words;
    EXPECT_THAT(csv, HasSubstr(",1.000000000000,100000,Infinity")) << words;
  }
}

TEST(HdrLog, SaysWhereItCannotBeWritten) {
  const auto written = write_hdr_log("/nowhere/at/all.hlog", logged_outcome());
  ASSERT_FALSE(written);
  EXPECT_THAT(written.error().message, HasSubstr("/nowhere/at/all.hlog"));
}

}  // namespace
}  // namespace weir::report
