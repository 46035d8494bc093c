#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "core/time.hpp"
#include "metrics/probe_facts.hpp"

namespace weir::metrics {

/// All that the report of a probe is made of.
struct ProbeOutcome {
  ProbeFacts facts;
  /// Where requests went, without secrets, and what sent them.
  std::string url;
  std::string engine;
  /// Behind every value that was made up.
  std::string nonce;
  /// Of the values that are made up.
  std::uint64_t seed = 1;
  Instant start;
  std::uint64_t max_requests = 0;
  Duration max_time;
  std::uint64_t max_per_second = 0;
  /// Answers by status, and requests without an answer by why.
  std::map<int, std::uint64_t> statuses;
  std::map<std::string, std::uint64_t> errors;
  /// The status of most admissions and of most denials; absent without any.
  std::optional<int> allowed_status;
  std::optional<int> denied_status;
  /// What denials call their server; empty where they do not.
  std::string server;
  /// Answers by status that meant neither.
  std::map<int, std::uint64_t> neither;
  /// Answers with a header of a family that could not be read, by family.
  std::map<std::string, std::uint64_t> malformed;
  /// Denials that said when to come back, and what coming back then showed.
  std::uint64_t promises_kept = 0;
  std::uint64_t promises_broken = 0;
  bool interrupted = false;
  /// Why the probe says nothing, if it does not.
  std::string why_inconclusive;
};

}  // namespace weir::metrics
