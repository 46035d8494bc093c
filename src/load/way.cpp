#include "load/way.hpp"

namespace weir::load {

std::string shown_url(const http::Url& url) {
  return url.origin() + url.path.substr(0, url.path.find('?'));
}

std::string why_not_native(const scenario::TargetSpec& target, const http::Url& url) {
  if (url.is_tls) return "TLS";
  if (target.http == scenario::HttpVersion::http2) return "HTTP/2";
  if (!target.proxy.empty()) return "a proxy";
  if (!target.unix_socket.empty()) return "a Unix socket";
  if (target.compressed) return "compression";
  return "";
}

bool takes_native(const scenario::TargetSpec& target, const http::Url& url) {
  return target.engine != scenario::EngineChoice::libcurl && why_not_native(target, url).empty();
}

}  // namespace weir::load
