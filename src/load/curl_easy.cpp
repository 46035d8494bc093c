#include "load/curl_easy.hpp"

#include <new>

namespace weir::load {

CurlEasy::CurlEasy() {
  ensure_curl();
  handle_.reset(curl_easy_init());
  if (handle_ == nullptr) throw std::bad_alloc();
}

long CurlEasy::number(CURLINFO info) const {
  long value = 0;
  curl_easy_getinfo(get(), info, &value);
  return value;
}

void ensure_curl() {
  static const CURLcode result = curl_global_init(CURL_GLOBAL_DEFAULT);
  if (result != CURLE_OK) throw std::bad_alloc();
}

}  // namespace weir::load
