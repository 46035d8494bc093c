#include "report/html_chart.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "report/terminal_text.hpp"

namespace weir::report {
namespace {

using Json = nlohmann::ordered_json;

const char* unit_name(AxisUnit unit) {
  switch (unit) {
    case AxisUnit::count:
      return "count";
    case AxisUnit::number:
      return "number";
    case AxisUnit::duration:
      return "duration";
    case AxisUnit::share:
      return "share";
    case AxisUnit::percentile:
      return "percentile";
  }
  return "number";
}

std::string safe_text(const std::string& text) { return printable(text, {.unicode = true}); }

Json optional_number(const std::optional<double>& number) {
  return number ? Json(*number) : Json();
}

Json axis_json(const ChartAxis& axis, bool is_y) {
  Json categories = Json::array();
  for (const std::string& name : axis.categories) categories.push_back(safe_text(name));
  return {{"title", safe_text(axis.title)},
          {"unit", unit_name(axis.unit)},
          {"logarithmic", axis.logarithmic || axis.unit == AxisUnit::percentile},
          {"min", optional_number(axis.least)},
          {"max", optional_number(axis.most)},
          {"rows", is_y},
          {"categories", std::move(categories)}};
}

Json series_json(const ChartSeries& series) {
  Json points = Json::array();
  Json notes = Json::array();
  for (const ChartPoint& point : series.points) {
    points.push_back({point.x, optional_number(point.y)});
    notes.push_back(safe_text(point.note));
  }
  const bool has_notes = std::any_of(series.points.begin(), series.points.end(),
                                     [](const ChartPoint& point) { return !point.note.empty(); });
  const char* kind = series.kind == ChartSeries::Kind::line   ? "line"
                     : series.kind == ChartSeries::Kind::area ? "area"
                                                              : "marks";
  return {{"name", safe_text(series.name)},
          {"kind", kind},
          {"colour", series.colour},
          {"steps", series.steps},
          {"dashed", series.dashed},
          {"hollow", series.crosses},
          {"notes", has_notes ? notes : Json()},
          {"points", std::move(points)}};
}

}  // namespace

std::string chart_json(const Chart& chart) {
  Json series = Json::array();
  for (const ChartSeries& one : chart.series) series.push_back(series_json(one));
  const Json json = {{"x", axis_json(chart.x, false)},
                     {"y", axis_json(chart.y, true)},
                     {"stacked", chart.stacked},
                     {"series", std::move(series)}};
  std::string text;
  for (const char c : json.dump(-1, ' ', false, Json::error_handler_t::replace)) {
    if (c == '<') {
      text += "\\u003c";
    } else {
      text += c;
    }
  }
  return text;
}

}  // namespace weir::report
