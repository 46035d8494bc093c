#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/time.hpp"

namespace weir::metrics {

/// How many of a gateway's decisions are those of a model of its policy.
struct VerificationCounts {
  std::uint64_t agree = 0;
  std::uint64_t disagree = 0;
  std::uint64_t undetermined = 0;
  std::uint64_t over_admitted = 0;
  std::uint64_t under_admitted = 0;
  std::uint64_t delays_too_short = 0;
  std::uint64_t delays_too_long = 0;
  /// All that were admitted.
  std::uint64_t admitted = 0;
  /// Denied, or the last that was admitted.
  std::uint64_t near_limit = 0;
  /// What answers told, beside what they should have.
  struct Told {
    std::uint64_t agree = 0;
    std::uint64_t disagree = 0;
    std::uint64_t undetermined = 0;
  };
  Told remaining, reset_after, retry_after;
};

/// What a gateway decided, compared with what a model of its policy would have.
struct VerificationFacts {
  /// The policy as it is believed to be, in words.
  std::string believed;
  VerificationCounts counts;
  /// Whether decisions depend on the gateway's clock.
  bool depends_on_clock = false;
  /// What that shows less what this machine's does, where the decisions tell, and by how much more
  /// or less it may.
  std::optional<Duration> clock_offset;
  Duration clock_offset_error;
  /// How far the ticks of the gateway's clock are apart, where they were found.
  std::optional<Duration> clock_tick;
  /// Another policy, in words, that explains what this one does not; empty for none.
  std::string behaves_like;
  /// The names of those of several limits that no decision came near.
  std::vector<std::string> not_reached;
  struct Disagreement {
    Instant time;
    std::string key;
    std::string expected;
    std::string observed;
    /// What the key did before, in words.
    std::string before;
  };
  std::vector<Disagreement> first_disagreements;
  /// Whether what answers told has to be as the policy has it too. Of several limits others than
  /// the tightest may be told.
  bool told_decides = false;
  /// The least share of agreement that passes.
  double least_agreement = 1.0;

  /// Where another policy explains it: how many more were admitted than this one would have of the
  /// same requests, as a share of those.
  std::optional<double> replayed_beyond;

  /// How many more were admitted than the policy admits, as a share of those; less than 0 if fewer.
  double admitted_beyond() const {
    if (replayed_beyond) return *replayed_beyond;
    const auto beyond =
        static_cast<double>(counts.over_admitted) - static_cast<double>(counts.under_admitted);
    const double by_policy = static_cast<double>(counts.admitted) - beyond;
    return by_policy > 0.0 ? beyond / by_policy : 0.0;
  }
  bool passes() const {
    const auto is_enough = [this](const auto& judged) {
      return static_cast<double>(judged.agree) >=
             least_agreement * static_cast<double>(judged.agree + judged.disagree);
    };
    return is_enough(counts) &&
           (!told_decides || (is_enough(counts.remaining) && is_enough(counts.reset_after) &&
                              is_enough(counts.retry_after)));
  }
};

}  // namespace weir::metrics
