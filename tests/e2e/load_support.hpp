#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "e2e/program.hpp"
#include "metrics/accumulator.hpp"

namespace weir::e2e {

using Json = nlohmann::ordered_json;

/// What `weir load --json` left behind.
struct LoadResult {
  int exit_code = -1;
  /// Null where standard output holds no JSON.
  Json report;
  std::string out;
  std::string err;
  /// How long the program ran.
  std::chrono::milliseconds took{0};

  /// The number at such a path in the report as thresholds have it; a test failure and -1 if there
  /// is none.
  std::int64_t number(std::string_view path) const;
  /// The same, 0 where a field is missing: counts by name list only what there was.
  std::int64_t count(std::string_view path) const;
  /// What the report was computed from.
  metrics::Accumulator accumulator() const;
};

/// A `weir load --json` that is under way; killed if it takes longer than any test may.
class RunningLoad {
 public:
  explicit RunningLoad(const std::vector<std::string>& arguments);
  /// Any command line instead, whose output is that of weir.
  static RunningLoad of_command(const std::vector<std::string>& command) {
    return RunningLoad(command, {});
  }
  ~RunningLoad();
  RunningLoad(const RunningLoad&) = delete;
  RunningLoad& operator=(const RunningLoad&) = delete;

  void send_signal(int signal) const;
  bool is_running() const;
  LoadResult wait();

 private:
  /// Tells the two constructors apart.
  struct Whole {};
  RunningLoad(const std::vector<std::string>& command, Whole);

  TemporaryFolder folder_;
  std::chrono::steady_clock::time_point begun_;
  pid_t pid_ = -1;
};

/// Runs `weir load --json` to its end.
LoadResult run_load(const std::vector<std::string>& arguments);

/// "http://127.0.0.1:PORT/path".
std::string local_url(std::uint16_t port, std::string_view path = "/");

/// That every count of a report is the sum of those that it is made of.
void expect_adds_up(const LoadResult& result);

}  // namespace weir::e2e
