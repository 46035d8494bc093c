#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace weir::load {

/// Takes the chunked coding off a body that comes in pieces, and counts the bytes that were in it.
/// Chunk extensions and trailers are passed over.
class ChunkedBody {
 public:
  enum class State { unfinished, done, malformed };

  /// How long the line with a chunk's size may be, and all trailers together.
  static constexpr std::size_t max_size_line_bytes = std::size_t{16} << 10;
  static constexpr std::size_t max_trailer_bytes = std::size_t{64} << 10;

  /// Reads on, at most to the end of the body; returns how many bytes that was.
  std::size_t feed(std::string_view bytes);

  State state() const { return state_; }
  std::uint64_t body_bytes() const { return body_bytes_; }

 private:
  /// What comes next.
  enum class Step {
    first_digit,
    size,
    extension,
    size_line_feed,
    data,
    data_return,
    data_line_feed,
    trailer,
    trailer_rest,
    trailer_line_feed,
    last_line_feed,
  };

  /// Takes a whole line that says nothing but a size above 0, as nearly all do, at once; 0 if it is
  /// none.
  std::size_t take_plain_size_line(std::string_view bytes);
  std::size_t skip_data(std::size_t available);
  void take(char c);
  void take_size(char c);
  /// Passes over the rest of a line.
  void take_line(char c, Step at_end, std::size_t max_bytes);
  void expect(char expected, char c, Step next);
  void fail() { state_ = State::malformed; }

  State state_ = State::unfinished;
  Step step_ = Step::first_digit;
  /// What is left of the chunk's data; while its size is read, the size so far.
  std::uint64_t chunk_left_ = 0;
  std::uint64_t body_bytes_ = 0;
  /// How long the size line is so far, or all trailers.
  std::size_t line_bytes_ = 0;
};

}  // namespace weir::load
