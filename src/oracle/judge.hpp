#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "metrics/verification.hpp"
#include "oracle/belief.hpp"
#include "oracle/observation.hpp"
#include "oracle/order_search.hpp"
#include "oracle/slot_judge.hpp"

namespace weir::oracle {

/// What a model says of one observed decision.
enum class Mark : std::uint8_t {
  agree,
  disagree,
  undetermined,
  /// It was admitted as it had to be, but not held back for long enough, or for far too long.
  delay_too_short,
  delay_too_long,
};

/// What a judge says of the observations of some groups, by observation.
struct Findings : metrics::VerificationCounts {
  std::vector<Mark> marks;
  /// Those that no state kept explains, although one that was left out might.
  std::uint64_t unexplained = 0;
  /// By number, of several limits the one that all answers tell of; absent where it is the one that
  /// denies, or has the least left.
  std::optional<std::size_t> told_of;
  /// By number, of several limits those that a decision came near.
  std::vector<bool> reached;

  /// What was found of other groups, but for their marks.
  void add(const Findings& others);
};

/// What answers told that is not as it should have been.
inline std::uint64_t told_wrongly(const Findings& findings) {
  return findings.remaining.disagree + findings.reset_after.disagree +
         findings.retry_after.disagree;
}

/// Whether nothing was decided or told otherwise than the limits would have it.
inline bool is_explained(const Findings& findings) {
  return findings.disagree == 0 && told_wrongly(findings) == 0;
}

/// Compares a gateway's decisions with those that its limits' model could have made.
class Judge {
 public:
  Judge(const std::vector<policy::Limit>& limits, const limiter::Environment& environment,
        const std::vector<Observation>& observations);

  bool counts_by_segment() const { return bank_.counts_by_segment(); }
  /// The marks of what is in no judged group stay `agree` and are not counted.
  Findings judge(std::span<const Group* const> groups, const Uncertainty& uncertainty);
  /// Whether any of their decisions disagrees; sooner said than how many do.
  bool contradicts(std::span<const Group* const> groups, const Uncertainty& uncertainty);

 private:
  bool is_done() const { return only_first_ && findings_.disagree > 0; }
  void judge_group(const Group& group);
  void judge_slots(const Group& group);
  void mark_slots(const SlotJudge::Verdict& verdict);
  void judge_alone(InFlight& request);
  void judge_together(std::span<InFlight> requests);
  void judge_one_by_one(std::span<InFlight> requests);
  InFlight in_flight(std::uint32_t number) const;
  void set_clock_times(InFlight& request) const;
  InFlight end_of(std::uint32_t number) const;
  std::vector<InFlight> events_of(const Group& group) const;
  void lose(std::span<const InFlight> requests);
  void mark(const InFlight& request);
  void count(std::uint32_t number, Mark mark);
  void count_told(const Observation& observation, const Sight& sight);
  void choose_told_limit();

  const std::vector<policy::Limit>& limits_;
  const std::vector<Observation>& observations_;
  /// Whether the only limit holds what it admits until that has ended.
  bool counts_slots_;
  StateBank bank_;
  Uncertainty uncertainty_;
  Belief belief_;
  OrderSearch orders_;
  Particles states_;
  /// More is possible than can be followed.
  bool lost_ = false;
  Findings findings_;
  /// Of several limits, as if answers told of always the same one.
  struct ToldOfLimit {
    metrics::VerificationCounts::Told remaining, reset_after;
  };
  std::vector<ToldOfLimit> told_of_;
  /// Whether one disagreement is as good as all.
  bool only_first_ = false;
};

}  // namespace weir::oracle
