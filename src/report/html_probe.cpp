#include <fmt/format.h>

#include <string_view>

#include "report/html_sections.hpp"
#include "report/probe.hpp"

namespace weir::report {
namespace {

using Json = nlohmann::ordered_json;

/// The requests of one experiment: a row for each of its tracks.
Chart experiment_chart(const Json& experiment, const std::string& title) {
  using Kind = ChartSeries::Kind;
  Chart chart{
      title,
      "Each mark is a request when it was sent: dots were allowed, crosses denied; a row is a "
      "fresh key, or a turn of the experiment.",
      {},
      {},
      {},
      false};
  chart.x = {"time since the experiment's begin", AxisUnit::duration, false, 0.0, {}, {}};
  chart.series = {{"allowed", Kind::marks, {}, "allowed", false, false, false},
                  {"denied", Kind::marks, {}, "denied", false, false, true},
                  {"unknown", Kind::marks, {}, "neutral", false, false, false}};
  const Json& seen = experiment["seen"];
  const std::string decisions = seen["decisions"];
  std::size_t tracks = 0;
  for (std::size_t i = 0; i < std::min(decisions.size(), seen["track"].size()); ++i) {
    const auto track = seen["track"][i].get<std::size_t>();
    tracks = std::max(tracks, track + 1);
    const std::size_t series = decisions[i] == 'a' ? 0 : decisions[i] == 'd' ? 1 : 2;
    chart.series[series].points.push_back(
        {seen["sent_ns"][i].get<double>(), static_cast<double>(track), {}});
  }
  for (std::size_t track = 0; track < tracks; ++track) {
    chart.y.categories.push_back(std::to_string(track + 1));
  }
  return chart;
}

Table experiment_numbers(const Json& experiment, const Cells& cells) {
  Table table({{"requests"}, {"allowed"}, {"denied"}, {"unknown"}, {"took"}});
  table.add({cells.count(experiment["requests"]), cells.count(experiment["allowed"]),
             cells.count(experiment["denied"]), cells.count(experiment["unknown"]),
             cells.duration(experiment["duration_ns"])});
  return table;
}

Table alternatives_table(const Json& probe, const Cells& cells) {
  Table table({{"what else it might be", Align::left},
               {"decisions unexplained"},
               {"what speaks against it", Align::left}});
  for (const Json& other : probe["alternatives"]) {
    table.add({{cells.safe(other["algorithm"])},
               cells.count(other["unexplained"]),
               {cells.safe(other["against"])}});
  }
  return table;
}

Table parameters_table(const Json& limit, const Cells& cells) {
  Table table({{"parameter", Align::left}, {"value"}, {"at least"}, {"at most"}});
  const auto shown = [&](const Json& value) {
    return Cell{value.is_string() ? cells.safe(value) : value.dump()};
  };
  for (const auto& [name, value] : limit["parameters"].items()) {
    const bool has_range = limit["ranges"].contains(name);
    const Json& range = has_range ? limit["ranges"][name] : limit["ranges"];
    table.add({{name},
               shown(value),
               has_range ? shown(range["least"]) : Cell{cells.none()},
               has_range ? shown(range["most"]) : Cell{cells.none()}});
  }
  return table;
}

/// The story as it is told on a terminal, its lines as they are.
void add_story(HtmlPage& page, const Json& report) {
  std::string_view rest;
  const std::string story = render_probe(report, {.color = false, .width = 100, .unicode = true});
  rest = story;
  page.preformatted(rest.substr(std::min(rest.find('\n'), rest.size() - 1) + 1));
}

}  // namespace

std::string render_probe_html(const Json& report, const Cells& cells) {
  HtmlPage page("Probe of " + cells.safe(report["target"]["url"]));
  page.verdict(report["verdict"].get<std::string>());
  const Json& probe = report["probe"];
  if (report.contains("inconclusive_because")) {
    page.paragraph(cells.safe(report["inconclusive_because"]), Style::warning);
  }
  page.paragraph(fmt::format("{}, closest to {}; confidence {:.2f}", cells.safe(probe["family"]),
                             cells.safe(probe["algorithm"]), probe["confidence"].get<double>()),
                 Style::bold);
  page.table(parameters_table(probe, cells));
  page.table(alternatives_table(probe, cells));
  page.section("What was tried, and what it showed");
  add_story(page, report);
  page.section("The experiments");
  std::size_t number = 0;
  for (const Json& experiment : probe["experiments"]) {
    const std::string title = fmt::format("{}. {}", ++number, cells.safe(experiment["name"]));
    const Chart chart = experiment_chart(experiment, title);
    page.chart(chart, experiment_numbers(experiment, cells));
    page.paragraph(cells.safe(experiment["question"]), Style::dim);
    page.paragraph(cells.safe(experiment["showed"]));
  }
  return page.render();
}

}  // namespace weir::report
