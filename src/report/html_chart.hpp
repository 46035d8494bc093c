#pragma once

#include <optional>
#include <string>
#include <vector>

namespace weir::report {

/// What the numbers of an axis are; `percentile` is 1 / (1 - share), on a logarithmic axis, so that
/// each further nine takes the same room.
enum class AxisUnit { count, number, duration, share, percentile };

struct ChartAxis {
  std::string title;
  /// Durations are in nanoseconds.
  AxisUnit unit = AxisUnit::number;
  bool logarithmic = false;
  std::optional<double> least, most;
  /// Names instead of numbers: of the bars on the x axis, whose series then have y values only, or
  /// of the rows on the y axis, which points name by index.
  std::vector<std::string> categories;
};

struct ChartPoint {
  double x = 0.0;
  /// Without it the line has a gap.
  std::optional<double> y;
  /// Said of the point when it is pointed at, instead of its y value.
  std::string note;
};

struct ChartSeries {
  enum class Kind { line, area, marks };
  std::string name;
  Kind kind = Kind::line;
  std::vector<ChartPoint> points;
  /// "allowed", "denied", "neutral", "good", "bad"; empty for the next of eight others.
  std::string colour;
  /// A value holds from its point to the next.
  bool steps = false;
  bool dashed = false;
  /// Of marks: crosses instead of dots.
  bool crosses = false;
};

/// A chart of an HTML page: lines, areas or marks over numbers, or bars over categories.
struct Chart {
  std::string title;
  /// What it shows, in a sentence, also for those who cannot see it.
  std::string about;
  ChartAxis x, y;
  std::vector<ChartSeries> series;
  /// Areas and bars stand upon one another.
  bool stacked = false;
};

/// The chart as JSON for the page's script, with nothing in it that could end a script element.
std::string chart_json(const Chart& chart);

}  // namespace weir::report
