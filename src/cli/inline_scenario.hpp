#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "core/result.hpp"

namespace weir::cli {

/// What `weir simulate` is told instead of a scenario file.
struct InlineScenario {
  std::string trace;
  std::string format;
  std::vector<std::string> limits;
  std::string rate;
  std::string duration;
  std::string speed;
  std::string spread;

  /// Whether there is a scenario in them, and whether any is given at all.
  bool enough() const { return !trace.empty() || !limits.empty() || !rate.empty(); }
  bool any() const {
    return enough() || !format.empty() || !duration.empty() || !speed.empty() || !spread.empty();
  }
};

/// The scenario document that the options stand for: the trace, or else Poisson traffic of a
/// hundred users with Zipf weights, under one policy of all the limits.
Result<nlohmann::ordered_json> inline_document(const InlineScenario& options);

}  // namespace weir::cli
