#include "report/sweep_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "core/text.hpp"
#include "report/cells.hpp"

namespace weir::report {
namespace {

/// The last so many tokens of a pointer.
std::string tail_of(const std::string& pointer, std::size_t tokens) {
  std::size_t slash = std::string::npos;
  for (std::size_t i = 0; i < tokens; ++i) {
    slash = pointer.rfind('/', slash == std::string::npos ? slash : slash - 1);
    if (slash == 0 || slash == std::string::npos) return pointer.substr(1);
  }
  return pointer.substr(slash + 1);
}

/// "classes.NAME.denied_ratio" as NAME; empty if it is something else.
std::string class_denied(const std::string& field) {
  constexpr std::string_view head = "classes.", end = ".denied_ratio";
  if (!field.starts_with(head) || !field.ends_with(end)) return {};
  if (field.size() <= head.size() + end.size()) return {};
  return field.substr(head.size(), field.size() - head.size() - end.size());
}

/// "accuracy.LIMIT.peak_in_window" as LIMIT.
std::string limit_of_peak(const std::string& field) {
  constexpr std::string_view head = "accuracy.", end = ".peak_in_window";
  if (!field.starts_with(head) || !field.ends_with(end)) return {};
  if (field.size() <= head.size() + end.size()) return {};
  return field.substr(head.size(), field.size() - head.size() - end.size());
}

/// Long values of settings, such as whole limits, are cut.
std::string short_value(const std::string& value) {
  constexpr std::size_t most = 60;
  return shortened(printable(value, {.unicode = true}), most, {.unicode = true});
}

}  // namespace

bool is_sweep_report(const nlohmann::ordered_json& report) {
  return report.is_object() && report.contains("mode") && report["mode"] == "sweep";
}

SweepThresholds::SweepThresholds(const nlohmann::ordered_json& sweep) {
  using nlohmann::ordered_json;
  const ordered_json open = sweep.value("not_judged", ordered_json::array());
  const auto append = [](std::string& list, const std::string& one) {
    list += fmt::format("{}{}", list.empty() ? "" : ", ", one);
  };
  for (const ordered_json& expression : sweep["thresholds"]) {
    const bool is_open = std::any_of(open.begin(), open.end(), [&](const ordered_json& one) {
      return one["expression"] == expression;
    });
    if (!is_open) append(judged, expression.get<std::string>());
  }
  for (const ordered_json& one : open) {
    auto reason = one["reason"].get<std::string>();
    if (const auto colon = reason.rfind(": not judged"); colon != std::string::npos) {
      reason.resize(colon);
    }
    append(not_judged, fmt::format("{} ({})", one["expression"].get<std::string>(), reason));
  }
}

std::vector<std::string> SweepText::varied_titles() const {
  std::vector<std::string> titles;
  for (std::size_t tokens = 1; tokens < 64; ++tokens) {
    titles.clear();
    for (const Json& varied : sweep_["varied"]) {
      titles.push_back(tail_of(varied["pointer"].get<std::string>(), tokens));
    }
    std::vector<std::string> sorted = titles;
    std::sort(sorted.begin(), sorted.end());
    if (std::adjacent_find(sorted.begin(), sorted.end()) == sorted.end()) break;
  }
  return titles;
}

std::string SweepText::own(const std::string& field) const {
  if (!sweep_.contains("policy")) return field;
  const std::string prefix = fmt::format("policies.{}.", sweep_["policy"].get<std::string>());
  return field.starts_with(prefix) ? field.substr(prefix.size()) : field;
}

std::string SweepText::interval() const {
  return format_duration(Duration::from_ns(sweep_["series_interval_ns"].get<std::int64_t>()));
}

std::string SweepText::title(const std::string& field) const {
  const std::string name = own(field);
  if (name == "totals.allowed") return "allowed";
  if (name == "totals.denied_ratio") return "denied %";
  if (name == "peak_allowed") return fmt::format("peak/{}", interval());
  if (name == "series.allowed") return fmt::format("allowed/{}", interval());
  if (const std::string traffic = class_denied(name); !traffic.empty()) {
    return fmt::format("{} denied %", traffic);
  }
  if (!limit_of_peak(name).empty()) return "peak in window";
  if (name.starts_with("series.")) return fmt::format("most {}/{}", name.substr(7), interval());
  return name.ends_with("_ns") ? name.substr(0, name.size() - 3) : name;
}

std::string SweepText::value(const std::string& field, const Json& figure) const {
  if (figure.is_null()) return "–";
  if (field.ends_with("_ns")) {
    return format_duration_short(
        Duration::from_ns(static_cast<std::int64_t>(std::llround(figure.get<double>()))));
  }
  if (field.ends_with("_ratio")) return percent(figure.get<double>());
  if (figure.is_number_integer()) return format_count(figure.get<std::int64_t>());
  return fmt::format("{:.4g}", figure.get<double>());
}

std::string SweepText::setting(const Json& setting) const {
  std::string text;
  std::string folder;
  for (std::size_t i = 0; i < sweep_["varied"].size(); ++i) {
    const std::string pointer = sweep_["varied"][i]["pointer"].get<std::string>();
    const std::string parent = pointer.substr(0, pointer.rfind('/'));
    const bool beside = i > 0 && parent == folder;
    text += fmt::format("{}{}={}", i > 0 ? " " : "",
                        beside ? pointer.substr(parent.size() + 1) : pointer,
                        short_value(setting["values"][i].get<std::string>()));
    folder = parent;
  }
  return text;
}

std::string SweepText::clause(const std::string& field, const Json& figure) const {
  const std::string name = own(field);
  const std::string number = value(field, figure);
  if (name == "totals.allowed") return fmt::format("allows {}", number);
  if (name == "totals.denied_ratio") return fmt::format("denies {}", number);
  if (name == "peak_allowed") return fmt::format("allows at most {} in any {}", number, interval());
  if (const std::string traffic = class_denied(name); !traffic.empty()) {
    return fmt::format("denies {} of {}", number, traffic);
  }
  if (const std::string limit = limit_of_peak(name); !limit.empty()) {
    return fmt::format("allows at most {} in any window of {}", number, limit);
  }
  return fmt::format("{} {}", title(field), number);
}

std::string SweepText::interruption() const {
  return fmt::format("interrupted after {} of the settings",
                     percent(sweep_["done_ratio"].get<double>()));
}

std::string SweepText::goal_word(const Json& objective) {
  return objective["goal"] == "max" ? "most" : "least";
}

}  // namespace weir::report
