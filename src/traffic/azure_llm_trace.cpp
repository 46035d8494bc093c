#include <fmt/core.h>

#include <array>
#include <optional>
#include <string>

#include "traffic/csv_records.hpp"
#include "traffic/printable.hpp"
#include "traffic/trace_builder.hpp"
#include "traffic/trace_fields.hpp"
#include "traffic/trace_formats.hpp"

namespace weir::traffic {
namespace {

constexpr std::array<std::string_view, 3> header = {"TIMESTAMP", "ContextTokens",
                                                    "GeneratedTokens"};

std::optional<std::string> check_header(const std::vector<std::string_view>& fields) {
  constexpr std::string_view wanted = "expected TIMESTAMP,ContextTokens,GeneratedTokens";
  for (std::size_t i = 0; i < header.size(); ++i) {
    const std::string_view found = i < fields.size() ? fields[i] : std::string_view();
    if (found != header[i])
      return fmt::format("column {} is {}; {}", i + 1, in_quotes(found), wanted);
  }
  if (fields.size() == header.size()) return std::nullopt;
  return fmt::format("{} columns; {}", fields.size(), wanted);
}

Parsed<Instant> read_timestamp(std::string_view text) {
  const Parsed<Instant> at = parse_instant(text);
  if (at) return within_range(*at, header[0], text);
  return tl::unexpected<std::string>(
      fmt::format("TIMESTAMP {}: expected a date and time such as 2023-11-16 18:17:03.9799600",
                  in_quotes(text)));
}

std::optional<std::string> add_row(const std::vector<std::string_view>& fields,
                                   TraceBuilder& builder) {
  if (fields.size() != header.size()) {
    return fmt::format("{} field{}; expected {} as in the header", fields.size(),
                       fields.size() == 1 ? "" : "s", header.size());
  }
  const Parsed<Instant> at = read_timestamp(fields[0]);
  if (!at) return at.error();
  const Parsed<std::int64_t> context = read_amount(header[1], fields[1]);
  if (!context) return context.error();
  const Parsed<std::int64_t> generated = read_amount(header[2], fields[2]);
  if (!generated) return generated.error();
  if (*context + *generated > largest_amount) {
    return fmt::format("{} + {} tokens; expected a sum of at most {}", *context, *generated,
                       largest_amount);
  }
  const std::array<std::int64_t, 3> amounts = {*context, *generated, *context + *generated};
  builder.add_row(*at, {}, amounts);
  return std::nullopt;
}

}  // namespace

Result<Trace> parse_azure_llm_trace(std::string_view content, std::string_view name,
                                    const TraceOptions& options) {
  TraceBuilder builder(name, options);
  for (const char* cost : {"context_tokens", "generated_tokens", "tokens"}) builder.add_cost(cost);
  CsvRecords records(content);
  bool in_header = true;
  for (;;) {
    const CsvRecords::Status status = records.next();
    if (status == CsvRecords::Status::end) return std::move(builder).finish();
    std::optional<std::string> problem;
    if (status == CsvRecords::Status::fault) {
      problem = records.fault();
    } else {
      problem = in_header ? check_header(records.fields()) : add_row(records.fields(), builder);
    }
    if (problem && in_header) return builder.fault_at(records.line(), *problem);
    in_header = false;
    if (!problem) continue;
    if (const auto error = builder.reject_row(records.line(), *problem)) {
      return tl::unexpected(*error);
    }
  }
}

}  // namespace weir::traffic
