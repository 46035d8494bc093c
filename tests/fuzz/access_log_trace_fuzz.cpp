#include "trace_fuzz.hpp"

/// The lowest bit of the first byte says whether bad rows are skipped, the next one the format.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace weir::traffic;
  if (size == 0) return 0;
  const TraceFormat format =
      (data[0] & 2) != 0 ? TraceFormat::combined_log : TraceFormat::common_log;
  fuzz_trace(behind_first_byte(data, size), format, (data[0] & 1) != 0);
  return 0;
}
