#include "sweep/front.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>

namespace weir::sweep {
namespace {

/// Below 0 if `a` is better in that objective, above 0 if `b` is.
int compare(const Score& a, const Score& b, std::size_t objective, bool most) {
  const auto& x = a[objective];
  const auto& y = b[objective];
  if (!x || !y) return static_cast<int>(y.has_value()) - static_cast<int>(x.has_value());
  if (*x == *y) return 0;
  return (*x < *y) == most ? 1 : -1;
}

}  // namespace

Parsed<Objective> parse_objective(std::string_view word) {
  const std::size_t colon = word.rfind(':');
  const std::string_view goal = colon == std::string_view::npos ? "" : word.substr(colon + 1);
  if (colon == 0 || (goal != "min" && goal != "max")) {
    return tl::unexpected(fmt::format(
        "\"{}\" must be a field of the report and a goal, such as totals.denied_ratio:min", word));
  }
  return Objective{std::string(word.substr(0, colon)), goal == "max"};
}

bool dominates(const Score& a, const Score& b, const std::vector<Objective>& objectives) {
  bool better = false;
  for (std::size_t i = 0; i < objectives.size(); ++i) {
    const int order = compare(a, b, i, objectives[i].most);
    if (order > 0) return false;
    better = better || order < 0;
  }
  return better;
}

std::vector<std::size_t> pareto_front(const std::vector<Score>& scores,
                                      const std::vector<Objective>& objectives) {
  std::vector<std::size_t> front;
  for (std::size_t i = 0; i < scores.size(); ++i) {
    const bool complete = std::all_of(scores[i].begin(), scores[i].end(),
                                      [](const auto& figure) { return figure.has_value(); });
    const bool beaten = std::any_of(scores.begin(), scores.end(), [&](const Score& other) {
      return dominates(other, scores[i], objectives);
    });
    if (complete && !beaten) front.push_back(i);
  }
  return front;
}

std::vector<FrontPoint> without_ties(const std::vector<std::size_t>& front,
                                     const std::vector<Score>& scores,
                                     const std::vector<std::size_t>& preferred) {
  const auto is_preferred = [&](std::size_t index) {
    return std::binary_search(preferred.begin(), preferred.end(), index);
  };
  std::map<Score, FrontPoint> by_score;
  for (const std::size_t index : front) {
    const auto [at, is_new] = by_score.try_emplace(scores[index], FrontPoint{index, 0});
    if (is_new) continue;
    ++at->second.ties;
    if (is_preferred(index) && !is_preferred(at->second.index)) at->second.index = index;
  }
  std::vector<FrontPoint> points;
  for (const auto& [score, point] : by_score) points.push_back(point);
  std::sort(points.begin(), points.end(),
            [](const FrontPoint& a, const FrontPoint& b) { return a.index < b.index; });
  return points;
}

std::optional<std::size_t> best_of(const std::vector<std::size_t>& candidates,
                                   const std::vector<Score>& scores,
                                   const std::vector<Objective>& objectives) {
  std::optional<std::size_t> best;
  for (const std::size_t candidate : candidates) {
    int order = best ? 0 : -1;
    for (std::size_t i = 0; i < objectives.size() && order == 0; ++i) {
      order = compare(scores[candidate], scores[*best], i, objectives[i].most);
    }
    if (order < 0) best = candidate;
  }
  return best;
}

}  // namespace weir::sweep
