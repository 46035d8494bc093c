#pragma once

#include <cstddef>
#include <string_view>

#include "load/rate_limit_headers.hpp"

namespace weir::load {

/// Reads the heads of an answer, line by line as libcurl hands them out: those of interim
/// responses, the one that counts, and trailers. Only the one that counts says anything of a rate
/// limit.
class CurlHeads {
 public:
  void clear();
  /// False if they are longer than the native engine would take them.
  bool add_line(std::string_view line);

  bool has_begun() const { return stage_ != Stage::before; }
  /// Whether all of the head that counts is there.
  bool is_complete() const { return stage_ == Stage::over; }
  bool is_too_long() const { return is_too_long_; }
  const RateLimitHeaders& headers() const { return headers_; }

 private:
  enum class Stage { before, interim, answer, over };

  void add_header(std::string_view line);

  Stage stage_ = Stage::before;
  std::size_t size_ = 0;
  bool is_too_long_ = false;
  RateLimitHeaders headers_;
};

}  // namespace weir::load
