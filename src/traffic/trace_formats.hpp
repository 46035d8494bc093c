#pragma once

#include <string_view>

#include "core/result.hpp"
#include "traffic/trace.hpp"

// The readers of the single formats. `content` is without compression and byte order mark; for the
// rest see parse_trace().

namespace weir::traffic {

/// RFC 4180 with a header row: `time_ns` or `time`, `cost`, `cost.NAME`; any other column is an
/// attribute. A fault in the header is an error even where bad rows are skipped.
Result<Trace> parse_csv_trace(std::string_view content, std::string_view name,
                              const TraceOptions& options);

/// One JSON object a line, with the same names as in CSV. Numbers and booleans are attribute values
/// by their JSON text. A missing attribute, or null, is the empty value; a missing `cost` is 1 and
/// a missing `cost.NAME` 0. Blank lines are passed over.
Result<Trace> parse_jsonl_trace(std::string_view content, std::string_view name,
                                const TraceOptions& options);

/// Azure's LLM inference traces: TIMESTAMP,ContextTokens,GeneratedTokens. Costs `context_tokens`,
/// `generated_tokens` and their sum, `tokens`; no attributes.
Result<Trace> parse_azure_llm_trace(std::string_view content, std::string_view name,
                                    const TraceOptions& options);

/// Apache's and nginx's access logs: attributes `ip` (a host name where the log has one), `user`,
/// `method`, `path` and `status`, cost `bytes`. The path is the request's target without scheme,
/// host and query; method and path are "-" where the request line is not one of HTTP. Blank lines
/// are passed over. What follows a combined log's referer is not looked at.
Result<Trace> parse_common_log_trace(std::string_view content, std::string_view name,
                                     const TraceOptions& options);
Result<Trace> parse_combined_log_trace(std::string_view content, std::string_view name,
                                       const TraceOptions& options);

}  // namespace weir::traffic
