#include "report/figure_charts.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "core/int128.hpp"
#include "core/text.hpp"

namespace weir::report {
namespace {

using Json = nlohmann::ordered_json;
using metrics::Histogram;

constexpr std::size_t points_in_chart = 300;
constexpr std::size_t rows_in_table = 20;
constexpr double million_parts = 1e6;

std::uint64_t sum_of_all(const std::vector<CountsLine>& lines) {
  std::uint64_t sum = 0;
  for (const CountsLine& line : lines) {
    for (const std::uint64_t count : line.counts) sum += count;
  }
  return sum;
}

ChartSeries counts_series(const CountsLine& line, std::int64_t interval_ns, bool stacked) {
  const Folded folded = fold(line.counts, points_in_chart);
  const double step = static_cast<double>(interval_ns) * static_cast<double>(folded.per_value);
  const double end = static_cast<double>(interval_ns) * static_cast<double>(line.counts.size());
  ChartSeries series{line.name, stacked ? ChartSeries::Kind::area : ChartSeries::Kind::line,
                     {},        line.colour,
                     true,      line.dashed,
                     false};
  for (std::size_t i = 0; i < folded.values.size(); ++i) {
    series.points.push_back(
        {static_cast<double>(i) * step, static_cast<double>(folded.values[i]), {}});
  }
  // The last step has a width too.
  if (!series.points.empty()) series.points.push_back({end, series.points.back().y, {}});
  return series;
}

Table counts_table(std::int64_t interval_ns, const std::vector<CountsLine>& lines,
                   const Cells& cells) {
  std::vector<Column> columns = {{"from"}};
  std::vector<Folded> folded;
  std::size_t rows = 0;
  for (const CountsLine& line : lines) {
    columns.push_back({line.name});
    folded.push_back(fold(line.counts, rows_in_table));
    rows = std::max(rows, folded.back().values.size());
  }
  Table table(columns);
  for (std::size_t i = 0; i < rows; ++i) {
    const auto start = static_cast<std::int64_t>(i * folded[0].per_value);
    std::vector<Cell> row = {cells.duration(start * interval_ns)};
    for (const Folded& one : folded) {
      row.push_back(i < one.values.size() ? cells.count(one.values[i]) : Cell{cells.none()});
    }
    table.add(std::move(row));
  }
  return table;
}

// ---- Percentiles

constexpr int steps_per_nine = 20;

/// Up to the percentile beyond which there is but one record.
ChartSeries percentile_series(const PercentileLine& line, bool log_scale) {
  ChartSeries series{line.name, ChartSeries::Kind::line, {}, line.colour, false, line.dashed,
                     false};
  const auto records = static_cast<double>(line.histogram.count());
  const double last = std::clamp(records, 2.0, million_parts);
  for (int k = 0;; ++k) {
    const double x = std::min(last, std::pow(10.0, static_cast<double>(k) / steps_per_nine));
    const auto parts = static_cast<std::uint32_t>(std::lround(million_parts * (1.0 - 1.0 / x)));
    const std::int64_t value = line.histogram.percentile(parts);
    ChartPoint point{x, static_cast<double>(value), {}};
    // A logarithm has no place for 0.
    if (log_scale && value <= 0) point.y.reset();
    series.points.push_back(std::move(point));
    if (x >= last) break;
  }
  return series;
}

Table percentile_table(const std::vector<PercentileLine>& lines, const Cells& cells) {
  Table table({{"", Align::left},
               {"count"},
               {"min"},
               {"mean"},
               {"p50"},
               {"p75"},
               {"p90"},
               {"p95"},
               {"p99"},
               {"p99.9"},
               {"max"}});
  for (const PercentileLine& line : lines) {
    const Histogram& h = line.histogram;
    if (h.count() == 0) continue;
    std::vector<Cell> row = {
        {line.name}, cells.count(h.count()), cells.duration(h.min()), cells.duration(h.mean())};
    for (const std::uint32_t parts : {500'000u, 750'000u, 900'000u, 950'000u, 990'000u, 999'000u}) {
      row.push_back(cells.duration(h.percentile(parts)));
    }
    row.push_back(cells.duration(h.max()));
    table.add(std::move(row));
  }
  return table;
}

bool spans_decades(const std::vector<PercentileLine>& lines) {
  std::int64_t least = std::numeric_limits<std::int64_t>::max(), most = 0;
  for (const PercentileLine& line : lines) {
    if (line.histogram.max() == 0) continue;
    least = std::min(least, std::max<std::int64_t>(line.histogram.percentile(500'000), 1));
    most = std::max(most, line.histogram.max());
  }
  return most / least >= 30 && least > 1;
}

// ---- Promises

/// How many records do not exceed a value, to one in a million.
double records_up_to(const Histogram& histogram, std::int64_t value) {
  if (histogram.count() == 0 || value < histogram.min()) return 0.0;
  std::uint32_t least = 0, most = 1'000'000;
  while (least < most) {
    const std::uint32_t middle = most - (most - least) / 2;
    if (histogram.percentile(middle) <= value) {
      least = middle;
    } else {
      most = middle - 1;
    }
  }
  const auto count = static_cast<double>(histogram.count());
  return std::min(count, std::floor(count * least / million_parts + 1e-6));
}

struct PromiseBar {
  std::string name;
  double records = 0.0;
  /// Which of too short, honest, too long.
  std::size_t kind = 0;
};

constexpr std::int64_t second = 1'000'000'000;

std::vector<PromiseBar> promise_bars(const Json& retry_after, const Histogram& early,
                                     const Histogram& late) {
  const auto number = [&](const char* field) { return retry_after[field].get<double>(); };
  const double early_tenth = records_up_to(early, second / 10);
  const double early_one = records_up_to(early, second);
  const double early_ten = records_up_to(early, 10 * second);
  const double short_all = number("too_short");
  const double honest = number("honest");
  const double late_two = std::max(0.0, records_up_to(late, 2 * second) - honest);
  const double late_ten = std::max(late_two, records_up_to(late, 10 * second) - honest);
  const double late_minute = std::max(late_ten, records_up_to(late, 60 * second) - honest);
  return {{"over 10 s early", short_all - early_ten, 0},
          {"1 to 10 s early", early_ten - early_one, 0},
          {"0.1 to 1 s early", early_one - early_tenth, 0},
          {"up to 0.1 s early", early_tenth, 0},
          {"honest", honest, 1},
          {"1 to 2 s late", late_two, 2},
          {"2 to 10 s late", late_ten - late_two, 2},
          {"10 to 60 s late", late_minute - late_ten, 2},
          {"over 1 min late", number("too_long") - late_minute, 2},
          {"no wait helps", number("never"), 2}};
}

}  // namespace

std::vector<std::uint64_t> counts_of_array(const Json& array) {
  std::vector<std::uint64_t> values;
  for (const Json& value : array) values.push_back(value.get<std::uint64_t>());
  return values;
}

void add_counts_chart(HtmlPage& page, const std::string& title, const std::string& about,
                      std::int64_t interval_ns, const std::vector<CountsLine>& lines, bool stacked,
                      const Cells& cells) {
  if (lines.empty() || sum_of_all(lines) == 0) return;
  const std::size_t per_value = fold(lines[0].counts, points_in_chart).per_value;
  const std::string every =
      format_duration_short(Duration::from_ns(interval_ns * static_cast<std::int64_t>(per_value)));
  Chart chart{title, about, {}, {}, {}, stacked};
  chart.x = {"time since the start", AxisUnit::duration, false, 0.0, {}, {}};
  chart.y = {"in each " + every, AxisUnit::count, false, 0.0, {}, {}};
  std::size_t longest = 0;
  for (const CountsLine& line : lines) {
    longest = std::max(longest, line.counts.size());
    chart.series.push_back(counts_series(line, interval_ns, stacked));
  }
  chart.x.most = static_cast<double>(interval_ns) * static_cast<double>(longest);
  page.chart(chart, counts_table(interval_ns, lines, cells));
}

void add_percentile_chart(HtmlPage& page, const std::string& title, const std::string& about,
                          const std::vector<PercentileLine>& lines, const Cells& cells) {
  const auto took_time = [](const PercentileLine& line) { return line.histogram.max() > 0; };
  if (std::none_of(lines.begin(), lines.end(), took_time)) return;
  const bool log_scale = spans_decades(lines);
  Chart chart{title, about, {}, {}, {}, false};
  chart.x = {"of all", AxisUnit::percentile, true, 1.0, {}, {}};
  chart.y = {"took at most", AxisUnit::duration, log_scale, {}, {}, {}};
  if (!log_scale) chart.y.least = 0.0;
  double most = 2.0;
  for (const PercentileLine& line : lines) {
    if (line.histogram.count() == 0) continue;
    chart.series.push_back(percentile_series(line, log_scale));
    most = std::max(most, chart.series.back().points.back().x);
  }
  chart.x.most = most;
  page.chart(chart, percentile_table(lines, cells));
}

void add_promises_chart(HtmlPage& page, const Json& retry_after, const Histogram& early,
                        const Histogram& late, const Cells& cells) {
  std::vector<PromiseBar> bars = promise_bars(retry_after, early, late);
  double all = 0.0;
  for (const PromiseBar& bar : bars) all += std::max(bar.records, 0.0);
  if (all == 0.0) return;
  Chart chart{"How wrong the promises were",
              "The promised instant less the first at which the request would be admitted; honest "
              "is up to 1 s late, since the header counts in seconds.",
              {},
              {},
              {},
              true};
  chart.y = {"of all promises", AxisUnit::share, false, 0.0, {}, {}};
  constexpr std::array<std::array<const char*, 2>, 3> kinds = {
      {{"too short", "denied"}, {"honest", "allowed"}, {"too long", "neutral"}}};
  for (const auto& [name, colour] : kinds) {
    chart.series.push_back({name, ChartSeries::Kind::line, {}, colour, false, false, false});
  }
  Table table({{"promise", Align::left}, {"of all"}});
  for (const PromiseBar& bar : bars) {
    const double share = std::max(bar.records, 0.0) / all;
    chart.x.categories.push_back(bar.name);
    for (std::size_t kind = 0; kind < kinds.size(); ++kind) {
      chart.series[kind].points.push_back(
          {0.0, kind == bar.kind ? std::optional(share) : std::nullopt, {}});
    }
    table.add({{bar.name}, cells.share(share)});
  }
  page.chart(chart, table);
}

}  // namespace weir::report
