#include "traffic/trace_builder.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <numeric>
#include <utility>

namespace weir::traffic {
namespace {

/// The order in which rows are sorted by time; rows of one instant stay as they are.
std::vector<std::size_t> order_by_time(const std::vector<Instant>& at) {
  std::vector<std::size_t> order(at.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&at](std::size_t a, std::size_t b) { return at[a] < at[b]; });
  return order;
}

template <class T>
void reorder(std::vector<T>& column, const std::vector<std::size_t>& order) {
  std::vector<T> sorted;
  sorted.reserve(column.size());
  for (const std::size_t row : order) sorted.push_back(column[row]);
  column = std::move(sorted);
}

void sort_by_time(Trace& trace) {
  if (trace.out_of_order == 0) return;
  const std::vector<std::size_t> order = order_by_time(trace.at);
  reorder(trace.at, order);
  for (Trace::Attribute& attribute : trace.attributes) reorder(attribute.ids, order);
  for (Trace::Cost& cost : trace.costs) reorder(cost.amounts, order);
}

}  // namespace

TraceBuilder::TraceBuilder(std::string_view name, const TraceOptions& options)
    : name_(name), options_(options) {}

std::size_t TraceBuilder::add_attribute(std::string_view name) {
  Trace::Attribute attribute;
  attribute.name = name;
  KnownValues& known = known_.emplace_back();
  if (trace_.size() > 0) {
    attribute.ids.assign(trace_.size(), intern(known, attribute.values, ""));
  }
  trace_.attributes.push_back(std::move(attribute));
  return trace_.attributes.size() - 1;
}

std::size_t TraceBuilder::add_cost(std::string_view name, std::int64_t before) {
  trace_.costs.push_back({std::string(name), std::vector<std::int64_t>(trace_.size(), before)});
  return trace_.costs.size() - 1;
}

ValueId TraceBuilder::intern(KnownValues& known, std::vector<std::string>& values,
                             std::string_view value) {
  const auto found = known.find(value);
  if (found != known.end()) return found->second;
  const auto id = static_cast<ValueId>(values.size());
  values.emplace_back(value);
  known.emplace(value, id);
  return id;
}

void TraceBuilder::add_row(Instant at, std::span<const std::string_view> values,
                           std::span<const std::int64_t> amounts) {
  if (!trace_.at.empty() && at < trace_.at.back()) ++trace_.out_of_order;
  trace_.at.push_back(at);
  for (std::size_t a = 0; a < known_.size(); ++a) {
    Trace::Attribute& attribute = trace_.attributes[a];
    attribute.ids.push_back(intern(known_[a], attribute.values, values[a]));
  }
  for (std::size_t c = 0; c < trace_.costs.size(); ++c) {
    trace_.costs[c].amounts.push_back(amounts[c]);
  }
}

std::optional<Error> TraceBuilder::reject_row(std::int64_t line, std::string_view problem) {
  if (!options_.skip_bad_rows) return fault_at(line, problem).value();
  constexpr std::size_t most_kept = 5;
  ++trace_.bad_rows;
  if (trace_.first_bad_rows.size() < most_kept) {
    trace_.first_bad_rows.push_back(fmt::format("{}:{}: {}", name_, line, problem));
  }
  return std::nullopt;
}

tl::unexpected<Error> TraceBuilder::fault(std::string_view problem) const {
  return fail(ErrorKind::cannot_run, fmt::format("{}: {}", name_, problem));
}

tl::unexpected<Error> TraceBuilder::fault_at(std::int64_t line, std::string_view problem) const {
  return fail(ErrorKind::cannot_run, fmt::format("{}:{}: {}", name_, line, problem));
}

Result<Trace> TraceBuilder::finish() && {
  if (trace_.size() == 0 && trace_.bad_rows > 0) {
    return fault(fmt::format("none of the {} rows can be read; the first: {}", trace_.bad_rows,
                             trace_.first_bad_rows.front()));
  }
  if (trace_.size() == 0) return fault("no rows; expected at least one");
  sort_by_time(trace_);
  return std::move(trace_);
}

}  // namespace weir::traffic
