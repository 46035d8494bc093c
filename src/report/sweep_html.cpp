#include "report/sweep_html.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "report/html_page.hpp"
#include "report/sweep_terminal.hpp"
#include "report/sweep_text.hpp"

namespace weir::report {
namespace {

using Json = nlohmann::ordered_json;

/// A page shows every character.
constexpr TerminalOptions on_a_page = {.color = false, .width = 1000, .unicode = true};

AxisUnit unit_of_field(const std::string& field) {
  if (field.ends_with("_ns")) return AxisUnit::duration;
  return field.ends_with("_ratio") ? AxisUnit::share : AxisUnit::number;
}

ChartAxis axis_of(const std::string& field, const SweepText& words) {
  ChartAxis axis;
  axis.title = words.title(field);
  if (axis.title.ends_with(" %")) axis.title.resize(axis.title.size() - 2);
  axis.unit = unit_of_field(field);
  return axis;
}

ChartSeries series_of(const char* name, ChartSeries::Kind kind, const char* colour) {
  ChartSeries series;
  series.name = name;
  series.kind = kind;
  series.colour = colour;
  return series;
}

/// The settings of a chart of two fields, by what they are to their reader.
struct FrontChart {
  ChartSeries front = series_of("front", ChartSeries::Kind::line, "allowed");
  ChartSeries passing = series_of("passes", ChartSeries::Kind::marks, "good");
  ChartSeries failing = series_of("fails a threshold", ChartSeries::Kind::marks, "neutral");
  ChartSeries undecided = series_of("not judged", ChartSeries::Kind::marks, "neutral");
  ChartSeries best = series_of("best", ChartSeries::Kind::marks, "denied");
};

FrontChart points_of(const Json& sweep, const std::string& x, const std::string& y,
                     const SweepText& words) {
  FrontChart chart;
  chart.failing.crosses = true;
  for (const Json& setting : sweep["settings"]) {
    const Json& figures = setting["figures"];
    if (!figures[x].is_number() || !figures[y].is_number()) continue;
    const ChartPoint point{figures[x].get<double>(), figures[y].get<double>(),
                           fmt::format("{}: {}, {}", words.setting(setting),
                                       words.clause(x, figures[x]), words.clause(y, figures[y]))};
    const bool is_best = setting["setting"] == sweep["best"];
    ChartSeries& series = is_best                        ? chart.best
                          : setting["verdict"] == "pass" ? chart.passing
                          : setting["verdict"] == "fail" ? chart.failing
                                                         : chart.undecided;
    series.points.push_back(point);
    if (setting["front"].get<bool>()) chart.front.points.push_back(point);
  }
  std::sort(chart.front.points.begin(), chart.front.points.end(),
            [](const ChartPoint& a, const ChartPoint& b) {
              return std::pair(a.x, a.y) < std::pair(b.x, b.y);
            });
  return chart;
}

void add_chart(const Json& sweep, const std::string& x, const std::string& y, HtmlPage& page) {
  const SweepText words(sweep);
  FrontChart points = points_of(sweep, x, y, words);
  Chart chart{.title = fmt::format("{} against {}", words.title(y), words.title(x)),
              .about =
                  "Every setting is a point; on the line are those than which no other is "
                  "better in everything. Those that fail a threshold are faded.",
              .x = axis_of(x, words),
              .y = axis_of(y, words),
              .series = {},
              .stacked = false};
  for (ChartSeries* series :
       {&points.front, &points.best, &points.passing, &points.failing, &points.undecided}) {
    if (!series->points.empty()) chart.series.push_back(std::move(*series));
  }
  if (!chart.series.empty()) {
    page.chart(chart, sweep_table(sweep, SweepRows::front, on_a_page));
  }
}

}  // namespace

std::string sweep_html(const Json& sweep) {
  HtmlPage page(fmt::format("{}: sweep", sweep["scenario"]["name"].get<std::string>()));
  page.verdict(sweep["verdict"].get<std::string>());
  page.paragraph(sweep["summary"].get<std::string>(), Style::bold);
  if (sweep.contains("interrupted")) {
    page.paragraph(SweepText(sweep).interruption(), Style::warning);
  }
  const SweepThresholds thresholds(sweep);
  if (!thresholds.judged.empty()) {
    page.paragraph(fmt::format("A setting passes with {}.", thresholds.judged));
  }
  if (!thresholds.not_judged.empty()) {
    page.paragraph(fmt::format("Not judged: {}.", thresholds.not_judged), Style::warning);
  }
  page.section("The front");
  const Json& objectives = sweep["objectives"];
  for (std::size_t i = 1; i < objectives.size(); ++i) {
    add_chart(sweep, objectives[0]["field"].get<std::string>(),
              objectives[i]["field"].get<std::string>(), page);
  }
  page.table(sweep_table(sweep, SweepRows::front, on_a_page));
  page.section("All settings");
  page.table(sweep_table(sweep, SweepRows::all, on_a_page));
  return page.render();
}

}  // namespace weir::report
