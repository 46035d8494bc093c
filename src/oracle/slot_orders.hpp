#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "oracle/observation.hpp"
#include "oracle/slot_rule.hpp"

namespace weir::oracle {

/// Something that happened to a key's slots at an instant that is not quite known.
struct SlotEvent {
  enum class Kind : std::uint8_t { admitted, denied, released };
  Kind kind = Kind::admitted;
  policy::Cost cost = 1;
  TimeSpan span = {};
  /// Of a release: whether its request was admitted among the same events.
  bool is_own = false;
  /// Which request.
  std::uint32_t holding = 0;
};

/// Finds the orders in which such events can have happened. Events of the same kind and cost make
/// no difference to one another, so they are taken in the order of their beginnings with their
/// ends in order too, which every true order fits.
class SlotOrders {
 public:
  SlotOrders(const SlotRule& rule, SlotCaps caps) : rule_(rule), caps_(caps) {}

  /// The fewest decisions that are as the limit cannot have made them, in any order, by position;
  /// none where there are too many orders to follow.
  std::optional<std::vector<std::size_t>> fewest_wrong(std::span<const SlotEvent> events,
                                                       std::int64_t held);

 private:
  struct Class {
    SlotEvent first;
    std::vector<std::size_t> events;
    std::vector<Instant> begins, ends;
    /// Of releases: where the admissions are that come before.
    std::optional<std::size_t> admissions;
  };
  /// By class, how many have happened.
  using Node = std::vector<std::uint16_t>;
  struct Step {
    Node node;
    std::size_t from = 0;
    std::size_t class_number = 0;
    std::uint32_t wrong = 0;
    bool is_wrong = false;
  };

  void sort_into_classes(std::span<const SlotEvent> events);
  bool may_be_next(const Node& node, std::size_t number) const;
  std::int64_t held_at(const Node& node, std::int64_t held) const;
  bool is_wrong(const SlotEvent& event, std::int64_t held) const;
  void add_steps(std::size_t from, std::int64_t held, std::vector<Step>& into, std::size_t layer);
  std::vector<std::size_t> wrong_ones() const;

  const SlotRule& rule_;
  SlotCaps caps_;
  std::vector<Class> classes_;
  std::vector<Step> steps_;
};

}  // namespace weir::oracle
