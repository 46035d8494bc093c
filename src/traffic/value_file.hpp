#pragma once

#include <string>
#include <vector>

#include "core/result.hpp"
#include "core/time.hpp"

namespace weir::traffic {

/// The values of an attribute from a text file, one a line, blank lines left out; a value keeps its
/// blanks, and may stand more than once. An error where there is none.
Result<std::vector<std::string>> read_value_file(const std::string& path);

/// Recorded numbers from a text file, one a line ("12", "0.25", "1e-3"). Blanks around them, blank
/// lines and what follows a '#' are left out. An error names the line; none at all is one, too.
Result<std::vector<double>> read_number_file(const std::string& path);

/// The same of durations ("12ms", "1m30s").
Result<std::vector<Duration>> read_duration_file(const std::string& path);

}  // namespace weir::traffic
