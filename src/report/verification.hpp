#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "metrics/verification.hpp"
#include "report/cells.hpp"

namespace weir::report {

/// The report's field `verify`.
nlohmann::ordered_json make_verification(const metrics::VerificationFacts& facts);

/// What a summary says of it in a whole report: the first disagreements, and a plain sentence at
/// the end, which says no more than the report's verdict does.
std::vector<std::string> verification_sentences(const nlohmann::ordered_json& report,
                                                const Cells& cells);

/// Its JSON Schema.
nlohmann::ordered_json verification_schema();

}  // namespace weir::report
