#pragma once

#include <cstdio>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/columns.hpp"
#include "core/request.hpp"
#include "core/result.hpp"
#include "policy/keyed_limiter.hpp"

namespace weir::sim {

/// One decision as the log tells it; absent numbers are written as -1.
struct LoggedDecision {
  bool allowed = true;
  std::string_view denied_by;
  std::optional<policy::Quota> quota;
  std::optional<Duration> retry_after;
  std::optional<Duration> advertised_retry_after;
  Duration delay;
};

/// Writes every decision as a line of CSV, in time order.
class DecisionLog {
 public:
  /// Creates the file and writes the header.
  static Result<std::unique_ptr<DecisionLog>> create(const std::string& path,
                                                     const Columns& columns,
                                                     std::vector<std::string> class_names);
  void write(std::string_view policy, const RequestBlock& block, std::size_t row,
             std::int64_t attempt, const LoggedDecision& decision);
  /// Flushes; an error here or in any write before.
  Result<void> close();

  ~DecisionLog();
  DecisionLog(const DecisionLog&) = delete;
  DecisionLog& operator=(const DecisionLog&) = delete;

 private:
  DecisionLog(std::FILE* file, std::string path, const Columns& columns,
              std::vector<std::string> class_names);
  void flush();

  std::FILE* file_;
  std::string path_;
  const Columns& columns_;
  std::vector<std::string> class_names_;
  std::string buffer_;
  bool failed_ = false;
};

}  // namespace weir::sim
