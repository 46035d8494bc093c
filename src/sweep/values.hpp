#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/text.hpp"

namespace weir::sweep {

/// No range has more steps.
inline constexpr std::int64_t most_steps = 100'000;

/// The values that a field is to take, each as `--set` would be given it: a list "a,b,c", whose
/// commas within quotes and brackets do not count, or a range "FROM..TO:STEPS" of whole or decimal
/// numbers, durations or rates, evenly spaced or, with ":log" behind it, by an even factor. Both
/// ends are among them, as they are written; whole numbers stay whole, rates keep their period,
/// durations are rounded to a thousandth of the smaller unit, and what comes out twice stays once.
Parsed<std::vector<std::string>> parse_values(std::string_view text);

}  // namespace weir::sweep
