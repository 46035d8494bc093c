#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "policy/policy.hpp"

namespace weir::oracle {

/// A policy that is like another but for one parameter of one limit, or for one limit's algorithm.
struct Neighbour {
  std::vector<policy::Limit> limits;
  /// What is different: "a burst of 21", "sliding-window-log limit=20 window=1s".
  std::string words;
  std::size_t limit = 0;
  /// Empty where it is the algorithm.
  std::string parameter;
  /// Whether it is a round number, as people choose them.
  bool is_round = false;
};

/// Every number a little less and a little more, times and rates at round numbers close by, every
/// choice otherwise, and the other algorithms
/// of the same rate. Limits whose parameters come from tables stay as they are.
std::vector<Neighbour> neighbours_of(const std::vector<policy::Limit>& limits);

/// The limits without one of them, and with one that admits nothing, each in turn.
std::vector<Neighbour> all_or_nothing(const std::vector<policy::Limit>& limits);

/// The same parameter changed once more: a whole number by `steps`, anything else by as many half
/// percents of what it is in `original`. None where it cannot be.
std::optional<Neighbour> moved_on(const Neighbour& from, const std::vector<policy::Limit>& original,
                                  int steps);

/// nginx's limit_req of the same burst and rate, which holds back what comes too soon after the
/// first and `at_once` more; none where the limit has no such numbers, or nginx does not take them.
std::optional<Neighbour> held_back(const Neighbour& from, std::int64_t at_once = 0);

/// The same parameter at round numbers very close by, the roundest first.
std::vector<Neighbour> rounded(const Neighbour& from, const std::vector<policy::Limit>& original);

}  // namespace weir::oracle
