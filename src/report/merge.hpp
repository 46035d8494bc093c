#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "core/result.hpp"

namespace weir::report {

/// A report as it was read, and where from.
struct NamedReport {
  std::string source;
  nlohmann::ordered_json report;
};

/// The report of a whole run from those of all its shards, in any order, its thresholds judged: of
/// a simulation the very report that it makes when it is not cut. The reports fit the schema; it is
/// an error, which says of which of them, if they are not shards, not of one run, or not all.
Result<nlohmann::ordered_json> merge_shards(const std::vector<NamedReport>& shards,
                                            bool pseudonyms);

}  // namespace weir::report
