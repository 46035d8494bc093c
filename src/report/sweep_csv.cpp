#include "report/sweep_csv.hpp"

namespace weir::report {
namespace {

using Json = nlohmann::ordered_json;

std::string csv_quoted(const std::string& text) {
  if (text.find_first_of(",\"\r\n") == std::string::npos) return text;
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"') quoted += '"';
    quoted += c;
  }
  return quoted + '"';
}

}  // namespace

std::string sweep_csv(const Json& sweep) {
  std::string csv = "setting";
  for (const Json& varied : sweep["varied"]) {
    csv += ',' + csv_quoted(varied["pointer"].get<std::string>());
  }
  csv += ",verdict,front";
  if (!sweep["settings"].empty()) {
    for (const auto& [field, figure] : sweep["settings"][0]["figures"].items()) {
      csv += ',' + csv_quoted(field);
    }
  }
  csv += '\n';
  for (const Json& setting : sweep["settings"]) {
    csv += setting["setting"].dump();
    for (const Json& value : setting["values"]) csv += ',' + csv_quoted(value.get<std::string>());
    csv += ',' + setting["verdict"].get<std::string>();
    csv += setting["front"].get<bool>() ? ",1" : ",0";
    for (const auto& [field, figure] : setting["figures"].items()) {
      csv += figure.is_null() ? "," : ',' + figure.dump();
    }
    csv += '\n';
  }
  return csv;
}

}  // namespace weir::report
