#pragma once

#include <bit>
#include <string_view>

#include "load/byte_classes.hpp"

namespace weir::load {

/// Cuts the lines out of a text of which more may follow. Its control characters are found a block
/// at a time, whatever the lines: to look for the end of each line from its begin on would make
/// every step wait for the one before, and takes twice as long.
class HeadLines {
 public:
  /// From a line's begin on.
  explicit HeadLines(std::string_view text)
      : begin_(text.data()), end_(begin_ + text.size()), block_(begin_), line_begin_(begin_) {
    controls_ = controls_of_block();
  }

  enum class Status { line, unfinished, malformed };

  /// Moves to the next line. Lines end with CR LF and hold no other control characters but tabs.
  Status next() {
    for (;;) {
      while (controls_ == 0) {
        if (end_ - block_ <= block_bytes) return Status::unfinished;
        block_ += block_bytes;
        controls_ = controls_of_block();
      }
      const int offset = std::countr_zero(controls_);
      const char* const at = block_ + offset;
      if (*at == '\r') return cut_line(at, offset);
      // The one line feed that may stand here is that of a CR LF across two blocks.
      if (at + 1 != line_begin_) return Status::malformed;
      controls_ &= controls_ - 1;
    }
  }

  /// Without its end.
  std::string_view line() const { return line_; }
  /// Where the line behind it begins.
  const char* rest() const { return line_begin_; }

 private:
  Status cut_line(const char* at, int offset) {
    if (at + 1 == end_) return Status::unfinished;
    if (at[1] != '\n') return Status::malformed;
    controls_ &= ~(3U << offset);
    line_ = std::string_view(line_begin_, static_cast<std::size_t>(at - line_begin_));
    line_begin_ = at + 2;
    return Status::line;
  }

  unsigned controls_of_block() const {
    return end_ - block_ >= block_bytes ? control_bits(block_) : controls_of_last_block();
  }

  /// Fewer bytes than a block: those of the block that ends with the text, or one by one.
  unsigned controls_of_last_block() const {
    const auto left = static_cast<int>(end_ - block_);
    if (end_ - begin_ >= block_bytes)
      return control_bits(end_ - block_bytes) >> (block_bytes - left);
    unsigned bits = 0;
    for (int i = 0; i < left; ++i) bits |= unsigned{is_control(block_[i])} << i;
    return bits;
  }

  const char* begin_;
  const char* end_;
  const char* block_;
  const char* line_begin_;
  unsigned controls_;
  std::string_view line_;
};

}  // namespace weir::load
