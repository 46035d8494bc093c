#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "load/message_framing.hpp"

namespace weir::load {

/// A header as it came: the name in any letter case, the value without blanks around it.
struct Header {
  std::string_view name;
  std::string_view value;
};

/// Whether a caller wants the headers of a name, which comes in any letter case.
using WantsHeader = bool (*)(std::string_view name);

/// The status line and the headers of one response, of which only those are looked at that matter.
class ResponseHead {
 public:
  enum class State { unfinished, finished, malformed };

  /// Forgets everything but the memory it has.
  void clear();

  /// Goes on at the first line that was unfinished so far. `text` begins where the head begins, and
  /// may have come to lie elsewhere since the last call.
  State read(std::string_view text, WantsHeader wants);

  /// Of the lines that have been read.
  std::size_t size() const { return size_; }
  int status() const { return status_; }
  const MessageFraming& framing() const { return framing_; }
  /// Whether the connection stays open after the response, if its end is known.
  bool keeps_alive() const { return framing_.keeps_alive(http_1_0_); }

  /// Those that were wanted, in order.
  std::size_t header_count() const { return headers_.size(); }
  /// `begin` is where the head lies now.
  Header header(std::size_t index, const char* begin) const;

 private:
  /// A part of the head.
  struct Part {
    std::uint32_t begin;
    std::uint32_t size;
  };
  struct HeaderParts {
    Part name;
    Part value;
  };

  bool read_status_line(std::string_view line);
  bool read_header(std::string_view line, std::string_view text, WantsHeader wants);
  void keep_header(std::string_view name, std::string_view value, std::string_view text);

  std::size_t size_ = 0;
  int status_ = 0;
  bool http_1_0_ = false;
  MessageFraming framing_;
  std::vector<HeaderParts> headers_;
};

}  // namespace weir::load
