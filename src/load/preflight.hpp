#pragma once

#include <boost/asio/ip/tcp.hpp>

#include "core/result.hpp"
#include "http/url.hpp"
#include "scenario/target.hpp"

namespace weir::load {

/// Looks a host up and opens a connection, once, that is closed again; the endpoint that answered.
/// The error says what was tried.
Result<boost::asio::ip::tcp::endpoint> reach_endpoint(const http::Url& url,
                                                      const scenario::TargetSpec& target);

/// Raises the limit on file descriptors to the hard one, and fails if that is too few for so many
/// connections.
Result<void> ensure_file_descriptors(std::int64_t connections);

}  // namespace weir::load
