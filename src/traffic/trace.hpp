#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/request.hpp"
#include "core/result.hpp"
#include "core/time.hpp"
#include "traffic/spec.hpp"

namespace weir::traffic {

/// Recorded requests in time order, column by column, before they meet a scenario.
struct Trace {
  std::vector<Instant> at;
  struct Attribute {
    std::string name;
    /// values[id] is a distinct value, in order of first appearance in the file.
    std::vector<std::string> values;
    /// ids[row].
    std::vector<ValueId> ids;
  };
  std::vector<Attribute> attributes;
  /// The default cost has the name "cost"; `cost.NAME` in a CSV has the name NAME.
  struct Cost {
    std::string name;
    std::vector<std::int64_t> amounts;
  };
  std::vector<Cost> costs;

  /// Rows whose time was before that of the row above them in the file.
  std::int64_t out_of_order = 0;
  /// Rows that could not be read and were skipped, and the first few of their errors.
  std::int64_t bad_rows = 0;
  std::vector<std::string> first_bad_rows;
  /// Of the file's bytes as they are stored (compressed, if it is), in lower-case hexadecimal.
  std::string sha256;

  std::size_t size() const { return at.size(); }
};

struct TraceOptions {
  bool skip_bad_rows = false;
};

/// Reads a whole trace, decompressing gzip by its magic number, and sorts it by time, stably. A bad
/// row is an error that names its line number (from 1, the header included), what was found and
/// what would be right, unless bad rows are skipped and counted. Also errors: a file that cannot be
/// read, that unpacks to more than 4 GiB, or that has no row. Times lie within 2^62 ns of 1970 (the
/// years 1824 to 2115), amounts are at least 0. What each format holds: trace_formats.hpp.
Result<Trace> read_trace(const std::string& path, TraceFormat format, const TraceOptions& options);

/// The same from memory; `name` stands for the path in messages. `sha256` stays empty.
Result<Trace> parse_trace(std::string_view content, std::string_view name, TraceFormat format,
                          const TraceOptions& options);

}  // namespace weir::traffic
