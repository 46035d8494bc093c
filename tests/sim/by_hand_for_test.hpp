#pragma once

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdio>
#include <fstream>
#include <initializer_list>
#include <string>

#include "sim/outcome_for_test.hpp"

namespace weir::sim {

// Small scenarios whose every instant can be worked out by hand. Times are in milliseconds where
// nothing else is said.

inline constexpr std::int64_t ms = 1'000'000;

/// A file of the test's own that is gone afterwards.
class OwnFile {
 public:
  explicit OwnFile(const std::string& content = {})
      : path_(fmt::format("{}weir-by-hand-{}-{}", testing::TempDir(), getpid(), ++count_)) {
    std::ofstream(path_) << content;
  }
  ~OwnFile() { std::remove(path_.c_str()); }
  OwnFile(const OwnFile&) = delete;
  OwnFile& operator=(const OwnFile&) = delete;
  const std::string& path() const { return path_; }

 private:
  static inline int count_ = 0;
  std::string path_;
};

/// A class of traffic whose requests come when they are said to, one for each row; the first of all
/// such classes has to begin at 0.
class Arrivals {
 public:
  explicit Arrivals(std::initializer_list<int> times, const std::string& fields = {})
      : Arrivals("time", rows_of(times), fields) {}
  /// Rows of CSV below a header; time is in seconds. `fields` are further fields of the class.
  Arrivals(const std::string& header, const std::string& rows, const std::string& fields = {})
      : file_(header + "\n" + rows), fields_(fields) {}

  std::string text(const std::string& name = "a") const {
    return fmt::format(R"({{"name": "{}", "trace": {{"path": "{}", "format": "csv"}}{}{}}})", name,
                       file_.path(), fields_.empty() ? "" : ", ", fields_);
  }

 private:
  static std::string rows_of(std::initializer_list<int> times) {
    std::string rows;
    for (const int time : times) rows += fmt::format("{}.{:03}\n", time / 1'000, time % 1'000);
    return rows;
  }
  OwnFile file_;
  std::string fields_;
};

/// A scenario that begins at 0 and lasts 100 s where `fields`, each ending with a comma, say
/// nothing else.
inline std::string scenario_text(const std::string& limits, const std::string& traffic,
                                 const std::string& fields = {}) {
  const bool has_end = fields.find("\"duration\"") != std::string::npos;
  return fmt::format(
      R"({{"name": "s", "start": "1970-01-01T00:00:00Z", {}{} "policy": {{"limits": [{}]}},
          "traffic": [{}]}})",
      fields, has_end ? "" : R"("duration": "100s",)", limits, traffic);
}

inline std::string backend_field(const std::string& fields) {
  return R"("backend": {)" + fields + "}, ";
}

inline const char* const one_at_once = R"({"algorithm": "concurrency", "limit": 1, "key": []})";
inline const char* const one_a_second =
    R"({"algorithm": "fixed-window", "limit": 1, "window": "1s", "key": []})";

}  // namespace weir::sim
