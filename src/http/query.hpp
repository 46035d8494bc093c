#pragma once

#include <string_view>
#include <utility>
#include <vector>

namespace weir::http {

/// Names and values of the query of a URL or of a request's target, in order and as they stand
/// there (see percent_decoded()); a name without "=" has an empty value.
std::vector<std::pair<std::string_view, std::string_view>> query_pairs(std::string_view target);

}  // namespace weir::http
