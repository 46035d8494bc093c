#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/time.hpp"

namespace weir::metrics {

/// What a probe found out of a gateway's limits, and how.
struct ProbeFacts {
  /// A parameter as the catalogue names it; numbers and words as they would stand in a scenario.
  struct Parameter {
    std::string name;
    std::string value;
    /// What it is at least and at most; equal to `value` where it is exact, empty for words. The
    /// most is empty, too, where nothing says that; the value then is the least.
    std::string least;
    std::string most;
  };
  /// One limit that was found.
  struct Limit {
    /// "fixed-window", "sliding-window-log", "sliding-window-counter", "token-bucket",
    /// "leaky-bucket-queue", "concurrency", "none"; "undecided" where several remain.
    std::string family;
    /// The catalogue's id of what fits best, a product's where one fits better than the family.
    std::string algorithm;
    std::vector<Parameter> parameters;
  };
  /// What else was considered, and what speaks against it.
  struct Alternative {
    Limit limit;
    /// Decisions seen that it cannot explain.
    std::uint64_t unexplained = 0;
    std::string against;
  };
  /// A request as it was seen, for whoever draws it.
  struct Seen {
    std::uint32_t track = 0;
    /// Since the experiment's begin.
    Duration sent;
    Duration received;
    bool allowed = true;
    bool is_known = true;
  };
  struct Experiment {
    std::string name;
    std::string question;
    /// What it showed, in plain words.
    std::string showed;
    Instant begin;
    Duration duration;
    std::uint64_t requests = 0;
    std::uint64_t allowed = 0;
    std::uint64_t denied = 0;
    std::uint64_t unknown = 0;
    std::vector<Seen> seen;
  };
  /// The truth of what answers told: how often it was there, true, and false.
  struct Told {
    std::uint64_t present = 0;
    std::uint64_t truthful = 0;
    std::uint64_t untruthful = 0;
    std::uint64_t undetermined = 0;
  };

  Limit found;
  /// Others that hold beside it, looser or of another kind.
  std::vector<Limit> further_limits;
  /// From 0 to 1.
  double confidence = 0.0;
  std::uint64_t unexplained = 0;
  /// The runner-up first.
  std::vector<Alternative> alternatives;
  /// Algorithms that decide alike in all that was, or could be, tried.
  std::vector<std::string> cannot_tell_apart;
  /// Which of the key candidates matter, as they were named; empty for one limit for all.
  std::vector<std::string> keyed_by;
  /// Those whose part in the key was not decided.
  std::vector<std::string> key_undecided;
  /// Empty if decided; else what is open and what would decide it.
  std::string why_undecided;

  std::vector<std::string> header_families;
  Told limit, remaining, reset_after, retry_after;
  /// Where several limits hold, the name of the one whose allowance answers tell, or "tightest":
  /// that of the one with the least left, or that denied. Empty with one limit, and if not judged.
  std::string told_of;

  std::uint64_t requests_used = 0;
  Duration time_used;
  std::vector<Experiment> experiments;
};

}  // namespace weir::metrics
