#include "report/terminal.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "core/text.hpp"
#include "report/cells.hpp"
#include "report/probe.hpp"
#include "report/table.hpp"
#include "report/terminal_live.hpp"
#include "report/terminal_loop.hpp"
#include "report/verification.hpp"

namespace weir::report {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t top_denied_in_summary = 5;
/// A sparkline narrower than this says too little to stand in a table.
constexpr std::size_t least_sparkline = 17;
constexpr std::size_t longest_name_below = 24;
/// Reasons stand under the thresholds' expressions.
constexpr std::size_t reason_indent = indent + 3;

std::vector<std::uint64_t> numbers(const Json& array) {
  std::vector<std::uint64_t> values;
  for (const Json& value : array) values.push_back(value.get<std::uint64_t>());
  return values;
}

std::uint64_t largest(const std::vector<std::uint64_t>& values) {
  return values.empty() ? 0 : *std::max_element(values.begin(), values.end());
}

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

/// Writes a report section by section, with a blank line between them.
class Summary : private Cells {
 public:
  Summary(const Json& report, const TerminalOptions& options)
      : Cells(options),
        report_(report),
        width_(static_cast<std::size_t>(std::max(options.width, 1))) {}

  std::string render() {
    title();
    what_ran();
    if (report_.contains("policies")) {
      policies();
    } else {
      counts();
      if (!is_live()) limits();
      classes();
      costs();
      const Table times =
          is_live() ? live_times_table(report_, *this) : times_table(report_, *this);
      if (!times.empty()) section(times);
      if (const Table accuracy = accuracy_table(report_, *this); !accuracy.empty()) {
        section(accuracy);
      }
      top_denied();
    }
    thresholds();
    verification();
    return std::move(text_);
  }

 private:
  void lines(std::string_view text, Style style, std::size_t left = indent) {
    for (const std::string& line : wrapped(text, width_ > left ? width_ - left : 1)) {
      text_.append(left, ' ');
      text_ += styled(line, style, options_) + '\n';
    }
  }

  void section(const Table& table) { text_ += '\n' + table.render(options_); }

  void title() {
    const std::string verdict = report_["verdict"];
    const Style style = verdict == "pass"   ? Style::good
                        : verdict == "fail" ? Style::bad
                                            : Style::warning;
    std::string shouted;
    for (const char c : verdict) shouted += static_cast<char>(c - 'a' + 'A');
    const std::size_t room = width_ > shouted.size() + 2 ? width_ - shouted.size() - 2 : 1;
    std::string name = safe(report_["scenario"]["name"]);
    if (name.empty()) name = "unnamed scenario";
    text_ += styled(shortened(name, room, options_), Style::bold, options_) + "  " +
             styled(shouted, style, options_) + '\n';
  }

  bool is_live() const { return report_.contains("target"); }

  void what_ran() {
    if (is_live()) lines(live_title(report_, *this), Style::dim);
    std::string line =
        fmt::format("{}{} from {}, seed {}", is_live() ? "" : "simulation of ",
                    format_duration(Duration::from_ns(report_["duration_ns"].get<std::int64_t>())),
                    safe(report_["start"]), report_["scenario"]["seed"].get<std::uint64_t>());
    if (report_.contains("policies") && !report_["policies"].empty()) {
      line += fmt::format(", {} policies on the same traffic", report_["policies"].size());
    }
    lines(line, Style::dim);
    if (report_.contains("traces")) {
      for (const Json& trace : report_["traces"]) lines(about_trace(trace), Style::dim);
    }
    if (report_.contains("inconclusive_because")) {
      lines(safe(report_["inconclusive_because"]), Style::warning);
    }
    if (report_.contains("ended_by")) {
      lines(fmt::format("ended by {}", safe(report_["ended_by"])), Style::dim);
    }
    if (report_.contains("interrupted")) {
      lines(fmt::format("interrupted with {} of the work done; the rest of the keys, or of the "
                        "time, is missing",
                        percent(report_["done_ratio"].get<double>())),
            Style::warning);
    }
  }

