#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/result.hpp"
#include "core/time.hpp"
#include "traffic/trace.hpp"

namespace weir::traffic {

/// A trace in the making: every format's reader adds its rows here, in file order.
class TraceBuilder {
 public:
  /// `name` stands for the file in messages.
  TraceBuilder(std::string_view name, const TraceOptions& options);

  /// Appends a column and returns its index; rows that are there already get the empty value.
  std::size_t add_attribute(std::string_view name);
  /// The same for a cost; rows that are there already get `before`.
  std::size_t add_cost(std::string_view name, std::int64_t before = 0);

  std::size_t attribute_count() const { return known_.size(); }
  std::size_t cost_count() const { return trace_.costs.size(); }

  /// Appends a row with one value for every attribute and one amount for every cost.
  void add_row(Instant at, std::span<const std::string_view> values,
               std::span<const std::int64_t> amounts);

  /// Says that the row at `line` could not be read. The error to stop with, or nothing where bad
  /// rows are skipped.
  std::optional<Error> reject_row(std::int64_t line, std::string_view problem);

  /// An error about the file as a whole, or about a line that is no row.
  tl::unexpected<Error> fault(std::string_view problem) const;
  tl::unexpected<Error> fault_at(std::int64_t line, std::string_view problem) const;

  /// The rows sorted by time, or an error where there are none.
  Result<Trace> finish() &&;

 private:
  struct TextHash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const {
      return std::hash<std::string_view>()(text);
    }
  };
  using KnownValues = std::unordered_map<std::string, ValueId, TextHash, std::equal_to<>>;

  static ValueId intern(KnownValues& known, std::vector<std::string>& values,
                        std::string_view value);

  std::string name_;
  TraceOptions options_;
  Trace trace_;
  /// known_[a] has the id of every value of trace_.attributes[a].
  std::vector<KnownValues> known_;
};

}  // namespace weir::traffic
