#include "report/summary_tables.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "core/text.hpp"
#include "report/terminal_live.hpp"
#include "report/terminal_loop.hpp"

namespace weir::report {
namespace {

using Json = nlohmann::ordered_json;

/// Whether a threshold's expression is about a field in nanoseconds.
bool is_about_time(std::string_view expression) {
  std::string_view path = expression.substr(0, expression.find_first_of(" <>=!"));
  const std::size_t dot = path.rfind('.');
  if (dot != std::string_view::npos &&
      path.find_first_not_of("0123456789", dot + 1) == std::string_view::npos) {
    path = path.substr(0, dot);
  }
  return path.size() >= 3 && path.substr(path.size() - 3) == "_ns";
}

std::string about_trace(const Json& trace, const Cells& cells) {
  std::string line = fmt::format("{}: a trace of {} rows", cells.safe(trace["class"]),
                                 cells.count(trace["rows"]).text);
  if (trace["out_of_order"] > 0) {
    line += fmt::format(", {} out of order and sorted", cells.count(trace["out_of_order"]).text);
  }
  if (trace["bad_rows"] > 0) {
    line += fmt::format(", {} more could not be read", cells.count(trace["bad_rows"]).text);
  }
  if (trace["spread_ns"] > 0) {
    line += fmt::format(", spread over {}", short_duration(trace["spread_ns"]));
  }
  return line;
}

Cell mark(bool ok, const Cells& cells) {
  if (cells.is_unicode()) return ok ? Cell{"✓", Style::good} : Cell{"✗", Style::bad};
  return ok ? Cell{"ok", Style::good} : Cell{"no", Style::bad};
}

Cell threshold_value(const Json& row, const Cells& cells) {
  const Json& value = row["value"];
  if (value.is_null()) return {cells.none()};
  if (value.is_number_float()) return {fmt::format("{:.4g}", value.get<double>())};
  return is_about_time(row["expression"].get_ref<const std::string&>()) ? cells.duration(value)
                                                                        : cells.count(value);
}

std::string interval_title(const Json& report) {
  return short_duration(report["policies"].front()["series"]["interval_ns"]);
}

std::string peak_title(const Json& report) {
  return report["policies"].empty() ? "peak" : "peak/" + interval_title(report);
}

/// What becomes of operations, and what that costs.
Table policies_with_loop(const Json& report, const Cells& cells) {
  const Json& rows = report["comparison"];
  const bool any_retry =
      std::any_of(rows.begin(), rows.end(), [](const Json& row) { return row["retry_peak"] > 0; });
  std::vector<Column> columns = {{"policy", Align::left},
                                 {"attempts", Align::right, 3},
                                 {"denied %"},
                                 {"succeeded"},
                                 {"p50 time"},
                                 {"p99 time"}};
  if (any_retry) {
    columns.insert(columns.end(), {{"tries/success", Align::right, 2},
                                   {"retries/" + interval_title(report), Align::right, 4},
                                   {"fairness", Align::right, 1}});
  }
  Table table(columns);
  for (const Json& row : rows) {
    const Json& figures = report["policies"][row["policy"].get<std::string>()];
    std::vector<Cell> row_cells = {{cells.safe(row["policy"])},
                                   cells.count(figures["totals"]["attempts"]),
                                   cells.share(row["denied_ratio"]),
                                   cells.count(row["succeeded"]),
                                   cells.duration(row["operation_p50_ns"]),
                                   cells.duration(row["operation_p99_ns"])};
    if (any_retry) {
      const Json& index = row["jain_index"];
      row_cells.insert(
          row_cells.end(),
          {cells.decimal(row["attempts_per_success"]),
           cells.count(row["retry_peak"]),
           {index.is_null() ? cells.none() : fmt::format("{:.3f}", index.get<double>())}});
    }
    table.add(std::move(row_cells));
  }
  return table;
}

Table policies_without_loop(const Json& report, const Cells& cells) {
  const Json& rows = report["comparison"];
  const bool any_delay = std::any_of(rows.begin(), rows.end(), [](const Json& row) {
    return row["delay_p99_ns"].is_number() && row["delay_p99_ns"] > 0;
  });
  std::vector<Column> columns = {{"policy", Align::left},
                                 {"allowed"},
                                 {"denied"},
                                 {"denied %"},
                                 {"keys denied", Align::right, 3},
                                 {peak_title(report), Align::right, 1},
                                 {"bytes/key", Align::right, 4}};
  if (any_delay) columns.insert(columns.end() - 1, {"p99 delay", Align::right, 2});
  Table table(columns);
  for (const Json& row : rows) {
    std::vector<Cell> row_cells = {{cells.safe(row["policy"])},
                                   cells.count(row["allowed"]),
                                   cells.count(row["denied"]),
                                   cells.share(row["denied_ratio"]),
                                   cells.count(row["denied_keys"]),
                                   cells.count(row["peak_allowed"]),
                                   cells.decimal(row["state_bytes_per_key"])};
    if (any_delay) row_cells.insert(row_cells.end() - 1, cells.duration(row["delay_p99_ns"]));
    table.add(std::move(row_cells));
  }
  return table;
}

}  // namespace

std::vector<Remark> remarks_on_run(const Json& report, const Cells& cells) {
  std::vector<Remark> remarks;
  const bool is_live = report.contains("target");
  if (is_live) remarks.push_back({live_title(report, cells), Style::dim});
  std::string line =
      fmt::format("{}{} from {}, seed {}", is_live ? "" : "simulation of ",
                  format_duration(Duration::from_ns(report["duration_ns"].get<std::int64_t>())),
                  cells.safe(report["start"]), report["scenario"]["seed"].get<std::uint64_t>());
  if (report.contains("policies") && !report["policies"].empty()) {
    line += fmt::format(", {} policies on the same traffic", report["policies"].size());
  }
  remarks.push_back({line, Style::dim});
  if (report.contains("shard")) {
    remarks.push_back({fmt::format("shard {} of {}: a part of the run, judged when all are merged",
                                   cells.count(report["shard"]["index"]).text,
                                   cells.count(report["shard"]["count"]).text),
                       Style::warning});
  }
  if (report.contains("traces")) {
    for (const Json& trace : report["traces"])
      remarks.push_back({about_trace(trace, cells), Style::dim});
  }
  if (report.contains("inconclusive_because")) {
    remarks.push_back({cells.safe(report["inconclusive_because"]), Style::warning});
  }
  if (report.contains("ended_by")) {
    remarks.push_back({fmt::format("ended by {}", cells.safe(report["ended_by"])), Style::dim});
  }
  if (report.contains("interrupted")) {
    remarks.push_back(
        {fmt::format("interrupted with {} of the work done; the rest of the keys, or of the "
                     "time, is missing",
                     percent(report["done_ratio"].get<double>())),
         Style::warning});
  }
  return remarks;
}

Table limits_table(const Json& figures, const Cells& cells) {
  Table table({{"limit", Align::left},
               {"algorithm", Align::left, 1},
               {"allowed"},
               {"denied"},
               {"denied %"},
               {"keys", Align::right, 2},
               {"bytes/key", Align::right, 3}});
  for (const Json& limit : figures["limits"]) {
    const std::uint64_t met =
        limit["allowed"].get<std::uint64_t>() + limit["denied"].get<std::uint64_t>();
    const char* note = limit["enforce"] == true ? "" : " (dry run)";
    table.add({{cells.safe(limit["name"])},
               {cells.safe(limit["algorithm"]) + note},
               cells.count(limit["allowed"]),
               cells.count(limit["denied"]),
               cells.share_of(limit["denied"], met),
               cells.count(limit["keys"]),
               cells.decimal(limit["state_bytes_per_key"])});
  }
  return table;
}

Table classes_table(const Json& figures, const Cells& cells) {
  if (figures["classes"].size() < 2) return Table({});
  std::vector<Column> columns = {
      {"class", Align::left}, {"attempts", Align::right, 1}, {"allowed"}, {"denied"}, {"denied %"}};
  const bool loop = has_loop(figures);
  if (loop) {
    columns.insert(columns.end(), {{"operations", Align::right, 3},
                                   {"succeeded"},
                                   {"p50", Align::right, 2},
                                   {"p99", Align::right, 1}});
  }
  Table table(columns);
  for (const auto& item : figures["classes"].items()) {
    const Json& row = item.value();
    std::vector<Cell> row_cells = {{cells.safe(Json(item.key()))},
                                   cells.count(row["attempts"]),
                                   cells.count(row["allowed"]),
                                   cells.count(row["denied"]),
                                   cells.share(row["denied_ratio"])};
    if (loop) {
      row_cells.insert(row_cells.end(), {cells.count(row["operations"]["count"]),
                                         cells.share(row["operations"]["succeeded_ratio"]),
                                         cells.duration(row["latency_operation"]["p50_ns"]),
                                         cells.duration(row["latency_operation"]["p99_ns"])});
    }
    table.add(std::move(row_cells));
  }
  return table;
}

Table costs_table(const Json& figures, const Cells& cells) {
  Table table(
      {{"cost", Align::left}, {"offered", Align::right, 1}, {"allowed"}, {"denied"}, {"denied %"}});
  for (const auto& item : figures["costs"].items()) {
    const Json& cost = item.value();
    table.add({{cells.safe(Json(item.key()))},
               cells.count(cost["offered"]),
               cells.count(cost["allowed"]),
               cells.count(cost["denied"]),
               cells.share_of(cost["denied"], cost["offered"])});
  }
  return table;
}

Table top_denied_table(const Json& figures, const Cells& cells, std::size_t most) {
  Table table(
      {{"most denied", Align::left}, {"limit", Align::left, 1}, {"times"}, {"longest block"}});
  std::size_t shown = 0;
  for (const Json& row : figures["top_denied"]) {
    if (shown++ == most) break;
    const std::string key = cells.safe(row["key"]);
    table.add({{key.empty() ? "(all requests)" : key},
               {cells.safe(row["limit"])},
               cells.count(row["denied"]),
               cells.duration(row["longest_block_ns"])});
  }
  return table;
}

Table policies_table(const Json& report, const Cells& cells) {
  const Json& policies = report["policies"];
  const bool loop = std::any_of(policies.begin(), policies.end(), has_loop);
  return loop ? policies_with_loop(report, cells) : policies_without_loop(report, cells);
}

std::vector<std::string> threshold_reasons(const Json& report) {
  std::vector<std::string> reasons;
  for (const Json& row : report["thresholds"]) {
    if (!row.contains("reason")) continue;
    auto reason = row["reason"].get<std::string>();
    if (std::find(reasons.begin(), reasons.end(), reason) == reasons.end()) {
      reasons.push_back(std::move(reason));
    }
  }
  return reasons;
}

Table thresholds_table(const Json& report, const Cells& cells) {
  Table table({{"", Align::left}, {"threshold", Align::left}, {"value"}});
  for (const Json& row : report["thresholds"]) {
    const bool is_judged = row["ok"] == false || !row["value"].is_null();
    table.add({is_judged ? mark(row["ok"], cells) : Cell{cells.none()},
               {cells.safe(row["expression"])},
               threshold_value(row, cells)});
  }
  return table;
}

}  // namespace weir::report
