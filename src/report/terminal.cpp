#include "report/terminal.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "core/text.hpp"
#include "report/table.hpp"

namespace weir::report {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t top_denied_in_summary = 5;
/// A sparkline narrower than this says too little to stand in a table.
constexpr std::size_t least_sparkline = 17;
constexpr std::size_t longest_name_below = 24;
/// Reasons stand under the thresholds' expressions.
constexpr std::size_t reason_indent = indent + 3;

std::string short_duration(const Json& ns) {
  return format_duration_short(Duration::from_ns(ns.get<std::int64_t>()));
}

/// One decimal, but never "0.0%" or "100.0%" of what is not exactly that.
std::string percent(double ratio) {
  const double value = ratio * 100;
  if (value > 0 && value < 0.05) return "<0.1%";
  if (value < 100 && value >= 99.95) return ">99.9%";
  return fmt::format("{:.1f}%", value);
}

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
class Summary {
 public:
  Summary(const Json& report, const TerminalOptions& options)
      : report_(report),
        options_(options),
        width_(static_cast<std::size_t>(std::max(options.width, 1))) {}

  std::string render() {
    title();
    what_ran();
    if (report_.contains("policies")) {
      policies();
    } else {
      counts();
      limits();
      classes();
      costs();
      delay();
      top_denied();
    }
    thresholds();
    return std::move(text_);
  }

 private:
  std::string safe(const Json& name) const {
    return printable(name.get_ref<const std::string&>(), options_);
  }
  const char* none() const { return options_.unicode ? "–" : "-"; }

  Cell count(const Json& n, Style style = Style::plain) const {
    return {format_count(n.get<std::int64_t>()), style};
  }
  Cell share(const Json& ratio, Style style = Style::plain) const {
    return {ratio.is_null() ? none() : percent(ratio.get<double>()), style};
  }
  Cell share_of(const Json& part, const Json& whole) const {
    const double all = whole.get<double>();
    return {all == 0 ? none() : percent(part.get<double>() / all)};
  }
  Cell duration(const Json& ns) const { return {ns.is_null() ? none() : short_duration(ns)}; }
  Cell bytes(const Json& value) const {
    if (value.is_null()) return {none()};
    const std::string text = fmt::format("{:.1f}", value.get<double>());
    const std::size_t whole = text.size() - 2;
    return {text.compare(whole, 2, ".0") == 0 ? text.substr(0, whole) : text};
  }

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

  void what_ran() {
    std::string line =
        fmt::format("{} of {} from {}, seed {}",
                    report_["mode"] == "simulate" ? "simulation" : safe(report_["mode"]),
                    format_duration(Duration::from_ns(report_["duration_ns"].get<std::int64_t>())),
                    safe(report_["start"]), report_["scenario"]["seed"].get<std::uint64_t>());
    if (report_.contains("policies") && !report_["policies"].empty()) {
      line += fmt::format(", {} policies on the same traffic", report_["policies"].size());
    }
    lines(line, Style::dim);
    if (report_.contains("traces")) {
      for (const Json& trace : report_["traces"]) lines(about_trace(trace), Style::dim);
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
    keys();
    operations();
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

  void operations() {
    const Json& operations = report_["operations"];
    if (operations["count"] == report_["totals"]["attempts"] || operations["count"] == 0) return;
    lines(fmt::format("{} operations, {} succeeded, {} abandoned", count(operations["count"]).text,
                      count(operations["succeeded"]).text, count(operations["abandoned"]).text),
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
                 bytes(limit["state_bytes_per_key"])});
    }
    if (!table.empty()) section(table);
  }

  void classes() {
    if (report_["classes"].size() < 2) return;
    Table table({{"class", Align::left},
                 {"attempts", Align::right, 1},
                 {"allowed"},
                 {"denied"},
                 {"denied %"}});
    for (const auto& item : report_["classes"].items()) {
      const Json& counts = item.value();
      table.add({{printable(item.key(), options_)},
                 count(counts["attempts"]),
                 count(counts["allowed"]),
                 count(counts["denied"]),
                 share(counts["denied_ratio"])});
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

  void delay() {
    const Json& delay = report_["latency"]["delay"];
    if (delay["max_ns"].is_null() || delay["max_ns"] == 0) return;
    Table table({{"delay of", Align::left},
                 {"mean", Align::right, 2},
                 {"p50"},
                 {"p90", Align::right, 1},
                 {"p99"},
                 {"max"}});
    table.add({{count(delay["count"]).text + " allowed"},
               duration(delay["mean_ns"]),
               duration(delay["p50_ns"]),
               duration(delay["p90_ns"]),
               duration(delay["p99_ns"]),
               duration(delay["max_ns"])});
    section(table);
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
                                 bytes(row["state_bytes_per_key"])};
      if (any_delay) cells.insert(cells.end() - 1, duration(row["delay_p99_ns"]));
      table.add(std::move(cells));
    }
    if (table.empty()) return;
    add_policy_series(table);
  }

  std::string peak_title() const {
    if (report_["policies"].empty()) return "peak";
    return "peak/" + short_duration(report_["policies"].front()["series"]["interval_ns"]);
  }

  /// The sparklines of all policies, on one scale, in the table or where that is full below it.
  void add_policy_series(Table& table) {
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
      series.push_back(fold(numbers(policy["series"]["allowed"]), room));
      full = std::max(full, largest(series.back().values));
    }
    if (full == 0) return section(table);
    std::vector<Cell> bars;
    bars.reserve(series.size());
    for (const Folded& folded : series) {
      bars.push_back({sparkline(folded.values, full, options_), Style::good});
    }
    place.add_column({"allowed over time", Align::left}, std::move(bars));
    section(table);
    if (!fits) section(below);
    lines(scale(policies.front()["series"], full, series.front().per_value), Style::dim);
  }

  // ---- Thresholds

  void thresholds() {
    if (report_["thresholds"].empty()) return;
    Table table({{"", Align::left}, {"threshold", Align::left}, {"value"}});
    for (const Json& row : report_["thresholds"]) {
      table.add({mark(row["ok"]), {safe(row["expression"])}, threshold_value(row)});
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
  const TerminalOptions& options_;
  std::size_t width_;
  std::string text_;
};

}  // namespace

std::string render_terminal(const Json& report, const TerminalOptions& options) {
  return Summary(report, options).render();
}

}  // namespace weir::report
