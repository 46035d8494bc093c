#include <fmt/core.h>

#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "traffic/csv_records.hpp"
#include "traffic/printable.hpp"
#include "traffic/trace_builder.hpp"
#include "traffic/trace_fields.hpp"
#include "traffic/trace_formats.hpp"

namespace weir::traffic {
namespace {

using Problem = std::optional<std::string>;

constexpr std::string_view wanted_header =
    "expected a header row with a column time_ns or time, such as time_ns,user,cost";

/// What each column of the file is, and the row under construction.
class CsvTraceReader {
 public:
  CsvTraceReader(std::string_view content, std::string_view name, const TraceOptions& options)
      : records_(content), builder_(name, options) {}

  Result<Trace> read() {
    if (const auto error = read_header()) return tl::unexpected(*error);
    for (;;) {
      const CsvRecords::Status status = records_.next();
      if (status == CsvRecords::Status::end) return std::move(builder_).finish();
      const Problem problem =
          status == CsvRecords::Status::fault ? Problem(records_.fault()) : read_row();
      if (!problem) continue;
      if (const auto error = builder_.reject_row(records_.line(), *problem)) {
        return tl::unexpected(*error);
      }
    }
  }

 private:
  struct Column {
    std::string name;
    FieldRole role = FieldRole::attribute;
  };

  std::optional<Error> read_header() {
    const CsvRecords::Status status = records_.next();
    if (status == CsvRecords::Status::end) {
      return builder_.fault(fmt::format("empty; {}", wanted_header)).value();
    }
    const Problem problem =
        status == CsvRecords::Status::fault ? Problem(records_.fault()) : add_columns();
    if (problem) return builder_.fault_at(records_.line(), *problem).value();
    values_.resize(builder_.attribute_count());
    amounts_.resize(builder_.cost_count());
    return std::nullopt;
  }

  Problem add_columns() {
    std::unordered_map<std::string_view, std::size_t> place;
    const auto& names = records_.fields();
    for (std::size_t i = 0; i < names.size(); ++i) {
      const std::string_view name = names[i];
      if (name.empty()) return fmt::format("column {} has no name; every column needs one", i + 1);
      const auto [first, is_new] = place.emplace(name, i + 1);
      if (!is_new) {
        return fmt::format("columns {} and {} are both named {}; every name may stand once",
                           first->second, i + 1, in_quotes(name));
      }
      const FieldRole role = role_of(name);
      if (role == FieldRole::attribute) builder_.add_attribute(name);
      if (role == FieldRole::cost) {
        if (auto problem = check_cost_field(name)) return problem;
        builder_.add_cost(cost_name(name));
      }
      columns_.push_back({std::string(name), role});
    }
    return check_time_columns(place.contains("time_ns"), place.contains("time"));
  }

  Problem check_time_columns(bool has_time_ns, bool has_time) const {
    if (has_time_ns && has_time) return "both a column time_ns and a column time; expected one";
    if (has_time_ns || has_time) return std::nullopt;
    return fmt::format("no column time_ns or time among {}; {}", listed_names(), wanted_header);
  }

  std::string listed_names() const {
    constexpr std::size_t most = 8;
    std::string list;
    for (std::size_t i = 0; i < columns_.size() && i < most; ++i) {
      list += (i == 0 ? "" : ", ") + in_quotes(columns_[i].name);
    }
    return columns_.size() > most ? list + ", ..." : list;
  }

  Problem read_row() {
    const auto& fields = records_.fields();
    if (fields.size() != columns_.size()) {
      return fmt::format("{} field{}; expected {} as in the header", fields.size(),
                         fields.size() == 1 ? "" : "s", columns_.size());
    }
    Instant at;
    std::size_t attribute = 0;
    std::size_t cost = 0;
    for (std::size_t i = 0; i < fields.size(); ++i) {
      const Column& column = columns_[i];
      if (column.role == FieldRole::attribute) {
        values_[attribute++] = fields[i];
      } else if (column.role == FieldRole::cost) {
        const Parsed<std::int64_t> amount = read_amount(column.name, fields[i]);
        if (!amount) return amount.error();
        amounts_[cost++] = *amount;
      } else {
        const Parsed<Instant> time =
            column.role == FieldRole::time ? read_time(fields[i]) : read_time_ns(fields[i]);
        if (!time) return time.error();
        at = *time;
      }
    }
    builder_.add_row(at, values_, amounts_);
    return std::nullopt;
  }

  CsvRecords records_;
  TraceBuilder builder_;
  std::vector<Column> columns_;
  std::vector<std::string_view> values_;
  std::vector<std::int64_t> amounts_;
};

}  // namespace

Result<Trace> parse_csv_trace(std::string_view content, std::string_view name,
                              const TraceOptions& options) {
  return CsvTraceReader(content, name, options).read();
}

}  // namespace weir::traffic
