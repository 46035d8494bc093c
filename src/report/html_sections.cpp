#include "report/html_sections.hpp"

#include <algorithm>

#include "report/accumulator_json.hpp"
#include "report/figure_charts.hpp"
#include "report/summary_tables.hpp"
#include "report/terminal_live.hpp"
#include "report/terminal_loop.hpp"

namespace weir::report {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t keys_on_page = 10;
constexpr std::size_t values_of_attribute = 50;

/// What figures were computed from; empty if it cannot be read, which says so.
metrics::Accumulator accumulator_of(HtmlPage& page, const Json& figures) {
  auto accumulator = accumulator_from_json(figures["accumulator"]);
  if (accumulator) return std::move(*accumulator);
  page.paragraph("The distributions cannot be drawn: " + accumulator.error().message,
                 Style::warning);
  return {};
}

void add_totals(HtmlPage& page, const Json& figures, const Cells& cells) {
  const Json& totals = figures["totals"];
  Table table({{"", Align::left}, {"requests"}, {"share"}});
  table.add({{"attempts"}, cells.count(totals["attempts"]), {}});
  table.add({{"allowed"}, cells.count(totals["allowed"]), cells.share(totals["allowed_ratio"])});
  table.add({{"denied"}, cells.count(totals["denied"]), cells.share(totals["denied_ratio"])});
  if (totals["errors"] > 0) {
    table.add({{"errors"},
               cells.count(totals["errors"], Style::warning),
               cells.share_of(totals["errors"], totals["attempts"])});
  }
  page.table(table);
}

void add_sentences(HtmlPage& page, const std::vector<std::string>& sentences,
                   Style style = Style::plain) {
  for (const std::string& sentence : sentences) page.paragraph(sentence, style);
}

void add_over_time(HtmlPage& page, const Json& figures, const Cells& cells) {
  const Json& series = figures["series"];
  add_counts_chart(page, "Allowed and denied over time",
                   "Requests that were allowed, and upon them those that were denied.",
                   series["interval_ns"].get<std::int64_t>(),
                   {{"allowed", counts_of_array(series["allowed"]), "allowed"},
                    {"denied", counts_of_array(series["denied"]), "denied"}},
                   true, cells);
}

void add_latency(HtmlPage& page, const Json& figures, const metrics::Accumulator& a,
                 const Cells& cells) {
  std::vector<PercentileLine> lines = {{"allowed", a.latency_allowed, "allowed"},
                                       {"denied", a.latency_denied, "denied"}};
  if (has_loop(figures)) lines.push_back({"to success", a.latency_operation, "neutral", true});
  if (a.delay.max() > 0) lines.push_back({"held by limits", a.delay, "series-3", true});
  add_percentile_chart(page, "Latency by percentile",
                       "From when a request was due to its answer: each further nine of the "
                       "percentile takes the same room.",
                       lines, cells);
}

/// The values of an attribute that were denied most often.
void add_attribute(HtmlPage& page, const std::string& name, const Json& values,
                   const Cells& cells) {
  if (values.size() < 2) return;
  std::vector<std::pair<std::string, const Json*>> rows;
  for (const auto& [value, counts] : values.items()) rows.emplace_back(value, &counts);
  std::stable_sort(rows.begin(), rows.end(), [](const auto& a, const auto& b) {
    return (*a.second)["denied"] > (*b.second)["denied"];
  });
  Table table({{name, Align::left}, {"attempts"}, {"allowed"}, {"denied"}, {"denied %"}});
  for (std::size_t i = 0; i < std::min(rows.size(), values_of_attribute); ++i) {
    const Json& counts = *rows[i].second;
    table.add({{rows[i].first},
               cells.count(counts["attempts"]),
               cells.count(counts["allowed"]),
               cells.count(counts["denied"]),
               cells.share(counts["denied_ratio"])});
  }
  page.table(table);
  if (rows.size() > values_of_attribute) {
    page.paragraph("… and " + std::to_string(rows.size() - values_of_attribute) + " more",
                   Style::dim);
  }
}

void add_who_was_limited(HtmlPage& page, const Json& figures, const Cells& cells) {
  const Table top = top_denied_table(figures, cells, keys_on_page);
  const Json& attributes = figures["by_attribute"];
  if (top.empty() && attributes.empty()) return;
  page.subsection("Who was limited");
  page.table(top);
  for (const auto& [name, values] : attributes.items()) add_attribute(page, name, values, cells);
}

Table named_counts(const char* title, const Json& counts, const Cells& cells) {
  Table table({{title, Align::left}, {"requests"}});
  for (const auto& [name, count] : counts.items()) table.add({{name}, cells.count(count)});
  return table;
}

void add_answers(HtmlPage& page, const Json& figures, const Cells& cells) {
  for (const auto& [field, title] :
       {std::pair("statuses", "status"), std::pair("errors", "error")}) {
    if (figures.contains(field)) page.table(named_counts(title, figures[field], cells));
  }
}

void add_tables(HtmlPage& page, const Json& report, const Json& figures, const Cells& cells) {
  if (!report.contains("target")) {
    page.subsection("Limits");
    page.table(limits_table(figures, cells));
  }
  const Table classes = classes_table(figures, cells);
  if (!classes.empty()) page.subsection("Classes");
  page.table(classes);
  page.table(costs_table(figures, cells));
  page.table(accuracy_table(figures, cells));
}

/// The series of that name of every policy.
std::vector<CountsLine> lines_by_policy(const Json& policies, const char* field) {
  std::vector<CountsLine> lines;
  for (const auto& [name, figures] : policies.items()) {
    lines.push_back({name, counts_of_array(figures["series"][field]), ""});
  }
  return lines;
}

}  // namespace

