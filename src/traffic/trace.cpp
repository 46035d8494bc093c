#include "traffic/trace.hpp"

#include <fmt/core.h>

#include <utility>

#include "core/sha256.hpp"
#include "traffic/gzip.hpp"
#include "traffic/lines.hpp"
#include "traffic/read_file.hpp"
#include "traffic/trace_formats.hpp"

namespace weir::traffic {

Result<Trace> parse_trace(std::string_view content, std::string_view name, TraceFormat format,
                          const TraceOptions& options) {
  content = without_byte_order_mark(content);
  switch (format) {
    case TraceFormat::csv:
      return parse_csv_trace(content, name, options);
    case TraceFormat::jsonl:
      return parse_jsonl_trace(content, name, options);
    case TraceFormat::azure_llm:
      return parse_azure_llm_trace(content, name, options);
    case TraceFormat::common_log:
      return parse_common_log_trace(content, name, options);
    case TraceFormat::combined_log:
      return parse_combined_log_trace(content, name, options);
  }
  return fail(ErrorKind::cannot_run, fmt::format("{}: unknown trace format", name));
}

Result<Trace> read_trace(const std::string& path, TraceFormat format, const TraceOptions& options) {
  Result<std::string> content = read_file(path);
  if (!content) return tl::unexpected(content.error());
  std::string sha256 = sha256_hex(*content);
  if (is_gzip(*content)) {
    Parsed<std::string> unpacked = gunzip(*content);
    if (!unpacked) {
      return fail(ErrorKind::cannot_run, fmt::format("{}: {}", path, unpacked.error()));
    }
    *content = std::move(*unpacked);
  }
  Result<Trace> trace = parse_trace(*content, path, format, options);
  if (trace) trace->sha256 = std::move(sha256);
  return trace;
}

}  // namespace weir::traffic
