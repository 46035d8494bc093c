#pragma once

#include <string_view>

#include "scenario/kinds.hpp"
#include "scenario/model.hpp"

namespace weir::scenario {

/// Reads "PATH OP NUMBER" or "PATH OP DURATION"; whether the path exists is not looked at.
Parsed<Threshold> parse_threshold(std::string_view text);

/// A threshold as a string of the file.
struct ThresholdKind {
  using Value = Threshold;
  Parsed<Threshold> parse(const Json& json) const;
  Json schema() const;
};

}  // namespace weir::scenario
