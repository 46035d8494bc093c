#pragma once

#include <functional>
#include <map>
#include <nlohmann/json.hpp>
#include <string>

namespace weir::cli {

/// The JSON Schemas that `weir schema` prints and an installation has, by name.
const std::map<std::string, std::function<nlohmann::ordered_json()>>& schemas();

}  // namespace weir::cli
