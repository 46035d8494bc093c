#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/result.hpp"
#include "http/url.hpp"
#include "load/text_template.hpp"
#include "scenario/target.hpp"

namespace weir::load {

/// The requests of a run, ready to be written: for the native engine as bytes of HTTP/1.1, for
/// libcurl part by part.
class RequestTemplate {
 public:
  /// Reads secrets from files and the environment. `url` is the target's after --target.
  static Result<RequestTemplate> make(const scenario::TargetSpec& target, const std::string& url,
                                      const ValueNames& names);

  const http::Url& url() const { return url_; }
  const std::string& method() const { return method_; }
  bool has_body() const { return body_.has_value(); }
  bool is_head() const { return method_ == "HEAD"; }
  /// Whether a request may be sent again when a connection was closed under it: RFC 9110, 9.2.2.
  bool is_idempotent() const { return method_ != "POST" && method_ != "PATCH"; }

  /// The whole request, at the end of `out`; takes no memory once `out` has enough.
  void append_http1(const RenderedRow& row, std::string& out) const;

  void append_url(const RenderedRow& row, std::string& out) const;
  void append_body(const RenderedRow& row, std::string& out) const;
  /// "Name: value" of header i, of `header_count()`.
  void append_header(std::size_t i, const RenderedRow& row, std::string& out) const;
  std::size_t header_count() const { return headers_.size(); }

  /// Whether requests show the gateway any of these attributes.
  bool names_any(const std::vector<std::size_t>& attributes) const;

 private:
  struct Header {
    std::string name;
    TextTemplate value;
  };

  http::Url url_;
  std::string method_;
  TextTemplate path_;
  std::vector<Header> headers_;
  std::optional<TextTemplate> body_;
};

}  // namespace weir::load
