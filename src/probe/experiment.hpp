#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/time.hpp"

namespace weir::probe {

/// Whom a request is sent as: for each key candidate, in their order, which value, by number. A
/// number that was not used before is a fresh value. Empty where a gateway is probed without a key.
using KeyNumbers = std::vector<std::uint32_t>;

/// One request of a track.
struct Step {
  /// Due so long after the step before was due or, where it `waits`, after that one's answer came;
  /// the first so long after the track's begin.
  Duration after;
  bool waits = true;
};

/// Requests of one key, in order.
struct Track {
  KeyNumbers key;
  std::vector<Step> steps;
  /// It begins with the experiment, but not before that instant of the client's wall clock.
  std::optional<Instant> not_before;
  /// No further step is sent once so many answers were denials; 0 for no such end.
  std::uint32_t ends_after_denials = 0;
  /// The same for answers that were admissions.
  std::uint32_t ends_after_admissions = 0;
};

/// Tracks that run beside each other, and what they are to show.
struct Experiment {
  /// Short, as in "burst until denied".
  std::string name;
  /// What it asks of the gateway, in plain words.
  std::string question;
  std::vector<Track> tracks;
};

/// What an answer told of the key's allowance, as it was read.
struct ToldQuota {
  std::optional<std::int64_t> limit;
  std::optional<std::int64_t> remaining;
  std::optional<Duration> reset_after;
  std::optional<Duration> retry_after;
};

/// One request that was sent and what became of it. The gateway decided at some instant from
/// `sent` to `received`, both on the client's wall clock.
struct Sighting {
  std::uint32_t track = 0;
  std::uint32_t step = 0;
  /// When its first byte was sent, when the first byte of its answer came, and when its last did.
  Instant sent;
  Instant received;
  Instant ended;
  bool allowed = true;
  /// Otherwise nobody knows what became of it: there was no answer, it said neither (a 5xx, say),
  /// or the request may have been sent twice.
  bool is_known = true;
  int status = 0;
  ToldQuota told;
};

/// How much a probe may ask of a gateway.
struct Budget {
  std::uint64_t max_requests = 1'000;
  Duration max_time = Duration::from_seconds(120);
  std::uint64_t max_per_second = 200;
};

/// Why a target runs no further experiment.
enum class Stop : std::uint8_t { none, requests, time, interrupted, unreachable };

/// A gateway that experiments are made on; it keeps within its budget by itself.
class Target {
 public:
  virtual ~Target() = default;
  /// Runs an experiment to its end, or until the target stops; in the order of sending, all that
  /// was sent. Steps may come later than they are due, never earlier.
  virtual std::vector<Sighting> run(const Experiment& experiment) = 0;
  virtual Instant now() const = 0;
  /// What is left of the budget.
  virtual std::uint64_t requests_left() const = 0;
  virtual Duration time_left() const = 0;
  virtual std::uint64_t max_per_second() const = 0;
  virtual Stop stopped() const = 0;
  /// How many key candidates there are.
  virtual std::size_t candidates() const = 0;
  /// How many fresh values there still are of each candidate.
  virtual std::uint64_t fresh_keys_left() const = 0;
};

}  // namespace weir::probe
