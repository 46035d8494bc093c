#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <vector>

#include "core/rate.hpp"
#include "core/time.hpp"

namespace weir {

/// A parsed value, or a sentence saying what was found and what would be right.
template <class T>
using Parsed = tl::expected<T, std::string>;

/// Digits with an optional sign; nothing before or after.
Parsed<std::int64_t> parse_integer(std::string_view text);

/// "250ms", "1h30m", "1.5s": numbers with a unit (ns us ms s m h d w), each unit at most once and
/// larger ones first; "0" stands alone. Never negative, and exact to the nanosecond or an error.
Parsed<Duration> parse_duration(std::string_view text);

/// "COUNT/DURATION" or "COUNT/UNIT": "100/1m", "5/s". The period must be longer than 0.
Parsed<Rate> parse_rate(std::string_view text);

/// RFC 3339 date and time with an offset ("2026-01-01T00:00:00.25Z"); a blank may stand for the T,
/// and a missing offset means UTC. Digits beyond nanoseconds are cut off.
Parsed<Instant> parse_instant(std::string_view text);

/// Seconds since the epoch with an optional fraction ("1700000000.25"), exact to the nanosecond;
/// digits beyond are cut off.
Parsed<Instant> parse_unix_seconds(std::string_view text);

/// A short text that parse_duration() reads back exactly: "1h30m", "250ms", "10d", "0s". A negative
/// duration has a minus sign in front.
std::string format_duration(Duration d);
/// A duration rounded for a reader, to about three digits: "1.24ms", "2m05s".
std::string format_duration_short(Duration d);
/// A text that parse_rate() reads back exactly: "5/s" where the period is a second, else "100/1m".
std::string format_rate(const Rate& rate);
/// RFC 3339 in UTC with as many decimals as are needed, none for whole seconds.
std::string format_instant(Instant at);
/// Thousands separated by commas: 12,345,678.
std::string format_count(std::int64_t n);

/// Days since 1970-01-01 of a date in the Gregorian calendar; month from 1, day from 1.
std::int64_t days_from_civil(std::int64_t year, unsigned month, unsigned day);

/// The candidate that `word` was most likely meant to be, or empty if none is near: an edit
/// distance of at most a third of its length, neighbours swapped counting as one edit.
std::string_view nearest(std::string_view word, const std::vector<std::string_view>& candidates);

}  // namespace weir
