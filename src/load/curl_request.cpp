#include "load/curl_request.hpp"

#include <string_view>

namespace weir::load {
namespace {

/// What libcurl would add by itself; a name without a value keeps it from that, unless a header
/// before has the name as well.
constexpr std::string_view unwanted_headers[] = {
    "Accept:", "Content-Type:", "Expect:", "Proxy-Connection:", "User-Agent:"};

}  // namespace

CurlRequest::CurlRequest(const RequestTemplate& requests) : requests_(requests) {
  const std::size_t count = requests.header_count() + std::size(unwanted_headers);
  header_begins_.resize(count);
  list_.resize(count);
  for (std::size_t i = 0; i + 1 < count; ++i) list_[i].next = &list_[i + 1];
}

void CurlRequest::set(const RenderedRow& row, CurlEasy& easy) {
  url_.clear();
  requests_.append_url(row, url_);
  easy.set(CURLOPT_URL, url_);
  easy.set(CURLOPT_CUSTOMREQUEST, requests_.method());
  if (requests_.is_head()) {
    easy.set(CURLOPT_NOBODY, 1L);
  } else if (requests_.has_body()) {
    body_.clear();
    requests_.append_body(row, body_);
    easy.set_large(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(body_.size()));
    easy.set(CURLOPT_POSTFIELDS, body_.data());
  }
  set_headers(row, easy);
}

void CurlRequest::set_headers(const RenderedRow& row, CurlEasy& easy) {
  headers_.clear();
  std::size_t count = 0;
  for (std::size_t i = 0; i < requests_.header_count(); ++i) {
    const std::size_t begin = header_begins_[count++] = headers_.size();
    requests_.append_header(i, row, headers_);
    end_header(begin);
  }
  for (const std::string_view name : unwanted_headers) {
    header_begins_[count++] = headers_.size();
    headers_ += name;
    headers_ += '\0';
  }
  for (std::size_t i = 0; i < count; ++i) list_[i].data = headers_.data() + header_begins_[i];
  easy.set(CURLOPT_HTTPHEADER, list_.data());
}

// To libcurl "Name:" means not to send it, and "Name;" to send it without a value.
void CurlRequest::end_header(std::size_t begin) {
  const std::size_t last = headers_.find_last_not_of(" \t");
  const std::size_t colon = headers_.find(':', begin);
  if (last == colon) {
    headers_.resize(colon);
    headers_ += ';';
  }
  headers_ += '\0';
}

}  // namespace weir::load
