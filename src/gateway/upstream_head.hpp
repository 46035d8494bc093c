#pragma once

#include <string>

#include "gateway/backend.hpp"
#include "gateway/response_reader.hpp"
#include "gateway/upstream_spec.hpp"

namespace weir::gateway {

/// How the body of a request is framed on its way to the upstream.
enum class BodyFraming : std::uint8_t { none, length, chunked };
BodyFraming body_framing(const Asker& asker);

/// Whether it asks for another protocol that may be passed on: HTTP/2 is none.
bool wants_upgrade(const RequestHead& head);

/// Only what is meant for the upstream, and what a proxy adds.
std::string upstream_request_head(const UpstreamSpec& spec, const Asker& asker);

/// The header lines of an answer that are meant for the client, without its length.
std::string client_lines(const UpstreamSpec& spec, const ResponseHead& head);

}  // namespace weir::gateway
