#pragma once

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include "traffic/trace.hpp"

namespace weir::traffic {

/// The trace in `content`, which must be readable; messages call the file "log".
inline Trace trace_of(std::string_view content, TraceFormat format, bool skip_bad_rows = false) {
  Result<Trace> trace = parse_trace(content, "log", format, TraceOptions{skip_bad_rows});
  if (trace) return *trace;
  ADD_FAILURE() << trace.error().message;
  return {};
}

/// The message of a trace that must not be readable, or a text that no message equals.
inline std::string error_of(std::string_view content, TraceFormat format,
                            bool skip_bad_rows = false) {
  const Result<Trace> trace = parse_trace(content, "log", format, TraceOptions{skip_bad_rows});
  return trace ? "(no error)" : trace.error().message;
}

inline std::vector<std::int64_t> times_of(const Trace& trace) {
  std::vector<std::int64_t> times;
  for (const Instant at : trace.at) times.push_back(at.unix_ns());
  return times;
}

/// The values of an attribute, row by row.
inline std::vector<std::string> values_of(const Trace& trace, std::string_view name) {
  for (const Trace::Attribute& attribute : trace.attributes) {
    if (attribute.name != name) continue;
    std::vector<std::string> values;
    for (const ValueId id : attribute.ids) values.push_back(attribute.values.at(id));
    return values;
  }
  ADD_FAILURE() << "no attribute " << name;
  return {};
}

inline std::vector<std::int64_t> amounts_of(const Trace& trace, std::string_view name) {
  for (const Trace::Cost& cost : trace.costs) {
    if (cost.name == name) return cost.amounts;
  }
  ADD_FAILURE() << "no cost " << name;
  return {};
}

}  // namespace weir::traffic
