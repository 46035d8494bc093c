#include "gateway/request_reader.hpp"

#include <algorithm>

#include "core/letter_case.hpp"

namespace weir::gateway {
namespace {

namespace bhttp = boost::beast::http;

/// The line of a chunk's size, and trailers, may not be longer.
constexpr std::size_t max_chunk_line = std::size_t{16} << 10;

bool is_host(std::string_view host) {
  return std::all_of(host.begin(), host.end(), [](char c) {
    return c > ' ' && c < 127 && std::string_view("/\\@?#,\"<>").find(c) == std::string_view::npos;
  });
}

/// Whether there is a line's end without a carriage return, or a byte that no head has.
bool has_foreign_byte(std::string_view text) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\n' && (i == 0 || text[i - 1] != '\r')) return true;
    if (text[i] == '\0') return true;
  }
  return false;
}

/// Makes origin form of a target in absolute form, whose host counts more than the header's.
bool to_origin_form(RequestHead& head) {
  const std::string_view target = head.target();
  if (target.starts_with('/') || head.method() == bhttp::verb::connect) return true;
  if (target == "*") return head.method() == bhttp::verb::options;
  const std::size_t scheme_end = target.find("://");
  if (scheme_end == target.npos) return false;
  const std::string_view scheme = target.substr(0, scheme_end);
  if (!same_in_any_case(scheme, "http") && !same_in_any_case(scheme, "https")) return false;
  const std::string_view rest = target.substr(scheme_end + 3);
  const std::size_t host_end = std::min(rest.find_first_of("/?"), rest.size());
  const std::string host(rest.substr(0, host_end));
  std::string path(rest.substr(host_end));
  if (!path.starts_with('/')) path.insert(path.begin(), '/');
  if (host.empty() || !is_host(host)) return false;
  head.set(bhttp::field::host, host);
  head.target(path);
  return true;
}

}  // namespace

RequestReader::RequestReader(const HeadLimits& limits, RequestHead& head, BodySink& sink)
    : limits_(limits), head_(head), sink_(sink) {
  head_.clear();
  body_limit(boost::none);
  // Beast's own would cut at a line's end; ours is checked by bytes.
  header_limit(static_cast<std::uint32_t>(limits.head + 4));
}

std::optional<std::uint64_t> RequestReader::body_left() const {
  if (!is_header_done()) return std::nullopt;
  const auto left = content_length_remaining();
  return left ? std::optional(*left) : std::nullopt;
}

std::size_t RequestReader::feed(std::string_view bytes) {
  std::size_t used = 0;
  if (state_ == State::head && !got_some()) {
    // Empty lines before a request are passed over (RFC 9112, 2.2).
    while (bytes.substr(used).starts_with("\r\n")) used += 2;
    if (used == bytes.size() || bytes.substr(used) == "\r") return used;
  }
  const bool in_head = state_ == State::head;
  eager(!in_head);
  Error error;
  const std::size_t parsed = put({bytes.data() + used, bytes.size() - used}, error);
  used += parsed;
  if (in_head) head_bytes_ += parsed;
  if (error == bhttp::error::need_more) {
    check_unfinished(bytes.substr(used));
  } else if (error) {
    fail_parsing(error, bytes);
  } else if (in_head && is_header_done()) {
    head_ended();
  }
  if (state_ == State::body && is_done()) state_ = State::done;
  return used;
}

void RequestReader::check_unfinished(std::string_view bytes) {
  if (state_ == State::body) {
    if (bytes.size() > max_chunk_line) fail(BadRequest::bad_framing);
    return;
  }
  if (!has_start_line_ && bytes.size() > limits_.target + 64) {
    return fail(BadRequest::target_too_long);
  }
  if (head_bytes_ + bytes.size() > limits_.head) return fail(BadRequest::head_too_large);
  if (has_foreign_byte(bytes)) fail(BadRequest::malformed);
}

void RequestReader::fail(BadRequest fault) {
  state_ = State::bad;
  fault_ = fault;
}

void RequestReader::fail_parsing(const Error& error, std::string_view bytes) {
  if (state_ == State::bad) return;
  if (state_ == State::body) return fail(BadRequest::bad_framing);
  if (error == bhttp::error::header_limit) {
    return fail(has_start_line_ ? BadRequest::head_too_large : BadRequest::target_too_long);
  }
  if (error == bhttp::error::bad_content_length || error == bhttp::error::multiple_content_length ||
      error == bhttp::error::bad_transfer_encoding) {
    return fail(BadRequest::bad_framing);
  }
  if (error == bhttp::error::bad_version) {
    // "HTTP/2.0" is another version, "HTTP/1.1x" none at all.
    const std::string_view line = bytes.substr(0, bytes.find('\r'));
    const std::size_t at = line.rfind(" HTTP/");
    const bool is_version = at != line.npos && line.size() == at + 9 && line[at + 7] == '.' &&
                            line[at + 6] >= '0' && line[at + 6] <= '9';
    return fail(is_version ? BadRequest::bad_version : BadRequest::malformed);
  }
  fail(BadRequest::malformed);
}

// ---- What the parser finds

void RequestReader::on_request_impl(bhttp::verb verb, Text method, Text target, int version,
                                    Error& error) {
  has_start_line_ = true;
  version_ = version;
  head_.version(static_cast<unsigned>(version));
  if (target.size() > limits_.target) {
    fail(BadRequest::target_too_long);
    error = bhttp::error::bad_target;
    return;
  }
  if (verb == bhttp::verb::unknown) {
    head_.method_string(method);
  } else {
    head_.method(verb);
  }
  head_.target(target);
}

void RequestReader::on_field_impl(bhttp::field field, Text name, Text value, Error&) {
  // Trailers are dropped: nobody may take them for headers.
  if (state_ == State::head) head_.insert(field, name, value);
}

void RequestReader::on_header_impl(Error&) {}

std::size_t RequestReader::on_body_impl(Text body, Error&) {
  sink_.take_body(body);
  return body.size();
}

std::size_t RequestReader::on_chunk_body_impl(std::uint64_t, Text body, Error&) {
  sink_.take_body(body);
  return body.size();
}

void RequestReader::head_ended() {
  state_ = is_done() ? State::done : State::body;
  if (head_bytes_ > limits_.head) return fail(BadRequest::head_too_large);
  const auto hosts = head_.equal_range(bhttp::field::host);
  const auto host_count = std::distance(hosts.first, hosts.second);
  if (host_count > 1 || (host_count == 0 && version_ >= 11)) return fail(BadRequest::bad_host);
  if (host_count == 1 && !is_host(hosts.first->value())) return fail(BadRequest::bad_host);
  const auto codings = head_.equal_range(bhttp::field::transfer_encoding);
  if (codings.first != codings.second) {
    if (version_ < 11) return fail(BadRequest::bad_framing);
    if (!same_in_any_case(codings.first->value(), "chunked") || !chunked()) {
      return fail(BadRequest::unknown_coding);
    }
  }
  if (head_.count(bhttp::field::content_length) > 1) return fail(BadRequest::bad_framing);
  if (!to_origin_form(head_)) fail(BadRequest::malformed);
}

}  // namespace weir::gateway
