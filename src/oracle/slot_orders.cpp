#include "oracle/slot_orders.hpp"

#include <algorithm>

namespace weir::oracle {
namespace {

/// More states than these on the way are not followed.
constexpr std::size_t most_steps = 20'000;

}  // namespace

void SlotOrders::sort_into_classes(std::span<const SlotEvent> events) {
  classes_.clear();
  for (std::size_t i = 0; i < events.size(); ++i) {
    const SlotEvent& event = events[i];
    auto found = std::find_if(classes_.begin(), classes_.end(), [&](const Class& c) {
      return c.first.kind == event.kind && c.first.cost == event.cost &&
             c.first.is_own == event.is_own;
    });
    if (found == classes_.end()) {
      found = classes_.emplace(classes_.end());
      found->first = event;
    }
    found->events.push_back(i);
    found->begins.push_back(event.span.from);
    found->ends.push_back(event.span.to);
  }
  for (Class& c : classes_) {
    std::sort(c.begins.begin(), c.begins.end());
    std::sort(c.ends.begin(), c.ends.end());
    if (!c.first.is_own) continue;
    for (std::size_t k = 0; k < classes_.size(); ++k) {
      const SlotEvent& other = classes_[k].first;
      if (other.kind == SlotEvent::Kind::admitted && other.cost == c.first.cost) c.admissions = k;
    }
  }
}

// Nothing that is still to come ended before it began, and nothing is released before it was
// admitted.
bool SlotOrders::may_be_next(const Node& node, std::size_t number) const {
  const Class& mine = classes_[number];
  if (node[number] == mine.events.size()) return false;
  if (mine.first.is_own && (!mine.admissions || node[number] >= node[*mine.admissions])) {
    return false;
  }
  const Instant begin = mine.begins[node[number]];
  for (std::size_t k = 0; k < classes_.size(); ++k) {
    if (k != number && node[k] < classes_[k].events.size() && classes_[k].ends[node[k]] < begin) {
      return false;
    }
  }
  return true;
}

std::int64_t SlotOrders::held_at(const Node& node, std::int64_t held) const {
  for (std::size_t k = 0; k < classes_.size(); ++k) {
    const SlotEvent& event = classes_[k].first;
    if (event.kind == SlotEvent::Kind::denied) continue;
    const std::int64_t change = event.cost * node[k];
    held += event.kind == SlotEvent::Kind::admitted ? change : -change;
  }
  return held;
}

bool SlotOrders::is_wrong(const SlotEvent& event, std::int64_t held) const {
  if (event.kind == SlotEvent::Kind::released) return false;
  return event.kind == SlotEvent::Kind::admitted ? !rule_.may_admit(held, event.cost, caps_)
                                                 : !rule_.may_deny(held, event.cost, caps_);
}

// Of the ways to a state the one with the fewest wrong decisions is kept.
void SlotOrders::add_steps(std::size_t from, std::int64_t held, std::vector<Step>& into,
                           std::size_t layer) {
  const Node node = into[from].node;
  const std::uint32_t wrong = into[from].wrong;
  const std::int64_t here = held_at(node, held);
  for (std::size_t k = 0; k < classes_.size(); ++k) {
    if (!may_be_next(node, k)) continue;
    Step step{node, from, k, wrong, is_wrong(classes_[k].first, here)};
    ++step.node[k];
    step.wrong += step.is_wrong ? 1U : 0U;
    const auto known = std::find_if(into.begin() + static_cast<std::ptrdiff_t>(layer), into.end(),
                                    [&](const Step& other) { return other.node == step.node; });
    if (known == into.end()) {
      into.push_back(std::move(step));
    } else if (step.wrong < known->wrong) {
      *known = std::move(step);
    }
  }
}

std::vector<std::size_t> SlotOrders::wrong_ones() const {
  std::vector<std::size_t> wrong;
  const auto best =
      std::min_element(steps_.begin(), steps_.end(), [&](const Step& a, const Step& b) {
        const auto done = [](const Step& s) {
          std::size_t sum = 0;
          for (const std::uint16_t n : s.node) sum += n;
          return sum;
        };
        return done(a) != done(b) ? done(a) > done(b) : a.wrong < b.wrong;
      });
  for (auto at = static_cast<std::size_t>(best - steps_.begin()); at != 0; at = steps_[at].from) {
    const Step& step = steps_[at];
    if (!step.is_wrong) continue;
    const Class& c = classes_[step.class_number];
    wrong.push_back(c.events[step.node[step.class_number] - 1U]);
  }
  return wrong;
}

std::optional<std::vector<std::size_t>> SlotOrders::fewest_wrong(std::span<const SlotEvent> events,
                                                                 std::int64_t held) {
  sort_into_classes(events);
  steps_.assign(1, Step{Node(classes_.size(), 0), 0, 0, 0, false});
  std::size_t layer = 0;
  for (std::size_t done = 0; done < events.size(); ++done) {
    const std::size_t next_layer = steps_.size();
    for (std::size_t from = layer; from < next_layer; ++from) {
      add_steps(from, held, steps_, next_layer);
    }
    if (steps_.size() > most_steps || steps_.size() == next_layer) return std::nullopt;
    layer = next_layer;
  }
  return wrong_ones();
}

}  // namespace weir::oracle
