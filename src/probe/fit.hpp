#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "limiter/parameters.hpp"
#include "probe/bounds.hpp"
#include "probe/history.hpp"

namespace weir::probe {

/// The kinds of limiters that a probe knows how to recognise.
enum class Kind : std::uint8_t {
  none,
  /// Also GCRA and the leaky bucket as a meter.
  token_bucket,
  log,
  log_count_denied,
  fixed_first_request,
  fixed_epoch,
  counter_epoch,
  counter_first_request,
  /// In periods from a key's first request, denied requests counted, as HAProxy does.
  counter_count_denied,
  queue,
  /// A bucket that holds back what exceeds the rate by more than `delay`, as nginx can.
  bucket_with_delay,
  concurrency,
};

/// What a report calls its family.
std::string family_of(Kind kind);
/// In words that tell kinds of one family apart.
std::string words_of(Kind kind);

/// A kind with the numbers under which it explains the most of what was seen.
struct Fit {
  Kind kind = Kind::none;
  /// The most at once: a window's limit, a bucket's capacity, a number of slots.
  std::int64_t limit = 0;
  std::int64_t least_limit = 0;
  std::int64_t most_limit = 0;
  /// Of windows, in nanoseconds.
  double least_window_ns = 0.0;
  double most_window_ns = 0.0;
  Duration window;
  /// Of buckets, in units a nanosecond.
  double least_rate = 0.0;
  double most_rate = 0.0;
  Rate rate;
  /// Where a window of the epoch begins, since the probe's begin.
  std::int64_t phase_ns = 0;
  /// Of nginx: how many above the rate are not held back.
  std::int64_t undelayed = 0;
  /// Of concurrency: how long a slot is held.
  std::int64_t held_ns = 0;
  /// What it does not explain.
  std::vector<EventId> unexplained;

  bool has_window() const;
  bool has_rate() const;
  /// By how much its window or rate may be off, as a share.
  double looseness() const;
  /// How long until a key's whole allowance is back.
  double period_ns() const;
};

/// The catalogue's entry and parameters of a fit.
struct Settings {
  std::string algorithm;
  limiter::Parameters parameters;
};
Settings settings_of(const Fit& fit);
/// As on the command line: "token-bucket capacity=20 rate=5/s".
std::string text_of(const Settings& settings);

/// What the histories say as a whole.
struct Clues {
  Histories histories;
  /// What explained the most when less was known: where searches may begin.
  std::vector<Fit> before = {};
  /// Whether admissions take longer than denials.
  bool held_back = false;
  std::int64_t round_trip_ns = 0;
  /// Of what is admitted.
  std::int64_t usual_answer_ns = 0;
};

Fit fit_none(const Clues& clues);
/// Of a rate within a range, in units a nanosecond.
Fit fit_bucket(const Clues& clues, double least_rate, double most_rate);
Fit fit_log(const Clues& clues, bool count_denied);
Fit fit_fixed_first_request(const Clues& clues);
Fit fit_fixed_epoch(const Clues& clues);
Fit fit_counter(const Clues& clues, Kind kind);
Fit fit_concurrency(const Clues& clues);
/// A bucket or, where what is admitted in a burst is let go one by one, a queue.
Fit fit_bucket_or_queue(const Clues& clues);

/// All kinds, those that explain the most first.
std::vector<Fit> fit_all(const Clues& clues);

}  // namespace weir::probe
