#include "e2e/limiting_haproxy.hpp"

#include <fmt/format.h>

#include <vector>

namespace weir::e2e {
namespace {

constexpr const char* limiting_haproxy_configuration = R"(
global
  nbthread 1
  maxconn 1000
defaults
  mode http
  timeout connect 5s
  timeout client 60s
  timeout server 60s
frontend limited
  bind 127.0.0.1:{port} backlog 1024
  http-request track-sc0 req.hdr(x-user) table users
  http-request deny deny_status 429 if {{ sc_http_req_rate(0) gt {limit} }}
  http-request return status 200 content-type text/plain string ok
backend users
  stick-table type string len 64 size 100k expire 1h store http_req_rate({period})
)";

}  // namespace

LimitingHaproxy::LimitingHaproxy(std::int64_t limit, std::string_view period) {
  const auto program = find_program("haproxy");
  if (!program) return;
  server_ = start_server(
      [&](std::uint16_t port) -> std::vector<std::string> {
        folder_.write("haproxy.cfg",
                      fmt::format(limiting_haproxy_configuration, fmt::arg("port", port),
                                  fmt::arg("limit", limit), fmt::arg("period", period)));
        return {*program, "-db", "-f", folder_.path("haproxy.cfg")};
      },
      folder_.path("output"));
}

}  // namespace weir::e2e
