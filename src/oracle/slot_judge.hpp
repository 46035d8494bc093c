#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "oracle/belief.hpp"
#include "oracle/held_bounds.hpp"
#include "oracle/slot_orders.hpp"

namespace weir::oracle {

/// The requests of a group that ask for one of its keys, one of a limit that holds what it admits.
std::vector<Holding> holdings_of(const Group& group, std::uint32_t entry,
                                 const std::vector<Observation>& observations, const SlotRule& rule,
                                 const Uncertainty& uncertainty);

/// The rule of a group's entry, for the costs that its requests have.
SlotRule slot_rule_of(const policy::Limit& limit, const Group& group, std::uint32_t entry,
                      const std::vector<Observation>& observations);

/// Judges the decisions of a limit on concurrency by how much was held: when each request began to
/// hold its slots, and when they were free again, is known well enough to say how many at least and
/// at most were held by others; what happened at about the same time is put in every order.
class SlotJudge {
 public:
  struct Verdict {
    std::uint32_t number = 0;
    bool is_possible = true;
    bool other_is_possible = false;
    bool near_limit = false;
    Sight::Range remaining = {};
  };

  /// Where other limits decide too, only what each request could have met is said, not which orders
  /// explain all of them.
  SlotJudge(const SlotRule& rule, std::vector<Holding> requests, bool decides_alone);
  /// Of each request, in the order in which they were sent.
  std::vector<Verdict> judge();

 private:
  void add_events();
  void judge_together(std::span<const SlotEvent> events);
  std::vector<SlotCaps> caps_during(std::span<const SlotEvent> events);
  SlotCaps caps_in_any_order(std::vector<EndedSample> samples);
  void refine(const SlotEvent& decision, AdaptiveRange& range) const;
  EndedSample sample_of(std::size_t holding) const;
  void judge_alone(std::size_t holding, SlotCaps caps);
  void judge_orders(std::span<const SlotEvent> events, SlotCaps caps);
  void try_otherwise(std::span<const SlotEvent> events, SlotCaps caps, std::size_t wrong);

  const SlotRule& rule_;
  bool decides_alone_;
  std::vector<Holding> requests_;
  std::vector<HeldBounds> bounds_;
  std::vector<SlotEvent> events_;
  std::vector<Verdict> verdicts_;
  /// What is known of the limit after all events so far, and what is held.
  AdaptiveRange range_;
  std::int64_t held_ = 0;
};

}  // namespace weir::oracle
