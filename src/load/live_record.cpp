#include "load/live_record.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "scenario/run_plan.hpp"

namespace weir::load {
namespace {

using Answer = metrics::Recorder::Answer;

policy::KeyIndexer make_indexer(const Columns& columns, const std::vector<std::size_t>& by) {
  std::vector<policy::KeyIndexer::Range> ranges;
  for (const std::size_t column : by) {
    ranges.emplace_back(0, static_cast<ValueId>(columns.dictionaries[column].size()));
  }
  return policy::KeyIndexer(by, std::move(ranges));
}

constexpr Answer answer_of(Meaning meaning) {
  switch (meaning) {
    case Meaning::allowed:
      return Answer::allowed;
    case Meaning::denied:
      return Answer::denied;
    case Meaning::unexpected:
      break;
  }
  return Answer::none;
}

}  // namespace

LiveRecord::LiveRecord(const Columns& columns, std::size_t classes, metrics::RecordClock clock,
                       std::vector<std::size_t> key_columns)
    : columns_(columns),
      recorder_(columns, classes, clock, scenario::few_values, into_),
      named_columns_(key_columns.size()),
      indexer_(make_indexer(columns, key_columns)),
      ledger_(indexer_.size()) {
  into_.limits.resize(1);
}

LiveRecord::KeyUse& LiveRecord::key_of(policy::KeyIndex key) {
  if (key >= keys_.size()) {
    const std::size_t size = std::max<std::size_t>(indexer_.size(), key + std::size_t{1});
    keys_.resize(size);
    ledger_.grow(size);
    tally_.grow(size);
  }
  return keys_[key];
}

void LiveRecord::operation_began(const RequestBlock& request, Instant due) {
  const std::lock_guard<std::mutex> lock(mutex_);
  recorder_.operation_began(request.traffic_class[0], due);
  if (!recorder_.counts(due)) return;
  const policy::KeyIndex key = indexer_.index_row(request, 0);
  key_of(key);
  tally_.offered(key);
}

void LiveRecord::operation_ended(const RequestBlock& request, Instant due, Instant end, End how) {
  const std::lock_guard<std::mutex> lock(mutex_);
  recorder_.operation_ended(request.traffic_class[0], due, end, how);
  if (how == End::succeeded && recorder_.counts(due)) {
    tally_.succeeded(indexer_.index_row(request, 0));
  }
}

LiveRecord::KeyUse LiveRecord::sent(Flight& flight) {
  const std::lock_guard<std::mutex> lock(mutex_);
  const bool is_load = flight.purpose == Flight::Purpose::load;
  if (is_load && counts(flight)) {
    live_.lateness.record((flight.sent - flight.sendable()).ns());
    recorder_.operation_tried(flight.request.traffic_class[0], flight.operation_due,
                              flight.attempt > 1);
  }
  // Keys of the audit's own are nobody else's.
  if (!flight.key_name.empty()) return {};
  flight.key = indexer_.index_row(flight.request, 0);
  KeyUse& use = key_of(flight.key);
  const KeyUse before = use;
  use.last_sent = flight.sent;
  ++use.in_flight;
  return before;
}

LiveRecord::KeyUse LiveRecord::use_of(policy::KeyIndex key) {
  const std::lock_guard<std::mutex> lock(mutex_);
  return key_of(key);
}

void LiveRecord::replied(Flight& flight, const Reply& reply, Meaning meaning,
                         const RateLimitReading& reading) {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (flight.key_name.empty()) --key_of(flight.key).in_flight;
  ever_answered_ = ever_answered_ || reply.failure == Failure::none;
  if (flight.purpose == Flight::Purpose::audit) {
    ++live_.audit.requests;
    return;
  }
  glance_.allowed += meaning == Meaning::allowed ? 1U : 0U;
  glance_.denied += meaning == Meaning::denied ? 1U : 0U;
  glance_.errors += meaning == Meaning::unexpected ? 1U : 0U;
  glance_.recent.record((reply.end - flight.due).ns());
  if (!counts(flight)) return;
  // In the series an attempt stands where it was due.
  flight.request.at[0] = flight.due;
  recorder_.attempt(flight.request, 0, answer_of(meaning), flight.attempt > 1,
                    reply.end - flight.due);
  ledger_.record(flight.key, flight.due, meaning != Meaning::denied);
  count_reply(flight, reply, reading);
  if (meaning == Meaning::allowed) count_allowed(flight, reply);
  if (meaning == Meaning::denied) count_denied(flight, reply, reading);
  if (meaning == Meaning::unexpected) count_failure(reply);
}

void LiveRecord::count_reply(const Flight& flight, const Reply& reply,
                             const RateLimitReading& reading) {
  if (reply.failure == Failure::none) {
    ++statuses_[static_cast<std::size_t>(reply.status)];
    live_.first_byte.record((reply.first_byte - flight.sent).ns());
    count_headers(reading);
  }
  live_.resent += reply.resent ? 1U : 0U;
  live_.bodies_cut += reply.body_cut ? 1U : 0U;
  live_.body_bytes += reply.body_bytes;
  if (flight.promised == Instant::min()) return;
  metrics::RetryAfterTotals& totals = into_.retry_after;
  ++(flight.sent >= flight.promised ? totals.client_obeyed : totals.client_early);
}

void LiveRecord::count_allowed(const Flight& flight, const Reply& reply) {
  recorder_.answered(flight.due, flight.due, reply.end, Duration());
  live_.sent_allowed.record((reply.end - flight.sent).ns());
}

void LiveRecord::count_denied(const Flight& flight, const Reply& reply,
                              const RateLimitReading& reading) {
  live_.sent_denied.record((reply.end - flight.sent).ns());
  switch (reading.retry_after.kind) {
    case AdvertisedWait::Kind::good:
      ++into_.retry_after.present;
      break;
    case AdvertisedWait::Kind::absent:
      ++into_.retry_after.absent;
      break;
    case AdvertisedWait::Kind::malformed:
      ++live_.retry_after_malformed;
      break;
  }
}

void LiveRecord::count_failure(const Reply& reply) {
  if (reply.failure == Failure::none) {
    ++unexpected_;
  } else {
    ++failures_[static_cast<std::size_t>(reply.failure)];
  }
}

void LiveRecord::count_headers(const RateLimitReading& reading) {
  if (reading.families.empty()) return;
  for (std::size_t i = 0; i < header_family_count; ++i) {
    const auto family = static_cast<HeaderFamily>(i);
    if (!reading.families.has(family)) continue;
    ++families_[i].answers;
    families_[i].malformed += reading.malformed.has(family) ? 1U : 0U;
  }
}

void LiveRecord::unsent(const Flight& flight) {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (flight.purpose == Flight::Purpose::load && counts(flight)) ++live_.unsent;
}

void LiveRecord::audited(Promise promise) {
  const std::lock_guard<std::mutex> lock(mutex_);
  switch (promise) {
    case Promise::kept:
      ++live_.audit.kept;
      break;
    case Promise::broken:
      ++live_.audit.broken;
      break;
    case Promise::contested:
      ++live_.audit.contested;
      break;
  }
}

void LiveRecord::audit_failed() {
  const std::lock_guard<std::mutex> lock(mutex_);
  ++live_.audit.errors;
}

void LiveRecord::judged(Honesty honesty) {
  const std::lock_guard<std::mutex> lock(mutex_);
  metrics::RetryAfterTotals& totals = into_.retry_after;
  switch (honesty) {
    case Honesty::honest:
      ++totals.honest;
      break;
    case Honesty::too_short:
      ++totals.too_short;
      break;
    case Honesty::too_long:
      ++totals.too_long;
      break;
  }
}

void LiveRecord::own_key_begun() {
  const std::lock_guard<std::mutex> lock(mutex_);
  ++live_.audit.own_keys;
}

LiveGlance LiveRecord::glance() {
  const std::lock_guard<std::mutex> lock(mutex_);
  LiveGlance glance = glance_;
  glance_.recent = {};
  return glance;
}

bool LiveRecord::ever_answered() {
  const std::lock_guard<std::mutex> lock(mutex_);
  return ever_answered_;
}

metrics::Accumulator LiveRecord::finish(std::uint64_t connections) {
  const std::lock_guard<std::mutex> lock(mutex_);
  recorder_.finish();
  add_keys();
  live_.connections = connections;
  for (std::size_t i = 0; i < statuses_.size(); ++i) {
    if (statuses_[i] > 0) live_.statuses[fmt::format("{}", i)] = statuses_[i];
  }
  for (std::size_t i = 0; i < failure_count; ++i) {
    if (failures_[i] == 0) continue;
    live_.errors[std::string(name_of(static_cast<Failure>(i)))] = failures_[i];
  }
  if (unexpected_ > 0) live_.errors[std::string(metrics::live_error_names.back())] = unexpected_;
  for (std::size_t i = 0; i < header_family_count; ++i) {
    if (families_[i].answers == 0) continue;
    live_.headers[std::string(name_of(static_cast<HeaderFamily>(i)))] = families_[i];
  }
  into_.live = std::move(live_);
  return std::move(into_);
}

void LiveRecord::add_keys() {
  metrics::LimitTotals& limit = into_.limits[0];
  limit.allowed = into_.totals.allowed;
  limit.denied = into_.totals.denied;
  for (std::uint32_t key = 0; key < ledger_.size(); ++key) {
    if (ledger_.met(key) > 0) ++limit.keys;
  }
  into_.denied_keys = ledger_.denials().size();
  for (const auto& denial : ledger_.most_denied(metrics::Accumulator::top_denied_kept)) {
    into_.top_denied.push_back({.key = indexer_.name(denial.key, columns_, named_columns_),
                                .limit = 0,
                                .denied = denial.denied,
                                .longest_block_ns = denial.longest_ns});
  }
  metrics::keep_top_denied(into_.top_denied);
  tally_.add_to(into_.fairness);
}

}  // namespace weir::load
