#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace weir::report {

bool is_sweep_report(const nlohmann::ordered_json& report);

/// A sweep's thresholds, each list separated by commas.
struct SweepThresholds {
  explicit SweepThresholds(const nlohmann::ordered_json& sweep);

  std::string judged;
  /// With the reason behind each.
  std::string not_judged;
};

/// The words for what stands in the report of a sweep.
class SweepText {
 public:
  using Json = nlohmann::ordered_json;

  explicit SweepText(const Json& sweep) : sweep_(sweep) {}

  /// As little of each varied pointer, from its end, as tells it from the others: "capacity".
  std::vector<std::string> varied_titles() const;
  /// A field as the title of a column: "denied %", "people denied %", "peak/1s".
  std::string title(const std::string& field) const;
  /// A figure in the unit of its field; a dash where there is none.
  std::string value(const std::string& field, const Json& figure) const;
  /// "/policy/limits/0/capacity=40 rate=8/s": pointers beside one another are written once.
  std::string setting(const Json& setting) const;
  /// "denies 0.8% of people".
  std::string clause(const std::string& field, const Json& figure) const;
  /// Of an interrupted sweep: how much of it was done.
  std::string interruption() const;
  /// Whether the field is small or large by a goal: "least" or "most".
  static std::string goal_word(const Json& objective);

 private:
  /// Without the policy in front, where there are several.
  std::string own(const std::string& field) const;
  std::string interval() const;

  const Json& sweep_;
};

}  // namespace weir::report
