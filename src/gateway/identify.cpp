#include "gateway/identify.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "core/letter_case.hpp"
#include "core/percent.hpp"
#include "http/header_text.hpp"
#include "http/query.hpp"
#include "limiter/limiter.hpp"

namespace weir::gateway {
namespace {

namespace ip = boost::asio::ip;
using scenario::FieldPlace;
using scenario::Identification;

ip::address_v6 as_v6(const ip::address& address) {
  if (address.is_v6()) return address.to_v6();
  return ip::make_address_v6(ip::v4_mapped, address.to_v4());
}

ip::address unmapped(const ip::address& address) {
  if (address.is_v6() && address.to_v6().is_v4_mapped()) {
    return ip::make_address_v4(ip::v4_mapped, address.to_v6());
  }
  return address;
}

bool is_within(const ip::address_v6::bytes_type& a, const ip::address_v6::bytes_type& b,
               unsigned bits) {
  for (std::size_t i = 0; i < a.size() && bits > 0; ++i) {
    const unsigned here = std::min(bits, 8U);
    if (((a[i] ^ b[i]) >> (8 - here)) != 0) return false;
    bits -= here;
  }
  return true;
}

/// An element of X-Forwarded-For, which may have a port.
std::optional<ip::address> forwarded_address(std::string_view text) {
  text = http::without_blanks(text);
  if (text.starts_with('[')) {
    text = text.substr(1, text.find(']') - 1);
  } else if (std::count(text.begin(), text.end(), ':') == 1) {
    text = text.substr(0, text.find(':'));
  }
  boost::system::error_code error;
  const ip::address address = ip::make_address(std::string(text), error);
  if (error) return std::nullopt;
  return unmapped(address);
}

std::optional<std::string> header_of(const RequestView& request, const std::string& name) {
  const auto found = request.headers.find(name);
  if (found == request.headers.end()) return std::nullopt;
  return std::string(http::without_blanks({found->value().data(), found->value().size()}));
}

std::optional<std::string> bearer_of(const RequestView& request) {
  constexpr std::string_view scheme = "bearer ";
  const auto value = header_of(request, "Authorization");
  if (!value || value->size() <= scheme.size()) return std::nullopt;
  if (!same_in_any_case(std::string_view(*value).substr(0, scheme.size()), scheme)) {
    return std::nullopt;
  }
  return std::string(http::without_blanks(std::string_view(*value).substr(scheme.size())));
}

std::optional<std::string> api_key_of(const RequestView& request) {
  for (const char* name : {"X-API-Key", "Api-Key"}) {
    if (auto value = header_of(request, name)) return value;
  }
  return bearer_of(request);
}

std::optional<std::string> query_of(const RequestView& request, std::string_view name) {
  for (const auto& [key, value] : http::query_pairs(request.target)) {
    if (percent_decoded(key, true) == name) return percent_decoded(value, true);
  }
  return std::nullopt;
}

std::optional<std::string> segment_of(const RequestView& request, std::size_t number) {
  std::string_view rest = request.path();
  for (; number > 0 && rest.starts_with('/'); --number) {
    rest.remove_prefix(1);
    const std::string_view segment = rest.substr(0, rest.find('/'));
    if (number == 1)
      return segment.empty() ? std::nullopt : std::optional(percent_decoded(segment));
    rest.remove_prefix(segment.size());
  }
  return std::nullopt;
}

/// One request, whose body is parsed when it is first asked for.
class Reader {
 public:
  Reader(const RequestView& request, const TrustedProxies& proxies)
      : request_(request), proxies_(proxies) {}

  std::optional<std::string> find(const Identification& where) {
    for (const FieldPlace& place : where.places) {
      if (auto value = at(place)) return value;
    }
    return std::nullopt;
  }

 private:
  std::optional<std::string> at(const FieldPlace& place) {
    using Kind = FieldPlace::Kind;
    switch (place.kind) {
      case Kind::header:
        return header_of(request_, place.name);
      case Kind::bearer:
        return bearer_of(request_);
      case Kind::api_key:
        return api_key_of(request_);
      case Kind::client:
        return client();
      case Kind::query:
        return query_of(request_, place.name);
      case Kind::path:
        return segment_of(request_, place.number);
      case Kind::body:
        return in_body(place.name);
      case Kind::literal:
        return place.name;
      case Kind::answer:
      case Kind::answer_header:
        break;
    }
    return std::nullopt;
  }

  std::optional<std::string> client() const {
    const auto address = proxies_.client_of(request_);
    return address ? std::optional(address->to_string()) : std::nullopt;
  }

