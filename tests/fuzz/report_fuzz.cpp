// Any bytes are a report or an error that names its source; of what is one, and a shard, merging
// makes a report again, or an error.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "report/json.hpp"
#include "report/merge.hpp"
#include "report/reading.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  auto report = weir::report::read_report(text, "input");
  if (!report) {
    if (!report.error().message.starts_with("input: ")) std::abort();
    return 0;
  }
  const auto merged = weir::report::merge_shards({{"input", *report}}, false);
  if (!merged) {
    if (merged.error().message.empty()) std::abort();
    return 0;
  }
  if (weir::report::to_text(*merged).empty()) std::abort();
  // Twice as much of everything is what hostile sums run over at.
  (*report)["shard"]["count"] = 2;
  auto other = *report;
  (*report)["shard"]["index"] = 1;
  other["shard"]["index"] = 2;
  if (!weir::report::merge_shards({{"one", *report}, {"two", other}}, true)) std::abort();
  return 0;
}
