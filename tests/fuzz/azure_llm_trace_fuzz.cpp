#include "trace_fuzz.hpp"

/// The lowest bit of the first byte says whether bad rows are skipped.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace weir::traffic;
  if (size == 0) return 0;
  fuzz_trace(behind_first_byte(data, size), TraceFormat::azure_llm, (data[0] & 1) != 0);
  return 0;
}
