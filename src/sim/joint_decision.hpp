#pragma once

#include <cstdint>
#include <queue>
#include <vector>

#include "core/request.hpp"
#include "policy/keyed_limiter.hpp"
#include "sim/decision_log.hpp"
#include "sim/policy_run.hpp"

namespace weir::sim {

/// Decides one request after another by several limits together: check all, then charge all or
/// none. A denial is put to every limit that applies, since some count it, whichever limit denied.
/// Limits with "enforce": false are asked and charged like the others but deny and delay nothing.
class JointDecision {
 public:
  /// `limits` must outlive this.
  explicit JointDecision(std::vector<LaneLimit>& limits);

  policy::Verdict decide(const RequestBlock& block, std::size_t row);
  /// Adds the request decided last to the limits' totals and ledgers.
  void record(Instant at);
  /// What the decision log says of the request decided last.
  LoggedDecision explain(const policy::Verdict& verdict) const;

 private:
  struct Asked {
    std::size_t limit = 0;
    policy::Charge charge;
    policy::Verdict verdict;
  };
  /// Something held until its end.
  struct Held {
    Instant end;
    std::uint64_t sequence = 0;
    std::size_t limit = 0;
    policy::Charge charge;
    bool operator>(const Held& other) const {
      return end != other.end ? end > other.end : sequence > other.sequence;
    }
  };

  void ask(const RequestBlock& block, std::size_t row);
  void release_until(Instant now);
  void hold(const Asked& asked, Instant end);
  LaneLimit& limit_of(const Asked& asked) { return limits_[asked.limit]; }
  const LaneLimit& limit_of(const Asked& asked) const { return limits_[asked.limit]; }

  std::vector<LaneLimit>& limits_;
  std::vector<Asked> asked_;
  std::priority_queue<Held, std::vector<Held>, std::greater<>> held_;
  std::uint64_t sequence_ = 0;
};

}  // namespace weir::sim