void add_figure_sections(HtmlPage& page, const Json& report, const Json& figures,
                         const Cells& cells) {
  const bool is_live = report.contains("target");
  const metrics::Accumulator a = accumulator_of(page, figures);
  add_totals(page, figures, cells);
  if (is_live) add_sentences(page, live_warnings(figures, cells), Style::warning);
  add_sentences(page, loop_sentences(figures, cells));
  if (is_live) add_sentences(page, live_sentences(figures, cells));
  add_over_time(page, figures, cells);
  add_latency(page, figures, a, cells);
  page.table(is_live ? live_times_table(figures, cells) : times_table(figures, cells));
  if (a.retry_after.present > 0) {
    add_promises_chart(page, figures["retry_after"], a.retry_after.early, a.retry_after.late,
                       cells);
  }
  add_who_was_limited(page, figures, cells);
  add_tables(page, report, figures, cells);
  if (is_live) add_answers(page, figures, cells);
}

void add_comparison_section(HtmlPage& page, const Json& report, const Cells& cells) {
  if (report["comparison"].empty()) return;
  const Json& policies = report["policies"];
  page.section("The policies side by side");
  page.table(policies_table(report, cells));
  page.table(class_shares(policies, cells));
  const bool loop = std::any_of(policies.begin(), policies.end(), has_loop);
  const auto interval = policies.front()["series"]["interval_ns"].get<std::int64_t>();
  add_counts_chart(page, "Allowed over time", "Requests that each policy allowed.", interval,
                   lines_by_policy(policies, "allowed"), false, cells);
  add_counts_chart(page, "Denied over time", "Requests that each policy denied.", interval,
                   lines_by_policy(policies, "denied"), false, cells);
  std::vector<PercentileLine> lines;
  for (const auto& [name, figures] : policies.items()) {
    const metrics::Accumulator a = accumulator_of(page, figures);
    lines.push_back({name, loop ? a.latency_operation : a.latency_allowed, ""});
  }
  add_percentile_chart(page, loop ? "Time to success by percentile" : "Latency by percentile",
                       loop ? "From when an operation began to when it succeeded."
                            : "From when a request was due to when it was answered.",
                       lines, cells);
}

}  // namespace weir::report
