#include "load/curl_target.hpp"

#include <fmt/format.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>

namespace weir::load {
namespace {

using scenario::HttpVersion;
using scenario::TargetSpec;

/// How long libcurl waits for a connection unless it is told otherwise.
constexpr Duration curl_connect_timeout = Duration::from_seconds(300);

long http_version(const http::Url& url, const TargetSpec& target) {
  if (presumes_http2(url, target)) return CURL_HTTP_VERSION_2_PRIOR_KNOWLEDGE;
  return url.is_tls && target.http != HttpVersion::http1 ? CURL_HTTP_VERSION_2TLS
                                                         : CURL_HTTP_VERSION_1_1;
}

void set_tls(CurlEasy& easy, const TargetSpec& target) {
  if (target.insecure) {
    easy.set(CURLOPT_SSL_VERIFYPEER, 0L);
    easy.set(CURLOPT_SSL_VERIFYHOST, 0L);
  }
  if (!target.ca_file.empty()) easy.set(CURLOPT_CAINFO, target.ca_file);
  if (!target.certificate.empty()) easy.set(CURLOPT_SSLCERT, target.certificate);
  if (!target.private_key.empty()) easy.set(CURLOPT_SSLKEY, target.private_key);
}

}  // namespace

void set_way_to(CurlEasy& easy, const http::Url& url, const TargetSpec& target) {
  easy.set(CURLOPT_NOSIGNAL, 1L);
  easy.set(CURLOPT_PROTOCOLS_STR, "http,https");
  easy.set(CURLOPT_HTTP_VERSION, http_version(url, target));
  // As many exchanges on a connection as it takes, before another is opened.
  if (target.http != HttpVersion::http1) easy.set(CURLOPT_PIPEWAIT, 1L);
  set_tls(easy, target);
  // An empty text keeps libcurl from looking for proxies, and for exceptions, in the environment.
  easy.set(CURLOPT_PROXY, target.proxy);
  easy.set(CURLOPT_NOPROXY, "");
  easy.set(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
  if (!target.unix_socket.empty()) easy.set(CURLOPT_UNIX_SOCKET_PATH, target.unix_socket);
  easy.set(CURLOPT_DNS_CACHE_TIMEOUT, -1L);
  // Timeouts are the engine's; this one is there even if it is not set.
  if (target.timeout >= curl_connect_timeout) {
    easy.set(CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(target.timeout.ns() / 1'000'000 + 1'000));
  }
}

bool presumes_http2(const http::Url& url, const TargetSpec& target) {
  // libcurl speaks HTTP/1.1 to a proxy that does not tunnel.
  const bool is_http_proxy = !target.proxy.empty() && !target.proxy.starts_with("socks");
  return target.http == HttpVersion::http2 && !url.is_tls && !is_http_proxy;
}

CurlAddresses::CurlAddresses(const http::Url& url, const TargetSpec& target) {
  const bool is_ipv6 = url.host.find(':') != url.host.npos;
  if (is_ipv6 || !target.proxy.empty() || !target.unix_socket.empty()) return;
  boost::asio::io_context loop;
  boost::asio::ip::tcp::resolver resolver(loop);
  boost::system::error_code error;
  const auto found = resolver.resolve(url.host, fmt::format("{}", url.port), error);
  if (error || found.empty()) return;
  text_ = fmt::format("{}:{}:", url.host, url.port);
  for (const auto& entry : found) {
    if (!text_.ends_with(':')) text_ += ',';
    const auto address = entry.endpoint().address();
    text_ += address.is_v6() ? "[" + address.to_string() + "]" : address.to_string();
  }
  entry_.data = text_.data();
}

}  // namespace weir::load
