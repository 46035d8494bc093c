#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "core/result.hpp"
#include "core/text.hpp"

namespace weir::traffic {

/// The most that a compressed trace may unpack to, 4 GiB: well above any trace that a machine can
/// hold with its columns, and a bound against files made to fill the memory.
inline constexpr std::size_t max_unpacked_bytes = std::size_t{4} << 30;

/// Whether the bytes begin with gzip's magic number.
bool is_gzip(std::string_view bytes);

/// What a gzip file (RFC 1952) holds, all of its members one after the other. Zero bytes after the
/// last member are padding; anything else there, damage, a member cut short or more than `limit`
/// bytes is an error.
Parsed<std::string> gunzip(std::string_view bytes, std::size_t limit = max_unpacked_bytes);

}  // namespace weir::traffic
