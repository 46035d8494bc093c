#include "gateway/upstream.hpp"

#include <fmt/format.h>

#include <boost/asio/ip/tcp.hpp>
#include <memory>
#include <utility>
#include <vector>

#include "gateway/upstream_exchange.hpp"
#include "gateway/upstream_head.hpp"
#include "gateway/upstream_pool.hpp"

namespace weir::gateway {
namespace {

class Upstream final : public Backend {
 public:
  Upstream(const UpstreamSpec& spec, std::vector<boost::asio::ip::tcp::endpoint> endpoints,
           const BackendParts& parts)
      : spec_(spec),
        parts_(parts),
        pool_(parts, std::move(endpoints), spec.keep_alive, spec.max_idle) {}

  BodyUse body_use(const RequestHead&) const override { return BodyUse::pass; }
  bool takes_upgrades() const override { return spec_.allow_upgrade; }

  std::unique_ptr<Answering> start(Asker& asker) override {
    auto exchange = std::make_unique<UpstreamExchange>(spec_, parts_, pool_, asker);
    exchange->begin();
    return exchange;
  }

 private:
  UpstreamSpec spec_;
  BackendParts parts_;
  UpstreamPool pool_;
};

}  // namespace

Result<BackendFactory> upstream(UpstreamSpec spec) {
  using boost::asio::ip::tcp;
  if (spec.url.is_tls) {
    return fail(ErrorKind::usage,
                fmt::format("{}: an upstream is spoken to in http, not https", spec.url.origin()));
  }
  if (!spec.url.user_info.empty() || spec.url.path.find('?') != std::string::npos) {
    return fail(ErrorKind::usage,
                fmt::format("{}: an upstream's URL has no user and no query", spec.url.origin()));
  }
  boost::asio::io_context loop;
  tcp::resolver resolver(loop);
  boost::system::error_code error;
  const auto found = resolver.resolve(spec.url.host, std::to_string(spec.url.port), error);
  if (error) {
    return fail(ErrorKind::target_unreachable,
                fmt::format("cannot look up {}: {}", spec.url.host, error.message()));
  }
  std::vector<tcp::endpoint> endpoints;
  for (const auto& entry : found) endpoints.push_back(entry.endpoint());
  return [spec = std::move(spec), endpoints = std::move(endpoints)](const BackendParts& parts) {
    return std::make_unique<Upstream>(spec, endpoints, parts);
  };
}

}  // namespace weir::gateway
