#pragma once

#include <boost/asio/ip/address.hpp>
#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/text.hpp"
#include "gateway/bound_policy.hpp"
#include "gateway/request_view.hpp"
#include "scenario/identification.hpp"

namespace weir::gateway {

/// Networks whose word for a client's address is taken.
class TrustedProxies {
 public:
  /// "10.0.0.0/8", "::1" or "unix" for whoever comes by a Unix socket.
  Parsed<bool> add(std::string_view network);
  /// Who a request comes from: the last address in X-Forwarded-For that is no trusted proxy's, as
  /// long as those behind it, and the one that is connected, are. None where nobody knows.
  std::optional<boost::asio::ip::address> client_of(const RequestView& request) const;
  bool empty() const { return networks_.empty() && !trusts_unix_; }

 private:
  struct Network {
    boost::asio::ip::address_v6 address;
    unsigned prefix = 0;
  };
  bool trusts(const std::optional<boost::asio::ip::address>& address) const;

  std::vector<Network> networks_;
  bool trusts_unix_ = false;
};

/// Reads what a policy wants to know from requests.
class Identifier {
 public:
  /// Where the policy's attributes and costs are found, in its order.
  struct Places {
    std::vector<scenario::Identification> attributes;
    std::vector<scenario::Identification> costs;
  };
  Identifier(Places places, TrustedProxies proxies)
      : places_(std::move(places)), proxies_(std::move(proxies)) {}

  /// Whether any place is in the body.
  bool needs_body() const;
  /// Fills in all attributes, an empty text where there is none, and the costs that decisions need;
  /// the error names a cost that is missing or no number.
  Parsed<bool> read(const RequestView& request, const BoundPolicy& policy,
                    BoundPolicy::Values& values) const;

  const Places& places() const { return places_; }
  const TrustedProxies& proxies() const { return proxies_; }

 private:
  Places places_;
  TrustedProxies proxies_;
};

/// A JSON value as an attribute's text: strings as they are, numbers and booleans as JSON has them;
/// none for anything else.
std::optional<std::string> text_of_json(const nlohmann::json& value);

/// A cost as it stands in a header or a body: a whole number from 0.
std::optional<std::int64_t> parse_cost(std::string_view text);

}  // namespace weir::gateway
