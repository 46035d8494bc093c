#include "traffic/gzip.hpp"

#include <fmt/core.h>
#include <zlib.h>

#include <algorithm>
#include <limits>
#include <vector>

namespace weir::traffic {
namespace {

/// zlib's state for one gzip stream, freed with the object.
class Inflater {
 public:
  // 15 bits of window, plus 16 for a gzip header and trailer.
  Inflater() : ready_(inflateInit2(&stream_, 15 + 16) == Z_OK) {}
  ~Inflater() {
    if (ready_) inflateEnd(&stream_);
  }
  Inflater(const Inflater&) = delete;
  Inflater& operator=(const Inflater&) = delete;

  bool ready() const { return ready_; }
  z_stream& stream() { return stream_; }

 private:
  z_stream stream_ = {};
  bool ready_ = false;
};

/// zlib counts in 32 bits, so longer inputs are handed over piece by piece.
void hand_over(z_stream& stream, std::string_view rest) {
  const std::size_t most = std::numeric_limits<uInt>::max();
  // zlib does not write through next_in; older declarations lack the const.
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(rest.data()));
  stream.avail_in = static_cast<uInt>(std::min(rest.size(), most));
}

/// Unpacks the member at the front of `rest`, appends it to `out` and moves `rest` behind it.
Parsed<void> unpack_member(z_stream& stream, std::string_view& rest, std::size_t limit,
                           std::string& out) {
  std::vector<char> block(std::size_t{1} << 16);
  for (;;) {
    hand_over(stream, rest);
    stream.next_out = reinterpret_cast<Bytef*>(block.data());
    stream.avail_out = static_cast<uInt>(block.size());
    const uInt offered = stream.avail_in;
    const int status = inflate(&stream, Z_NO_FLUSH);
    rest.remove_prefix(offered - stream.avail_in);
    const std::size_t made = block.size() - stream.avail_out;
    if (made > limit - out.size()) {
      return tl::unexpected<std::string>(
          fmt::format("unpacks to more than {} bytes; split it into smaller files", limit));
    }
    out.append(block.data(), made);
    if (status == Z_STREAM_END) return {};
    if (status == Z_BUF_ERROR || (status == Z_OK && rest.empty() && made == 0)) {
      return tl::unexpected<std::string>("gzip data that ends early; the file was cut short");
    }
    if (status != Z_OK) {
      return tl::unexpected<std::string>(
          fmt::format("damaged gzip data ({})", stream.msg != nullptr ? stream.msg : "unknown"));
    }
  }
}

bool is_padding(std::string_view rest) {
  return rest.find_first_not_of('\0') == std::string_view::npos;
}

}  // namespace

bool is_gzip(std::string_view bytes) { return bytes.substr(0, 2) == "\x1f\x8b"; }

Parsed<std::string> gunzip(std::string_view bytes, std::size_t limit) {
  Inflater inflater;
  if (!inflater.ready()) return tl::unexpected<std::string>("no memory to unpack gzip data");
  std::string out;
  do {
    if (!is_gzip(bytes)) {
      return tl::unexpected<std::string>(
          "something else after the gzip data; expected another gzip member or the end");
    }
    const Parsed<void> member = unpack_member(inflater.stream(), bytes, limit, out);
    if (!member) return tl::unexpected<std::string>(member.error());
    inflateReset(&inflater.stream());
  } while (!is_padding(bytes));
  return out;
}

}  // namespace weir::traffic
