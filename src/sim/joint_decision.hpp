#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "core/request.hpp"
#include "policy/joint_ask.hpp"
#include "sim/decision_log.hpp"
#include "sim/lane_limit.hpp"

namespace weir::sim {

/// What an admitted request owes one limit until it has ended: slots that it holds or waits for, or
/// a cost that is not final.
struct Hold {
  std::uint32_t limit = 0;
  policy::Charge charge;
  bool holds = false;
  /// Whether it has what it holds; if not it stands in the limit's line.
  bool has_started = true;
  Instant started;
  bool is_late = false;
  /// What was charged at admission, where the cost is not final.
  policy::Cost charged = 0;
};

/// Decides one request after another by several limits together: check all, then charge all or
/// none. A denial is put to every limit that applies, since some count it, whichever limit denied.
/// Limits with "enforce": false are asked and charged like the others but deny and delay nothing.
class JointDecision {
 public:
  /// `limits` must outlive this.
  JointDecision(std::vector<LaneLimit>& limits, policy::Policy::RetryAfter retry_after);

  policy::Verdict decide(const RequestBlock& block, std::size_t row);
  /// Adds the request decided last to the limits' totals and ledgers, if it counts.
  void record(bool counts);
  /// What the request that was admitted last owes until its end; nothing for most limits.
  void collect_holds(std::vector<Hold>& holds) const;
  /// What the request that was denied last is told, and what is true.
  policy::Promise promise() const;
  /// What the decision log says of the request decided last.
  LoggedDecision explain(const policy::Verdict& verdict) const;

 private:
  /// What a denied client is told to wait: by the policy if it says so, else by the products.
  std::optional<Duration> told() const;
  std::optional<Duration> told_by_products() const;
  policy::Verdict decide_alone(const RequestBlock& block, std::size_t row);
  void ask(const RequestBlock& block, std::size_t row);
  LaneLimit& limit_of(std::size_t asked) { return limits_[applied_[asked]]; }

  std::vector<LaneLimit>& limits_;
  policy::Policy::RetryAfter retry_after_;
  std::vector<policy::JointAsk> asked_;
  /// Which of the limits each of them is.
  std::vector<std::uint32_t> applied_;
  /// The only limit decides and is charged in one go.
  bool is_alone_ = false;
  policy::Promise promise_;
};

}  // namespace weir::sim
