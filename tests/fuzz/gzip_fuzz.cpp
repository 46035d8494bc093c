#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "traffic/gzip.hpp"

/// Whatever is unpacked is not longer than the limit.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  constexpr std::size_t limit = 1 << 20;
  const auto unpacked =
      weir::traffic::gunzip(std::string_view(reinterpret_cast<const char*>(data), size), limit);
  if (unpacked ? unpacked->size() > limit : unpacked.error().empty()) std::abort();
  return 0;
}
