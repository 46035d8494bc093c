#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "core/text.hpp"

namespace weir::sweep {

/// A field of the report that is to be small, or large.
struct Objective {
  std::string field;
  bool most = false;
};

/// "FIELD:min" or "FIELD:max".
Parsed<Objective> parse_objective(std::string_view word);

/// What a setting reaches in each objective; none where a figure could not be computed, which is
/// worse than any number.
using Score = std::vector<std::optional<double>>;

/// Whether `a` is no worse than `b` in any objective, and better in one.
bool dominates(const Score& a, const Score& b, const std::vector<Objective>& objectives);

/// Those that no other dominates (a Pareto front), in order; what lacks a figure is not among them.
std::vector<std::size_t> pareto_front(const std::vector<Score>& scores,
                                      const std::vector<Objective>& objectives);

/// A point of the front, and how many others reach the very same.
struct FrontPoint {
  std::size_t index = 0;
  std::size_t ties = 0;

  bool operator==(const FrontPoint&) const = default;
};

/// Of those of a front that reach the same one stands for all: the first that is among
/// `preferred` (in order), or else the first.
std::vector<FrontPoint> without_ties(const std::vector<std::size_t>& front,
                                     const std::vector<Score>& scores,
                                     const std::vector<std::size_t>& preferred);

/// The best of the candidates by the first objective, among equals by the next, and so on; then the
/// first of them. None if there are no candidates.
std::optional<std::size_t> best_of(const std::vector<std::size_t>& candidates,
                                   const std::vector<Score>& scores,
                                   const std::vector<Objective>& objectives);

}  // namespace weir::sweep
