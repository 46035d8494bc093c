#include "report/sweep_terminal.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <utility>

#include "core/text.hpp"
#include "report/cells.hpp"
#include "report/sweep_text.hpp"

namespace weir::report {
namespace {

using Json = nlohmann::ordered_json;

/// More are not shown at once.
constexpr std::size_t most_rows = 100;

Style verdict_style(const Json& verdict) {
  if (verdict == "pass") return Style::good;
  return verdict == "fail" ? Style::bad : Style::warning;
}

std::string upper_verdict(const Json& verdict) {
  if (verdict == "pass") return "PASS";
  return verdict == "fail" ? "FAIL" : "INCONCLUSIVE";
}

bool is_asked_for(const Json& sweep, const std::string& field) {
  const auto is_it = [&](const Json& one) {
    return one.is_string() ? one == field : one["field"] == field;
  };
  const Json fields = sweep.value("fields", Json::array());
  return std::any_of(fields.begin(), fields.end(), is_it) ||
         std::any_of(sweep["objectives"].begin(), sweep["objectives"].end(), is_it);
}

std::vector<Column> sweep_columns(const Json& sweep, const SweepText& words,
                                  const TerminalOptions& options) {
  std::vector<Column> columns;
  for (const std::string& title : words.varied_titles()) {
    columns.push_back({printable(title, options), Align::right});
  }
  // What was asked for stays.
  int expendable = 1;
  if (!sweep["settings"].empty()) {
    for (const auto& [field, figure] : sweep["settings"][0]["figures"].items()) {
      columns.push_back({printable(words.title(field), options), Align::right,
                         is_asked_for(sweep, field) ? 0 : expendable++});
    }
  }
  columns.push_back({"passes", Align::right});
  columns.push_back({"front", Align::right});
  return columns;
}

std::string mark(const Json& verdict, const TerminalOptions& options) {
  if (verdict == "inconclusive") return options.unicode ? "–" : "-";
  if (verdict != "pass") return options.unicode ? "✗" : "no";
  return options.unicode ? "✓" : "yes";
}

std::vector<Cell> row_of(const Json& setting, bool best, const SweepText& words,
                         const TerminalOptions& options) {
  const bool passes = setting["verdict"] == "pass";
  const Style style = best ? Style::bold : passes ? Style::plain : Style::dim;
  std::vector<Cell> row;
  for (const Json& value : setting["values"]) {
    const std::string text = printable(value.get<std::string>(), options);
    row.push_back({shortened(text, 40, options), style});
  }
  for (const auto& [field, figure] : setting["figures"].items()) {
    row.push_back({printable(words.value(field, figure), options), style});
  }
  row.push_back({mark(setting["verdict"], options), verdict_style(setting["verdict"])});
  const char* in_front = options.unicode ? "●" : "*";
  std::string front = best ? "best" : setting["front"].get<bool>() ? in_front : "";
  if (setting.contains("ties")) front += " +" + setting["ties"].dump();
  row.push_back({front, style});
  return row;
}

std::string sentence(const std::string& text, Style style, const TerminalOptions& options) {
  std::string lines;
  for (const std::string& line :
       wrapped(printable(text, options), static_cast<std::size_t>(options.width))) {
    lines += styled(line, style, options) + "\n";
  }
  return lines;
}

std::string headline(const Json& sweep, const TerminalOptions& options) {
  return fmt::format(
      "{}  {}\n",
      styled(printable(sweep["scenario"]["name"].get<std::string>(), options), Style::bold,
             options),
      styled(upper_verdict(sweep["verdict"]), verdict_style(sweep["verdict"]), options));
}

std::string about(const Json& sweep, const SweepText& words) {
  std::string objectives;
  for (const Json& objective : sweep["objectives"]) {
    objectives +=
        fmt::format("{}{} {}", objectives.empty() ? "" : ", then ", SweepText::goal_word(objective),
                    words.title(objective["field"].get<std::string>()));
  }
  const auto count = static_cast<std::int64_t>(sweep["settings"].size());
  return fmt::format("sweep of {} setting{}, {}; chosen by {}", format_count(count),
                     count == 1 ? "" : "s",
                     sweep["traffic_plans"] == 1
                         ? "on the same traffic"
                         : fmt::format("on {} kinds of traffic", sweep["traffic_plans"].dump()),
                     objectives);
}

/// What readers of the table must know of what it does not have.
std::string what_is_not_shown(const Json& sweep, const Table& table,
                              const TerminalOptions& options) {
  std::string text;
  const bool ties = std::any_of(sweep["settings"].begin(), sweep["settings"].end(),
                                [](const Json& setting) { return setting.contains("ties"); });
  if (ties) text += "  +: so many other settings reach the same\n";
  if (const auto gone = table.left_out(options); !gone.empty()) {
    text += fmt::format("  no room for {}; --csv has them\n", fmt::join(gone, ", "));
  }
  return text;
}

}  // namespace

Table sweep_table(const Json& sweep, SweepRows rows, const TerminalOptions& options) {
  const SweepText words(sweep);
  Table table(sweep_columns(sweep, words, options));
  for (const Json& setting : sweep["settings"]) {
    const bool best = setting["setting"] == sweep["best"];
    if (rows == SweepRows::front && !best && !setting["front"].get<bool>()) continue;
    table.add(row_of(setting, best, words, options));
  }
  return table;
}

std::string render_sweep(const Json& sweep, const TerminalOptions& options) {
  const SweepText words(sweep);
  std::string text = headline(sweep, options);
  for (const std::string& line : wrapped(printable(about(sweep, words), options),
                                         static_cast<std::size_t>(options.width) - 2)) {
    text += fmt::format("  {}\n", line);
  }
  const bool many = sweep["settings"].size() > most_rows;
  const Table table = sweep_table(sweep, many ? SweepRows::front : SweepRows::all, options);
  if (!table.empty()) text += fmt::format("\n{}", table.render(options));
  text += what_is_not_shown(sweep, table, options);
  if (many) text += "  the front; --csv, --html and --json have every setting\n";
  const SweepThresholds thresholds(sweep);
  if (!thresholds.judged.empty()) {
    text += fmt::format("\n  passes: {}\n", printable(thresholds.judged, options));
  }
  if (!thresholds.not_judged.empty()) {
    text += fmt::format("\n  not judged: {}\n", printable(thresholds.not_judged, options));
  }
  if (sweep.contains("interrupted")) {
    text += sentence("  " + words.interruption(), Style::warning, options);
  }
  return text + "\n" + sentence(sweep["summary"].get<std::string>(), Style::bold, options);
}

}  // namespace weir::report
