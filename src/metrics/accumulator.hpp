#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/int128.hpp"
#include "metrics/histogram.hpp"

namespace weir::metrics {

/// How attempts ended.
struct Counts {
  std::uint64_t attempts = 0;
  std::uint64_t allowed = 0;
  std::uint64_t denied = 0;
  std::uint64_t errors = 0;

  bool operator==(const Counts&) const = default;
  Counts& operator+=(const Counts& other) {
    attempts += other.attempts;
    allowed += other.allowed;
    denied += other.denied;
    errors += other.errors;
    return *this;
  }
};

/// Clients' wishes, each of one or more attempts: every one has succeeded, been abandoned, or was
/// still waiting to be tried again when the run ended.
struct Operations {
  std::uint64_t count = 0;
  std::uint64_t succeeded = 0;
  std::uint64_t abandoned = 0;
  std::uint64_t unfinished = 0;
  /// Of the abandoned, those that their own client refused to send.
  std::uint64_t throttled = 0;
  /// Attempts at them, and those of these that were not the first.
  std::uint64_t attempts = 0;
  std::uint64_t retries = 0;
  bool operator==(const Operations&) const = default;
  Operations& operator+=(const Operations& other);
};

/// One class of traffic: its attempts, its operations, and how long those took that succeeded.
struct ClassTotals {
  Counts counts;
  Operations operations;
  Histogram latency_operation;
  bool operator==(const ClassTotals&) const = default;
};

/// One cost, summed over attempts; sums end at the largest 64-bit number.
struct CostTotals {
  std::int64_t offered = 0;
  std::int64_t allowed = 0;
  std::int64_t denied = 0;
  bool operator==(const CostTotals&) const = default;
};

/// One limit: its own verdicts on the requests that it applied to, and what its states hold.
struct LimitTotals {
  std::uint64_t allowed = 0;
  std::uint64_t denied = 0;
  /// Distinct keys that it met, and the bytes of their states at the end.
  std::uint64_t keys = 0;
  std::uint64_t state_bytes = 0;
  /// The furthest that any key went beyond its budget by costs that were known late.
  std::int64_t overshoot = 0;
  /// Reserved at admission and not used in the end, and costs that were settled in all.
  std::int64_t reserved_unused = 0;
  std::int64_t settled = 0;
  /// Beside an exact sliding window over what the limit itself admitted: how many decisions were
  /// compared, those that it would have denied or allowed instead, and the most that was ever
  /// admitted within one window.
  std::uint64_t compared = 0;
  std::uint64_t false_allows = 0;
  std::uint64_t false_denials = 0;
  std::int64_t peak_in_window = 0;
  bool operator==(const LimitTotals&) const = default;
  LimitTotals& operator+=(const LimitTotals& other);
};

/// What denied requests were told to wait, beside what was true just after the denial: see
/// DESIGN.md, section 9; and what their clients did.
struct RetryAfterTotals {
  std::uint64_t present = 0;
  std::uint64_t absent = 0;
  /// Of the present: promised before, within a second after, and later than the first instant at
  /// which the request would be admitted; or promised though no wait would help.
  std::uint64_t too_short = 0;
  std::uint64_t honest = 0;
  std::uint64_t too_long = 0;
  std::uint64_t never = 0;
  /// The promised instant minus the first possible, where it is later, and the other way round.
  Histogram late;
  Histogram early;
  /// Repeated requests that waited as they had been told, and that did not.
  std::uint64_t client_obeyed = 0;
  std::uint64_t client_early = 0;
  bool operator==(const RetryAfterTotals&) const = default;
};

/// Sums over keys of the share of their operations that succeeded, in parts per million.
struct FairnessTotals {
  std::uint64_t keys = 0;
  Uint128 shares = 0;
  Uint128 squares = 0;
  bool operator==(const FairnessTotals&) const = default;
};

/// What the simulated back end did. Times beyond the counted part of the run are cut off.
struct BackendTotals {
  std::uint64_t served = 0;
  std::uint64_t refused = 0;
  /// Left by their clients before they were served to the end.
  std::uint64_t left = 0;
  /// How long requests waited for a slot, 0 included.
  Histogram wait;
  /// From when an attempt was due to the first token of its answer, where answers have tokens.
  Histogram first_token;
  /// Integrals over time of the number in service, and of the number in service or waiting.
  Uint128 busy_ns = 0;
  Uint128 present_ns = 0;
  /// The most at once; 0 where slots are not limited.
  std::uint64_t peak_running = 0;
  std::uint64_t peak_waiting = 0;
  bool operator==(const BackendTotals&) const = default;
};

/// One family of headers: on how many answers it was, and on how many of these it was broken.
struct HeaderTotals {
  std::uint64_t answers = 0;
  std::uint64_t malformed = 0;
  bool operator==(const HeaderTotals&) const = default;
};

/// The live audit of Retry-After, whose requests are not part of the load: see DESIGN.md, section
/// 9. Promises were kept, broken, or could not be judged because the key had sent something else.
struct AuditTotals {
  std::uint64_t requests = 0;
  std::uint64_t errors = 0;
  std::uint64_t kept = 0;
  std::uint64_t broken = 0;
  std::uint64_t contested = 0;
  /// Keys that only the audit used, so that it could also ask shortly before the promised instant.
  std::uint64_t own_keys = 0;
  bool operator==(const AuditTotals&) const = default;
};

/// What only a run against a real gateway has.
struct LiveTotals {
  /// Answers by status, and attempts that had none by what went wrong.
  std::map<std::string, std::uint64_t> statuses;
  std::map<std::string, std::uint64_t> errors;
  /// By family, of all answers.
  std::map<std::string, HeaderTotals> headers;
  /// Denials whose Retry-After cannot be believed.
  std::uint64_t retry_after_malformed = 0;
  AuditTotals audit;
  /// From when attempts were handed to a connection, not from when they were due.
  Histogram sent_allowed;
  Histogram sent_denied;
  /// From then to the first byte of any answer.
  Histogram first_byte;
  /// How much later than due attempts were handed to a connection, and those that never were.
  Histogram lateness;
  std::uint64_t unsent = 0;
  /// Connections that were opened, requests sent again because a kept one had been closed, bodies
  /// that were cut off, and bytes of bodies.
  std::uint64_t connections = 0;
  std::uint64_t resent = 0;
  std::uint64_t bodies_cut = 0;
  std::uint64_t body_bytes = 0;
  bool operator==(const LiveTotals&) const = default;
};

/// A key that was denied: by which limit, how often, and for how long at a stretch (from the first
/// to the last of its denials that no admission by that limit came between).
struct DeniedKey {
  std::string key;
  std::uint32_t limit = 0;
  std::uint64_t denied = 0;
  std::int64_t longest_block_ns = 0;
  bool operator==(const DeniedKey&) const = default;
};

/// What happened in one interval of the series; the latency is that of allowed attempts.
struct SeriesPoint {
  std::uint64_t attempts = 0;
  std::uint64_t allowed = 0;
  std::uint64_t denied = 0;
  /// Attempts that were not the first of their operation.
  std::uint64_t retries = 0;
  /// Operations that ended well in the interval.
  std::uint64_t succeeded = 0;
  Histogram latency;
  bool operator==(const SeriesPoint&) const = default;
};

/// All that a run of one policy adds up: integers, maxima and histograms. Every report is a pure
/// function of the scenario and this; merging two is adding them, in any order.
struct Accumulator {
  Counts totals;
  Operations operations;
  /// By name of the cost.
  std::map<std::string, CostTotals> costs;
  /// In the order of the scenario's limits and classes.
  std::vector<LimitTotals> limits;
  std::vector<ClassTotals> classes;
  /// by_attribute[attribute][value], for attributes of few values.
  std::map<std::string, std::map<std::string, Counts>> by_attribute;
  /// Keys denied at least once by an enforced limit (counted once per limit), and the
  /// `top_denied_kept` most denied of them, most denied first, then by limit and key.
  std::uint64_t denied_keys = 0;
  std::vector<DeniedKey> top_denied;
  Histogram latency_allowed;
  Histogram latency_denied;
  Histogram latency_operation;
  /// How long limiters held admitted requests back.
  Histogram delay;
  RetryAfterTotals retry_after;
  FairnessTotals fairness;
  BackendTotals backend;
  std::optional<LiveTotals> live;
  /// series[i] covers [i, i + 1) times the scenario's interval, from the end of the warm-up.
  std::vector<SeriesPoint> series;
  /// Of these intervals how much was allowed in each of their equal parts; empty unless that was
  /// asked for. Stands in no report.
  std::vector<std::uint32_t> allowed_by_part;

  static constexpr std::size_t top_denied_kept = 20;

  bool operator==(const Accumulator&) const = default;
};

/// Adds `other` into `sum`: the same whichever way round and in whatever order. The denied keys of
/// the two are taken to be different ones, as they are where the keys of a run are split.
void merge(Accumulator& sum, const Accumulator& other);

/// The most that was allowed in any so many parts of the series' intervals, one after another.
std::uint64_t most_allowed_in(const Accumulator& accumulator, std::size_t parts);

/// Keeps `keys` in the order of Accumulator::top_denied and no longer than it may be.
void keep_top_denied(std::vector<DeniedKey>& keys);

}  // namespace weir::metrics
