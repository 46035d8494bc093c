#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace weir::report {

/// One number of a report (or null, which is one that could not be computed).
struct Figure {
  /// Of several policies the one that it tells of; else empty.
  std::string policy;
  /// As a threshold would name it: "latency.allowed.p99_ns".
  std::string path;
  nlohmann::ordered_json value;

  /// "ns" or "1" (of a ratio) where the name says so; else empty.
  const char* unit() const;
};

/// Every figure of a report in its order, but for the series and the accumulator.
std::vector<Figure> figure_list(const nlohmann::ordered_json& report);

/// What a report is of: its scenario, or what was probed.
std::string subject_of(const nlohmann::ordered_json& report);

/// A number as it stands in the report.
std::string exact_text(const nlohmann::ordered_json& value);

}  // namespace weir::report
