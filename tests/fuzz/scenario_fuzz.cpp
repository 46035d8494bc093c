// Any bytes are a scenario or a list of problems, the same ones each time, and never a crash.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "scenario/model.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto first = weir::scenario::parse_scenario(text, {});
  const auto second = weir::scenario::parse_scenario(text, {});
  if (first.has_value() != second.has_value()) std::abort();
  if (!first && (first.error().empty() || first.error() != second.error())) std::abort();
  if (first && first->document_sha256 != second->document_sha256) std::abort();
  return 0;
}
