#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/run_facts.hpp"
#include "core/shard.hpp"
#include "metrics/accumulator.hpp"
#include "metrics/verification.hpp"

namespace weir::metrics {

struct PolicyOutcome {
  /// Empty for a scenario's only, unnamed policy.
  std::string name;
  Accumulator accumulator;
};

/// What is known of a run against a real gateway.
struct LiveFacts {
  /// Where requests went, without secrets.
  std::string url;
  std::string engine;
  std::int64_t connections = 0;
  std::uint32_t threads = 1;
  /// From where the counted part began to the last answer.
  Duration elapsed;
  /// Behind every generated value, or empty.
  std::string nonce;
  /// Why the run ended before its time, or empty: "max_requests" or "max_cost".
  std::string ended_by;
  /// Requests were sent, and not one of them was answered.
  bool unanswered = false;
};

/// All that a report is made of besides the scenario itself.
struct Outcome : RunFacts {
  /// "simulate", "load" or "verify".
  std::string mode;
  std::vector<PolicyOutcome> policies;
  std::optional<LiveFacts> live;
  /// Which part of the run this is, if it is one part of several.
  std::optional<Shard> shard;
  /// Why the run says nothing, if it does not; the verdict is inconclusive then.
  std::string why_inconclusive;
  /// The run was stopped before its end; what had been done by then is counted, and
  /// `done_parts_per_million` says how much that was.
  bool interrupted = false;
  std::uint32_t done_parts_per_million = 1'000'000;
  /// Of weir verify.
  std::optional<VerificationFacts> verification;
};

}  // namespace weir::metrics
