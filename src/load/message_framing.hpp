#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace weir::load {

/// What the headers of a response say of its body's length and of its connection. Each add_…()
/// takes the value of one header and says whether it is well formed and contradicts no other.
class MessageFraming {
 public:
  bool add_content_length(std::string_view value);
  bool add_transfer_encoding(std::string_view value);
  bool add_connection(std::string_view value);

  bool chunked() const { return chunked_; }
  std::optional<std::uint64_t> content_length() const { return content_length_; }
  /// Whether the connection stays open after a response of this version whose end is known.
  bool keeps_alive(bool http_1_0) const;

 private:
  std::optional<std::uint64_t> content_length_;
  bool has_transfer_encoding_ = false;
  bool chunked_ = false;
  bool closes_ = false;
  bool stays_ = false;
};

}  // namespace weir::load
