#pragma once

#include <optional>

#include "core/columns.hpp"
#include "core/result.hpp"
#include "oracle/live_evidence.hpp"
#include "scenario/target.hpp"

namespace weir::cli {

/// How to read from answers what their requests have really cost; nothing to read where no limit of
/// the policy charges that. Problems name costs that only the gateway knows.
tl::expected<oracle::LiveEvidence::ReadCosts, Problems> late_costs_of(
    const policy::PolicySpec& policy, const Columns& columns,
    const std::optional<scenario::TargetSpec>& target);

}  // namespace weir::cli
