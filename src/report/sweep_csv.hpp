#pragma once

#include <nlohmann/json.hpp>
#include <string>

namespace weir::report {

/// The settings of a sweep as CSV (RFC 4180, lines end with a line feed): their number, a column a
/// varied pointer, verdict, whether in the front (1 or 0), and a column a field, empty where there
/// is no figure.
std::string sweep_csv(const nlohmann::ordered_json& sweep);

}  // namespace weir::report
