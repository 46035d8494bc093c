#include <fmt/format.h>

#include <cmath>

#include "core/text.hpp"
#include "report/accumulator_json.hpp"
#include "report/cells.hpp"
#include "report/compare.hpp"
#include "report/figure_charts.hpp"
#include "report/html_page.hpp"
#include "report/markdown.hpp"

namespace weir::report {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t rows_in_summary = 30;
/// To which a page cuts names of figures, but where it lists all of them.
constexpr std::size_t longest_on_page = 60;
constexpr std::size_t any_length = 1'000'000;

Cell figure_cell(const std::string& figure, const Json& value, const Cells& cells) {
  if (value.is_null()) return {cells.none()};
  if (figure.ends_with("_ns")) {
    return {
        format_duration_short(Duration::from_ns(static_cast<std::int64_t>(value.get<double>())))};
  }
  if (value.is_number_integer()) return cells.count(value);
  return {fmt::format("{:.6g}", value.get<double>())};
}

std::string change_text(const Json& change, const Cells& cells) {
  if (change.is_null()) return cells.none();
  const double percent = change.get<double>() * 100.0;
  return percent == 0.0 ? "0" : fmt::format("{:+.{}f} %", percent, std::abs(percent) < 1 ? 2 : 1);
}

Style result_style(const Json& result) {
  return result == "worse" ? Style::bad : result == "better" ? Style::good : Style::plain;
}

/// The figures that got worse, then those that got better, or where there is none of either those
/// that changed otherwise; with `all`, every figure.
Table changes_table(const Json& scenario, const Cells& cells, bool all,
                    std::size_t longest_name = any_length) {
  const bool tested = scenario["by"] == "repetition";
  std::vector<Column> columns = {
      {"figure", Align::left}, {"base"}, {"new"}, {"change"}, {"result", Align::right}};
  if (tested) columns.insert(columns.end() - 1, {"p, corrected", Align::right, 1});
  Table table(columns);
  const auto add = [&](const Json& row) {
    const std::string figure = row["figure"];
    const std::string policy = row["policy"];
    const std::string name = cells.safe(policy.empty() ? figure : policy + ": " + figure);
    std::vector<Cell> line = {{shortened(name, longest_name, {.unicode = true})},
                              figure_cell(figure, row["base"], cells),
                              figure_cell(figure, row["new"], cells),
                              {change_text(row["change"], cells)}};
    if (tested) {
      line.push_back({row.contains("adjusted_p")
                          ? fmt::format("{:.2g}", row["adjusted_p"].get<double>())
                          : cells.none()});
    }
    line.push_back({row["result"].get<std::string>(), result_style(row["result"])});
    table.add(std::move(line));
  };
  if (all) {
    for (const Json& row : scenario["figures"]) add(row);
    return table;
  }
  for (const char* wanted : {"worse", "better"}) {
    for (const Json& row : scenario["figures"]) {
      if (row["result"] == wanted) add(row);
    }
  }
  const bool has_judged = !table.empty();
  for (const Json& row : scenario["figures"]) {
    if (!has_judged && row["result"] == "changed") add(row);
  }
  if (!tested) return table;
  for (const Json& row : scenario["figures"]) {
    if (row["result"] == "same") add(row);
  }
  return table;
}

std::size_t number_with(const Json& scenario, const char* result) {
  std::size_t number = 0;
  for (const Json& row : scenario["figures"]) {
    if (row["result"] == result) ++number;
  }
  return number;
}

std::string scenario_sentence(const Json& scenario) {
  const std::size_t worse = number_with(scenario, "worse"),
                    better = number_with(scenario, "better"),
                    changed = number_with(scenario, "changed"),
                    others = number_with(scenario, "not judged");
  if (scenario["by"] == "equality") {
    if (worse + better + changed == 0) return "every figure is the same";
    return fmt::format("{} figures worse, {} better, {} changed otherwise, of {}", worse, better,
                       changed, scenario["figures"].size());
  }
  return fmt::format(
      "{} runs beside {}: {} figures worse, {} better, of {} that were judged; a change counts "
      "from "
      "{:.3g} %",
      scenario["base_runs"].get<std::size_t>(), scenario["new_runs"].get<std::size_t>(), worse,
      better, scenario["figures"].size() - others, scenario["tolerance"].get<double>() * 100.0);
}

std::string alone_sentence(const Json& one, const Cells& cells) {
  return fmt::format("{} is on one side only: {}", cells.safe(one["name"]),
                     one["side"].get<std::string>());
}

// ---- Charts

/// Of one side: the policies of the first report of that scenario, by name.
std::vector<std::pair<std::string, const Json*>> policies_of(const Json& report) {
  std::vector<std::pair<std::string, const Json*>> policies;
  if (!report.contains("policies")) return {{"", &report}};
  for (const auto& [name, figures] : report["policies"].items()) {
    policies.emplace_back(name, &figures);
  }
  return policies;
}

const Json* first_of(const std::vector<Json>& reports, const std::string& name) {
  for (const Json& report : reports) {
    if (report["scenario"]["name"] == name) return &report;
  }
  return reports.size() == 1 ? &reports[0] : nullptr;
}

/// All runs of one side added up.
metrics::Accumulator merged(const std::vector<Json>& reports, const Json& like,
                            const std::string& policy) {
  metrics::Accumulator sum;
  for (const Json& report : reports) {
    if (report["scenario"]["name"] != like["scenario"]["name"]) continue;
    for (const auto& [name, figures] : policies_of(report)) {
      if (name != policy || !figures->contains("accumulator")) continue;
      const auto one = accumulator_from_json((*figures)["accumulator"]);
      if (one) metrics::merge(sum, *one);
    }
  }
  return sum;
}

void add_overlaid_charts(HtmlPage& page, const Json& before, const Json& after,
                         const std::vector<Json>& base, const std::vector<Json>& fresh,
                         const Cells& cells) {
  for (const auto& [name, old_figures] : policies_of(before)) {
    for (const auto& [new_name, new_figures] : policies_of(after)) {
      if (name != new_name || !old_figures->contains("series")) continue;
      const Json& was = (*old_figures)["series"];
      const Json& is = (*new_figures)["series"];
      const std::string of = name.empty() ? "" : ": " + cells.safe(Json(name));
      if (was["interval_ns"] == is["interval_ns"]) {
        add_counts_chart(page, "Over time" + of, "The first run of each side; base is dashed.",
                         was["interval_ns"].get<std::int64_t>(),
                         {{"base, allowed", counts_of_array(was["allowed"]), "allowed", true},
                          {"new, allowed", counts_of_array(is["allowed"]), "allowed", false},
                          {"base, denied", counts_of_array(was["denied"]), "denied", true},
                          {"new, denied", counts_of_array(is["denied"]), "denied", false}},
                         false, cells);
      }
      const metrics::Accumulator old_sum = merged(base, before, name);
      const metrics::Accumulator new_sum = merged(fresh, after, name);
      add_percentile_chart(page, "Latency by percentile" + of,
                           "All runs of each side together; base is dashed.",
                           {{"base, allowed", old_sum.latency_allowed, "allowed", true},
                            {"new, allowed", new_sum.latency_allowed, "allowed", false},
                            {"base, denied", old_sum.latency_denied, "denied", true},
                            {"new, denied", new_sum.latency_denied, "denied", false},
                            {"base, to success", old_sum.latency_operation, "series-3", true},
                            {"new, to success", new_sum.latency_operation, "series-3", false}},
                           cells);
    }
  }
}

}  // namespace

