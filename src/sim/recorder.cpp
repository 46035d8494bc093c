#include "sim/recorder.hpp"

#include <algorithm>
#include <limits>

#include "core/int128.hpp"

namespace weir::sim {
namespace {

std::uint64_t count_allowed(const BlockDecisions& decisions, std::size_t begin, std::size_t end) {
  std::uint64_t sum = 0;
  for (std::size_t i = begin; i < end; ++i) sum += decisions.allowed[i];
  return sum;
}

// Sums of costs end at the largest 64-bit number. None of them is negative, so that the result does
// not depend on the order.
void add_up(std::int64_t& sum, Int128 amount) {
  constexpr std::int64_t most = std::numeric_limits<std::int64_t>::max();
  sum = amount >= Int128{most} - sum ? most : sum + static_cast<std::int64_t>(amount);
}

}  // namespace

Recorder::Recorder(const Columns& columns, std::size_t classes, RecordClock clock,
                   std::size_t few_values, metrics::Accumulator& into)
    : columns_(columns), clock_(clock), into_(into), costs_(columns.costs.size()) {
  into_.classes.resize(classes);
  into_.series.resize(clock.series_points);
  for (std::size_t column = 0; column < columns.dictionaries.size(); ++column) {
    const std::size_t values = columns.dictionaries[column].size();
    if (values > few_values) continue;
    tracked_.push_back({column, std::vector<std::uint64_t>(2 * values, 0)});
  }
}

void Recorder::add(const RequestBlock& block, std::size_t first, const BlockDecisions& decisions) {
  const std::int64_t origin = clock_.counted_from.unix_ns();
  const std::int64_t step = clock_.series_interval.ns();
  for (std::size_t begin = first; begin < block.size();) {
    const std::int64_t interval = (block.at[begin].unix_ns() - origin) / step;
    const Instant next = clock_.counted_from + clock_.series_interval * (interval + 1);
    const std::size_t end =
        block.at.back() < next
            ? block.size()
            : static_cast<std::size_t>(
                  std::lower_bound(block.at.begin() + static_cast<std::ptrdiff_t>(begin),
                                   block.at.end(), next) -
                  block.at.begin());
    add_interval(decisions, begin, end, static_cast<std::size_t>(interval));
    begin = end;
  }
  add_classes(block, first, decisions);
  add_attributes(block, first, decisions);
  add_costs(block, first, decisions);
}

void Recorder::add_interval(const BlockDecisions& decisions, std::size_t begin, std::size_t end,
                            std::size_t interval) {
  const std::uint64_t attempts = end - begin;
  const std::uint64_t allowed = count_allowed(decisions, begin, end);
  const std::uint64_t denied = attempts - allowed;
  metrics::SeriesPoint& point = into_.series[std::min(interval, into_.series.size() - 1)];
  point.attempts += attempts;
  point.allowed += allowed;
  point.denied += denied;
  into_.totals += {.attempts = attempts, .allowed = allowed, .denied = denied, .errors = 0};
  into_.operations.count += attempts;
  into_.operations.succeeded += allowed;
  into_.operations.abandoned += denied;
  into_.latency_denied.record_n(0, denied);
  if (!decisions.any_delay) {
    for (metrics::Histogram* h :
         {&point.latency, &into_.latency_allowed, &into_.latency_operation, &into_.delay}) {
      h->record_n(0, allowed);
    }
    return;
  }
  for (std::size_t i = begin; i < end; ++i) {
    if (decisions.allowed[i] == 0) continue;
    for (metrics::Histogram* h :
         {&point.latency, &into_.latency_allowed, &into_.latency_operation, &into_.delay}) {
      h->record(decisions.delay[i].ns());
    }
  }
}

void Recorder::add_classes(const RequestBlock& block, std::size_t first,
                           const BlockDecisions& decisions) {
  for (std::size_t i = first; i < block.size();) {
    // Runs of one class are the rule, and all there is with a single class.
    const std::uint16_t traffic_class = block.traffic_class[i];
    std::size_t end = i + 1;
    while (end < block.size() && block.traffic_class[end] == traffic_class) ++end;
    const std::uint64_t allowed = count_allowed(decisions, i, end);
    into_.classes[traffic_class] +=
        {.attempts = end - i, .allowed = allowed, .denied = end - i - allowed, .errors = 0};
    i = end;
  }
}

void Recorder::add_attributes(const RequestBlock& block, std::size_t first,
                              const BlockDecisions& decisions) {
  for (Tracked& tracked : tracked_) {
    const ValueId* const ids = block.attributes[tracked.column].data();
    for (std::size_t i = first; i < block.size(); ++i) {
      ++tracked.counts[2 * std::size_t{ids[i]} + decisions.allowed[i]];
    }
  }
}

void Recorder::add_costs(const RequestBlock& block, std::size_t first,
                         const BlockDecisions& decisions) {
  for (std::size_t c = 0; c < costs_.size(); ++c) {
    Int128 offered = 0, allowed = 0;
    for (std::size_t i = first; i < block.size(); ++i) {
      const std::int64_t cost = block.costs[c][i];
      offered += cost;
      allowed += decisions.allowed[i] != 0 ? cost : 0;
    }
    add_up(costs_[c].offered, offered);
    add_up(costs_[c].allowed, allowed);
    add_up(costs_[c].denied, offered - allowed);
  }
}

void Recorder::finish() {
  for (std::size_t c = 0; c < costs_.size(); ++c) {
    metrics::CostTotals& sum = into_.costs[columns_.costs[c]];
    add_up(sum.offered, costs_[c].offered);
    add_up(sum.allowed, costs_[c].allowed);
    add_up(sum.denied, costs_[c].denied);
  }
  for (const Tracked& tracked : tracked_) {
    const Dictionary& dictionary = columns_.dictionaries[tracked.column];
    for (ValueId id = 0; id < dictionary.size(); ++id) {
      const std::uint64_t denied = tracked.counts[2 * std::size_t{id}];
      const std::uint64_t allowed = tracked.counts[2 * std::size_t{id} + 1];
      into_.by_attribute[dictionary.attribute()][dictionary.name(id)] +=
          {.attempts = allowed + denied, .allowed = allowed, .denied = denied, .errors = 0};
    }
  }
}

}  // namespace weir::sim
