#pragma once

#include <cstdint>
#include <map>
#include <vector>

#include "probe/experiment.hpp"

namespace weir::probe {

/// A request as the fits see it, in nanoseconds since the probe's begin. The gateway decided it at
/// some instant from `sent` to `decided`, which is the answer's or, where answers are held back,
/// as long after the sending as a denial takes.
struct Event {
  std::int64_t sent = 0;
  std::int64_t decided = 0;
  std::int64_t received = 0;
  bool allowed = true;
  /// Otherwise it may have been admitted or denied.
  bool is_known = true;
  /// Which of all sightings it is.
  std::size_t number = 0;

  bool may_be_admitted() const { return allowed || !is_known; }
  bool is_admitted() const { return allowed && is_known; }
  bool is_denied() const { return !allowed && is_known; }
};

/// What was asked of one key, in the order of sending.
using History = std::vector<Event>;
using Histories = std::vector<History>;

/// Which of the key candidates matter: those whose value makes another key.
using KeyMask = std::vector<bool>;

/// The fewest that may have been admitted to a key before its first denial: no limit is above it.
std::int64_t least_before_denial(const Histories& histories);
/// How many were admitted to a key between two denials, each number once, the largest first:
/// what a window's limit may be, since a burst spans at most two windows.
std::vector<std::int64_t> admitted_between_denials(const Histories& histories);

/// All that a probe has seen.
class Evidence {
 public:
  explicit Evidence(Instant begin) : begin_(begin) {}

  void add(const KeyNumbers& key, const Sighting& sighting);
  /// Forgets what was asked of a key.
  void leave_out(const KeyNumbers& key);
  /// Takes an answer, by its number, for one that says nothing.
  void doubt(std::size_t number) { events_[number].event.is_known = false; }
  /// By key, if only the candidates of the mask matter. A gateway's clock may be so much behind.
  Histories by_key(const KeyMask& mask) const;

  std::size_t size() const { return events_.size(); }
  /// The usual time from sending to a denial, or to any answer without denials.
  std::int64_t usual_round_trip_ns() const;
  /// From sending to the answer of what is admitted.
  std::int64_t usual_answer_ns() const;
  /// Whether admissions take much longer than denials: they are held back, or served slowly.
  bool admissions_take_longer() const;
  Instant begin() const { return begin_; }

 private:
  struct Entry {
    KeyNumbers key;
    Event event;
  };
  std::vector<std::int64_t> round_trips(bool of_denials) const;

  Instant begin_;
  std::vector<Entry> events_;
};

}  // namespace weir::probe
