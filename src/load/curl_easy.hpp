#pragma once

#include <curl/curl.h>

#include <memory>
#include <string>
#include <type_traits>

namespace weir::load {

/// An easy handle of libcurl, whose setters take only what libcurl reads: it would take anything.
class CurlEasy {
 public:
  CurlEasy();

  CURL* get() const { return handle_.get(); }

  template <class T>
  void set(CURLoption option, T value) {
    static_assert(std::is_pointer_v<T> || std::is_same_v<T, long>);
    note(curl_easy_setopt(get(), option, value));
  }
  /// libcurl copies the text.
  void set(CURLoption option, const std::string& text) { set(option, text.c_str()); }
  void set_large(CURLoption option, curl_off_t value) {
    note(curl_easy_setopt(get(), option, value));
  }

  long number(CURLINFO info) const;

  /// The first refusal of an option: this libcurl was built without it.
  CURLcode refusal() const { return refusal_; }

 private:
  struct Cleanup {
    void operator()(CURL* handle) const { curl_easy_cleanup(handle); }
  };

  void note(CURLcode result) {
    if (refusal_ == CURLE_OK) refusal_ = result;
  }

  std::unique_ptr<CURL, Cleanup> handle_;
  CURLcode refusal_ = CURLE_OK;
};

/// Makes libcurl ready, once in the program; any number of threads may ask for it.
void ensure_curl();

}  // namespace weir::load
