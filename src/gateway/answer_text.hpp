#pragma once

#include <cstdint>
#include <ctime>
#include <string>
#include <string_view>

#include "gateway/counters.hpp"

namespace weir::gateway {

/// "OK" of a 200.
std::string_view reason_of(int status);
/// "HTTP/1.1 200 OK" with its line end.
void append_status_line(std::string& out, int status);
/// Header lines of an upstream but for those that the gateway writes itself, so that no header
/// stands in an answer twice.
void append_lines_but(std::string& out, std::string_view lines, std::string_view ours);
/// "Content-Length: 12" with its line end.
void append_length(std::string& out, std::uint64_t length);
/// One chunk of a chunked body; nothing of nothing.
void append_chunk(std::string& out, std::string_view bytes);
inline constexpr std::string_view last_chunk = "0\r\n\r\n";

/// The header Date with its line end, made once a second.
class DateLine {
 public:
  std::string_view now();

 private:
  std::time_t second_ = -1;
  std::string line_;
};

/// How the gateway answers a bad request.
int status_of(BadRequest fault);
/// A sentence about it, with a line's end.
std::string_view text_of(BadRequest fault);

}  // namespace weir::gateway