  std::string about_trace(const Json& trace) const {
    std::string line =
        fmt::format("{}: a trace of {} rows", safe(trace["class"]), count(trace["rows"]).text);
    if (trace["out_of_order"] > 0) {
      line += fmt::format(", {} out of order and sorted", count(trace["out_of_order"]).text);
    }
    if (trace["bad_rows"] > 0) {
      line += fmt::format(", {} more could not be read", count(trace["bad_rows"]).text);
    }
    if (trace["spread_ns"] > 0) {
      line += fmt::format(", spread over {}", short_duration(trace["spread_ns"]));
    }
    return line;
  }

  // ---- One policy

  void counts() {
    const Json& totals = report_["totals"];
    Table table({{"", Align::left}, {""}, {""}});
    table.add({{"attempts"}, count(totals["attempts"]), {}});
    table.add({{"allowed"}, count(totals["allowed"]), share(totals["allowed_ratio"])});
    table.add({{"denied"}, count(totals["denied"]), share(totals["denied_ratio"])});
    add_series(table);
    section(table);
    if (totals["errors"] > 0) {
      lines(fmt::format("{} ended in errors", count(totals["errors"]).text), Style::warning);
    }
    if (is_live()) {
      for (const std::string& warning : live_warnings(report_, *this)) {
        lines(warning, Style::warning);
      }
    }
    keys();
    for (const std::string& sentence : loop_sentences(report_, *this)) {
      lines(sentence, Style::plain);
    }
    if (is_live()) {
      for (const std::string& sentence : live_sentences(report_, *this)) {
        lines(sentence, Style::plain);
      }
    }
  }

  /// Last, since it is what was asked.
  void verification() {
    if (!report_.contains("verify")) return;
    text_ += '\n';
    for (const std::string& sentence : verification_sentences(report_["verify"], *this)) {
      lines(sentence, Style::plain);
    }
  }

  /// What happened over time, beside the three rows of counts.
  void add_series(Table& table) const {
    const Json& series = report_["series"];
    const std::size_t room = room_beside(table);
    const Folded allowed = fold(numbers(series["allowed"]), room);
    const Folded denied = fold(numbers(series["denied"]), room);
    const std::uint64_t full = std::max(largest(allowed.values), largest(denied.values));
    if (full == 0 || room < least_sparkline) return;
    table.add_column({"", Align::left}, {{scale(series, full, allowed.per_value), Style::dim},
                                         {sparkline(allowed.values, full, options_), Style::good},
                                         {sparkline(denied.values, full, options_), Style::bad}});
  }

  std::size_t room_beside(const Table& table) const {
    const std::size_t taken = table.natural_width() + gap;
    return width_ > taken ? width_ - taken : 0;
  }

  /// What the bars of a sparkline mean.
  static std::string scale(const Json& series, std::uint64_t full, std::size_t intervals) {
    const auto factor = static_cast<std::int64_t>(intervals);
    const Json bar = series["interval_ns"].get<std::int64_t>() * factor;
    return fmt::format("{} a bar, tallest {}", short_duration(bar),
                       format_count(static_cast<std::int64_t>(full)));
  }

  void keys() {
    const std::int64_t active = report_["totals"]["active_keys"];
    const std::int64_t denied = report_["denied_keys"];
    if (active == 0) return;
    const Json& limits = report_["limits"];
    const bool several = std::count_if(limits.begin(), limits.end(), [](const Json& limit) {
                           return limit["enforce"] == true;
                         }) > 1;
    lines(fmt::format("{} {}, {} denied at least once{}", format_count(active),
                      active == 1 ? "key" : "keys", denied == 0 ? "none" : format_count(denied),
                      several ? " (a key counts for each limit)" : ""),
          Style::plain);
  }

  void limits() {
    Table table({{"limit", Align::left},
                 {"algorithm", Align::left, 1},
                 {"allowed"},
                 {"denied"},
                 {"denied %"},
                 {"keys", Align::right, 2},
                 {"bytes/key", Align::right, 3}});
    for (const Json& limit : report_["limits"]) {
      const std::uint64_t met =
          limit["allowed"].get<std::uint64_t>() + limit["denied"].get<std::uint64_t>();
      const char* note = limit["enforce"] == true ? "" : " (dry run)";
      table.add({{safe(limit["name"])},
                 {safe(limit["algorithm"]) + note},
                 count(limit["allowed"]),
                 count(limit["denied"]),
                 share_of(limit["denied"], met),
                 count(limit["keys"]),
                 decimal(limit["state_bytes_per_key"])});
    }
    if (!table.empty()) section(table);
  }

