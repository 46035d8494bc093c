#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "report/cells.hpp"

namespace weir::report {

/// What a summary says of the loop between limiter, clients and back end; each part is empty where
/// there is nothing to say. `figures` are those of one policy, as in the report.

/// Sentences on operations and retries, Retry-After, fairness, the back end and late costs.
std::vector<std::string> loop_sentences(const nlohmann::ordered_json& figures, const Cells& cells);

/// How long things took that took any time.
Table times_table(const nlohmann::ordered_json& figures, const Cells& cells);

/// The limits that were compared with an exact window.
Table accuracy_table(const nlohmann::ordered_json& figures, const Cells& cells);

/// Whether any operation was tried again, or did not end with its only attempt.
bool has_loop(const nlohmann::ordered_json& figures);

/// The share of each class's operations that succeeded, by policy.
Table class_shares(const nlohmann::ordered_json& policies, const Cells& cells);

}  // namespace weir::report
