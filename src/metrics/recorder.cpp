#include "metrics/recorder.hpp"

#include <algorithm>
#include <limits>

#include "core/int128.hpp"

namespace weir::metrics {
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
                   std::size_t few_values, Accumulator& into)
    : columns_(columns),
      clock_(clock),
      into_(into),
      costs_(columns.costs.size()),
      classes_(classes) {
  into_.classes.resize(classes);
  into_.series.resize(clock.series_points);
  into_.allowed_by_part.resize(clock.series_points * clock.parts);
  for (std::size_t column = 0; column < columns.dictionaries.size(); ++column) {
    const std::size_t values = columns.dictionaries[column].size();
    if (values > few_values) continue;
    tracked_.push_back({column, std::vector<std::uint64_t>(2 * values, 0), {}});
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
    add_interval(block, decisions, begin, end, static_cast<std::size_t>(interval));
    begin = end;
  }
  add_classes(block, first, decisions);
  add_attributes(block, first, decisions);
  add_costs(block, first, decisions);
}

void Recorder::add_interval(const RequestBlock& block, const BlockDecisions& decisions,
                            std::size_t begin, std::size_t end, std::size_t interval) {
  const std::uint64_t attempts = end - begin;
  const std::uint64_t allowed = count_allowed(decisions, begin, end);
  const std::uint64_t denied = attempts - allowed;
  SeriesPoint& point = into_.series[std::min(interval, into_.series.size() - 1)];
  point.attempts += attempts;
  point.allowed += allowed;
  point.denied += denied;
  into_.latency_denied.record_n(0, denied);
  for (std::size_t i = begin; clock_.parts > 0 && i < end; ++i) {
    if (decisions.allowed[i] != 0) add_to_part(block.at[i], 1);
  }
  if (!decisions.any_delay) {
    point.succeeded += allowed;
    for (Histogram* h :
         {&point.latency, &into_.latency_allowed, &into_.latency_operation, &into_.delay}) {
      h->record_n(0, allowed);
    }
    return;
  }
  for (std::size_t i = begin; i < end; ++i) {
    if (decisions.allowed[i] == 0) continue;
    for (Histogram* h :
         {&point.latency, &into_.latency_allowed, &into_.latency_operation, &into_.delay}) {
      h->record(decisions.delay[i].ns());
    }
    add_success(block.at[i] + decisions.delay[i]);
  }
}

void Recorder::add_success(Instant end) {
  const auto intervals = static_cast<std::int64_t>(into_.series.size());
  if (end < clock_.counted_from + clock_.series_interval * intervals) ++point_at(end).succeeded;
}