  void classes() {
    if (report_["classes"].size() < 2) return;
    std::vector<Column> columns = {{"class", Align::left},
                                   {"attempts", Align::right, 1},
                                   {"allowed"},
                                   {"denied"},
                                   {"denied %"}};
    const bool loop = has_loop(report_);
    if (loop) {
      columns.insert(columns.end(), {{"operations", Align::right, 3},
                                     {"succeeded"},
                                     {"p50", Align::right, 2},
                                     {"p99", Align::right, 1}});
    }
    Table table(columns);
    for (const auto& item : report_["classes"].items()) {
      const Json& row = item.value();
      std::vector<Cell> cells = {{printable(item.key(), options_)},
                                 count(row["attempts"]),
                                 count(row["allowed"]),
                                 count(row["denied"]),
                                 share(row["denied_ratio"])};
      if (loop) {
        cells.insert(cells.end(), {count(row["operations"]["count"]),
                                   share(row["operations"]["succeeded_ratio"]),
                                   duration(row["latency_operation"]["p50_ns"]),
                                   duration(row["latency_operation"]["p99_ns"])});
      }
      table.add(std::move(cells));
    }
    section(table);
  }

  void costs() {
    Table table({{"cost", Align::left},
                 {"offered", Align::right, 1},
                 {"allowed"},
                 {"denied"},
                 {"denied %"}});
    for (const auto& item : report_["costs"].items()) {
      const Json& cost = item.value();
      table.add({{printable(item.key(), options_)},
                 count(cost["offered"]),
                 count(cost["allowed"]),
                 count(cost["denied"]),
                 share_of(cost["denied"], cost["offered"])});
    }
    if (!table.empty()) section(table);
  }

  void top_denied() {
    Table table(
        {{"most denied", Align::left}, {"limit", Align::left, 1}, {"times"}, {"longest block"}});
    std::size_t shown = 0;
    for (const Json& row : report_["top_denied"]) {
      if (shown++ == top_denied_in_summary) break;
      const std::string key = safe(row["key"]);
      table.add({{key.empty() ? "(all requests)" : key},
                 {safe(row["limit"])},
                 count(row["denied"]),
                 duration(row["longest_block_ns"])});
    }
    if (!table.empty()) section(table);
  }

  // ---- Several policies

  void policies() {
    const Json& rows = report_["comparison"];
    const Json& policies = report_["policies"];
    if (rows.empty()) return;
    const bool loop = std::any_of(policies.begin(), policies.end(), has_loop);
    if (loop) {
      policies_with_loop(rows);
    } else {
      policies_without_loop(rows);
    }
    if (!loop) return;
    const Table by_class = class_shares(policies, *this);
    if (!by_class.empty()) section(by_class);
  }

  /// What becomes of operations, and what that costs.
  void policies_with_loop(const Json& rows) {
    const bool any_retry = std::any_of(rows.begin(), rows.end(),
                                       [](const Json& row) { return row["retry_peak"] > 0; });
    std::vector<Column> columns = {{"policy", Align::left},
                                   {"attempts", Align::right, 3},
                                   {"denied %"},
                                   {"succeeded"},
                                   {"p50 time"},
                                   {"p99 time"}};
    if (any_retry) {
      columns.insert(columns.end(), {{"tries/success", Align::right, 2},
                                     {"retries/" + interval_title(), Align::right, 4},
                                     {"fairness", Align::right, 1}});
    }
    Table table(columns);
    for (const Json& row : rows) {
      const Json& figures = report_["policies"][row["policy"].get<std::string>()];
      std::vector<Cell> cells = {{safe(row["policy"])},
                                 count(figures["totals"]["attempts"]),
                                 share(row["denied_ratio"]),
                                 count(row["succeeded"]),
                                 duration(row["operation_p50_ns"]),
                                 duration(row["operation_p99_ns"])};
      if (any_retry) {
        const Json& index = row["jain_index"];
        cells.insert(cells.end(),
                     {decimal(row["attempts_per_success"]),
                      count(row["retry_peak"]),
                      {index.is_null() ? none() : fmt::format("{:.3f}", index.get<double>())}});
      }
      table.add(std::move(cells));
    }
    add_policy_series(table, "succeeded");
  }

