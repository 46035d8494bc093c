#include "report/html_report.hpp"

#include <string>

#include "report/figure_list.hpp"
#include "report/html_page.hpp"
#include "report/html_sections.hpp"
#include "report/probe.hpp"
#include "report/summary_tables.hpp"
#include "report/sweep_html.hpp"
#include "report/sweep_text.hpp"

namespace weir::report {
namespace {

using Json = nlohmann::ordered_json;

void add_thresholds(HtmlPage& page, const Json& report, const Cells& cells) {
  page.section("Thresholds");
  if (report["thresholds"].empty()) {
    page.paragraph("The scenario has none.", Style::dim);
    return;
  }
  page.table(thresholds_table(report, cells));
  for (const std::string& reason : threshold_reasons(report)) {
    page.paragraph(cells.safe(reason), Style::warning);
  }
}

/// Every number as it stands in the report.
void add_all_figures(HtmlPage& page, const Json& report, const Cells& cells) {
  const bool has_policies = report.contains("policies");
  std::vector<Column> columns = {{"figure", Align::left}, {"value"}};
  if (has_policies) columns.insert(columns.begin(), {"policy", Align::left});
  Table table(columns);
  for (const Figure& figure : figure_list(report)) {
    std::vector<Cell> row = {{figure.path},
                             {figure.value.is_null() ? cells.none() : exact_text(figure.value)}};
    if (has_policies) row.insert(row.begin(), {figure.policy});
    table.add(std::move(row));
  }
  page.section("All figures");
  page.folded_table("Every number of the report, as it is there", table);
}

}  // namespace

std::string render_html(const Json& report) {
  const TerminalOptions options{.unicode = true};
  const Cells cells(options);
  if (is_probe_report(report)) return render_probe_html(report, cells);
  if (is_sweep_report(report)) return sweep_html(report);
  const std::string name = report["scenario"]["name"];
  HtmlPage page(name.empty() ? "unnamed scenario" : name);
  page.verdict(report["verdict"].get<std::string>());
  for (const Remark& remark : remarks_on_run(report, cells)) {
    page.paragraph(remark.text, remark.style);
  }
  add_thresholds(page, report, cells);
  if (report.contains("verify")) add_verification_section(page, report, cells);
  if (report.contains("policies")) {
    add_comparison_section(page, report, cells);
    for (const auto& [policy, figures] : report["policies"].items()) {
      page.section("Policy " + policy);
      add_figure_sections(page, report, figures, cells);
    }
  } else if (report.contains("totals")) {
    page.section("What happened");
    add_figure_sections(page, report, report, cells);
  }
  add_all_figures(page, report, cells);
  return page.render();
}

}  // namespace weir::report
