#pragma once

#include <nlohmann/json.hpp>

#include "metrics/outcome.hpp"
#include "report/names.hpp"
#include "scenario/model.hpp"

namespace weir::report {

/// The sections of the report that tell of one policy, from `totals` to `accumulator`.
nlohmann::ordered_json make_figures(const scenario::Scenario& scenario,
                                    const policy::PolicySpec& policy,
                                    const metrics::Outcome& outcome,
                                    const metrics::Accumulator& accumulator, const Names& names);

/// The report's `comparison`: a row for each of the policies, whose figures are given by name.
nlohmann::ordered_json make_comparison(const nlohmann::ordered_json& policies);

/// numerator / denominator, or null where there is nothing to divide by.
nlohmann::ordered_json ratio(std::uint64_t numerator, std::uint64_t denominator);

}  // namespace weir::report