std::string compare_terminal(const Json& comparison, bool color, int width) {
  const TerminalOptions options{.color = color, .width = width, .unicode = true};
  const Cells cells(options);
  std::string text;
  for (const Json& one : comparison["only_on_one_side"]) {
    text += styled(alone_sentence(one, cells), Style::warning, options) + '\n';
  }
  for (const Json& scenario : comparison["scenarios"]) {
    const std::string verdict = scenario["verdict"];
    const Style style = verdict == "pass"   ? Style::good
                        : verdict == "fail" ? Style::bad
                                            : Style::warning;
    std::string name = cells.safe(scenario["name"]);
    if (name.empty()) name = "unnamed scenario";
    text += fmt::format("{}  {}\n  {}\n", styled(name, Style::bold, options),
                        styled(verdict, style, options), scenario_sentence(scenario));
    for (const Json& remark : scenario["remarks"]) {
      text += "  " + styled(cells.safe(remark), Style::warning, options) + '\n';
    }
    const Table table = changes_table(scenario, cells, false);
    if (!table.empty()) text += '\n' + table.render(options) + '\n';
  }
  return text;
}

std::string compare_markdown(const Json& comparison) {
  const TerminalOptions options{.unicode = true};
  const Cells cells(options);
  std::string text;
  for (const Json& one : comparison["only_on_one_side"]) {
    text += markdown_text(alone_sentence(one, cells)) + "\n\n";
  }
  for (const Json& scenario : comparison["scenarios"]) {
    const std::string verdict = scenario["verdict"];
    const char* mark = verdict == "pass" ? "✅" : verdict == "fail" ? "❌" : "⚠️";
    text += fmt::format("### {} {}: {}\n\n{}\n\n", mark,
                        markdown_code(scenario["name"].get<std::string>()), verdict,
                        markdown_text(scenario_sentence(scenario)));
    for (const Json& remark : scenario["remarks"]) {
      text += markdown_text(cells.safe(remark)) + "\n\n";
    }
    text += markdown_table(changes_table(scenario, cells, false), rows_in_summary);
  }
  return text;
}

std::string compare_html(const Json& comparison, const std::vector<Json>& base,
                         const std::vector<Json>& fresh) {
  const TerminalOptions options{.unicode = true};
  const Cells cells(options);
  HtmlPage page("Two groups of runs compared");
  page.verdict(comparison["verdict"].get<std::string>());
  for (const Json& one : comparison["only_on_one_side"]) {
    page.paragraph(alone_sentence(one, cells), Style::warning);
  }
  for (const Json& scenario : comparison["scenarios"]) {
    const std::string name = scenario["name"];
    page.section(fmt::format("{}: {}", name.empty() ? "unnamed scenario" : name,
                             scenario["verdict"].get<std::string>()));
    page.paragraph(scenario_sentence(scenario));
    for (const Json& remark : scenario["remarks"])
      page.paragraph(cells.safe(remark), Style::warning);
    page.table(changes_table(scenario, cells, false, longest_on_page));
    const Json* const before = first_of(base, name);
    const Json* const after = first_of(fresh, name);
    if (before != nullptr && after != nullptr) {
      add_overlaid_charts(page, *before, *after, base, fresh, cells);
    }
    page.folded_table("Every figure", changes_table(scenario, cells, true));
  }
  return page.render();
}

}  // namespace weir::report
