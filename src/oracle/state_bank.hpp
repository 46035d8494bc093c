#pragma once

#include <algorithm>
#include <memory>
#include <span>
#include <vector>

#include "oracle/observation.hpp"
#include "policy/joint_ask.hpp"
#include "policy/policy.hpp"

namespace weir::oracle {

/// A number for one set of states, one for each entry of the group at hand.
using Row = std::uint32_t;

/// States that a gateway's limits may be in for the keys of one group, in rows that are copied and
/// given back. Limits that hold requests until they end are passed over: others than these states
/// say what they do.
class StateBank {
 public:
  StateBank(const std::vector<policy::Limit>& limits, const limiter::Environment& environment);

  /// Gives back all rows; from now on they have these entries.
  void begin(std::span<const Group::Entry> entries);
  /// A row of keys never seen.
  Row add_new();
  Row copy(Row from);
  void release(Row row) { free_.push_back(row); }
  bool same(Row a, Row b) const;
  /// Whether two states are the same to the limits but for their rounding, as tokens counted at
  /// different instants are: what is left then, and when all of it is back, is the same.
  bool equivalent(Row a, Row b, Instant at) const;
  static constexpr Duration rounding = Duration::from_us(1);

  /// What the limits say of an observed request in those states at that instant; the asks stay
  /// valid until the next call, for settle().
  limiter::Verdict check(Row row, const Observation& observation, Instant now);
  /// Changes the states just checked as that outcome does.
  void charge(Row row, bool allowed);
  /// Charges what an admitted request has really cost, now that it has ended.
  void settle(Row row, const Observation& observation, Instant now);
  /// Charges every limit, whatever it says.
  void charge_anyway(Row row, const Observation& observation, Instant now);

  bool is_as_new(Row row, const Observation& observation, Instant now) const;
  policy::Quota quota(Row row, std::uint32_t entry, Instant now) const;
  /// What one of the limits tells by itself.
  limiter::AdvertisedQuota told_quota(Row row, const LimitAsk& ask, Instant now) const;
  std::optional<Duration> told_wait(Row row, const LimitAsk& ask, Instant now) const;
  /// Whether the limit denies by itself.
  bool denies(Row row, const LimitAsk& ask, Instant now) const;
  bool enforces(const LimitAsk& ask) const { return limits_[limit_of(ask)].spec.enforce; }
  std::uint16_t limit_of(const LimitAsk& ask) const { return entries_[ask.entry].limit; }
  std::size_t limits() const { return limits_.size(); }
  /// Whether it is known what each of the limits tells: not of those that hold requests.
  bool tells() const { return std::find(holds_.begin(), holds_.end(), true) == holds_.end(); }

  bool counts_by_segment() const { return counts_by_segment_; }
  /// Whether any limit charges what is known only when a request has ended.
  bool settles_late() const { return settles_late_; }
  std::size_t entries() const { return entries_.size(); }

 private:
  policy::KeyIndex slot(Row row, std::uint32_t entry) const {
    return static_cast<policy::KeyIndex>(1 + row * entries_.size() + entry);
  }
  policy::Charge charge_of(Row row, const LimitAsk& ask, Instant now) const {
    return {slot(row, ask.entry), entries_[ask.entry].variant, now, ask.cost};
  }
  Row take();
  void remember(Row row);

  /// A request that was admitted and whose cost is still to be settled.
  struct Unsettled {
    const Observation* observation = nullptr;
    Instant charged_at;

    bool operator==(const Unsettled&) const = default;
  };

  const std::vector<policy::Limit>& limits_;
  /// Slot 0 of each is that of a key never seen.
  std::vector<std::unique_ptr<policy::KeyedLimiter>> limiters_;
  std::vector<Group::Entry> entries_;
  std::vector<Row> free_;
  Row rows_ = 0;
  std::size_t slots_ = 1;
  std::vector<policy::JointAsk> asked_;
  /// Who asked last, and when.
  Unsettled asking_;
  /// By row, where any limit settles late.
  std::vector<std::vector<Unsettled>> unsettled_;
  /// By limit.
  std::vector<bool> holds_;
  /// By limit, whether equivalent() says enough of its states.
  std::vector<bool> has_equivalents_;
  bool counts_by_segment_ = false;
  bool settles_late_ = false;
  /// Whether it matters for a settlement when its request was admitted.
  bool settles_by_time_ = false;
};

}  // namespace weir::oracle
