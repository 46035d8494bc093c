#pragma once

#include <cstdint>
#include <limits>
#include <nlohmann/json.hpp>

#include "core/result.hpp"
#include "metrics/accumulator.hpp"

namespace weir::report {

/// All of an accumulator as JSON: the fields have the names of the struct's; a histogram is its
/// HdrHistogram V2 encoding with the minimum, maximum and sum that the encoding rounds away (the
/// sum, which may need 128 bits, in decimal digits as a string), and null while it is empty.
nlohmann::ordered_json accumulator_to_json(const metrics::Accumulator& accumulator);

/// The accumulator that accumulator_to_json() gave, or an error that lists everything that is wrong
/// with `json`, each with its JSON pointer from the accumulator. A histogram of more records than
/// `most_records` is wrong: where several are to be added, their sum must not overflow.
Result<metrics::Accumulator> accumulator_from_json(
    const nlohmann::ordered_json& json,
    std::uint64_t most_records = std::numeric_limits<std::int64_t>::max());

}  // namespace weir::report
