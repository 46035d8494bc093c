#pragma once

#include <string>

#include "core/result.hpp"

namespace weir::traffic {

/// All bytes of a file (or of a pipe, up to its end); the error names the path and the system's
/// reason.
Result<std::string> read_file(const std::string& path);

}  // namespace weir::traffic
