#pragma once

#include <boost/asio/ip/address.hpp>
#include <boost/beast/http/fields.hpp>
#include <optional>
#include <string_view>

namespace weir::gateway {

/// What the gateway knows of a request when it decides. Valid during the call that it is passed to.
struct RequestView {
  std::string_view method;
  /// Path and query, as on the request line in origin form.
  std::string_view target;
  const boost::beast::http::fields& headers;
  /// The whole of it if the Gatekeeper needs bodies, else empty.
  std::string_view body;
  /// Who is connected; nobody knows on a Unix socket.
  std::optional<boost::asio::ip::address> peer;

  std::string_view path() const { return target.substr(0, target.find('?')); }
};

}  // namespace weir::gateway
