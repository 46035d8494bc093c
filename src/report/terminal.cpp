#include "report/terminal.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "core/text.hpp"
#include "report/cells.hpp"
#include "report/probe.hpp"
#include "report/summary_tables.hpp"
#include "report/sweep_terminal.hpp"
#include "report/sweep_text.hpp"
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
      if (!is_live()) section_unless_empty(limits_table(report_, *this));
      section_unless_empty(classes_table(report_, *this));
      section_unless_empty(costs_table(report_, *this));
      const Table times =
          is_live() ? live_times_table(report_, *this) : times_table(report_, *this);
      if (!times.empty()) section(times);
      if (const Table accuracy = accuracy_table(report_, *this); !accuracy.empty()) {
        section(accuracy);
      }
      section_unless_empty(top_denied_table(report_, *this, top_denied_in_summary));
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

  void what_ran() {
    for (const Remark& remark : remarks_on_run(report_, *this)) lines(remark.text, remark.style);
  }

  void section_unless_empty(const Table& table) {
    if (!table.empty()) section(table);
  }

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
    for (const std::string& sentence : verification_sentences(report_, *this)) {
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

  // ---- Several policies

  void policies() {
    const Json& rows = report_["comparison"];
    const Json& policies = report_["policies"];
    if (rows.empty()) return;
    const bool loop = std::any_of(policies.begin(), policies.end(), has_loop);
    Table table = policies_table(report_, *this);
    add_policy_series(table, loop ? "succeeded" : "allowed");
    if (!loop) return;
    const Table by_class = class_shares(policies, *this);
    if (!by_class.empty()) section(by_class);
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
    section(thresholds_table(report_, *this));
    for (const std::string& reason : threshold_reasons(report_)) {
      lines(safe(reason), Style::warning, reason_indent);
    }
  }

  const Json& report_;
  std::size_t width_;
  std::string text_;
};

}  // namespace

std::string render_terminal(const Json& report, const TerminalOptions& options) {
  if (is_probe_report(report)) return render_probe(report, options);
  if (is_sweep_report(report)) return render_sweep(report, options);
  return Summary(report, options).render();
}

}  // namespace weir::report
