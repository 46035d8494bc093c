#include <fmt/format.h>

#include <array>
#include <charconv>
#include <string_view>
#include <vector>

#include "report/html_sections.hpp"
#include "report/verification.hpp"

namespace weir::report {
namespace {

using Json = nlohmann::ordered_json;

/// As many rows as one can look at.
constexpr std::size_t disagreements_drawn = 12;

struct Seen {
  double ms_before = 0.0;
  bool allowed = false;
};

/// A report tells what a key did before in words: "..., allowed 12.3 ms before, denied 4.0 ms
/// before".
std::vector<Seen> seen_before(const std::string& words) {
  std::vector<Seen> seen;
  for (std::size_t at = 0; (at = words.find(" ms before", at)) != std::string::npos; ++at) {
    const std::size_t number = words.rfind(' ', at - 1);
    if (at == 0 || number == std::string::npos) continue;
    double ms = 0.0;
    const char* const end = words.data() + at;
    if (std::from_chars(words.data() + number + 1, end, ms).ptr != end) continue;
    const std::string_view before = std::string_view(words).substr(0, number);
    if (before.ends_with("allowed") || before.ends_with("denied")) {
      seen.push_back({ms, before.ends_with("allowed")});
    }
  }
  return seen;
}

std::string row_name(const Json& disagreement, std::size_t index, const Cells& cells) {
  const TerminalOptions options{.unicode = true};
  return fmt::format("{}. {}", index + 1, shortened(cells.safe(disagreement["key"]), 18, options));
}

/// Marks of what keys did around their disagreements, a row each.
Chart time_line(const Json& disagreements, const Cells& cells) {
  Chart chart{
      "The first disagreements, and what their keys did before them",
      "Each row is a key before one disagreement, which is at 0: dots were allowed, crosses "
      "denied.",
      {},
      {},
      {},
      false};
  chart.x = {"time from the disagreement", AxisUnit::duration, false, {}, {}, {}};
  using Kind = ChartSeries::Kind;
  chart.series = {{"allowed", Kind::marks, {}, "allowed", false, false, false},
                  {"denied", Kind::marks, {}, "denied", false, false, true},
                  {"allowed, not as the policy", Kind::marks, {}, "bad", false, false, false},
                  {"denied, not as the policy", Kind::marks, {}, "bad", false, false, true}};
  for (std::size_t i = 0; i < std::min(disagreements.size(), disagreements_drawn); ++i) {
    const Json& one = disagreements[i];
    const auto row = static_cast<double>(i);
    chart.y.categories.push_back(row_name(one, i, cells));
    const bool was_allowed = one["observed"] == "allowed";
    chart.series[was_allowed ? 2 : 3].points.push_back(
        {0.0, row, fmt::format("expected {}", cells.safe(one["expected"]))});
    for (const Seen& seen : seen_before(one["before"].get_ref<const std::string&>())) {
      chart.series[seen.allowed ? 0 : 1].points.push_back(
          {-seen.ms_before * 1e6, row, fmt::format("{:.1f} ms before", seen.ms_before)});
    }
  }
  return chart;
}

Table disagreements_table(const Json& disagreements, const Cells& cells) {
  Table table({{"time", Align::left},
               {"key", Align::left},
               {"observed", Align::left},
               {"expected", Align::left},
               {"what the key did before", Align::left}});
  for (const Json& one : disagreements) {
    table.add({{cells.safe(one["time"])},
               {cells.safe(one["key"])},
               {cells.safe(one["observed"])},
               {cells.safe(one["expected"])},
               {cells.safe(one["before"])}});
  }
  return table;
}

Table decisions_table(const Json& verify, const Cells& cells) {
  Table table({{"", Align::left}, {"agree"}, {"disagree"}, {"too close to call"}});
  const auto add = [&](const char* name, const Json& counts) {
    table.add({{name},
               cells.count(counts["agree"]),
               cells.count(counts["disagree"], counts["disagree"] > 0 ? Style::bad : Style::plain),
               cells.count(counts["undetermined"])});
  };
  add("decisions", verify);
  constexpr std::array<std::pair<const char*, const char*>, 3> told = {
      {{"remaining", "told: remaining"},
       {"reset", "told: when all is back"},
       {"retry_after", "told: when to come back"}}};
  for (const auto& [field, name] : told) add(name, verify[field]);
  return table;
}

}  // namespace

void add_verification_section(HtmlPage& page, const Json& report, const Cells& cells) {
  const Json& verify = report["verify"];
  page.section("The gateway beside its policy");
  const std::vector<std::string> sentences = verification_sentences(report, cells);
  // The last says it all; those about single disagreements are in their table.
  if (!sentences.empty()) page.paragraph(sentences.back(), Style::bold);
  page.table(decisions_table(verify, cells));
  const Json& disagreements = verify["first_disagreements"];
  if (disagreements.empty()) return;
  const Chart chart = time_line(disagreements, cells);
  page.chart(chart, disagreements_table(disagreements, cells));
}

}  // namespace weir::report