  void policies_without_loop(const Json& rows) {
    const bool any_delay = std::any_of(rows.begin(), rows.end(), [](const Json& row) {
      return row["delay_p99_ns"].is_number() && row["delay_p99_ns"] > 0;
    });
    std::vector<Column> columns = {{"policy", Align::left},
                                   {"allowed"},
                                   {"denied"},
                                   {"denied %"},
                                   {"keys denied", Align::right, 3},
                                   {peak_title(), Align::right, 1},
                                   {"bytes/key", Align::right, 4}};
    if (any_delay) columns.insert(columns.end() - 1, {"p99 delay", Align::right, 2});
    Table table(columns);
    for (const Json& row : rows) {
      std::vector<Cell> cells = {{safe(row["policy"])},
                                 count(row["allowed"]),
                                 count(row["denied"]),
                                 share(row["denied_ratio"]),
                                 count(row["denied_keys"]),
                                 count(row["peak_allowed"]),
                                 decimal(row["state_bytes_per_key"])};
      if (any_delay) cells.insert(cells.end() - 1, duration(row["delay_p99_ns"]));
      table.add(std::move(cells));
    }
    add_policy_series(table, "allowed");
  }

  std::string interval_title() const {
    return short_duration(report_["policies"].front()["series"]["interval_ns"]);
  }

  std::string peak_title() const {
    return report_["policies"].empty() ? "peak" : "peak/" + interval_title();
  }

  /// The sparklines of all policies, on one scale, in the table or where that is full below it.
  void add_policy_series(Table& table, const char* what) {
    const Json& policies = report_["policies"];
    Table below({{"", Align::left}});
    for (const auto& policy : policies.items()) {
      below.add({{shortened(printable(policy.key(), options_), longest_name_below, options_)}});
    }
    const bool fits = room_beside(table) >= least_sparkline;
    Table& place = fits ? table : below;
    const std::size_t room = room_beside(place);
    std::vector<Folded> series;
    std::uint64_t full = 0;
    for (const Json& policy : policies) {
      series.push_back(fold(numbers(policy["series"][what]), room));
      full = std::max(full, largest(series.back().values));
    }
    if (full == 0) return section(table);
    std::vector<Cell> bars;
    bars.reserve(series.size());
    for (const Folded& folded : series) {
      bars.push_back({sparkline(folded.values, full, options_), Style::good});
    }
    place.add_column({fmt::format("{} over time", what), Align::left}, std::move(bars));
    section(table);
    if (!fits) section(below);
    lines(scale(policies.front()["series"], full, series.front().per_value), Style::dim);
  }

  // ---- Thresholds

  void thresholds() {
    if (report_["thresholds"].empty()) return;
    Table table({{"", Align::left}, {"threshold", Align::left}, {"value"}});
    for (const Json& row : report_["thresholds"]) {
      const bool is_judged = row["ok"] == false || !row["value"].is_null();
      table.add({is_judged ? mark(row["ok"]) : Cell{none()},
                 {safe(row["expression"])},
                 threshold_value(row)});
    }
    section(table);
    for (const Json& row : report_["thresholds"]) {
      if (row.contains("reason")) lines(safe(row["reason"]), Style::warning, reason_indent);
    }
  }

  Cell mark(bool ok) const {
    if (options_.unicode) return ok ? Cell{"✓", Style::good} : Cell{"✗", Style::bad};
    return ok ? Cell{"ok", Style::good} : Cell{"no", Style::bad};
  }

  Cell threshold_value(const Json& row) const {
    const Json& value = row["value"];
    if (value.is_null()) return {none()};
    if (value.is_number_float()) return {fmt::format("{:.4g}", value.get<double>())};
    return is_about_time(row["expression"].get_ref<const std::string&>()) ? duration(value)
                                                                          : count(value);
  }

  const Json& report_;
  std::size_t width_;
  std::string text_;
};

}  // namespace

std::string render_terminal(const Json& report, const TerminalOptions& options) {
  if (is_probe_report(report)) return render_probe(report, options);
  return Summary(report, options).render();
}

}  // namespace weir::report
