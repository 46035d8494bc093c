#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/text.hpp"
#include "core/time.hpp"

// Reading the single fields of a trace's row. Errors are sentences without a place.
// Times lie within 2^62 ns of 1970 (the years 1824 to 2115), so that any two of them can be
// subtracted, and a run has room after the last.

namespace weir::traffic {

/// Whole nanoseconds since 1970.
Parsed<Instant> read_time_ns(std::string_view text);

/// Seconds since 1970 ("1700000000.25", "5e-05"), exact, or a date and time as in RFC 3339.
Parsed<Instant> read_time(std::string_view text);

/// What limiters and their sums are made for.
inline constexpr std::int64_t largest_amount = std::int64_t{1} << 53;

/// A whole number from 0 to largest_amount; `name` is what the message calls it.
Parsed<std::int64_t> read_amount(std::string_view name, std::string_view text);

/// The instant, or an error where it is out of the range above; `name` and `text` are what the
/// message calls it.
Parsed<Instant> within_range(Instant at, std::string_view name, std::string_view text);

/// What a column or field of this name holds.
enum class FieldRole { time_ns, time, cost, attribute };
FieldRole role_of(std::string_view name);

/// The cost's name: "cost" of "cost", NAME of "cost.NAME".
std::string_view cost_name(std::string_view field);
/// What is wrong with the name of a cost's field, if anything.
std::optional<std::string> check_cost_field(std::string_view field);

}  // namespace weir::traffic
