#include "metrics/accumulator.hpp"

#include <algorithm>
#include <cstddef>
#include <limits>
#include <tuple>

namespace weir::metrics {
namespace {

/// The sum of two numbers that are not negative, at most the largest there is.
std::int64_t add_clamped(std::int64_t a, std::int64_t b) {
  std::int64_t sum = 0;
  return __builtin_add_overflow(a, b, &sum) ? std::numeric_limits<std::int64_t>::max() : sum;
}

CostTotals& operator+=(CostTotals& sum, const CostTotals& other) {
  sum.offered = add_clamped(sum.offered, other.offered);
  sum.allowed = add_clamped(sum.allowed, other.allowed);
  sum.denied = add_clamped(sum.denied, other.denied);
  return sum;
}

ClassTotals& operator+=(ClassTotals& sum, const ClassTotals& other) {
  sum.counts += other.counts;
  sum.operations += other.operations;
  sum.latency_operation.merge(other.latency_operation);
  return sum;
}

RetryAfterTotals& operator+=(RetryAfterTotals& sum, const RetryAfterTotals& other) {
  sum.present += other.present;
  sum.absent += other.absent;
  sum.too_short += other.too_short;
  sum.honest += other.honest;
  sum.too_long += other.too_long;
  sum.never += other.never;
  sum.late.merge(other.late);
  sum.early.merge(other.early);
  sum.client_obeyed += other.client_obeyed;
  sum.client_early += other.client_early;
  return sum;
}

FairnessTotals& operator+=(FairnessTotals& sum, const FairnessTotals& other) {
  sum.keys += other.keys;
  sum.shares += other.shares;
  sum.squares += other.squares;
  return sum;
}

BackendTotals& operator+=(BackendTotals& sum, const BackendTotals& other) {
  sum.served += other.served;
  sum.refused += other.refused;
  sum.left += other.left;
  sum.wait.merge(other.wait);
  sum.first_token.merge(other.first_token);
  sum.busy_ns += other.busy_ns;
  sum.present_ns += other.present_ns;
  sum.peak_running = std::max(sum.peak_running, other.peak_running);
  sum.peak_waiting = std::max(sum.peak_waiting, other.peak_waiting);
  return sum;
}

HeaderTotals& operator+=(HeaderTotals& sum, const HeaderTotals& other) {
  sum.answers += other.answers;
  sum.malformed += other.malformed;
  return sum;
}

AuditTotals& operator+=(AuditTotals& sum, const AuditTotals& other) {
  sum.requests += other.requests;
  sum.errors += other.errors;
  sum.kept += other.kept;
  sum.broken += other.broken;
  sum.contested += other.contested;
  sum.own_keys += other.own_keys;
  return sum;
}

SeriesPoint& operator+=(SeriesPoint& sum, const SeriesPoint& other) {
  sum.attempts += other.attempts;
  sum.allowed += other.allowed;
  sum.denied += other.denied;
  sum.retries += other.retries;
  sum.succeeded += other.succeeded;
  sum.latency.merge(other.latency);
  return sum;
}

/// Element by element, the shorter one continued with nothing.
template <class T>
void add_each(std::vector<T>& sum, const std::vector<T>& other) {
  if (sum.size() < other.size()) sum.resize(other.size());
  for (std::size_t i = 0; i < other.size(); ++i) sum[i] += other[i];
}

template <class T>
void add_each(std::map<std::string, T>& sum, const std::map<std::string, T>& other) {
  for (const auto& [name, value] : other) sum[name] += value;
}

LiveTotals& operator+=(LiveTotals& sum, const LiveTotals& other) {
  add_each(sum.statuses, other.statuses);
  add_each(sum.errors, other.errors);
  add_each(sum.headers, other.headers);
  sum.retry_after_malformed += other.retry_after_malformed;
  sum.audit += other.audit;
  sum.sent_allowed.merge(other.sent_allowed);
  sum.sent_denied.merge(other.sent_denied);
  sum.first_byte.merge(other.first_byte);
  sum.lateness.merge(other.lateness);
  sum.unsent += other.unsent;
  sum.connections += other.connections;
  sum.resent += other.resent;
  sum.bodies_cut += other.bodies_cut;
  sum.body_bytes += other.body_bytes;
  return sum;
}

/// More denials first; then by everything else, so that the order never depends on chance.
bool comes_before(const DeniedKey& a, const DeniedKey& b) {
  return std::tie(b.denied, a.limit, a.key, b.longest_block_ns) <
         std::tie(a.denied, b.limit, b.key, a.longest_block_ns);
}

}  // namespace

LimitTotals& LimitTotals::operator+=(const LimitTotals& other) {
  allowed += other.allowed;
  denied += other.denied;
  keys += other.keys;
  state_bytes += other.state_bytes;
  overshoot = std::max(overshoot, other.overshoot);
  reserved_unused = add_clamped(reserved_unused, other.reserved_unused);
  settled = add_clamped(settled, other.settled);
  compared += other.compared;
  false_allows += other.false_allows;
  false_denials += other.false_denials;
  peak_in_window = std::max(peak_in_window, other.peak_in_window);
  return *this;
}

Operations& Operations::operator+=(const Operations& other) {
  count += other.count;
  succeeded += other.succeeded;
  abandoned += other.abandoned;
  unfinished += other.unfinished;
  throttled += other.throttled;
  attempts += other.attempts;
  retries += other.retries;
  return *this;
}

void merge(Accumulator& sum, const Accumulator& other) {
  sum.totals += other.totals;
  sum.operations += other.operations;
  add_each(sum.costs, other.costs);
  add_each(sum.limits, other.limits);
  add_each(sum.classes, other.classes);
  for (const auto& [attribute, values] : other.by_attribute) {
    add_each(sum.by_attribute[attribute], values);
  }
  sum.denied_keys += other.denied_keys;
  sum.top_denied.insert(sum.top_denied.end(), other.top_denied.begin(), other.top_denied.end());
  keep_top_denied(sum.top_denied);
  sum.latency_allowed.merge(other.latency_allowed);
  sum.latency_denied.merge(other.latency_denied);
  sum.latency_operation.merge(other.latency_operation);
  sum.delay.merge(other.delay);
  sum.retry_after += other.retry_after;
  sum.fairness += other.fairness;
  sum.backend += other.backend;
  if (other.live) {
    if (!sum.live) sum.live.emplace();
    *sum.live += *other.live;
  }
  add_each(sum.series, other.series);
  add_each(sum.allowed_by_part, other.allowed_by_part);
}

std::uint64_t most_allowed_in(const Accumulator& accumulator, std::size_t parts) {
  const std::vector<std::uint32_t>& allowed = accumulator.allowed_by_part;
  std::uint64_t in_window = 0, most = 0;
  for (std::size_t i = 0; i < allowed.size(); ++i) {
    in_window += allowed[i];
    if (i >= parts) in_window -= allowed[i - parts];
    most = std::max(most, in_window);
  }
  return most;
}

void keep_top_denied(std::vector<DeniedKey>& keys) {
  const std::size_t kept = std::min(keys.size(), Accumulator::top_denied_kept);
  const auto end = keys.begin() + static_cast<std::ptrdiff_t>(kept);
  std::partial_sort(keys.begin(), end, keys.end(), comes_before);
  keys.erase(end, keys.end());
}

}  // namespace weir::metrics
