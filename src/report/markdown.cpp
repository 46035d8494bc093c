#include "report/markdown.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <sstream>

#include "report/figure_list.hpp"
#include "report/probe.hpp"
#include "report/summary_tables.hpp"
#include "report/sweep_terminal.hpp"
#include "report/sweep_text.hpp"
#include "report/terminal_live.hpp"
#include "report/terminal_loop.hpp"
#include "report/verification.hpp"

namespace weir::report {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t longest_code = 80;
constexpr std::size_t keys_shown = 5;
constexpr std::size_t reasons_shown = 10;
const TerminalOptions with_unicode = {.unicode = true};

/// Every character that is markup somewhere as a character reference, which never is.
std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    constexpr std::string_view markup = "&<>\"'\\`*_{}[]()#+!|~@:=";
    if (markup.find(c) != std::string_view::npos) {
      out += fmt::format("&#{};", static_cast<int>(c));
    } else {
      out += c;
    }
  }
  return out;
}

/// Of a table: words in the left columns may be anybody's.
std::string cell_text(const Cell& cell, const Column& column) {
  if (cell.text.empty()) return "";
  const bool is_ascii = std::all_of(cell.text.begin(), cell.text.end(),
                                    [](char c) { return static_cast<unsigned char>(c) < 0x80; });
  if (column.align == Align::right || column.title.empty()) {
    return is_ascii ? markdown_text(cell.text) : cell.text;
  }
  return markdown_code(cell.text);
}

std::string verdict_mark(const std::string& verdict) {
  return verdict == "pass" ? "✅" : verdict == "fail" ? "❌" : "⚠️";
}

/// Writes one report.
class MarkdownReport {
 public:
  explicit MarkdownReport(const Json& report) : report_(report), cells_(with_unicode) {}

  std::string render() {
    title();
    for (const Remark& remark : remarks_on_run(report_, cells_)) sentence(remark.text);
    thresholds();
    if (report_.contains("policies")) {
      policies();
    } else {
      figures(report_);
    }
    return std::move(text_);
  }

 private:
  void sentence(const std::string& words) { text_ += markdown_text(words) + "\n\n"; }
  void table(const Table& table) { text_ += markdown_table(table); }

  void title() {
    const std::string verdict = report_["verdict"];
    std::string name = cells_.safe(report_["scenario"]["name"]);
    if (name.empty()) name = "unnamed scenario";
    text_ += fmt::format("### {} {}: {}\n\n", verdict_mark(verdict), markdown_code(name), verdict);
  }

  /// Those that failed first, since not all may be shown.
  void thresholds() {
    Json rows = report_["thresholds"];
    std::stable_partition(rows.begin(), rows.end(),
                          [](const Json& row) { return row["ok"] == false; });
    const Json all = {{"thresholds", std::move(rows)}};
    std::vector<std::string> reasons = threshold_reasons(all);
    reasons.resize(std::min(reasons.size(), reasons_shown));
    for (const std::string& reason : reasons) sentence(cells_.safe(reason));
    table(thresholds_table(all, cells_));
  }

  void policies() {
    if (report_["comparison"].empty()) return;
    table(policies_table(report_, cells_));
    table(class_shares(report_["policies"], cells_));
  }

  void counts(const Json& figures) {
    const Json& totals = figures["totals"];
    std::string words = fmt::format(
        "{} attempts: {} allowed ({}), {} denied ({})", cells_.count(totals["attempts"]).text,
        cells_.count(totals["allowed"]).text, cells_.share(totals["allowed_ratio"]).text,
        cells_.count(totals["denied"]).text, cells_.share(totals["denied_ratio"]).text);
    if (totals["errors"] > 0) {
      words += fmt::format(", {} ended in errors", cells_.count(totals["errors"]).text);
    }
    sentence(words);
  }

  void figures(const Json& figures) {
    counts(figures);
    const bool is_live = report_.contains("target");
    const auto say = [&](const std::vector<std::string>& sentences) {
      for (const std::string& words : sentences) sentence(words);
    };
    if (is_live) say(live_warnings(figures, cells_));
    if (report_.contains("verify")) say(verification_sentences(report_, cells_));
    say(loop_sentences(figures, cells_));
    if (!is_live) table(limits_table(figures, cells_));
    table(classes_table(figures, cells_));
    table(is_live ? live_times_table(report_, cells_) : times_table(figures, cells_));
    table(top_denied_table(figures, cells_, keys_shown));
  }

  const Json& report_;
  Cells cells_;
  std::string text_;
};

/// The story as on a terminal, in lines that are all code.
std::string probe_markdown(const Json& report) {
  std::string text = fmt::format("### Probe: {}\n\n", report["verdict"].get<std::string>());
  std::istringstream lines(render_probe(report, {.color = false, .width = 100, .unicode = true}));
  for (std::string line; std::getline(lines, line);) text += "    " + line + '\n';
  return text + '\n';
}

std::string sweep_markdown(const Json& sweep) {
  const std::string verdict = sweep["verdict"];
  std::string text = fmt::format("### {} {}: {}\n\n{}\n\n", verdict_mark(verdict),
                                 markdown_code(subject_of(sweep)), verdict,
                                 markdown_text(sweep["summary"].get<std::string>()));
  if (sweep.contains("interrupted")) {
    text += markdown_text(SweepText(sweep).interruption()) + "\n\n";
  }
  return text + markdown_table(sweep_table(sweep, SweepRows::front, with_unicode));
}

}  // namespace

std::string markdown_text(std::string_view text) { return escaped(printable(text, with_unicode)); }

std::string markdown_code(std::string_view name) {
  const std::string shown = shortened(printable(name, with_unicode), longest_code, with_unicode);
  return "<code>" + escaped(shown) + "</code>";
}

std::string markdown_table(const Table& table, std::size_t most) {
  if (table.empty()) return "";
  std::string text = "|";
  for (const Column& column : table.columns()) text += fmt::format(" {} |", escaped(column.title));
  text += "\n|";
  for (const Column& column : table.columns()) {
    text += column.align == Align::right ? " ---: |" : " :--- |";
  }
  text += '\n';
  for (std::size_t i = 0; i < std::min(most, table.rows().size()); ++i) {
    text += '|';
    for (std::size_t c = 0; c < table.columns().size(); ++c) {
      text += fmt::format(" {} |", cell_text(table.rows()[i][c], table.columns()[c]));
    }
    text += '\n';
  }
  text += '\n';
  if (table.rows().size() > most) {
    text += fmt::format("… and {} more\n\n", table.rows().size() - most);
  }
  return text;
}

std::string render_markdown(const std::vector<Json>& reports) {
  std::string text;
  for (const Json& report : reports) {
    text += is_probe_report(report)   ? probe_markdown(report)
            : is_sweep_report(report) ? sweep_markdown(report)
                                      : MarkdownReport(report).render();
  }
  return text;
}

}  // namespace weir::report
