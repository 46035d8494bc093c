#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

namespace weir::report {

struct CompareOptions {
  /// By how much of itself a figure may get worse. Simulations are exact: theirs is 0 if not given.
  std::optional<double> tolerance;
  /// The probability of a false alarm among all figures of a scenario that is put up with.
  double significance = 0.01;
  /// Whether any change of a simulation fails, not only one for the worse.
  bool any_change = false;
};

inline constexpr double live_tolerance = 0.05;

/// Two groups of reports compared, scenario by scenario; each becomes an element of `scenarios`:
/// a single simulation on both sides is compared exactly, everything else by repetition, with the
/// Mann-Whitney test, Holm's correction and the tolerance. A figure is `worse` or `better` only
/// where it is known which way is which; else it is `changed`. `verdict` is fail on a figure that
/// is worse, inconclusive where there are too few runs to see anything.
nlohmann::ordered_json compare_reports(const std::vector<nlohmann::ordered_json>& base,
                                       const std::vector<nlohmann::ordered_json>& fresh,
                                       const CompareOptions& options);

/// 1 if more of the figure of that name is worse, -1 if less is, 0 if neither can be said.
int worse_direction(const std::string& path);

std::string compare_terminal(const nlohmann::ordered_json& comparison, bool color, int width);
std::string compare_markdown(const nlohmann::ordered_json& comparison);
/// With the curves of both sides in one chart.
std::string compare_html(const nlohmann::ordered_json& comparison,
                         const std::vector<nlohmann::ordered_json>& base,
                         const std::vector<nlohmann::ordered_json>& fresh);

}  // namespace weir::report
