#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace weir::report {

/// The value at a path like "limits.requests.denied": names of object fields, and for an element of
/// an array its index or what its `name`, `key` or `policy` says. A name may hold dots itself. Null
/// if there is none.
const nlohmann::ordered_json* find_path(const nlohmann::ordered_json& json, std::string_view path);

/// The same in a pattern, where a field "*" stands for every name that has no field of its own.
const nlohmann::ordered_json* find_in_pattern(const nlohmann::ordered_json& pattern,
                                              std::string_view path);

/// The paths of all numbers (and nulls, which are numbers that could not be computed), but for
/// those in arrays of plain numbers, in an accumulator, and below a "*".
std::vector<std::string> number_paths(const nlohmann::ordered_json& json);

}  // namespace weir::report