void Recorder::add_classes(const RequestBlock& block, std::size_t first,
                           const BlockDecisions& decisions) {
  for (std::size_t i = first; i < block.size();) {
    // Runs of one class are the rule, and all there is with a single class.
    const std::uint16_t traffic_class = block.traffic_class[i];
    std::size_t end = i + 1;
    while (end < block.size() && block.traffic_class[end] == traffic_class) ++end;
    const std::uint64_t attempts = end - i;
    const std::uint64_t allowed = count_allowed(decisions, i, end);
    const Operations operations = {.count = attempts,
                                   .succeeded = allowed,
                                   .abandoned = attempts - allowed,
                                   .attempts = attempts};
    Histogram& latency = into_.classes[traffic_class].latency_operation;
    classes_[traffic_class].counts +=
        {.attempts = attempts, .allowed = allowed, .denied = attempts - allowed, .errors = 0};
    classes_[traffic_class].operations += operations;
    if (!decisions.any_delay) {
      latency.record_n(0, allowed);
    } else {
      for (std::size_t row = i; row < end; ++row) {
        if (decisions.allowed[row] != 0) latency.record(decisions.delay[row].ns());
      }
    }
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

// ---- One by one

SeriesPoint& Recorder::point_at(Instant at) {
  if (at < last_begin_ || at >= last_end_) {
    const std::int64_t interval = (at - clock_.counted_from).ns() / clock_.series_interval.ns();
    last_point_ = std::min(static_cast<std::size_t>(interval), into_.series.size() - 1);
    last_begin_ = clock_.counted_from + clock_.series_interval * interval;
    last_end_ = last_begin_ + clock_.series_interval;
  }
  return into_.series[last_point_];
}

void Recorder::add_to_part(Instant at, std::int32_t change) {
  if (clock_.parts == 0) return;
  const std::int64_t part =
      mul_div_floor((at - clock_.counted_from).ns(), static_cast<std::int64_t>(clock_.parts),
                    clock_.series_interval.ns());
  const std::size_t last = into_.allowed_by_part.size() - 1;
  std::uint32_t& allowed = into_.allowed_by_part[std::min(static_cast<std::size_t>(part), last)];
  allowed += static_cast<std::uint32_t>(change);
}

void Recorder::attempt(const RequestBlock& block, std::size_t row, Answer answer, bool is_retry,
                       Duration denied_after) {
  if (!counts(block.at[row])) return;
  const Counts one = {.attempts = 1,
                      .allowed = answer == Answer::allowed ? 1U : 0U,
                      .denied = answer == Answer::denied ? 1U : 0U,
                      .errors = answer == Answer::none ? 1U : 0U};
  SeriesPoint& point = point_at(block.at[row]);
  ++point.attempts;
  point.allowed += one.allowed;
  if (answer == Answer::allowed) add_to_part(block.at[row], 1);
  point.denied += one.denied;
  point.retries += is_retry ? 1U : 0U;
  classes_[block.traffic_class[row]].counts += one;
  if (answer == Answer::denied) into_.latency_denied.record(denied_after.ns());
  for (Tracked& tracked : tracked_) {
    const ValueId id = block.attributes[tracked.column][row];
    if (answer == Answer::none) {
      ++tracked.error_of(id);
    } else {
      ++tracked.counts[2 * std::size_t{id} + one.allowed];
    }
  }
  for (std::size_t c = 0; c < costs_.size(); ++c) {
    const std::int64_t cost = block.costs[c][row];
    add_up(costs_[c].offered, cost);
    if (answer == Answer::none) continue;
    add_up(answer == Answer::allowed ? costs_[c].allowed : costs_[c].denied, cost);
  }
}

void Recorder::refused(const RequestBlock& block, std::size_t row) {
  if (!counts(block.at[row])) return;
  --point_at(block.at[row]).allowed;
  add_to_part(block.at[row], -1);
  Counts& totals = classes_[block.traffic_class[row]].counts;
  --totals.allowed;
  ++totals.errors;
  for (std::size_t c = 0; c < costs_.size(); ++c) {
    // A sum that has reached its end stays there.
    if (costs_[c].allowed == std::numeric_limits<std::int64_t>::max()) continue;
    costs_[c].allowed -= block.costs[c][row];
  }
  for (Tracked& tracked : tracked_) {
    const ValueId id = block.attributes[tracked.column][row];
    --tracked.counts[2 * std::size_t{id} + 1];
    ++tracked.error_of(id);
  }
}

void Recorder::answered(Instant due, Instant decided, Instant end, Duration held_back) {
  if (!counts(decided)) return;
  into_.latency_allowed.record((end - due).ns());
  into_.delay.record(held_back.ns());
  point_at(decided).latency.record((end - due).ns());
}

void Recorder::operation_began(std::uint16_t traffic_class, Instant due) {
  if (!counts(due)) return;
  ++classes_[traffic_class].operations.count;
}

void Recorder::operation_tried(std::uint16_t traffic_class, Instant due, bool is_retry) {
  if (!counts(due)) return;
  Operations& operations = classes_[traffic_class].operations;
  ++operations.attempts;
  operations.retries += is_retry ? 1U : 0U;
}

void Recorder::operation_ended(std::uint16_t traffic_class, Instant due, Instant end, End how) {
  if (!counts(due)) return;
  Operations& operations = classes_[traffic_class].operations;
  operations.succeeded += how == End::succeeded ? 1U : 0U;
  operations.abandoned += how == End::abandoned || how == End::throttled ? 1U : 0U;
  operations.throttled += how == End::throttled ? 1U : 0U;
  operations.unfinished += how == End::unfinished ? 1U : 0U;
  if (how != End::succeeded) return;
  into_.latency_operation.record((end - due).ns());
  into_.classes[traffic_class].latency_operation.record((end - due).ns());
  const Instant last =
      clock_.counted_from + clock_.series_interval * static_cast<std::int64_t>(into_.series.size());
  if (end < last) ++point_at(end).succeeded;
}

void Recorder::finish() {
  for (std::size_t c = 0; c < classes_.size(); ++c) {
    into_.classes[c].counts += classes_[c].counts;
    into_.classes[c].operations += classes_[c].operations;
    into_.totals += classes_[c].counts;
    into_.operations += classes_[c].operations;
  }
  for (std::size_t c = 0; c < costs_.size(); ++c) {
    CostTotals& sum = into_.costs[columns_.costs[c]];
    add_up(sum.offered, costs_[c].offered);
    add_up(sum.allowed, costs_[c].allowed);
    add_up(sum.denied, costs_[c].denied);
  }
  for (const Tracked& tracked : tracked_) {
    const Dictionary& dictionary = columns_.dictionaries[tracked.column];
    for (ValueId id = 0; id < dictionary.size(); ++id) {
      const std::uint64_t denied = tracked.counts[2 * std::size_t{id}];
      const std::uint64_t allowed = tracked.counts[2 * std::size_t{id} + 1];
      const std::uint64_t errors = tracked.errors.empty() ? 0 : tracked.errors[id];
      into_.by_attribute[dictionary.attribute()][dictionary.name(id)] +=
          {.attempts = allowed + denied + errors,
           .allowed = allowed,
           .denied = denied,
           .errors = errors};
    }
  }
}

}  // namespace weir::metrics
