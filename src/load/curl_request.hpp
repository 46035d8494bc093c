#pragma once

#include <string>
#include <vector>

#include "load/curl_easy.hpp"
#include "load/request_template.hpp"

namespace weir::load {

/// A request as libcurl takes it, part by part. libcurl reads headers and body where they lie:
/// this stays until the transfer has ended.
class CurlRequest {
 public:
  explicit CurlRequest(const RequestTemplate& requests);
  CurlRequest(const CurlRequest&) = delete;
  CurlRequest& operator=(const CurlRequest&) = delete;

  void set(const RenderedRow& row, CurlEasy& easy);

 private:
  void set_headers(const RenderedRow& row, CurlEasy& easy);
  void end_header(std::size_t begin);

  const RequestTemplate& requests_;
  std::string url_;
  std::string body_;
  /// One behind the other, with a 0 at the end of each.
  std::string headers_;
  std::vector<std::size_t> header_begins_;
  std::vector<curl_slist> list_;
};

}  // namespace weir::load
