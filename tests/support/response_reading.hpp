#pragma once

#include <algorithm>
#include <boost/asio/buffer.hpp>
#include <boost/beast/core/string.hpp>
#include <boost/beast/http/basic_parser.hpp>
#include <boost/beast/http/rfc7230.hpp>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "load/response_scanner.hpp"

namespace weir::load {

/// What a reader makes of all that a connection brings, from the begin of a response to the peer's
/// close.
struct ResponseReading {
  ResponseScanner::State state = ResponseScanner::State::head;
  int status = 0;
  std::vector<std::pair<std::string, std::string>> headers;
  std::uint64_t body_bytes = 0;
  bool keeps_alive = false;
  /// How many of the bytes belong to the response.
  std::size_t used = 0;

  bool operator==(const ResponseReading&) const = default;
};

inline bool wants_all_headers(std::string_view) { return true; }

inline void note_headers(const ResponseScanner& scanner, ResponseReading& reading) {
  reading.headers.clear();
  for (std::size_t i = 0; i < scanner.header_count(); ++i) {
    const Header header = scanner.header(i);
    reading.headers.emplace_back(header.name, header.value);
  }
}

/// With a scanner that may have read others before, in pieces whose sizes `next_size` says. Each
/// piece lies in memory of its own, which is gone before the next comes.
template <class NextSize>
ResponseReading read_with(ResponseScanner& scanner, std::string_view bytes, bool answers_head,
                          NextSize next_size) {
  using State = ResponseScanner::State;
  ResponseReading reading;
  scanner.begin(answers_head);
  while (!bytes.empty() && (scanner.state() == State::head || scanner.state() == State::body)) {
    const std::size_t size = std::clamp<std::size_t>(next_size(), 1, bytes.size());
    const auto piece = std::make_unique<char[]>(size);
    std::copy_n(bytes.begin(), size, piece.get());
    bytes.remove_prefix(size);
    reading.used += scanner.feed({piece.get(), size});
    if (scanner.state() == State::done) note_headers(scanner, reading);
  }
  const bool by_close = scanner.state() == State::body;
  reading.state = scanner.end_of_stream();
  if (reading.state == State::malformed) return {State::malformed, 0, {}, 0, false, 0};
  if (by_close) note_headers(scanner, reading);
  reading.status = scanner.status();
  reading.body_bytes = scanner.body_bytes();
  reading.keeps_alive = scanner.keeps_alive();
  return reading;
}

/// In one piece.
inline ResponseReading read_whole(std::string_view bytes, bool answers_head) {
  ResponseScanner scanner(wants_all_headers);
  return read_with(scanner, bytes, answers_head, [&] { return bytes.size(); });
}

// ---- The same by Boost.Beast.

/// Notes what its base says of a response.
class BeastParser : public boost::beast::http::basic_parser<false> {
 public:
  std::vector<std::pair<std::string, std::string>> headers;
  std::uint64_t body_bytes = 0;
  int status = 0;
  bool http_1_0 = false;

 private:
  using Code = boost::beast::error_code;
  using Text = boost::beast::string_view;

  void on_request_impl(boost::beast::http::verb, Text, Text, int, Code&) override {}
  void on_response_impl(int code, Text, int version, Code&) override {
    status = code;
    http_1_0 = version == 10;
  }
  void on_field_impl(boost::beast::http::field, Text name, Text value, Code&) override {
    if (!is_header_done()) headers.emplace_back(name, value);
  }
  void on_header_impl(Code&) override {}
  void on_body_init_impl(const boost::optional<std::uint64_t>&, Code&) override {}
  std::size_t on_body_impl(Text body, Code&) override { return count(body); }
  void on_chunk_header_impl(std::uint64_t, Text, Code&) override {}
  std::size_t on_chunk_body_impl(std::uint64_t, Text body, Code&) override { return count(body); }
  void on_finish_impl(Code&) override {}

  std::size_t count(Text body) {
    body_bytes += body.size();
    return body.size();
  }
};

/// Feeds it all bytes and their end; how many it took, or nothing if it refuses them.
inline std::optional<std::size_t> run_to_end(BeastParser& parser, std::string_view bytes,
                                             bool& keeps_alive) {
  std::size_t used = 0;
  boost::beast::error_code error;
  while (!parser.is_done()) {
    if (used == bytes.size() || error == boost::beast::http::error::need_more) {
      if (!parser.got_some()) return std::nullopt;
      parser.put_eof(error);
      if (error) return std::nullopt;
      return used;
    }
    const bool in_head = !parser.is_header_done();
    used += parser.put(boost::asio::buffer(bytes.data() + used, bytes.size() - used), error);
    if (error && error != boost::beast::http::error::need_more) return std::nullopt;
    // Later it would say what a trailer says.
    if (in_head && parser.is_header_done()) keeps_alive = parser.keep_alive();
  }
  return used;
}

/// Whether a header is one of those that the scanner keeps to itself, and which.
inline bool is_connection_header(std::string_view name) {
  return boost::beast::iequals(name, "Connection") ||
         boost::beast::iequals(name, "Proxy-Connection");
}
inline bool is_own_header(std::string_view name) {
  return is_connection_header(name) || boost::beast::iequals(name, "Content-Length") ||
         boost::beast::iequals(name, "Transfer-Encoding");
}

/// What Beast does not say of HTTP/1.0, though RFC 9112 does: "close" beside "keep-alive" closes,
/// and so does any transfer coding.
inline bool closes_http_1_0(const BeastParser& parser) {
  const auto& headers = parser.headers;
  return parser.http_1_0 && std::any_of(headers.begin(), headers.end(), [](const auto& header) {
           if (boost::beast::iequals(header.first, "Transfer-Encoding")) return true;
           return is_connection_header(header.first) &&
                  boost::beast::http::token_list(header.second).exists("close");
         });
}

/// What Beast reads, if it accepts the response.
inline std::optional<ResponseReading> read_with_beast(std::string_view bytes, bool answers_head) {
  ResponseReading reading;
  for (;;) {
    BeastParser parser;
    parser.skip(answers_head);
    parser.header_limit(1 << 30);
    parser.body_limit(boost::none);
    const auto used = run_to_end(parser, bytes.substr(reading.used), reading.keeps_alive);
    if (!used) return std::nullopt;
    reading.used += *used;
    // Interim responses are passed over.
    if (parser.status >= 100 && parser.status < 200) continue;
    reading.state = ResponseScanner::State::done;
    reading.status = parser.status;
    reading.headers = parser.headers;
    std::erase_if(reading.headers, [](const auto& header) { return is_own_header(header.first); });
    reading.body_bytes = parser.body_bytes;
    reading.keeps_alive = reading.keeps_alive && !closes_http_1_0(parser);
    return reading;
  }
}

}  // namespace weir::load
