#include "report/figure_list.hpp"

#include <string_view>

#include "report/path.hpp"
#include "report/probe.hpp"

namespace weir::report {
namespace {

using Json = nlohmann::ordered_json;

void add_figures(const Json& json, const std::string& policy, std::vector<Figure>& figures) {
  for (const std::string& path : number_paths(json)) {
    if (const Json* value = find_path(json, path)) figures.push_back({policy, path, *value});
  }
}

}  // namespace

const char* Figure::unit() const {
  const std::string_view name = path;
  if (name.ends_with("_ns")) return "ns";
  return name.ends_with("_ratio") || name.ends_with("jain_index") ? "1" : "";
}

std::vector<Figure> figure_list(const Json& report) {
  Json shared = report;
  for (const char* field : {"schema_version", "policies", "comparison", "accumulator"}) {
    shared.erase(field);
  }
  std::vector<Figure> figures;
  add_figures(shared, "", figures);
  if (!report.contains("policies")) return figures;
  for (const auto& [name, policy] : report["policies"].items()) add_figures(policy, name, figures);
  return figures;
}

std::string subject_of(const Json& report) {
  if (is_probe_report(report)) return "probe of " + report["target"]["url"].get<std::string>();
  const std::string name = report["scenario"]["name"];
  return name.empty() ? "unnamed scenario" : name;
}

std::string exact_text(const Json& value) { return value.is_null() ? "" : value.dump(); }

}  // namespace weir::report
