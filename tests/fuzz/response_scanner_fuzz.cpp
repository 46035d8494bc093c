#include "load/response_scanner.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "core/random.hpp"
#include "support/response_reading.hpp"

namespace {

using namespace weir::load;

void require(bool holds) {
  if (!holds) std::abort();
}

/// What both accept they read alike, and where Beast finds an end the scanner does not wait for
/// one.
void compare_with_beast(const ResponseReading& ours, std::string_view bytes, bool answers_head) {
  const auto beast = read_with_beast(bytes, answers_head);
  if (!beast || ours.state == ResponseScanner::State::malformed) return;
  require(ours == *beast);
}

}  // namespace

/// A connection's bytes are read alike however they are cut. The lowest bit of the first byte says
/// whether they answer a HEAD request; its others draw the pieces.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const bool answers_head = (data[0] & 1) != 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);

  const ResponseReading whole = read_whole(bytes, answers_head);
  ResponseScanner scanner(wants_all_headers);
  require(read_with(scanner, bytes, answers_head, [] { return 1; }) == whole);
  weir::RandomSequence random{weir::RandomStream(data[0])};
  const std::uint64_t longest = 1 + random.below(bytes.size() + 1);
  const auto any_size = [&] { return 1 + random.below(longest); };
  require(read_with(scanner, bytes, answers_head, any_size) == whole);
  compare_with_beast(whole, bytes, answers_head);
  return 0;
}
