#include "report/cells.hpp"

#include <fmt/format.h>

#include "core/text.hpp"

namespace weir::report {

std::string percent(double ratio) {
  const double value = ratio * 100;
  if (value > 0 && value < 0.05) return "<0.1%";
  if (value < 100 && value >= 99.95) return ">99.9%";
  return fmt::format("{:.1f}%", value);
}

std::string short_duration(const nlohmann::ordered_json& ns) {
  return format_duration_short(Duration::from_ns(ns.get<std::int64_t>()));
}

Cell Cells::count(const Json& n, Style style) const {
  return {format_count(n.get<std::int64_t>()), style};
}

Cell Cells::share(const Json& ratio, Style style) const {
  return {ratio.is_null() ? none() : percent(ratio.get<double>()), style};
}

Cell Cells::share_of(const Json& part, const Json& whole) const {
  const double all = whole.get<double>();
  return {all == 0 ? none() : percent(part.get<double>() / all)};
}

Cell Cells::duration(const Json& ns) const { return {ns.is_null() ? none() : short_duration(ns)}; }

Cell Cells::decimal(const Json& value) const {
  if (value.is_null()) return {none()};
  const std::string text = fmt::format("{:.1f}", value.get<double>());
  const std::size_t whole = text.size() - 2;
  return {text.compare(whole, 2, ".0") == 0 ? text.substr(0, whole) : text};
}

}  // namespace weir::report
