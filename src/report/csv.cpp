#include "report/csv.hpp"

#include <string_view>

#include "report/figure_list.hpp"
#include "report/sweep_csv.hpp"
#include "report/sweep_text.hpp"

namespace weir::report {
namespace {

using Json = nlohmann::ordered_json;

std::string csv_field(std::string_view text) {
  if (text.find_first_of("\",\r\n") == std::string_view::npos) return std::string(text);
  std::string quoted = "\"";
  for (const char c : text) {
    quoted += c;
    if (c == '"') quoted += c;
  }
  return quoted + '"';
}

/// Writes the rows of one report.
class CsvRows {
 public:
  CsvRows(const Json& report, std::string& text) : text_(text) {
    head_ =
        csv_field(subject_of(report)) + ',' + csv_field(report["mode"].get<std::string>()) + ',';
  }

  void add(const Figure& figure, const std::string& time_ns = "") {
    text_ += head_ + csv_field(figure.policy) + ',' + csv_field(figure.path) + ',' + figure.unit() +
             ',' + time_ns + ',' + exact_text(figure.value) + "\r\n";
  }

  void add_series(const Json& figures, const std::string& policy) {
    if (!figures.contains("series")) return;
    const Json& series = figures["series"];
    const auto interval = series["interval_ns"].get<std::int64_t>();
    for (const auto& [name, values] : series.items()) {
      if (!values.is_array()) continue;
      std::int64_t at = 0;
      for (const Json& value : values) {
        add({policy, "series." + name, value}, std::to_string(at));
        at += interval;
      }
    }
  }

 private:
  std::string head_;
  std::string& text_;
};

}  // namespace

std::string render_csv(const std::vector<Json>& reports) {
  if (reports.size() == 1 && is_sweep_report(reports[0])) return sweep_csv(reports[0]);
  std::string text = "scenario,mode,policy,figure,unit,time_ns,value\r\n";
  for (const Json& report : reports) {
    CsvRows rows(report, text);
    for (const Figure& figure : figure_list(report)) rows.add(figure);
    rows.add_series(report, "");
    if (!report.contains("policies")) continue;
    for (const auto& [name, policy] : report["policies"].items()) rows.add_series(policy, name);
  }
  return text;
}

}  // namespace weir::report
