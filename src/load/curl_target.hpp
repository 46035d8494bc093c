#pragma once

#include <memory>
#include <string>

#include "http/url.hpp"
#include "load/curl_easy.hpp"
#include "scenario/target.hpp"

namespace weir::load {

/// Sets how a target is reached: by which version of HTTP, TLS, proxy or socket, and by nothing
/// that stands in the environment or in files of the user.
void set_way_to(CurlEasy& easy, const http::Url& url, const scenario::TargetSpec& target);

/// Whether HTTP/2 is spoken without TLS, in which it would be agreed on.
bool presumes_http2(const http::Url& url, const scenario::TargetSpec& target);

/// The addresses of the target's host, looked up once: libcurl would start a thread for each of
/// the first connections to do so.
class CurlAddresses {
 public:
  CurlAddresses(const http::Url& url, const scenario::TargetSpec& target);
  CurlAddresses(const CurlAddresses&) = delete;
  CurlAddresses& operator=(const CurlAddresses&) = delete;

  /// For CURLOPT_RESOLVE; null where libcurl has nothing to look up, or shall fail to.
  curl_slist* list() { return text_.empty() ? nullptr : &entry_; }

 private:
  std::string text_;
  curl_slist entry_ = {};
};

}  // namespace weir::load
