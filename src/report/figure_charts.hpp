#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "metrics/histogram.hpp"
#include "report/cells.hpp"
#include "report/html_chart.hpp"
#include "report/html_page.hpp"

namespace weir::report {

/// One line of a chart over time: counts per interval, as in a report's `series`.
struct CountsLine {
  std::string name;
  std::vector<std::uint64_t> counts;
  std::string colour;
  bool dashed = false;
};

/// Counts over time, with their table; stacked they are areas upon one another. Nothing, if nothing
/// was counted.
void add_counts_chart(HtmlPage& page, const std::string& title, const std::string& about,
                      std::int64_t interval_ns, const std::vector<CountsLine>& lines, bool stacked,
                      const Cells& cells);

/// One line of a chart of percentiles.
struct PercentileLine {
  std::string name;
  metrics::Histogram histogram;
  std::string colour;
  bool dashed = false;
};

/// Times by percentile on an axis on which each further nine takes the same room, with their table.
/// Nothing, if nothing took any time.
void add_percentile_chart(HtmlPage& page, const std::string& title, const std::string& about,
                          const std::vector<PercentileLine>& lines, const Cells& cells);

/// By how much promises of when to come back were wrong. Nothing, if there were none.
void add_promises_chart(HtmlPage& page, const nlohmann::ordered_json& retry_after,
                        const metrics::Histogram& early, const metrics::Histogram& late,
                        const Cells& cells);

/// The numbers of an array.
std::vector<std::uint64_t> counts_of_array(const nlohmann::ordered_json& array);

}  // namespace weir::report
