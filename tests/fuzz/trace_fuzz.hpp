#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>
#include <unordered_set>

#include "traffic/trace.hpp"

namespace weir::traffic {

inline void require(bool holds) {
  if (!holds) std::abort();
}

/// What holds for every trace that can be read.
inline void check_trace(const Trace& trace, const TraceOptions& options) {
  require(trace.size() > 0);
  require(std::is_sorted(trace.at.begin(), trace.at.end()));
  constexpr std::int64_t limit = std::int64_t{1} << 62;
  require(trace.at.front().unix_ns() > -limit && trace.at.back().unix_ns() < limit);
  require(trace.out_of_order >= 0);
  require(trace.out_of_order < static_cast<std::int64_t>(trace.size()));
  require(options.skip_bad_rows || trace.bad_rows == 0);
  require(trace.first_bad_rows.size() ==
          static_cast<std::size_t>(std::min<std::int64_t>(trace.bad_rows, 5)));

  std::unordered_set<std::string_view> names;
  for (const Trace::Attribute& attribute : trace.attributes) {
    require(!attribute.name.empty() && names.insert(attribute.name).second);
    require(attribute.ids.size() == trace.size());
    std::unordered_set<ValueId> used(attribute.ids.begin(), attribute.ids.end());
    const std::unordered_set<std::string_view> values(attribute.values.begin(),
                                                      attribute.values.end());
    require(values.size() == attribute.values.size());
    // Every id has a value, and every value a row.
    for (const ValueId id : used) require(id < attribute.values.size());
    require(used.size() == attribute.values.size());
  }
  names.clear();
  for (const Trace::Cost& cost : trace.costs) {
    require(!cost.name.empty() && names.insert(cost.name).second);
    require(cost.amounts.size() == trace.size());
    for (const std::int64_t amount : cost.amounts) require(amount >= 0);
  }
}

/// Messages are for a terminal and for a report: printable ASCII, and not endless.
inline void check_message(std::string_view message) {
  require(!message.empty() && message.size() < 1000);
  require(std::all_of(message.begin(), message.end(), [](char c) { return c >= ' ' && c <= '~'; }));
}

/// Reads the content as a trace, stopping at a bad row or skipping it.
inline void fuzz_trace(std::string_view content, TraceFormat format, bool skip_bad_rows) {
  const TraceOptions options{skip_bad_rows};
  const Result<Trace> trace = parse_trace(content, "log", format, options);
  if (!trace) {
    check_message(trace.error().message);
    return;
  }
  check_trace(*trace, options);
  for (const std::string& message : trace->first_bad_rows) check_message(message);
  if (skip_bad_rows) return;
  // Where no row is bad, skipping bad rows changes nothing.
  const Result<Trace> same = parse_trace(content, "log", format, {true});
  require(same && same->at == trace->at && same->bad_rows == 0);
}

/// The input without its first byte, which picks the options.
inline std::string_view behind_first_byte(const std::uint8_t* data, std::size_t size) {
  return std::string_view(reinterpret_cast<const char*>(data), size).substr(1);
}

}  // namespace weir::traffic