  std::optional<std::string> in_body(const std::string& pointer) {
    if (!body_) body_ = nlohmann::json::parse(request_.body, nullptr, false);
    if (body_->is_discarded()) return std::nullopt;
    try {
      const nlohmann::json::json_pointer at(pointer);
      return body_->contains(at) ? text_of_json((*body_)[at]) : std::nullopt;
    } catch (const nlohmann::json::exception&) {
      return std::nullopt;
    }
  }

  const RequestView& request_;
  const TrustedProxies& proxies_;
  std::optional<nlohmann::json> body_;
};

}  // namespace

std::optional<std::string> text_of_json(const nlohmann::json& value) {
  if (value.is_string()) return value.get<std::string>();
  if (value.is_number() || value.is_boolean()) return value.dump();
  return std::nullopt;
}

std::optional<std::int64_t> parse_cost(std::string_view text) {
  const Parsed<std::int64_t> cost = parse_integer(http::without_blanks(text));
  if (!cost || *cost < 0 || *cost > limiter::largest_cost) return std::nullopt;
  return *cost;
}

Parsed<bool> TrustedProxies::add(std::string_view network) {
  if (network == "unix") return trusts_unix_ = true;
  const std::size_t slash = network.find('/');
  boost::system::error_code error;
  const ip::address address = ip::make_address(std::string(network.substr(0, slash)), error);
  const unsigned width = !error && address.is_v4() ? 32 : 128;
  std::int64_t prefix = width;
  if (slash != std::string_view::npos) {
    prefix = parse_integer(network.substr(slash + 1)).value_or(-1);
  }
  if (error || prefix < 0 || prefix > width) {
    return tl::unexpected(
        fmt::format("must be such as 10.0.0.0/8, ::1 or unix, got \"{}\"", network));
  }
  networks_.push_back({as_v6(address), static_cast<unsigned>(prefix) + 128 - width});
  return true;
}

bool TrustedProxies::trusts(const std::optional<ip::address>& address) const {
  if (!address) return trusts_unix_;
  const auto bytes = as_v6(*address).to_bytes();
  return std::any_of(networks_.begin(), networks_.end(), [&](const Network& n) {
    return is_within(bytes, n.address.to_bytes(), n.prefix);
  });
}

std::optional<ip::address> TrustedProxies::client_of(const RequestView& request) const {
  std::optional<ip::address> client = request.peer;
  if (client) client = unmapped(*client);
  if (trusts(client)) {
    std::vector<std::string_view> hops;
    const auto [begin, end] = request.headers.equal_range("X-Forwarded-For");
    for (auto header = begin; header != end; ++header) {
      std::string_view rest(header->value().data(), header->value().size());
      for (;;) {
        const std::size_t comma = rest.find(',');
        hops.push_back(rest.substr(0, comma));
        if (comma == std::string_view::npos) break;
        rest.remove_prefix(comma + 1);
      }
    }
    for (auto hop = hops.rbegin(); hop != hops.rend() && trusts(client); ++hop) {
      const auto address = forwarded_address(*hop);
      // What a trusted proxy did not write as an address is nobody's.
      if (!address) break;
      client = address;
    }
  }
  return client;
}

bool Identifier::needs_body() const {
  const auto in_body = [](const Identification& where) {
    return std::any_of(where.places.begin(), where.places.end(), [](const FieldPlace& place) {
      return place.kind == FieldPlace::Kind::body;
    });
  };
  return std::any_of(places_.attributes.begin(), places_.attributes.end(), in_body) ||
         std::any_of(places_.costs.begin(), places_.costs.end(), in_body);
}

Parsed<bool> Identifier::read(const RequestView& request, const BoundPolicy& policy,
                              BoundPolicy::Values& values) const {
  Reader reader(request, proxies_);
  values.attributes.resize(places_.attributes.size());
  for (std::size_t a = 0; a < places_.attributes.size(); ++a) {
    values.attributes[a] = reader.find(places_.attributes[a]).value_or("");
  }
  values.costs.assign(places_.costs.size(), 1);
  for (std::size_t c = 0; c < places_.costs.size(); ++c) {
    if (!policy.is_asked(c)) continue;
    const std::optional<std::string> text = reader.find(places_.costs[c]);
    const std::optional<std::int64_t> cost = text ? parse_cost(*text) : std::nullopt;
    if (!cost) {
      return tl::unexpected(fmt::format("the request does not say its {}: {} {}", policy.costs()[c],
                                        places_.costs[c].text,
                                        text ? "is not a whole number" : "is missing"));
    }
    values.costs[c] = *cost;
  }
  return true;
}

}  // namespace weir::gateway
