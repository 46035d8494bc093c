#pragma once

#include <string>

#include "http/url.hpp"
#include "scenario/target.hpp"

namespace weir::load {

/// Scheme, host and path as they may be shown: a query may hold a key.
std::string shown_url(const http::Url& url);

/// What of a target the native engine does not speak, or empty.
std::string why_not_native(const scenario::TargetSpec& target, const http::Url& url);

/// Whether requests are sent by the native engine rather than by libcurl.
bool takes_native(const scenario::TargetSpec& target, const http::Url& url);

}  // namespace weir::load
