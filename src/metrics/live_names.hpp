#pragma once

#include <array>
#include <string_view>

namespace weir::metrics {

/// The kinds of errors of a live run, as they stand in reports: why an attempt had no answer, in
/// the order of load::Failure without its `none`, and an answer that means neither allowed nor
/// denied.
inline constexpr std::array<std::string_view, 13> live_error_names = {
    "refused",          "unreachable",        "no_local_port", "no_file_descriptor",
    "timeout_connect",  "timeout_first_byte", "timeout",       "reset",
    "closed_early",     "malformed",          "tls",           "other",
    "unexpected_status"};

/// The families of headers in which gateways tell their limits, in the order of load::HeaderFamily.
inline constexpr std::array<std::string_view, 11> header_family_names = {
    "retry_after",   "retry_after_ms", "x_ratelimit", "ietf_00_to_03",
    "ietf_04_to_06", "ietf_00_to_06",  "ietf_07",     "ietf_08_to_11",
    "ietf_unclear",  "openai",         "anthropic"};

}  // namespace weir::metrics
